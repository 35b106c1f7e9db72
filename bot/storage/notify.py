"""A bell between processes on one PostgreSQL (`LISTEN`/`NOTIFY`): what one stored, the one that works hears at once.

It only saves time: whoever misses a ring finds the rows at its next round. SQLite has one process, and no bell.
"""

import asyncio
from collections.abc import Callable
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import text

from bot.storage.engine import Database, Tx, is_out_of_reach

_CHANNEL: Final = "paybot"
_RING: Final = text("SELECT pg_notify(:channel, :bell)")
# A connection that went dead without a word is only noticed when something is sent over it.
_SIGN_OF_LIFE_EVERY: Final = 15.0
_LONGEST_PAUSE: Final = 30.0


class Bell(StrEnum):
    """What there is to do: the name of the job that does it."""

    HANDLE = "handle"
    HEAR = "hear"


async def ring(tx: Tx, bell: Bell) -> None:
    """Rings once the transaction is committed."""
    if tx.dialect.name == "postgresql":
        await tx.execute(_RING, {"channel": _CHANNEL, "bell": bell})


async def listen(database: Database, rung: Callable[[Bell], None]) -> None:
    """Hears the bells until cancelled; returns at once on SQLite. Each new connection rings them all, as what was rung
    in between is lost."""
    pause = 0.5
    while not database.is_sqlite:
        try:
            connection = await database.postgres.connect()
            try:
                raw: Any = (await connection.get_raw_connection()).driver_connection
                await raw.set_autocommit(True)
                await raw.execute(f"LISTEN {_CHANNEL}")
                for bell in Bell:
                    rung(bell)
                pause = 0.5
                await _hear(raw, rung)
            finally:
                # It listens: nobody else may be handed it.
                await connection.invalidate()
                await connection.close()
        except Exception as error:
            if not _is_broken(error):
                raise
            database.trouble.note(error)
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)


async def _hear(raw: Any, rung: Callable[[Bell], None]) -> None:
    while True:
        async for heard in raw.notifies(timeout=_SIGN_OF_LIFE_EVERY):
            # Another version of us may ring what this one does not know.
            if heard.payload in set(Bell):
                rung(Bell(heard.payload))
        await raw.execute("SELECT 1")


def _is_broken(error: Exception) -> bool:
    """Out of reach as SQLAlchemy says it, or as the driver does, which is imported only where it is used."""
    return is_out_of_reach(error) or type(error).__module__.startswith("psycopg")
