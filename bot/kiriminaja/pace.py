"""The pace of all calls to KiriminAja: POLL_BUDGET a second, people first, 429 obeyed.

A token bucket without a burst: one call at a time becomes free, every `1 / rate` seconds, but for what does so within
a millisecond, which no timer tells apart. A person's ask may take up to ten seconds' worth in advance, which the plain
looks after it wait for. On a 429 everybody pauses and the rate halves; it comes back by a tenth of the budget every
ten seconds.
"""

import asyncio
import time
from bisect import bisect_left, insort
from collections.abc import Awaitable, Callable
from itertools import count
from math import isfinite
from typing import Final

from bot.core.answer import Throttled

BORROW: Final = 10.0
"""How many seconds' worth of calls a person's ask may take in advance."""
PATIENCE: Final = 5.0
"""Longest pause in seconds that a call waits out; in a longer one it is answered `Throttled` at once."""
LOWEST: Final = 1 / 32
"""Least rate, as a share of the budget, however many 429 there were."""
RECOVERY: Final = 0.01
"""Share of the budget that the rate regains each second after a pause."""
FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 30.0
"""Pause in seconds after a 429 without `Retry-After`: the first, and what it doubles up to."""
_INSTANT: Final = 0.001
"""Seconds whose turns are handed out together: to sleep for less takes longer than it is to last."""
_RECHECK: Final = 1.0
"""Longest sleep in seconds before a waiting call looks again whether those ahead gave up or a pause began."""


class Pace:
    """Hands out turns; one instance for the whole account. Belongs to one event loop.

    `clock` is monotonic, in seconds; `sleep` waits by it.
    """

    def __init__(
        self,
        budget: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        """`budget`: calls a second, above 0 (ValueError otherwise)."""
        if not (isfinite(budget) and budget > 0):
            raise ValueError("the budget is a number of calls a second, above 0")
        self._budget = budget
        self._clock = clock
        self._sleep = sleep
        self._queue: list[tuple[bool, int]] = []  # (is a plain look, number): sorted, so people come first
        self._numbers = count()
        self._rate = budget
        self._level = 1.0  # turns that are free now; below 0 borrowed ones
        self._at = clock()
        self._paused_until = self._at
        self._next_pause = FIRST_PAUSE

    @property
    def rate(self) -> float:
        """Calls a second that are allowed now."""
        self._refill()
        return self._rate

    @property
    def paused_for(self) -> float:
        """Seconds that are left of a pause; 0 when there is none."""
        return max(0.0, self._paused_until - self._clock())

    async def turn(self, *, urgent: bool = False) -> Throttled | None:
        """Waits for the right to make one call; returns None with it.

        Throttled, with the seconds that are left, when there is none to be had for longer than PATIENCE. A wait
        that is cancelled uses nothing up.
        """
        place = (not urgent, next(self._numbers))
        insort(self._queue, place)
        try:
            while True:
                self._refill()
                pause = self.paused_for
                if pause > PATIENCE:
                    return Throttled(pause)
                wait = max(pause, self._wait(place))
                if wait <= 0:
                    self._level -= 1
                    return None
                await self._sleep(min(wait, _RECHECK))
        finally:
            del self._queue[bisect_left(self._queue, place)]

    def throttled(self, retry_after: float | None) -> None:
        """A call was answered 429, with `Retry-After` in seconds or None: everybody pauses, and the rate halves.

        Calls that were under way together bring several 429 at once; only the first of them halves.
        """
        self._refill()
        now = self._clock()
        if now >= self._paused_until:
            self._rate = max(self._rate / 2, self._budget * LOWEST)
            if retry_after is None:
                retry_after, self._next_pause = self._next_pause, min(self._next_pause * 2, LONGEST_PAUSE)
        self._paused_until = max(self._paused_until, now + max(retry_after or 0.0, FIRST_PAUSE))

    def answered(self) -> None:
        """A call was answered otherwise: the next pause without `Retry-After` is a short one again."""
        if self._clock() >= self._paused_until:
            self._next_pause = FIRST_PAUSE

    def _refill(self) -> None:
        """Brings level and rate up to now."""
        now = self._clock()
        rate_then = self._rate
        # The rate recovers only from the end of a pause on.
        free_since = max(self._at, min(self._paused_until, now))
        self._rate = min(self._budget, rate_then + RECOVERY * self._budget * (now - free_since))
        self._level = min(
            max(1.0, _INSTANT * self._rate), self._level + (now - self._at) * (rate_then + self._rate) / 2
        )
        self._at = now

    def _wait(self, place: tuple[bool, int]) -> float:
        """Seconds until this place's turn, those ahead served first, as far as can be told now."""
        is_plain, _ = place
        credit = self._level + (0.0 if is_plain else BORROW * self._rate)
        lacking = bisect_left(self._queue, place) + 1 - credit
        return lacking / self._rate if lacking > 1e-9 else 0.0
