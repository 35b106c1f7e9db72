"""Telegram out of reach for hours, on a clock that does not wait: how often the bot knocks, how soon all are told.

`python -m tests.flows.outage [--minutes 120] [--chats 500]` runs the long one and prints the figures.
"""

import argparse
import asyncio
import shutil
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import structlog

from bot.core.facts import Fact, Paid
from bot.core.watch import Place
from bot.messenger.sender import RetryAt
from bot.storage import outbox
from bot.storage.engine import Database
from tests.flows.delivering import World
from tests.storage.making import T0

PAID: Final = Paid(65_000, T0)
UNREACHED: Final = RetryAt("ConnectError")


@dataclass(frozen=True, slots=True)
class Figures:
    """What came of it."""

    knocks: int
    knocks_at_one_chat: int
    first_after: timedelta
    last_after: timedelta
    told: dict[int, list[str]]


@asynccontextmanager
async def opened_in_memory(migrated: Path | None = None) -> AsyncIterator[Database]:
    """A SQLite database, in memory where the machine has such a folder: thousands of transactions follow."""
    memory = Path("/dev/shm")
    with TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:  # noqa: ASYNC240  # nothing waits
        path = Path(folder) / "paybot.db"
        if migrated is not None:
            shutil.copy(migrated, path)
        database = Database(f"sqlite:///{path}")
        await database.open()
        try:
            yield database
        finally:
            await database.close()


async def keep_many(database: Database, rows: list[tuple[str, int]], now: datetime, fact: Fact = PAID) -> None:
    """Notices of these keys for these chats, in one transaction."""
    async with database.begin() as tx:
        for key, chat in rows:
            await outbox.put_notice(tx, key, Place(chat), fact, locale="id", now=now)


async def outage(database: Database, time: timedelta, chats: int, failure: RetryAt = UNREACHED) -> Figures:
    """Most chats wait from the beginning, every other for a second message from three quarters on."""
    world = World(database, lambda *_: failure)
    await keep_many(database, [(f"a{chat}", chat) for chat in range(1, chats + 1)], world.now)
    await world.run(0.75 * time)
    await keep_many(database, [(f"b{chat}", chat) for chat in range(2, chats + 1, 2)], world.now)
    await world.run(0.25 * time)
    knocks = Counter(chat for _, chat in world.tries)
    back_at, world.says = world.now, lambda *_: None
    await world.run(timedelta(minutes=2))
    after = [at - back_at for at in world.told_at.values()]
    return Figures(knocks.total(), max(knocks.values()), min(after), max(after), dict(world.told))


async def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=120)
    parser.add_argument("--chats", type=int, default=500)
    wanted = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    async with opened_in_memory() as database:
        found = await outage(database, timedelta(minutes=wanted.minutes), wanted.chats)
    told = sum(map(len, found.told.values()))
    print(f"{found.knocks} knocks in {wanted.minutes:g} minutes, at most {found.knocks_at_one_chat} at one chat")
    print(f"{told} messages to {len(found.told)} chats: the first {found.first_after.total_seconds():.1f} s", end=" ")
    print(f"after Telegram's return, the last {found.last_after.total_seconds():.1f} s")


if __name__ == "__main__":
    asyncio.run(_main())
