"""aiosqlite with errands to its thread for what can wait alone: to take the lock, and to commit what was written.

To make a cursor, execute, fetch and close are four errands otherwise, and each costs more than a short statement
itself. Once a transaction has begun the lock is ours and the disk is waited for at its end: a statement within it is
executed where it is called.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

import aiosqlite

_ROWS_AT_ONCE: Final = 64  # of no use here: nobody iterates over our cursors
_ENDS: Final = frozenset({"commit", "rollback"})


async def connect(path: Path) -> aiosqlite.Connection:
    """A connection to a file that is there or not."""
    connection = _Connection(lambda: sqlite3.connect(path, check_same_thread=False), _ROWS_AT_ONCE)
    # One that was never closed must not keep the process from ending.
    connection._thread.daemon = True  # as SQLAlchemy does it, too
    return await connection


class _Connection(aiosqlite.Connection):
    _changes = 0
    """Rows changed up to the last transaction's end: one that changed none has nothing to write."""

    _end: asyncio.Future[Any] | None = None

    def stop(self) -> asyncio.Future[Any] | None:
        """Ends the thread; what resolves once it has.

        It hears of one end only: to be told twice, as where a close is cancelled, would keep who closes for ever.
        """
        if self._end is None:
            self._end = super().stop()
        return self._end

    def cursor(self) -> Any:
        """As much of an `aiosqlite.Cursor` as SQLAlchemy uses."""
        return _Cursor(self)

    async def perform(self, name: str, *given: Any) -> sqlite3.Cursor:
        """What the method of SQLite's connection of that name returns: a new cursor."""
        made: sqlite3.Cursor = await self._execute(getattr(self._conn, name), *given)
        return made

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        opened = self._connection
        is_end = fn.__name__ in _ENDS
        if opened is None or not opened.in_transaction or (is_end and opened.total_changes != self._changes):
            result = await super()._execute(fn, *args, **kwargs)  # type: ignore[no-untyped-call]
        else:
            result = fn(*args, **kwargs)
        if opened is not None and is_end:
            self._changes = opened.total_changes
        return result


class _Cursor:
    arraysize = 1

    def __init__(self, connection: _Connection) -> None:
        self._connection = connection
        self._raw: Any = None
        """SQLite's own, once something was executed."""

    def __getattr__(self, name: str) -> Any:
        # SQLAlchemy asks for description, rowcount and lastrowid.
        return getattr(self._raw, name)

    async def __aenter__(self) -> "_Cursor":
        return self

    async def execute(self, sql: str, parameters: Any = ()) -> None:
        """Executes a statement; its rows are to be fetched."""
        self._raw = await self._connection.perform("execute", sql, parameters)

    async def executemany(self, sql: str, parameters: Iterable[Any]) -> None:
        """Executes a statement that brings nothing, once for each of these."""
        self._raw = await self._connection.perform("executemany", sql, parameters)

    async def fetchall(self) -> list[Any]:
        """All rows that are left."""
        rows: list[Any] = await self._connection._execute(self._raw.fetchall)
        return rows

    async def fetchmany(self, size: int) -> list[Any]:
        """The next rows, for whoever reads a large table piece by piece."""
        rows: list[Any] = await self._connection._execute(self._raw.fetchmany, size)
        return rows

    async def close(self) -> None:
        """Lets go of a statement, read to its end or not."""
        if self._raw is not None:
            self._raw.close()
