"""The inbox: stored once, in order, done once."""

from datetime import datetime
from typing import Any

import pytest

from bot.storage import inbox
from bot.storage.engine import Database
from bot.storage.inbox import Arrived, UpdateState
from bot.storage.tables import inbox as table
from tests.storage.making import SECOND, T0, rows_of


async def arrive(database: Database, *found: tuple[int, int | None], now: datetime = T0, **body: Any) -> None:
    """Stores updates, given by number and chat."""
    updates = [Arrived(number, chat, {"update_id": number} | body) for number, chat in found]
    async with database.begin() as tx:
        await inbox.store(tx, updates, now)


async def waiting(database: Database, busy: tuple[int, ...] = (), limit: int = 100) -> list[int]:
    """Numbers of the updates that wait."""
    async with database.begin() as tx:
        return [update.update_id for update in await inbox.waiting(tx, limit, busy)]


async def test_an_update_reads_as_it_came(database: Database) -> None:
    """The whole JSON, with emoji, lone surrogates and NULs as text."""
    body: dict[str, Any] = {"message": {"text": "halo 🙏 \ud800 \0", "from": {"id": 2**53}}}
    await arrive(database, (7, -100), **body)
    async with database.begin() as tx:
        (update,) = await inbox.waiting(tx, 1, [])
    assert (update.update_id, update.chat_id, update.received_at, update.attempts) == (7, -100, T0, 0)
    assert update.body == {"update_id": 7} | body


async def test_a_repeated_update_is_left_as_it_is(database: Database) -> None:
    """Telegram hands an unconfirmed update over again: neither its text nor its state changes."""
    await arrive(database, (1, 5), text="first")
    async with database.begin() as tx:
        assert await inbox.finish(tx, 1)
    await arrive(database, (1, 5), (2, 5), now=T0 + SECOND, text="second")
    assert await waiting(database) == [2]
    rows = {row.update_id: row for row in await rows_of(database, table)}
    assert (rows[1].state, rows[1].received_at, rows[1].body) == (UpdateState.DONE, T0, None)


async def test_an_empty_batch_stores_nothing(database: Database) -> None:
    """Most polls bring nothing."""
    await arrive(database)
    assert await rows_of(database, table) == []


async def test_updates_wait_in_order_but_for_busy_chats(database: Database) -> None:
    """A chat's next update waits for the one before; those of no chat share a lane."""
    await arrive(database, (3, 5), (1, 5), (2, None), (4, 6))
    assert await waiting(database) == [1, 2, 3, 4]
    assert await waiting(database, busy=(5,)) == [2, 4]
    assert await waiting(database, busy=(0,)) == [1, 3, 4]
    assert await waiting(database, limit=2) == [1, 2]


async def test_an_update_is_done_once_and_emptied(database: Database) -> None:
    """The second time says so, so that nothing follows twice."""
    await arrive(database, (1, 5))
    async with database.begin() as tx:
        assert await inbox.finish(tx, 1) is True
        assert await inbox.finish(tx, 1) is False
        assert await inbox.finish(tx, 2) is False
    (row,) = await rows_of(database, table)
    assert (row.state, row.body) == (UpdateState.DONE, None)


async def test_a_failed_update_is_tried_again_then_put_aside_with_its_body(database: Database) -> None:
    """An operator can look at what could not be handled."""
    await arrive(database, (1, 5), text="odd")
    async with database.begin() as tx:
        await inbox.fail(tx, 1, give_up=False)
        (update,) = await inbox.waiting(tx, 1, [])
        assert update.attempts == 1
        await inbox.fail(tx, 1, give_up=True)
        assert await inbox.waiting(tx, 1, []) == []
        assert await inbox.finish(tx, 1) is False
    (row,) = await rows_of(database, table)
    assert (row.state, row.attempts) == (UpdateState.FAILED, 2)
    assert "odd" in row.body


@pytest.mark.parametrize("give_up", [False, True])
async def test_a_failure_after_the_commit_leaves_an_update_done(database: Database, give_up: bool) -> None:
    """Its emptied body would otherwise come up again, and stop all handling."""
    await arrive(database, (1, 5))
    async with database.begin() as tx:
        await inbox.finish(tx, 1)
        await inbox.fail(tx, 1, give_up=give_up)
    assert await waiting(database) == []
    (row,) = await rows_of(database, table)
    assert (row.state, row.attempts) == (UpdateState.DONE, 0)


async def test_updates_under_way_without_a_chat_are_left_out_one_by_one(database: Database) -> None:
    """A press waits for no other update, in whichever chat."""
    await arrive(database, (1, None), (2, None), (3, 5), (4, 6))
    async with database.begin() as tx:
        found = await inbox.waiting(tx, 9, [5], except_updates=[1])
    assert [update.update_id for update in found] == [2, 4]
