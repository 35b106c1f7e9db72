"""The bell between processes: heard once committed, and again over a new connection."""

import asyncio

from sqlalchemy import text

from bot.storage.engine import Database
from bot.storage.notify import Bell, listen, ring


async def opened(url: str) -> Database:
    """A process's own connections."""
    database = Database(url)
    await database.open()
    return database


async def test_a_ring_is_heard_by_another_process_once_it_is_committed(migrated_postgres_url: str) -> None:
    """Each connection begins with all bells, as those rung before it are lost; a broken one is replaced."""
    one, other = await opened(migrated_postgres_url), await opened(migrated_postgres_url)
    heard: asyncio.Queue[Bell] = asyncio.Queue()
    listening = asyncio.create_task(listen(one, heard.put_nowait))
    async with asyncio.timeout(20):
        assert {await heard.get(), await heard.get()} == set(Bell)
        async with other.begin() as tx:
            await ring(tx, Bell.HEAR)
            # Another version of us may know more bells.
            await tx.execute(text("SELECT pg_notify('paybot', 'dance')"))
            assert heard.empty()
        assert await heard.get() is Bell.HEAR
        assert heard.empty()

        async with other.begin() as tx:
            await tx.execute(text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"))
        assert {await heard.get(), await heard.get()} == set(Bell)
        async with other.begin() as tx:
            await ring(tx, Bell.HANDLE)
        assert await heard.get() is Bell.HANDLE
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    await one.close()
    await other.close()


async def test_sqlite_has_no_bell(migrated_sqlite_url: str) -> None:
    """There is nobody else to hear it."""
    database = await opened(migrated_sqlite_url)
    heard: list[Bell] = []
    async with database.begin() as tx:
        await ring(tx, Bell.HANDLE)
    await listen(database, heard.append)
    assert heard == []
    await database.close()
