"""How long a write waits while old rows are purged: `python -m tests.storage.purging --rows 100000`, on a new SQLite
file, or `--url postgresql://…` on an empty database."""

import argparse
import asyncio
import tempfile
import time
from datetime import timedelta

from bot.storage import inbox
from bot.storage.engine import Database
from bot.storage.inbox import Arrived, UpdateState
from bot.storage.outbox import RowState
from bot.storage.purge import purge_all
from bot.storage.tables import inbox as inbox_table, outbox as outbox_table
from tests.storage.making import T0

LATER = T0 + timedelta(days=400)


async def purge_beside_writes(database: Database, rows: int) -> list[float]:
    """Purges so many handled updates, and as many messages; how long each write waited meanwhile, in seconds."""
    updates = [
        {"update_id": number, "chat_id": 5, "received_at": T0, "state": UpdateState.DONE}
        for number in range(rows // 2)
    ]
    messages = [
        {"key": str(number), "kind": "notice", "chat_id": 5, "topic_id": 0, "locale": "id", "state": RowState.SENT,
         "created_at": T0, "due_at": T0, "done_at": T0}
        for number in range(rows - len(updates))
    ]  # fmt: skip
    async with database.begin() as tx:
        await tx.execute(inbox_table.insert(), updates)
        await tx.execute(outbox_table.insert(), messages)
    purging = asyncio.create_task(purge_all(database, LATER))
    waits: list[float] = []
    while not purging.done():
        began = time.monotonic()
        async with database.begin() as tx:
            await inbox.store(tx, [Arrived(rows + len(waits), 5, {})], LATER)
        waits.append(time.monotonic() - began)
        await asyncio.sleep(0.01)
    assert await purging == rows
    return waits


async def measure(url: str, rows: int) -> None:
    """Prints what was seen."""
    database = Database(url)
    await database.open()
    began = time.monotonic()
    waits = sorted(await purge_beside_writes(database, rows))
    await database.close()
    print(f"{rows} rows, made and purged in {time.monotonic() - began:.1f} s; {len(waits)} writes meanwhile waited "
          f"{waits[len(waits) // 2] * 1000:.0f} ms (half), {waits[-1] * 1000:.0f} ms (the longest)")  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--url")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="purging-") as folder:
        asyncio.run(measure(given.url or f"sqlite:///{folder}/paybot.db", given.rows))
