"""The lease on the work: one process at a time polls, handles, looks and delivers.

A row with an expiry and a rising token. It is renewed every 3 s and over after 10 s; on PostgreSQL it is also free as
soon as the holder's connection is gone, so that a killed process is replaced at once. On SQLite the lock file has
already made sure that no other process runs, and the lease only counts its token up.
"""

import asyncio
import time
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, exists, select, text

from bot.storage.engine import Database, Tx
from bot.storage.tables import lease

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

RENEW_EVERY: Final = timedelta(seconds=3)
LASTS: Final = timedelta(seconds=10)

_TAKE_SQLITE: Final = text("""
    INSERT INTO lease (name, token, holder, expires_at) VALUES ('work', 1, :holder, 0)
    ON CONFLICT (name) DO UPDATE SET token = lease.token + 1, holder = excluded.holder
    RETURNING token
""")
_TAKE_POSTGRES: Final = text("""
    INSERT INTO lease (name, token, holder, expires_at, backend_pid, backend_start)
    SELECT 'work', 1, :holder, clock_timestamp() + make_interval(secs => :lasts), a.pid,
           extract(epoch FROM a.backend_start)::text
      FROM pg_stat_activity a WHERE a.pid = pg_backend_pid()
    ON CONFLICT (name) DO UPDATE
       SET token = lease.token + 1, holder = excluded.holder, expires_at = excluded.expires_at,
           backend_pid = excluded.backend_pid, backend_start = excluded.backend_start
     WHERE lease.expires_at < clock_timestamp()
        OR NOT EXISTS (
             SELECT 1 FROM pg_stat_activity a
              WHERE a.pid = lease.backend_pid
                AND (a.backend_start IS NULL OR extract(epoch FROM a.backend_start)::text = lease.backend_start))
    RETURNING token
""")
# A renewal may come over another connection than the claim: the lease then hangs on that one.
_RENEW_POSTGRES: Final = text("""
    UPDATE lease SET expires_at = clock_timestamp() + make_interval(secs => :lasts), backend_pid = a.pid,
           backend_start = extract(epoch FROM a.backend_start)::text
      FROM pg_stat_activity a WHERE a.pid = pg_backend_pid() AND name = 'work' AND token = :token
""")
_RELEASE_POSTGRES: Final = text(
    "UPDATE lease SET expires_at = clock_timestamp() - interval '1 second' WHERE name = 'work' AND token = :token"
)

IS_OVERTAKEN: Final = exists(select(lease.c.name).where(lease.c.token > bindparam("token")))
"""Whether a newer token is out."""
_OVERTAKEN: Final = select(IS_OVERTAKEN)


async def is_overtaken(tx: Tx, token: int) -> bool:
    """Whether a newer token than this one is out: another process works, and its word counts."""
    return bool((await tx.execute(_OVERTAKEN, {"token": token})).scalar_one())


class Lease:
    """This process's claim. `token` rises with every change of hands; stale work carries an old one."""

    def __init__(self, database: Database, holder: str) -> None:
        self._database = database
        self._holder = holder
        self._connection: AsyncConnection | None = None
        self._valid_until = 0.0
        self._in_doubt = asyncio.Event()
        self.token = 0

    @property
    def held(self) -> bool:
        """Whether this process may work right now; false as soon as a renewal is overdue, frozen or not."""
        return self.token > 0 and time.monotonic() < self._valid_until

    async def take(self) -> bool:
        """Tries to take the lease. Errors of the database come through."""
        asked_at = time.monotonic()
        if self._database.is_sqlite:
            async with self._database.begin() as tx:
                self.token = (await tx.execute(_TAKE_SQLITE, {"holder": self._holder})).scalar_one()
            self._valid_until = float("inf")
            return True
        connection = await self._own_connection()
        values = {"holder": self._holder, "lasts": LASTS.total_seconds()}
        token = (await connection.execute(_TAKE_POSTGRES, values)).scalar_one_or_none()
        if token is None:
            return False
        self.token = token
        self._valid_until = asked_at + LASTS.total_seconds()
        return True

    def doubt(self) -> None:
        """Has it renewed at once: it looks as if another process worked."""
        self._in_doubt.set()

    async def until_renewal(self) -> None:
        """Returns when the next renewal is due: soon, and at once while the lease is in doubt."""
        with suppress(TimeoutError):
            async with asyncio.timeout(RENEW_EVERY.total_seconds()):
                await self._in_doubt.wait()

    async def renew(self) -> bool:
        """Prolongs the lease; False when another process has it now. Errors of the database come through, and leave
        the lease in doubt."""
        if self._database.is_sqlite:
            self._in_doubt.clear()
            return True
        self.doubt()
        asked_at = time.monotonic()
        connection = await self._own_connection()
        result = await connection.execute(_RENEW_POSTGRES, {"lasts": LASTS.total_seconds(), "token": self.token})
        self._in_doubt.clear()
        if result.rowcount != 1:
            self.drop()
            return False
        self._valid_until = asked_at + LASTS.total_seconds()
        return True

    def drop(self) -> None:
        """Forgets the claim without telling the database."""
        self.token, self._valid_until = 0, 0.0

    async def release(self) -> None:
        """Lets another process have it at once, and closes the lease's own connection."""
        token = self.token
        self.drop()
        if self._connection is None:
            return
        try:
            if token:
                await self._connection.execute(_RELEASE_POSTGRES, {"token": token})
        finally:
            await self.disconnect()

    async def disconnect(self) -> None:
        """Closes the lease's own connection, broken or not."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.invalidate()
            await connection.close()

    async def _own_connection(self) -> "AsyncConnection":
        if self._connection is None:
            connection = await self._database.postgres.connect()
            self._connection = await connection.execution_options(isolation_level="AUTOCOMMIT")
        return self._connection
