"""The connection to SQLite's thread, at its end."""

import asyncio
from pathlib import Path

from bot.storage.sqlite_driver import connect


async def test_a_close_that_is_cancelled_once_the_thread_was_told_to_end_comes_to_its_end(tmp_path: Path) -> None:
    """As where a task is cancelled in a transaction and again while that is rolled back: the process must end."""
    connection = await connect(tmp_path / "paybot.db")
    closing = asyncio.create_task(connection.close())
    await asyncio.sleep(0)
    connection.stop()
    closing.cancel()
    _, pending = await asyncio.wait([closing], timeout=5)
    assert not pending
