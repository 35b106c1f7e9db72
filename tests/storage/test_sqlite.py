"""The one connection to a SQLite file: whoever is cancelled leaves it as the next one needs it."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from bot.storage.sqlite import SqliteEngine
from bot.storage.tx import WROTE

PUT, COUNT = text("INSERT INTO kept DEFAULT VALUES"), text("SELECT count(*) FROM kept")


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[SqliteEngine]:
    """One with a table."""
    made = SqliteEngine(tmp_path / "some.db", checkpoints=True)
    async with made.begin() as tx:
        await tx.execute(text("CREATE TABLE kept (id INTEGER PRIMARY KEY)"))
    yield made
    await made.dispose()


async def put(engine: SqliteEngine) -> None:
    """A row."""
    async with engine.begin() as tx:
        await tx.execute(PUT)


async def count(engine: SqliteEngine) -> int:
    """How many there are."""
    async with engine.begin() as tx:
        counted: int = (await tx.execute(COUNT)).scalar_one()
        return counted


async def test_who_is_cancelled_while_waiting_for_a_lock_leaves_no_transaction(
    engine: SqliteEngine, tmp_path: Path
) -> None:
    """The lock is got a moment later, and given back."""
    with closing(sqlite3.connect(tmp_path / "some.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        waiting = asyncio.create_task(put(engine))
        for _ in range(5):
            await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.sleep(0)
        assert not waiting.done(), "the connection would be two's"
        other.execute("COMMIT")
        assert await asyncio.wait_for(asyncio.gather(waiting, return_exceptions=True), 10)
        assert waiting.cancelled()
        other.execute("BEGIN IMMEDIATE")
    assert await count(engine) == 0


async def test_a_commit_that_has_begun_comes_to_its_end(engine: SqliteEngine) -> None:
    """The thread is held up before it, and the caller cancelled meanwhile."""
    go_on = threading.Event()
    held = asyncio.Event()

    async def held_up() -> None:
        async with engine.begin() as tx:
            await tx.execute(PUT)
            blocker = asyncio.create_task(engine.errand(go_on.wait))
            await asyncio.sleep(0)
            held.set()
        await blocker

    task = asyncio.create_task(held_up())
    await held.wait()
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.sleep(0)
    assert not task.done()
    go_on.set()
    assert await asyncio.wait_for(asyncio.gather(task, return_exceptions=True), 10)
    assert task.cancelled()
    assert await count(engine) == 1


async def test_what_fails_is_rolled_back(engine: SqliteEngine) -> None:
    """Also where it is not the database's fault."""
    with pytest.raises(KeyError):
        async with engine.begin() as tx:
            await tx.execute(PUT)
            raise KeyError
    assert await count(engine) == 0
    await put(engine)
    assert await count(engine) == 1


async def test_whether_rows_were_changed_is_known_of_each_transaction(engine: SqliteEngine) -> None:
    """To read proves nothing of whether the disk takes anything."""
    async with engine.begin() as tx:
        await tx.execute(PUT)
        assert tx.info[WROTE]
    async with engine.begin() as tx:
        await tx.execute(COUNT)
        assert not tx.info[WROTE]
    with pytest.raises(KeyError):
        async with engine.begin() as tx:
            await tx.execute(PUT)
            raise KeyError
    async with engine.begin() as tx:
        assert not tx.info[WROTE]


async def test_a_connection_that_is_of_no_use_gives_way_to_a_new_one(engine: SqliteEngine) -> None:
    """As where it was closed under a transaction."""
    with pytest.raises(ProgrammingError):
        async with engine.begin() as tx:
            await tx.run_sync(lambda connection: connection.connection.dbapi_connection.close())
            await tx.execute(COUNT)
    await put(engine)
    assert await count(engine) == 1


async def test_transactions_take_their_turns(engine: SqliteEngine) -> None:
    """First come, first served."""
    order: list[int] = []

    async def one(number: int) -> None:
        async with engine.begin() as tx:
            order.append(number)
            await tx.execute(PUT)
            await asyncio.sleep(0)

    await asyncio.gather(*map(one, range(10)))
    assert order == list(range(10))
    assert await count(engine) == 10


async def test_a_new_file_is_its_owners_alone(engine: SqliteEngine, tmp_path: Path) -> None:
    """With those beside it: people's messages are in them. One that is there keeps its mode."""
    await put(engine)
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}  # noqa: ASYNC240  # nothing waits
    assert modes == {"some.db": 0o600, "some.db-wal": 0o600, "some.db-shm": 0o600}
    await engine.dispose()
    (tmp_path / "some.db").chmod(0o640)
    await put(engine)
    assert (tmp_path / "some.db-wal").stat().st_mode & 0o777 == 0o640
