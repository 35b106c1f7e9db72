"""Everything in one database into another of either kind, and what a restored one must not tell."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select

from bot.core.facts import Paid
from bot.core.payment import Status
from bot.core.watch import Place
from bot.storage import copying, inbox, payments, restoring, watches
from bot.storage.engine import Database
from bot.storage.inbox import Arrived
from bot.storage.lease import Lease
from bot.storage.outbox import RowState
from bot.storage.restoring import PutAside
from bot.storage.tables import callbacks, inbox as inbox_table, lease, metadata, outbox, staff
from tests.storage.making import (
    DAY,
    ID,
    SECOND,
    T0,
    a_payment,
    keep_card,
    keep_notice,
    keep_payment,
    keep_watch,
    rows_of,
)

HOUR = timedelta(hours=1)


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    """A database, migrated."""
    database = Database(url)
    await database.open()
    yield database
    await database.close()


@pytest.fixture(params=["sqlite", "postgres"])
async def target(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, make_postgres_url: Callable[[str], str]
) -> AsyncIterator[Database]:
    """Another database of either kind, empty."""
    url = f"sqlite:///{tmp_path_factory.mktemp('target') / 'target.db'}"
    async with opened(make_postgres_url("template1") if request.param == "postgres" else url) as database:
        yield database


async def fill(database: Database) -> None:
    """Rows of many kinds: references, booleans, NULLs, bytes, microseconds, emoji."""
    await keep_payment(database)
    watch = await keep_watch(database)
    await keep_card(database, watch)
    places = {"kind": "notice", "topic_id": 0, "locale": "id", "state": "due", "due_at": T0}
    notices = [
        places | {"key": f"k{number}", "chat_id": -number, "created_at": T0 + timedelta(microseconds=number)}
        for number in range(1200)
    ]
    async with database.begin() as tx:
        await tx.execute(insert(outbox), notices)
        await inbox.store(tx, [Arrived(7, 501, {"text": "📦 é"})], T0)
        await tx.execute(insert(staff).values(person_id=2**40, role="owner", since=T0))
        await tx.execute(
            insert(callbacks).values(digest="d", method="m", received_at=T0, state="new", body=b"\x00\xff{}")
        )
        await tx.execute(insert(lease).values(name="work", token=41, holder="somebody", expires_at=T0))


async def contents(database: Database) -> Mapping[str, list[Any]]:
    """All rows but the lease's."""
    async with database.begin() as tx:
        return {
            table.name: sorted(map(tuple, (await tx.execute(select(table))).all()), key=repr)
            for table in metadata.sorted_tables
            if table is not lease
        }


async def copy(source: Database, target: Database) -> dict[str, int]:
    """As a command does."""
    async with copying.snapshot(source) as reading, target.begin() as writing:
        return await copying.replace_all(reading, writing)


async def test_a_copy_holds_the_same(database: Database, target: Database) -> None:
    """From either kind to either: every row, every column; what was there is gone, and it is counted."""
    await fill(database)
    await keep_payment(target, "XID-1111")
    await keep_watch(target, "XID-1111")
    counts = await copy(database, target)
    assert await contents(target) == await contents(database)
    assert counts == {"payments": 1, "watches": 1, "outbox": 1201, "inbox": 1, "staff": 1, "callbacks": 1}
    async with database.begin() as tx:
        assert await copying.rows_in(tx) == counts


async def test_new_rows_are_numbered_after_the_copied_ones(database: Database, target: Database) -> None:
    """PostgreSQL's sequences know nothing of rows that came with their numbers."""
    await fill(database)
    await copy(database, target)
    highest = max(row.id for row in await rows_of(target, outbox))
    await keep_notice(target, "new")
    watch = await keep_watch(target, ID, Place(9))
    assert max(row.id for row in await rows_of(target, outbox)) == highest + 1
    assert watch.id == 2


@pytest.mark.parametrize(("before", "after"), [(None, 41), (3, 41), (99, 99)])
async def test_the_next_holders_token_is_higher_than_any_row_names(
    database: Database, target: Database, before: int | None, after: int
) -> None:
    """A row begun under a higher token than the holder's would never be delivered."""
    await fill(database)
    if before is not None:
        async with target.begin() as tx:
            await tx.execute(insert(lease).values(name="work", token=before, holder="x", expires_at=T0))
    await copy(database, target)
    claim = Lease(target, "next")
    assert await claim.take()
    assert claim.token == after + 1
    await claim.release()


async def test_a_copy_under_load_is_of_one_moment(migrated_postgres_url: str, migrated_sqlite_url: str) -> None:
    """What is written while the first tables are read is not in the later ones; who writes does not wait."""
    async with opened(migrated_postgres_url) as source, opened(migrated_sqlite_url) as target:
        await keep_payment(source)
        async with copying.snapshot(source) as reading, target.begin() as writing:
            assert await copying.rows_in(reading) == {"payments": 1}
            await keep_payment(source, "XID-1111")
            await keep_notice(source, "later")
            assert await copying.replace_all(reading, writing) == {"payments": 1}


async def test_a_copy_that_fails_leaves_what_was_there(migrated_sqlite_url: str, target: Database) -> None:
    """One transaction: half a database is none."""
    await keep_payment(target, "XID-1111")
    async with opened(migrated_sqlite_url) as source:
        await fill(source)
        with pytest.raises(RuntimeError):
            async with copying.snapshot(source) as reading, target.begin() as writing:
                await copying.replace_all(reading, writing)
                raise RuntimeError
    async with target.begin() as tx:
        assert await copying.rows_in(tx) == {"payments": 1}


# --- what a restored backup must not do ---


async def put_aside(database: Database) -> PutAside:
    """A restore two hours after the backup."""
    async with database.begin() as tx:
        return await restoring.put_old_aside(tx, T0 + 2 * HOUR)


async def test_old_news_is_dropped_but_for_paid(database: Database) -> None:
    """Who has not heard "paid" may hear it late; everything else is over."""
    await keep_payment(database)
    watch = await keep_watch(database)
    await keep_notice(database, "reply:1:0")
    await keep_notice(database, "paid:1", fact=Paid(65_000, T0), payment_id=ID, watch_id=watch.id)
    await keep_card(database, watch)
    await keep_notice(database, "reply:2:0", now=T0 + 1.5 * HOUR)
    assert (await put_aside(database)).messages == 2
    states = {row.key: row.state for row in await rows_of(database, outbox)}
    assert states == {
        "reply:1:0": RowState.DROPPED,
        "paid:1": RowState.DUE,
        f"card:{watch.id}": RowState.DROPPED,
        "reply:2:0": RowState.DUE,
    }
    problems = {row.problem for row in await rows_of(database, outbox)}
    assert problems == {None, "old news after a restore"}


async def test_a_picture_that_is_shown_is_put_right_however_old(database: Database) -> None:
    """A code that is paid must not stay there to be paid again."""
    await keep_payment(database)
    watch = await keep_watch(database)
    await keep_card(database, watch)
    async with database.begin() as tx:
        await watches.note_card(tx, watch.id, 41, "face")
    assert (await put_aside(database)).messages == 0
    assert [row.state for row in await rows_of(database, outbox)] == [RowState.DUE]


async def test_old_asks_are_not_answered(database: Database) -> None:
    """They were, after the backup; their texts are emptied as those of any update that is done."""
    async with database.begin() as tx:
        await inbox.store(tx, [Arrived(1, 1, {"text": "Budi"})], T0)
        await inbox.store(tx, [Arrived(2, 1, {"text": "Sari"})], T0 + 1.5 * HOUR)
    assert (await put_aside(database)).asks == 1
    assert {(row.state, row.body is None) for row in await rows_of(database, inbox_table)} == {
        ("done", True),
        ("new", False),
    }


async def test_a_watch_that_was_over_ends_without_a_word(database: Database) -> None:
    """Such a payment is looked at once, and then as any late one; a word that it is paid is forgotten too."""
    ends = {"XID-0001": T0 + HOUR / 2, "XID-0002": T0 + 1.5 * HOUR, "XID-0003": T0 + DAY}
    for payment_id, closes_at in ends.items():
        async with database.begin() as tx:
            payment = replace(a_payment(payment_id), closes_at=closes_at, claim_until=T0 + SECOND)
            await payments.save(tx, payment, T0 + DAY)
    assert (await put_aside(database)).watches == 1
    found = {row.id: row for row in await rows_of(database, metadata.tables["payments"])}
    assert {name: row.status for name, row in found.items()} == {
        "XID-0001": Status.CLOSED,
        "XID-0002": Status.WAITING,
        "XID-0003": Status.WAITING,
    }
    assert found["XID-0001"].look_at == T0 + 2 * HOUR
    assert found["XID-0003"].look_at == T0 + DAY
    assert all(row.claim_until is None for row in found.values())
