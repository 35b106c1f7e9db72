"""Everything that changes in a sandbox, in order: what a page streams and what a test waits for."""

# ruff: noqa: ASYNC109 - callers say timeout=, as with every other thing one waits for

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import TypeVar

from bot.sandbox.bot_api import Json

T = TypeVar("T")

Clock = Callable[[], float]
"""Seconds since the epoch."""


class NothingHappened(AssertionError):
    """What was waited for did not come in time; the message shows how things stand."""


class Closing(Exception):
    """The sandbox is being stopped; whoever waits gives up."""


class Changes:
    """A short log of events ``{"id": int, "type": str, "at": float, …}`` and the way to wait for the next one."""

    def __init__(self, clock: Clock, *, keep: int = 2000) -> None:
        self._clock = clock
        self._log: deque[Json] = deque(maxlen=keep)
        self._count = 0
        self._waiting: set[asyncio.Future[None]] = set()
        self.closing = False

    @property
    def last_id(self) -> int:
        """The id of the newest event, 0 before the first."""
        return self._count

    def publish(self, kind: str, /, **facts: object) -> None:
        """Adds an event and wakes everyone who waits."""
        self._count += 1
        self._log.append({"id": self._count, "type": kind, "at": self._clock(), **facts})
        self._wake()

    def close(self) -> None:
        """Ends every wait and every stream."""
        self.closing = True
        self._wake()

    def reopen(self) -> None:
        """Lets a sandbox that was stopped be served again."""
        self.closing = False

    async def next(self) -> None:
        """Returns at the next event; raises `Closing` when the sandbox stops."""
        if self.closing:
            raise Closing
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.add(woken)
        try:
            await woken
        finally:
            self._waiting.discard(woken)
        if self.closing:
            raise Closing

    async def until(self, look: Callable[[], T | None], timeout: float, describe: Callable[[], str]) -> T:
        """The first truthy thing `look` finds, now or after a later change.

        `timeout` is in real seconds; when it is over `NothingHappened` carries ``describe()``.
        """
        try:
            async with asyncio.timeout(timeout):
                while not (found := look()):
                    await self.next()
                return found
        except TimeoutError:
            raise NothingHappened(f"nothing matched within {timeout} s\n{describe()}") from None

    async def pause(self, seconds: float) -> None:
        """Sleeps, but not past the stop of the sandbox (raises `Closing` then)."""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    await self.next()
        except TimeoutError:
            return

    async def stream(self, after: int) -> AsyncIterator[Json]:
        """Events with an id above `after`, as they come, until the sandbox stops."""
        while True:
            for event in [event for event in self._log if event["id"] > after]:
                after = event["id"]
                yield event
            if after < self._count:
                continue
            try:
                await self.next()
            except Closing:
                return

    def _wake(self) -> None:
        for woken in self._waiting:
            if not woken.done():
                woken.set_result(None)
