"""Messages that wait in a bot's database before it starts, and when Telegram took them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from bot.core.facts import Paid
from bot.core.watch import Place
from bot.sandbox import Sandbox
from bot.sandbox.people import Person
from bot.storage import outbox
from bot.storage.engine import Database


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    """The bot's own database, before and after it runs."""
    database = Database(url)
    await database.open_beside()
    yield database
    await database.close()


async def keep_paid(database: Database, people: list[Person], each: int = 1) -> None:
    """So many messages for each of them wait."""
    now = datetime.now(UTC)
    async with database.begin() as tx:
        for person in people:
            for number in range(each):
                fact = Paid(1000 + number, now)
                await outbox.put_notice(tx, f"{person.id}:{number}", Place(person.id), fact, locale="id", now=now)


async def all_sent(sandbox: Sandbox, count: int, timeout: float) -> list[float]:  # noqa: ASYNC109  # as the sandbox's
    """When each of so many messages was taken, once the last was."""

    def look() -> list[float] | None:
        times = [call.ended_at or 0.0 for call in sandbox.telegram.calls_of("sendMessage", done=True)]
        return sorted(times) if len(times) == count else None

    return await sandbox.telegram.world.changes.until(look, timeout, lambda: "not all were sent")
