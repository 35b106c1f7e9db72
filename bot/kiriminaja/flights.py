"""Single flight: whoever asks the same question while it is under way shares its answer."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable

from bot.core.answer import Answer, Unwell


class Flight:
    """One question under way, run in a task of its own so that a cancelled waiter doesn't cancel the others."""

    def __init__(self, ask: "Ask", *, urgent: bool) -> None:
        self.urgent = urgent
        self.called = False
        """Whether a call has been made; until then the question may be put anew at no cost."""
        self.is_over = False
        """Whether it has been answered."""
        self._waiting: list[asyncio.Future[Answer]] = []
        self._ask = ask
        self._task = asyncio.create_task(self._run())

    async def wait(self) -> Answer:
        """The answer, or what was raised instead. Once nobody waits any more, the question is abandoned."""
        # One for each: to shield one that all share takes the loop another step a look.
        waiter: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        try:
            return await waiter
        finally:
            self._waiting.remove(waiter)
            if not self._waiting:
                self.abandon()

    def hurry(self) -> None:
        """A person is waiting now: the question leaves its place among the plain looks and goes first."""
        if self.urgent:
            return
        self.urgent = True
        if not self.called:
            self._task.cancel()
            self._task = asyncio.create_task(self._run())

    def abandon(self) -> asyncio.Task[None]:
        """Nobody waits any more, or the client closes. Returns the task that is ending."""
        self._task.cancel()
        self._end(lambda waiter: waiter.set_result(Unwell("closed")))
        return self._task

    async def _run(self) -> None:
        try:
            answer = await self._ask(self)
        except Exception as error:
            failed = error
            self._end(lambda waiter: waiter.set_exception(failed))
        else:
            self._end(lambda waiter: waiter.set_result(answer))

    def _end(self, tell: Callable[[asyncio.Future[Answer]], None]) -> None:
        self.is_over = True
        for waiter in self._waiting:
            if not waiter.done():
                tell(waiter)


Ask = Callable[[Flight], Awaitable[Answer]]
"""Puts the question; reads `flight.urgent` before each call and sets `flight.called` with the first."""


class Flights:
    """The questions under way, by key. Belongs to one event loop."""

    def __init__(self) -> None:
        self._flights: dict[Hashable, Flight] = {}

    async def join(self, key: Hashable, ask: Ask, *, urgent: bool, fresh: bool = False) -> Answer:
        """The answer to `key`'s question, put now unless it is under way; `fresh`: unless it is still to be called.
        Raises what `ask` raises."""
        flight = self._flights.get(key)
        if flight is None or flight.is_over or (fresh and flight.called):
            flight = self._flights[key] = Flight(ask, urgent=urgent)
        elif urgent:
            flight.hurry()
        try:
            return await flight.wait()
        finally:
            if flight.is_over and self._flights.get(key) is flight:
                del self._flights[key]

    async def aclose(self) -> None:
        """Ends all of them; who waits is answered Unwell("closed")."""
        ending = [flight.abandon() for flight in self._flights.values()]
        await asyncio.gather(*ending, return_exceptions=True)
