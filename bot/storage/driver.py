"""SQLite's driver: what can wait goes to the driver's thread, all else runs where it is called.

A statement handed to a thread changes threads eight times, which costs more than the statement. Once a transaction has
begun nothing is waited for until its end: the lock is ours, and what is written goes to the disk with the commit.
"""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import aiosqlite

_ROWS_AT_ONCE: Final = 64
_MAY_WAIT: Final = frozenset({"commit", "rollback"})


class Connection(aiosqlite.Connection):
    """aiosqlite's connection, but for the way that everything it does goes through."""

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        open_one = self._connection
        if open_one is None or not open_one.in_transaction or fn.__name__ in _MAY_WAIT:
            return await super()._execute(fn, *args, **kwargs)  # type: ignore[no-untyped-call]
        return fn(*args, **kwargs)


def connect(path: Path) -> Connection:
    """To be awaited: opens the file in a thread of its own, which ends with the program."""
    made = Connection(lambda: sqlite3.connect(path, check_same_thread=False), _ROWS_AT_ONCE)
    made._thread.daemon = True
    return made
