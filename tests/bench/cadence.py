"""The delay from paid to seen at a given number of calls: our cadence beside a fixed interval.

Run by hand: ``python -m tests.bench cadence``. Nothing is simulated by chance: a payment's time is log-normal (its
quantiles are taken evenly), a share of the payments never pays, and each law's looks fall where it puts them. Our law
is stretched until it makes, on average, as many calls a payment as the fixed interval does; then the delays are
compared.
A second table shows what the budget does: the interval at some ages for 1 to 100,000 open payments.
"""

import math
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import NormalDist
from typing import Any, Final

from bot.core.cadence import Cadence

NORMAL: Final = NormalDist()
QUANTILES: Final = 20_000
FIXED: Final = (5.0, 10.0)  # s, what anybody would write
HALF_AN_HOUR: Final = 1_800.0
A_DAY: Final = 86_400.0


@dataclass(frozen=True)
class World:
    """When people pay: log-normal times in seconds, of which a share comes `late` seconds after, normally spread."""

    name: str
    pays: float = 0.6
    median: float = 60.0
    sigma: float = 1.0
    late_share: float = 0.0
    late: float = 7_200.0
    late_spread: float = 1_800.0
    watched: float = HALF_AN_HOUR

    def share_by(self, seconds: float) -> float:
        """Of those who pay, the share that has by then."""
        if seconds <= 0:
            return 0.0
        soon = NORMAL.cdf(math.log(seconds / self.median) / self.sigma)
        return (1 - self.late_share) * soon + self.late_share * NORMAL.cdf((seconds - self.late) / self.late_spread)

    def times(self) -> list[float]:
        """Even quantiles of the times to pay, as far as they are watched, in order."""
        found = []
        for step in range(QUANTILES):
            share, low, high = (step + 0.5) / QUANTILES, 0.0, 100 * self.watched
            while high - low > 1e-3:
                middle = (low + high) / 2
                low, high = (middle, high) if self.share_by(middle) < share else (low, middle)
            if high < self.watched:
                found.append(high)
        return found


WORLDS: Final = (
    World("as expected"),
    World("quicker", median=30),
    World("slower", median=180),
    World("wider", sigma=1.5),
    World("all pay", pays=1.0),
    World("a fifth pays", pays=0.2),
    World("24 h, a fifth at 2 h", late_share=0.2, watched=A_DAY),
)


def looks(interval: Callable[[float], float], until: float) -> list[float]:
    """When a law looks, in seconds after the ask, with the last look at the end of the watch."""
    found, at = [], 0.0
    while (at := at + interval(at)) < until:
        found.append(at)
    return [*found, until]


def calls(world: World, at: Sequence[float]) -> float:
    """Looks a payment on average: they end with the one that finds it paid."""
    return sum(1 - world.pays * world.share_by(before) for before in (0.0, *at[:-1]))


def delays(times: Sequence[float], at: Sequence[float]) -> tuple[float, float]:
    """Mean and 95th percentile of the seconds from paid to seen."""
    waited = sorted(at[bisect_left(at, time)] - time for time in times)
    return sum(waited) / len(waited), waited[int(0.95 * len(waited))]


def ours(stretch: float) -> Callable[[float], float]:
    """Our cadence in its own units: POLL_FIRST so small that only the law counts."""
    cadence = Cadence(timedelta(milliseconds=1), 1.0)
    return lambda age: stretch * cadence.interval(timedelta(seconds=age)) / cadence.first


def as_frugal(world: World, budget: float) -> list[float]:
    """Our looks, stretched until they cost as many calls as the budget allows."""
    low, high = 0.01, 1_000.0
    while high / low > 1.001:
        middle = math.sqrt(low * high)
        low, high = (middle, high) if calls(world, looks(ours(middle), world.watched)) > budget else (low, middle)
    return looks(ours(high), world.watched)


def rows() -> Iterator[dict[str, Any]]:
    """A row for each world and fixed interval."""
    for world in WORLDS:
        times = world.times()
        for fixed in FIXED:
            base = looks(lambda _, fixed=fixed: fixed, world.watched)  # type: ignore[misc]
            budget = calls(world, base)
            mine = as_frugal(world, budget)
            (base_mean, base_p95), (mean, p95) = delays(times, base), delays(times, mine)
            yield {
                "world": world.name,
                "fixed_s": fixed,
                "calls": round(budget, 1),
                "our_calls": round(calls(world, mine), 1),
                "fixed_mean_s": round(base_mean, 2),
                "mean_s": round(mean, 2),
                "mean_ratio": round(base_mean / mean, 2),
                "p95_ratio": round(base_p95 / p95, 2),
            }


def curve() -> Iterator[dict[str, Any]]:
    """The intervals in seconds that POLL_FIRST=2 and POLL_BUDGET=5 give, by how many payments of all ages are open."""
    cadence = Cadence(timedelta(seconds=2), 5.0)
    for open_payments in (1, 10, 100, 1_000, 10_000, 100_000):
        hours = [timedelta(hours=hour) for hour in range(24)]
        stretch = cadence.stretch([(age, max(1, open_payments // 24)) for age in hours][: max(1, open_payments)])
        shown = {"fresh": 0, "5 min": 300, "1 h": 3_600}
        yield {"open": open_payments} | {
            name: round(cadence.interval(timedelta(seconds=age), stretch).total_seconds(), 1)
            for name, age in shown.items()
        }


def main() -> dict[str, Any]:
    """Measures and prints; returns what the line of JSON says."""
    result: dict[str, Any] = {"cadence": [], "budget": []}
    print(f"{'':22} {'fixed':>6} {'calls':>7} {'ours':>7} {'mean':>7} {'ours':>7} {'ratio':>6} {'p95':>6}")
    for row in rows():
        result["cadence"].append(row)
        print(
            f"{row['world']:22} {row['fixed_s']:4.0f} s {row['calls']:7} {row['our_calls']:7}"
            f" {row['fixed_mean_s']:5.2f} s {row['mean_s']:5.2f} s {row['mean_ratio']:5.2f}x {row['p95_ratio']:5.2f}x"
        )
    print(f"\n{'open payments':>14} {'fresh':>10} {'5 min old':>10} {'1 h old':>10}")
    for row in curve():
        result["budget"].append(row)
        print(f"{row['open']:14,} {row['fresh']:8} s {row['5 min']:8} s {row['1 h']:8} s")
    return result
