"""The bot's own SQL on a SQLite that lies in memory, without threads: a transaction is a matter of microseconds.

One connection and its compiled statements serve all worlds of a process, one after another; each begins with the
same empty tables.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from functools import cache
from typing import Any, cast

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.pool import StaticPool

from bot.storage.engine import Database
from bot.storage.sharing import Sharing
from bot.storage.tables import metadata
from tests.simulation.process import Process


class _Opened:
    """The connection, and what the tables are like when they are new."""

    def __init__(self) -> None:
        self.raw = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False, cached_statements=1_000)
        engine: Engine = create_engine("sqlite://", creator=lambda: self.raw, poolclass=StaticPool)
        metadata.create_all(engine)
        self.raw.execute("PRAGMA foreign_keys=ON")
        self.tx = Transaction(engine.connect().execution_options(isolation_level="AUTOCOMMIT"))

    def empty(self) -> None:
        """All tables as new."""
        if self.raw.in_transaction:
            self.raw.execute("ROLLBACK")
        for table in reversed(metadata.sorted_tables):
            self.raw.execute(f"DELETE FROM {table.name}")


@cache
def opened() -> _Opened:
    """The one connection of this process."""
    return _Opened()


class Transaction:
    """As much of an `AsyncConnection` as the storage uses."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.dialect = connection.dialect

    async def execute(self, statement: Any, parameters: Any = None) -> Any:
        """Done at once."""
        return self._connection.execute(statement, parameters)

    async def run_sync(self, work: Callable[[Connection], Any]) -> Any:
        """The same."""
        return work(self._connection)


class _Begin:
    """`async with database.begin() as tx`, for one process: it may die before, or right after the commit."""

    def __init__(self, process: Process) -> None:
        self._process = process

    async def __aenter__(self) -> Transaction:
        process = self._process
        await process.reach("begin")
        if (pause := process.world.disk_pause()) > 0:
            await asyncio.sleep(pause)
            await process.reach("begun")
        database = opened()
        if database.raw.in_transaction:
            process.world.violate("no outside I/O within a transaction", "a transaction waits for something else")
        database.raw.execute("BEGIN")
        return database.tx

    async def __aexit__(self, kind: object, *_: object) -> None:
        opened().raw.execute("COMMIT" if kind is None else "ROLLBACK")
        if kind is None:
            await self._process.reach("committed")


class MemoryDatabase:
    """What a process holds of the database."""

    is_sqlite = True

    def __init__(self, process: Process) -> None:
        self._process = process
        self.share = Sharing(cast("Any", self.begin))

    def begin(self) -> _Begin:
        """A transaction."""
        return _Begin(self._process)


def database_of(process: Process) -> Database:
    """The database as a process sees it."""
    return cast("Database", MemoryDatabase(process))
