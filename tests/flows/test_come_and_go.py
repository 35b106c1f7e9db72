"""What a chat that comes back is brought up to date with."""

from datetime import datetime

import pytest

from bot.core.facts import WatchClosed
from bot.core.payment import Status
from bot.flows.come_and_go import ComeAndGo
from bot.storage import chats, watches
from bot.storage.engine import Database
from bot.storage.tables import outbox
from tests.storage.making import (
    CHAT,
    DAY,
    ID,
    SECOND,
    T0,
    begin,
    due_rows,
    keep_notice,
    keep_payment,
    keep_watch,
    rows_of,
)

BACK = T0 + DAY + SECOND
"""The watch is over."""


async def blocked(database: Database, *, was_shown: bool = True) -> None:
    """A watch whose chat takes no messages any more."""
    await keep_payment(database, look_at=T0)
    watch = await keep_watch(database)
    async with database.begin() as tx:
        await chats.meet(tx, CHAT.chat_id, "private", 1, T0)
        if was_shown:
            await watches.note_card(tx, watch.id, 2, "face")
        await chats.silence(tx, CHAT.chat_id, "blocked", T0)


async def back(database: Database, now: datetime) -> list[str]:
    """It is back: what waits for it, by the beginnings of the keys."""
    flow = ComeAndGo(database, locale="id", clock=lambda: now, wake=lambda: None)
    await flow.here(CHAT.chat_id)
    rows = [await begin(database, row, now=now) for row in await due_rows(database, now)]
    return [row.key.partition(":")[0] for row in rows if row]


async def test_a_chat_that_is_back_after_its_watch_hears_that_it_is_over(database: Database) -> None:
    """Its picture is brought up to date, and a look is due, as the payment may be paid."""
    await blocked(database)
    assert await back(database, BACK) == ["card", "watchclosed"]


@pytest.mark.parametrize("was_shown", [True, False])
async def test_while_its_watch_goes_on_only_the_picture_is_brought_up_to_date(
    database: Database, was_shown: bool
) -> None:
    """If there is one; there is nothing to tell."""
    await blocked(database, was_shown=was_shown)
    keys = await back(database, T0 + SECOND)
    assert keys == (["card"] if was_shown else [])
    async with database.begin() as tx:
        assert [watch.card_message_id for watch in await watches.open_at(tx, CHAT)] == [2 if was_shown else None]


async def test_what_was_told_before_the_block_is_not_told_again(database: Database) -> None:
    """The end of a watch is told once, however often the chat goes and comes."""
    await keep_payment(database, status=Status.CLOSED)
    watch = await keep_watch(database)
    await keep_notice(database, "watchclosed:1", fact=WatchClosed(T0), payment_id=ID, watch_id=watch.id)
    async with database.begin() as tx:
        await tx.execute(outbox.update().values(state="sent"))
        await chats.silence(tx, CHAT.chat_id, "blocked", T0)
    await back(database, BACK)
    assert [row.key for row in await rows_of(database, outbox)] == ["watchclosed:1"]
