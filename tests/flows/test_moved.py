"""A group becomes a supergroup while a message to it is on its way."""

import asyncio
from typing import Any

from bot.core.facts import Paid
from bot.core.watch import Place
from bot.messenger.sender import Outcome
from bot.storage import chats
from bot.storage.engine import Database
from tests.flows.delivering import World
from tests.storage.making import SECOND, T0, keep_notice

GROUP, SUPERGROUP = -32, -1_000_000_000_032


class SlowWorld(World):
    """Telegram takes its time with what goes to the group."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.is_sending, self.may_take, self.has_turned = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def turn(self, chat_id: int) -> None:
        """Notes that the supergroup's turn has come."""
        await super().turn(chat_id)
        if chat_id == SUPERGROUP:
            self.has_turned.set()

    async def send_text(self, place: Place, message: Any, **more: object) -> Outcome:
        """Takes a message, in the group after a while."""
        if place.chat_id == GROUP:
            self.is_sending.set()
            await self.may_take.wait()
        return await super().send_text(place, message, **more)


async def test_what_is_on_its_way_to_a_group_that_moves_is_not_sent_after_it(database: Database) -> None:
    """Its row goes along to the supergroup while Telegram still has the first try; it is told once."""
    world = SlowWorld(database)
    await keep_notice(database, "paid", Place(GROUP), fact=Paid(5, T0))
    runs = [asyncio.create_task(world.run(SECOND))]
    await asyncio.wait_for(world.is_sending.wait(), 10)
    async with database.begin() as tx:
        await chats.move(tx, GROUP, SUPERGROUP)
    runs.append(asyncio.create_task(world.run(SECOND)))
    await asyncio.wait_for(world.has_turned.wait(), 10)
    lane = [task for task in asyncio.all_tasks() if task.get_name() == f"deliver {SUPERGROUP}"]
    await asyncio.wait(lane, timeout=10)
    world.may_take.set()
    await asyncio.gather(*runs)
    assert world.told == {GROUP: ["paid"]}
