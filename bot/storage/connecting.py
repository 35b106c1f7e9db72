"""SQLAlchemy's engine for PostgreSQL: what is said to each new connection, and how long locks are waited for."""

from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.pool import ConnectionPoolEntry

from bot.storage.tx import BUSY_MS, WROTE

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine


def postgres_engine(url: str) -> "AsyncEngine":
    """A small pool. Raises `ArgumentError` or `ValueError` for a URL that is none, `ModuleNotFoundError` without the
    driver."""
    # Here, as who keeps to SQLite needs nothing of it.
    from sqlalchemy.ext.asyncio import create_async_engine

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
