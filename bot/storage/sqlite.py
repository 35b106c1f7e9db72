"""One connection to a SQLite file, used where the program runs; only what can wait alone is an errand to a thread.

A transaction takes the lock when it begins, for which it may have to wait, and waits for the disk at its end. In
between each statement is a matter of microseconds, of which an errand would cost five times as many.
"""

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final, ParamSpec, TypeVar

from sqlalchemy import Connection, Dialect, Engine, Executable, create_engine, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry, StaticPool

from bot.storage.tx import BUSY_MS, WROTE

_NO_PATIENCE: Final = "PRAGMA busy_timeout=0"
_TURN_WITHIN: Final = 60
"""Seconds that a transaction waits for those before it."""

Given = ParamSpec("Given")
Result = TypeVar("Result")


class SqliteTx:
    """A transaction in progress: as much of SQLAlchemy's `AsyncConnection` as the storage uses."""

    def __init__(self, engine: "SqliteEngine", connection: Connection) -> None:
        self._engine = engine
        self._connection = connection

    @property
    def dialect(self) -> Dialect:
        """SQLite's."""
        return self._connection.dialect

    @property
    def info(self) -> dict[Any, Any]:
        """Whether it has changed any row."""
        return {WROTE: self._engine.has_changes(self._connection)}

    async def execute(self, statement: Executable, parameters: Any = None) -> Any:
        """The statement's result; it is done at once."""
        return self._connection.execute(statement, parameters)

    async def run_sync(self, work: Callable[..., Result], *given: Any) -> Result:
        """What takes longer, given the connection: in the thread."""
        return await self._engine.errand(work, self._connection, *given)


class SqliteEngine:
    """The connection, and whose turn it is. Belongs to one event loop; the first transaction opens it."""

    def __init__(self, path: Path, *, checkpoints: bool) -> None:
        """`path`: a file that is there or not. `checkpoints`: whether this process may make any."""
        self.sync_engine = _engine(path, checkpoints=checkpoints)
        """SQLAlchemy's own."""
        self._turn = asyncio.Lock()
        self._thread = ThreadPoolExecutor(1, "sqlite")
        self._connection: Connection | None = None
        self._changes = 0
        """Rows changed up to the last transaction's end: one that changed none has nothing to write."""

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[SqliteTx]:
        """A transaction: committed at the end, rolled back on any exception. Raises SQLAlchemy's errors, and
        `TimeoutError` where those before it take too long."""
        async with asyncio.timeout(_TURN_WITHIN):
            await self._turn.acquire()
        try:
            connection = await self.errand(self._connect) if self._connection is None else self._connection
            try:
                connection.begin()
                if not _got_lock(connection):
                    await self.errand(_wait_for_lock, connection)
                yield SqliteTx(self, connection)
                await self._commit(connection)
            except BaseException:
                self._roll_back(connection)
                raise
        finally:
            self._turn.release()

    async def dispose(self) -> None:
        """Closes the connection, once who uses it is done. The next transaction opens another one."""
        async with self._turn:
            if self._connection is not None:
                await self.errand(self._close, self._connection)

    async def errand(self, work: Callable[Given, Result], *given: Given.args, **named: Given.kwargs) -> Result:
        """Done in the thread. Where the caller is cancelled it comes to its end all the same, before the connection is
        anybody else's."""
        done = asyncio.get_running_loop().run_in_executor(self._thread, lambda: work(*given, **named))
        try:
            return await asyncio.shield(done)
        except asyncio.CancelledError:
            while not done.done():
                with suppress(asyncio.CancelledError):
                    await asyncio.wait([done])
            done.exception()  # nobody else will hear of it
            raise

    def has_changes(self, connection: Connection) -> bool:
        """Whether the transaction in progress has changed any row."""
        return _changes(connection) != self._changes

    def _connect(self) -> Connection:
        self._connection = self.sync_engine.connect()
        self._changes = 0
        return self._connection

    def _close(self, connection: Connection) -> None:
        self._connection = None
        connection.close()
        self.sync_engine.dispose()

    async def _commit(self, connection: Connection) -> None:
        if self.has_changes(connection):
            await self.errand(connection.commit)
            self._changes = _changes(connection)
        else:
            connection.commit()

    def _roll_back(self, connection: Connection) -> None:
        try:
            connection.rollback()
            self._changes = _changes(connection)
        except SQLAlchemyError:
            # Of no use any more, whatever became of it.
            self._close(connection)


def _got_lock(connection: Connection) -> bool:
    """Whether nobody else has it, which takes a moment to say."""
    raw: Any = connection.connection.dbapi_connection
    try:
        raw.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError:
        return False
    return True


def _wait_for_lock(connection: Connection) -> None:
    connection.exec_driver_sql(f"PRAGMA busy_timeout={BUSY_MS}")
    try:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    finally:
        connection.exec_driver_sql(_NO_PATIENCE)


def _changes(connection: Connection) -> int:
    raw: Any = connection.connection.dbapi_connection
    return int(raw.total_changes)


def _connection(path: Path) -> sqlite3.Connection:
    # A new file is its owner's alone, whatever the umask: it holds people's messages. Those beside it take its mode.
    with suppress(OSError):  # it is there, or SQLite says why it cannot be
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    return sqlite3.connect(path, check_same_thread=False)


def _engine(path: Path, *, checkpoints: bool) -> Engine:
    # Checkpoints are left to the process that holds the lock file: two that make them at once may corrupt a WAL.
    pragmas = [f"busy_timeout={BUSY_MS}", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"]
    pragmas += [] if checkpoints else ["wal_autocheckpoint=0"]
    statements = [*(f"PRAGMA {pragma}" for pragma in pragmas), _NO_PATIENCE]
    engine = create_engine(
        "sqlite://",
        creator=lambda: _connection(path),
        poolclass=StaticPool,
        # Parameters hold whole updates, with people's names: errors go into the log without them.
        hide_parameters=True,
    )

    @event.listens_for(engine, "connect")
    def _configure(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # the driver must not begin deferred transactions by itself
        for statement in statements:
            connection.execute(statement).close()

    return engine
