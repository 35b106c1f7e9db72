"""An event loop whose time passes only while everybody waits: then it is at once the time of the next timer."""

import asyncio
import selectors
from collections.abc import Callable
from typing import Any, Final

_STEP: Final = 1e-5
"""Seconds one round of the loop takes: who waits for a hair's breadth of time must not wait for ever."""


class NothingWillHappen(Exception):
    """Everybody waits, and there is no timer that would end it."""


class _Waiting(selectors.SelectSelector):
    """Waits for no file, as nothing here comes from outside."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Lets the time pass that was to be waited."""
        if timeout is None:
            raise NothingWillHappen
        self.now += max(_STEP, timeout)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """One thread: what is handed to another one is done on the spot."""

    def __init__(self) -> None:
        self._waiting = _Waiting()
        super().__init__(self._waiting)

    def time(self) -> float:
        """Seconds since the world began."""
        return self._waiting.now

    def run_in_executor(  # type: ignore[override]  # done at once, whatever it is
        self, executor: Any, func: Callable[..., Any], *args: Any
    ) -> Any:
        """The result, there already."""
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:
            future.set_exception(error)
        return future
