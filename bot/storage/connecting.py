"""SQLAlchemy's engines as this program wants them: what is said to each new connection, and how long locks are waited
for."""

from functools import partial
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, event
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from bot.storage.sqlite_driver import connect

BUSY_MS: Final = 3_000
"""How long a statement waits for others' locks. Less than whoever pushes waits, who is then told the reason."""
WROTE: Final = "wrote"
"""In a connection's `info`: whether its transaction has changed any row."""


def sqlite_engine(path: Path, *, checkpoints: bool) -> AsyncEngine:
    """One connection to a file that is there or not. `checkpoints`: whether this process may make any."""
    # Checkpoints are left to the process that holds the lock file: two that make them at once may corrupt a WAL.
    pragmas = [f"busy_timeout={BUSY_MS}", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"]
    pragmas += [] if checkpoints else ["wal_autocheckpoint=0"]
    engine = create_async_engine(
        # Parameters hold whole updates, with people's names: errors go into the log without them.
        URL.create("sqlite+aiosqlite", database=str(path)),
        hide_parameters=True,
        pool_size=1,
        max_overflow=0,
        pool_timeout=60,
        async_creator=partial(connect, path),
    )

    @event.listens_for(engine.sync_engine, "connect")
    def _configure(connection: Any, _entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # the driver must not begin deferred transactions by itself
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    _note_writes(engine.sync_engine)
    return engine


def postgres_engine(url: str) -> AsyncEngine:
    """A small pool. Raises `ArgumentError` or `ValueError` for a URL that is none, `ModuleNotFoundError` without the
    driver."""
    engine = create_async_engine(
        url.replace("postgresql://", "postgresql+psycopg://", 1),
        hide_parameters=True,
        pool_size=5,
        max_overflow=5,
        pool_timeout=30,
        pool_pre_ping=True,
        # A connection that went dead without a word is given up after ten seconds, the lease's time.
        connect_args={"connect_timeout": 5, "tcp_user_timeout": 10_000, "application_name": "paybot"},
    )

    @event.listens_for(engine.sync_engine, "connect")
    def _configure(connection: Any, _entry: ConnectionPoolEntry) -> None:
        # Without it a table that somebody has locked is waited for without end, and without a word.
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute(f"SET lock_timeout = {BUSY_MS}")
        cursor.close()
        connection.autocommit = False

    _note_writes(engine.sync_engine)
    return engine


def _note_writes(engine: Engine) -> None:
    @event.listens_for(engine, "after_cursor_execute")
    def _note(connection: Connection, cursor: DBAPICursor, _sql: str, _values: Any, context: Any, _many: bool) -> None:
        if (context.isinsert or context.isupdate or context.isdelete) and cursor.rowcount:
            connection.info[WROTE] = True
