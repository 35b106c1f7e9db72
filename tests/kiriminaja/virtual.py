"""Time that passes only when everybody waits for it."""

import asyncio
from collections.abc import Awaitable
from heapq import heappop, heappush
from itertools import count
from typing import TypeVar

T = TypeVar("T")


class VirtualTime:
    """A monotonic clock and its `sleep`; `run` lets time pass to the next sleeper whenever nothing else can happen."""

    def __init__(self) -> None:
        self.now = 1000.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._numbers = count()

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heappush(self._sleepers, (self.now + seconds, next(self._numbers), done))
        await done

    async def settle(self) -> None:
        """Lets everybody who can go on do so, at this very moment."""
        for _ in range(20):
            await asyncio.sleep(0)

    async def pass_to(self, moment: float) -> None:
        """Time goes on to `moment`, waking the sleepers on the way."""
        await self.settle()
        while self._sleepers and self._sleepers[0][0] <= moment:
            self.now, _, done = heappop(self._sleepers)
            if not done.done():
                done.set_result(None)
            await self.settle()
        self.now = moment

    async def run(self, coroutine: Awaitable[T]) -> T:
        """The result of `coroutine`, however long it takes."""
        task = asyncio.ensure_future(coroutine)
        await self.settle()
        while not task.done():
            await self.pass_to(self._sleepers[0][0])
        return task.result()
