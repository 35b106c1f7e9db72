"""aiosqlite with errands to its thread for what can wait: to take the lock, and to commit.

To make a cursor, execute, fetch and close are four errands otherwise, and each costs more than a short statement
itself. Once a transaction has begun the lock is ours and the disk is waited for at its end, so that a statement within
it is executed where it is called.
"""

import sqlite3
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

import aiosqlite

_ROWS_AT_ONCE: Final = 64  # of no use here: all rows are fetched
_MAY_WAIT: Final = frozenset({"commit", "rollback"})


async def connect(path: Path) -> aiosqlite.Connection:
    """A connection to a file that is there or not."""
    connection = _Connection(lambda: sqlite3.connect(path, check_same_thread=False), _ROWS_AT_ONCE)
    # One that was never closed must not keep the process from ending.
    connection._thread.daemon = True  # as SQLAlchemy does it, too
    return await connection


class _Connection(aiosqlite.Connection):
    def cursor(self) -> Any:
        """As much of an `aiosqlite.Cursor` as SQLAlchemy uses."""
        return _Cursor(self)

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        opened = self._connection
        if opened is None or not opened.in_transaction or fn.__name__ in _MAY_WAIT:
            return await super()._execute(fn, *args, **kwargs)  # type: ignore[no-untyped-call]
        return fn(*args, **kwargs)

    async def run(self, work: Callable[[sqlite3.Cursor], list[Any]]) -> tuple[sqlite3.Cursor, list[Any]]:
        """Does something with a new cursor, in the connection's thread unless within a transaction."""

        def errand() -> tuple[sqlite3.Cursor, list[Any]]:
            cursor = self._conn.cursor()
            return cursor, work(cursor)

        done: tuple[sqlite3.Cursor, list[Any]] = await self._execute(errand)
        return done


class _Cursor:
    description: Any = None
    rowcount = -1
    lastrowid: int | None = None
    arraysize = 1

    def __init__(self, connection: _Connection) -> None:
        self._connection = connection
        self._rows: list[Any] = []

    async def __aenter__(self) -> "_Cursor":
        return self

    async def execute(self, sql: str, parameters: Any = ()) -> None:
        """Executes a statement and fetches what it brings."""
        await self._run(lambda cursor: cursor.execute(sql, parameters).fetchall())

    async def executemany(self, sql: str, parameters: Iterable[Any]) -> None:
        """Executes a statement that brings nothing, once for each of these."""
        await self._run(lambda cursor: cursor.executemany(sql, parameters).fetchall())

    async def fetchall(self) -> list[Any]:
        """The rows, which are here already."""
        return self._rows

    async def close(self) -> None:
        """There is nothing left to close: a statement whose rows are fetched is over."""

    async def _run(self, work: Callable[[sqlite3.Cursor], list[Any]]) -> None:
        cursor, self._rows = await self._connection.run(work)
        self.description, self.rowcount, self.lastrowid = cursor.description, cursor.rowcount, cursor.lastrowid
