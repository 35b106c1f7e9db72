"""Work done side by side, one task for each thing it is about, and brought to an orderly end."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, KeysView
from typing import Any, Generic, TypeVar

Key = TypeVar("Key")


class Lanes(Generic[Key]):
    """The tasks under way, at most so many; a key has one at a time."""

    def __init__(self, name: str, at_once: int) -> None:
        self._name = name
        self._at_once = at_once
        self._tasks: dict[Key, asyncio.Task[None]] = {}
        self._resting: set[Key] = set()
        self.is_closing = False
        """Whether nothing more is to be begun."""

    @property
    def free(self) -> int:
        """How many more may be begun now."""
        return 0 if self.is_closing else max(0, self._at_once - len(self._tasks))

    @property
    def busy(self) -> KeysView[Key]:
        """What is under way."""
        return self._tasks.keys()

    def begin(self, key: Key, work: Coroutine[Any, Any, None], ended: Callable[[], None]) -> None:
        """Sets a piece of work going; `ended` is called once its key is free again."""
        task = asyncio.create_task(work, name=f"{self._name} {key}")
        self._tasks[key] = task

        def leave(_: asyncio.Task[None]) -> None:
            self._tasks.pop(key, None)
            ended()

        task.add_done_callback(leave)

    async def rest(self, key: Key, wait: Awaitable[None]) -> None:
        """Waits within a key's work for what a drain need not wait for: nothing is lost by ending there."""
        self._resting.add(key)
        try:
            await wait
        finally:
            self._resting.discard(key)

    async def drain(self, seconds: float) -> None:
        """Begins nothing more and lets what is under way end; what does not in time is cancelled."""
        self.is_closing = True
        for key in self._resting:
            self._tasks[key].cancel()
        tasks = list(self._tasks.values())
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
