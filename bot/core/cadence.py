"""When to look again: often while a payment is fresh, ever more rarely after.

`d(t) = d0 · (1 + (t/τ)²)`, capped. Looks at intervals ∝ 1/√hazard give the least delay for a given number of
calls; for log-normal payment times this quadratic comes close, and the cap is for those that come hours later
(`tests/bench/cadence.py` has the figures that τ and the cap were chosen by). All intervals are stretched evenly so
that the sum of all open payments' looks uses the call budget and no more; none is shorter than `d0`.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

TAU: Final = timedelta(seconds=210)
CAP: Final = 60.0
"""Longest interval as a multiple of the shortest: two minutes at the usual POLL_FIRST."""
AGES: Final[tuple[timedelta, ...]] = tuple(TAU * (1.1**step - 1) ** 0.5 for step in range(44))
"""Ages by which payments may be counted together: from one to the next the interval grows by a tenth, to the cap."""
HOURLY: Final = timedelta(hours=1)
"""Between two looks at a payment whose watch is over."""


@dataclass(frozen=True, slots=True)
class Cadence:
    """The law with its two settings: shortest interval (POLL_FIRST) and calls a second (POLL_BUDGET)."""

    first: timedelta
    budget: float

    def interval(self, age: timedelta, stretch: float = 1.0) -> timedelta:
        """Time from one look to the next at a payment first asked for `age` ago."""
        shape = min(1 + (max(age, timedelta(0)) / TAU) ** 2, CAP)
        return max(self.first, self.first * shape * stretch)

    @property
    def spared(self) -> int:
        """So many open payments at the most can each be looked at every `first`: as few need not be told by their age,
        as `stretch` is 0 for them."""
        return int(self.budget * self.first.total_seconds())

    def stretch(self, ages: Iterable[tuple[timedelta, int]], followed: Iterable[tuple[timedelta, int]] = ()) -> float:
        """Factor that makes the looks of all open payments fit the budget.

        `ages` are (age, how many payments of that age). Below 1 the free budget is used: intervals shrink
        towards `first`. `followed` are (interval, how many) of those that are looked at for their packages' sake: they
        are stretched with the rest, but never shrink. Found by bisection, as the floor makes the sum no simple
        fraction.
        """
        # Together where the interval is the same, as with all that are old: there may be ten thousand.
        groups = Counter[timedelta]()
        for age, count in ages:
            if count:
                groups[self.interval(age)] += count
        kept = [(interval, count) for interval, count in followed if count]
        if not groups and not kept:
            return 1.0

        def calls(factor: float) -> float:
            asked = sum(
                count / max(self.first, interval * factor).total_seconds() for interval, count in groups.items()
            )
            return asked + sum(count / (interval * max(1.0, factor)).total_seconds() for interval, count in kept)

        low, high = 0.0, 1.0
        if calls(low) <= self.budget:
            return low
        while calls(high) > self.budget:
            low, high = high, high * 2
        for _ in range(30):
            middle = (low + high) / 2
            low, high = (middle, high) if calls(middle) > self.budget else (low, middle)
        return high
