"""A process of the bot: what runs in it, the points at which it may die or freeze, and its jobs."""

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from bot.flows.accept import Accept
from bot.jobs import Wake, Work

if TYPE_CHECKING:
    from tests.simulation.world import World

_OWNER: ContextVar["Process | None"] = ContextVar("owner", default=None)


class Process:
    """One life of the bot: all that it keeps in memory ends with it."""

    def __init__(self, world: "World", number: int) -> None:
        self.world = world
        self.number = number
        self.is_dead = False
        self.has_lost_lease = False
        self.accept: Accept | None = None
        """Its door for callbacks."""
        self._steps = 0
        self._dies_at, self._freezes_at, self._frozen_for = world.fate_of_process()
        self._thaws_at = 0.0
        self._tasks: set[asyncio.Task[Any]] = set()

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Sets something going in it."""

        async def own() -> None:
            _OWNER.set(self)
            await work

        if self.is_dead:
            work.close()
        else:
            self.adopt(asyncio.get_running_loop().create_task(own()))

    def adopt(self, task: "asyncio.Task[Any]") -> None:
        """A task that ends with it."""
        self._tasks.add(task)
        task.add_done_callback(self._leave)

    async def reach(self, where: str) -> None:
        """A point between two steps: here it dies or freezes, if that is its fate."""
        if self.is_dead:
            raise asyncio.CancelledError
        self._steps += 1
        if self._steps == self._dies_at:
            self.world.note("killed", f"process {self.number} at: {where}")
            self.world.killed(self)
            self.kill()
            await asyncio.sleep(0)
        if self._steps == self._freezes_at:
            self.world.note("frozen", f"process {self.number} for {self._frozen_for:.0f} s at: {where}")
            self._thaws_at = self.world.now + self._frozen_for
            self.world.froze(self, self._frozen_for)
        while self.world.now < self._thaws_at:  # noqa: ASYNC110  # not an event: time
            await asyncio.sleep(self._thaws_at - self.world.now)
        if self.is_dead:
            raise asyncio.CancelledError

    def kill(self) -> None:
        """Ends it without a word."""
        self.is_dead = True
        for task in list(self._tasks):
            task.cancel()

    def _leave(self, task: "asyncio.Task[Any]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) and not self.is_dead:
            self.world.violate("nothing fails unforeseen", f"{type(error).__name__}: {error}")


def make_task(loop: asyncio.AbstractEventLoop, work: Any, **more: Any) -> "asyncio.Task[Any]":
    """The loop's task factory: what a process begins ends with it."""
    task: asyncio.Task[Any] = asyncio.Task(work, loop=loop, **more)
    if owner := _OWNER.get():
        owner.adopt(task)
    return task


class SimulatedJobs:
    """The contract of `bot.jobs` on the virtual clock, but for the looks every five seconds at what nobody announced:
    they come every hour, so that a wake that is lost shows."""

    PAUSE = timedelta(hours=1)
    LEFT_OUT = frozenset({"purge", "digest", "forward"})

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._jobs: dict[str, tuple[Work, asyncio.Event]] = {}
        self._tasks: list[asyncio.Task[None]] = []

    def add(self, name: str, work: Work, *, longest_pause: timedelta = PAUSE) -> Wake:
        """Enters a job; returns what wakes it."""
        if name not in self.LEFT_OUT:
            self._jobs[name] = (work, asyncio.Event())
        return lambda: self.wake(name)

    def start(self) -> None:
        """Runs every job now, and then as due."""
        self._tasks = [asyncio.create_task(self._run(name)) for name in self._jobs]

    async def stop(self) -> None:
        """Ends them."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def wake(self, name: str) -> None:
        """Runs a job at once, or once more where it is running."""
        if name in self._jobs:
            self._jobs[name][1].set()

    async def _run(self, name: str) -> None:
        work, woken = self._jobs[name]
        loop = asyncio.get_running_loop()
        while True:
            woken.clear()
            next_at = await work(woken.set)
            now = self._clock()
            if woken.is_set() or (next_at is not None and next_at <= now):
                await asyncio.sleep(0)
                continue
            pause = self.PAUSE if next_at is None else min(self.PAUSE, next_at - now)
            timer = loop.call_later(pause.total_seconds(), woken.set)
            await woken.wait()
            timer.cancel()


async def nothing(*_: object, **__: object) -> None:
    """Stands for what has no part in the simulation."""
