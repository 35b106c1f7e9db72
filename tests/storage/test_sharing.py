"""Transactions that several share, and SQLite's driver under them."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from typing import Any

import pytest
from sqlalchemy import select, text

from bot.storage import uploads
from bot.storage.engine import Database, Tx
from bot.storage.sharing import AT_ONCE, Sharing
from bot.storage.tables import uploads as table
from bot.storage.trouble import DatabaseAway
from tests.storage.making import T0


class Counted:
    """A database's transactions, counted."""

    def __init__(self, database: Database) -> None:
        self.count = 0
        self._database = database

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Tx]:
        """One more."""
        self.count += 1
        async with self._database.begin() as tx:
            yield tx


def keeps(digest: str, *, fails: bool = False) -> Any:
    """A part that writes a row, and may fail after it."""

    async def part(tx: Tx) -> str:
        await uploads.note(tx, digest, f"file {digest}", T0)
        if fails:
            raise LookupError(digest)
        return digest

    return part


async def kept(database: Database) -> set[str]:
    """The rows that are there."""
    async with database.begin() as tx:
        return set((await tx.execute(select(table.c.digest))).scalars())


async def test_what_is_wanted_at_the_same_time_is_one_transaction(database: Database) -> None:
    """And each gets its own result."""
    counted = Counted(database)
    share = Sharing(counted.begin)
    digests = [f"d{number}" for number in range(AT_ONCE)]
    assert await asyncio.gather(*(share(keeps(one)) for one in digests)) == digests
    assert counted.count == 1
    assert await kept(database) == set(digests)


async def test_what_comes_while_one_runs_makes_up_the_next(database: Database) -> None:
    """Whoever comes first waits for nobody."""
    counted = Counted(database)
    share = Sharing(counted.begin)
    inside, go_on = asyncio.Event(), asyncio.Event()

    async def slow(_: Tx) -> None:
        inside.set()
        await go_on.wait()

    first = asyncio.create_task(share(slow))
    await inside.wait()
    others = [asyncio.create_task(share(keeps(f"d{number}"))) for number in range(5)]
    await asyncio.sleep(0)
    assert counted.count == 1
    go_on.set()
    await asyncio.gather(first, *others)
    assert counted.count == 2


async def test_with_many_writers_each_part_has_a_transaction_of_its_own(database: Database) -> None:
    """None waits for another's rows while it holds its own."""
    counted = Counted(database)
    share = Sharing(counted.begin, one_writer=False)
    await asyncio.gather(*(share(keeps(f"d{number}")) for number in range(3)))
    assert counted.count == 3
    assert await kept(database) == {"d0", "d1", "d2"}


async def test_one_that_fails_spoils_no_other(database: Database) -> None:
    """Nothing of it stays; the others are done, once."""
    share = Sharing(database.begin)
    results = await asyncio.gather(
        share(keeps("a")), share(keeps("b", fails=True)), share(keeps("c")), return_exceptions=True
    )
    assert [results[0], results[2]] == ["a", "c"]
    assert isinstance(results[1], LookupError)
    assert await kept(database) == {"a", "c"}


async def test_whoever_gave_up_before_it_began_leaves_nothing(database: Database) -> None:
    """A cancelled part is not run."""
    share = Sharing(database.begin)
    given_up = asyncio.create_task(share(keeps("a")))
    stays = asyncio.create_task(share(keeps("b")))
    await asyncio.sleep(0)
    given_up.cancel()
    assert await stays == "b"
    assert await kept(database) == {"b"}


async def test_a_database_that_is_away_is_tried_once_for_all() -> None:
    """Not once for each that waits."""
    tries = 0

    @asynccontextmanager
    async def away() -> AsyncIterator[Tx]:
        nonlocal tries
        tries += 1
        raise DatabaseAway("away")
        yield

    share = Sharing(away)
    results = await asyncio.gather(*(share(keeps(str(number))) for number in range(5)), return_exceptions=True)
    assert all(isinstance(one, DatabaseAway) for one in results)
    assert tries == 1


@pytest.fixture
async def on_sqlite(migrated_sqlite_url: str) -> AsyncIterator[Database]:
    """Opened."""
    opened = Database(migrated_sqlite_url)
    await opened.open()
    yield opened
    await opened.close()


async def test_within_a_transaction_statements_change_no_threads(on_sqlite: Database) -> None:
    """SQLite runs them where they are called."""
    async with on_sqlite.begin() as tx:
        with closing(on_sqlite.engine.sync_engine.raw_connection()) as shared:
            shared.create_function("thread", 0, threading.get_ident)
        assert (await tx.execute(text("SELECT thread()"))).scalar_one() == threading.get_ident()


async def test_whoever_waits_for_the_lock_holds_up_nobody(on_sqlite: Database) -> None:
    """A shell command writes: the loop goes on meanwhile."""
    assert on_sqlite.path is not None
    other = sqlite3.connect(on_sqlite.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    waiting = asyncio.create_task(on_sqlite.share(keeps("a")))
    for _ in range(10):
        await asyncio.sleep(0)
    assert not waiting.done()
    other.execute("COMMIT")
    other.close()
    assert await waiting == "a"
