"""Packages after payment: what is new about each, told once, and when to look again.

What has been told stands on the package itself, so that it is stored with it. Decided here, as KiriminAja's
documentation leaves it open:

- A package that an answer leaves out stays as last known; what was told of it is never forgotten.
- Codes may jump and go back. A later step settles the earlier ones: delivered without a pickup is told as delivered
  alone, and a courier who "un-picks" a package is told nothing. The list shows what the API says at present.
- A driver who is taken away and replaced under the same order is not told again: the list gets the new link.
- Trouble is told once, and once more where the package ends badly (cancelled, returned, …): two kinds, however many
  codes lie between.
- An unknown code is neither pickup nor end; a driver with it counts as a driver who comes.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from itertools import groupby
from typing import Final, assert_never

from bot.core.journey import (
    AlertNoDriver,
    AlertPackageTrouble,
    Arrived,
    DriverComing,
    Mishap,
    NoDriver,
    PackageAlert,
    PackageFact,
    PackageFailed,
    PackageTrouble,
    PickedUp,
)
from bot.core.packages import DELIVERED, PICKED_UP, Package, Phase, Step

FOLLOWED_FOR: Final = timedelta(hours=24)
FIRST: Final = timedelta(seconds=15)
CAP: Final = timedelta(minutes=5)
NO_DRIVER: Final = timedelta(minutes=15)
NO_DRIVER_STILL: Final = timedelta(minutes=60)

_MOST: Final = 100  # as many as one answer may have
_OVERTAKEN: Final[dict[Step, frozenset[Step]]] = {
    Step.DRIVER: frozenset({Step.NO_DRIVER, Step.NO_DRIVER_STILL}),
    Step.PICKED_UP: frozenset({Step.DRIVER, Step.NO_DRIVER, Step.NO_DRIVER_STILL}),
    Step.DELIVERED: frozenset({Step.PICKED_UP, Step.DRIVER, Step.NO_DRIVER, Step.NO_DRIVER_STILL}),
    Step.FAILED: frozenset({Step.TROUBLE}),
    Step.NO_DRIVER_STILL: frozenset({Step.NO_DRIVER}),
}
"""What need not be told any more once a step has been."""


def are_final(packages: Iterable[Package]) -> bool:
    """Whether nothing more will happen to any of them."""
    return all(package.phase is Phase.FINAL for package in packages)


def merged(known: tuple[Package, ...], told: tuple[Package, ...]) -> tuple[Package, ...]:
    """The known packages brought up to date, in their order, then those that are new.

    Two of the same order id are told apart by their order.
    """
    coming = _by_key(told)
    updated = [
        replace(coming.pop(key), told=package.told) if key in coming else package
        for key, package in _by_key(known).items()
    ]
    return (*updated, *coming.values())[:_MOST]


def as_listed(packages: tuple[Package, ...], *, afresh: bool) -> tuple[Package, ...]:
    """Packages as the "paid" message lists them: what stands there is not said again.

    But trouble is, where the payment was watched before: somebody has just paid for that.
    """
    told = []
    for package in packages:
        step = _step(package, timedelta(0))
        silent = step is not None and not (afresh and step in {Step.TROUBLE, Step.FAILED})
        told.append(_having_told(package, step) if silent and step else package)
    return tuple(told)


def news_of(
    packages: tuple[Package, ...], waited: timedelta
) -> tuple[tuple[Package, ...], tuple[PackageFact, ...], tuple[PackageAlert, ...]]:
    """The packages with what is now told of them, and the facts: one for each kind of news. `waited` since paid."""
    after: list[Package] = []
    news: list[tuple[Step, Package]] = []
    for package in packages:
        step = _step(package, waited)
        if step is None or step in package.told:
            after.append(package)
        else:
            after.append(_having_told(package, step))
            news.append((step, package))
    order = list(Step)
    news.sort(key=lambda item: order.index(item[0]))
    grouped = [(step, [package for _, package in group]) for step, group in groupby(news, key=lambda item: item[0])]
    return (
        tuple(after),
        tuple(_fact(step, group) for step, group in grouped),
        tuple(alert for step, group in grouped if (alert := _alert(step, group))),
    )


def interval(waited: timedelta, first: timedelta) -> timedelta:
    """Time between two looks, `waited` after payment; never less than `first` (POLL_FIRST).

    15 s and a quarter of the time since payment (each interval a quarter longer than the one before), up to 5 min;
    where POLL_FIRST is set below its 2 s, sooner in proportion.
    """
    return max(first, min(min(FIRST, first * 7.5) + max(waited, timedelta(0)) / 4, CAP))


def next_look_in(packages: Iterable[Package], waited: timedelta, first: timedelta, stretch: float = 1.0) -> timedelta:
    """Time to the next look, `waited` after payment: the interval, longer by `stretch` where the budget is short.

    The moments at which a missing driver is told are met.
    """
    waited = max(waited, timedelta(0))
    usual = interval(waited, first) * max(1.0, stretch)
    if any(package.awaits_driver for package in packages):
        usual = min([usual, *(mark - waited for mark in (NO_DRIVER, NO_DRIVER_STILL) if mark > waited)])
    return max(usual, first)


def _by_key(packages: Iterable[Package]) -> dict[tuple[str, int], Package]:
    found: dict[tuple[str, int], Package] = {}
    for package in packages:
        number = 0
        while (package.order_id, number) in found:
            number += 1
        found[package.order_id, number] = package
    return found


def _step(package: Package, waited: timedelta) -> Step | None:
    """What there is to tell of a package as it stands."""
    if package.status == DELIVERED:
        return Step.DELIVERED
    if package.phase is Phase.FINAL:
        return Step.FAILED
    if package.phase is Phase.TROUBLE:
        return Step.TROUBLE
    if package.status == PICKED_UP:
        return Step.PICKED_UP
    if package.driver_comes:
        return Step.DRIVER
    if package.awaits_driver and not package.told & {Step.DRIVER, Step.PICKED_UP, Step.DELIVERED}:
        if waited >= NO_DRIVER_STILL:
            return Step.NO_DRIVER_STILL
        return Step.NO_DRIVER if waited >= NO_DRIVER else None
    return None


def _having_told(package: Package, step: Step) -> Package:
    return replace(package, told=package.told | {step} | _OVERTAKEN.get(step, frozenset()))


def _fact(step: Step, packages: list[Package]) -> PackageFact:
    orders = tuple(package.order_id for package in packages)
    match step:
        case Step.DRIVER:
            return DriverComing(orders)
        case Step.PICKED_UP:
            return PickedUp(orders)
        case Step.DELIVERED:
            return Arrived(orders)
        case Step.TROUBLE:
            return PackageTrouble(_mishaps(packages))
        case Step.FAILED:
            return PackageFailed(_mishaps(packages))
        case Step.NO_DRIVER | Step.NO_DRIVER_STILL:
            return NoDriver(_minutes(step), orders)
        case _:
            assert_never(step)


def _alert(step: Step, packages: list[Package]) -> PackageAlert | None:
    if step in {Step.TROUBLE, Step.FAILED}:
        return AlertPackageTrouble(_mishaps(packages))
    if step in {Step.NO_DRIVER, Step.NO_DRIVER_STILL}:
        return AlertNoDriver(_minutes(step), tuple(package.order_id for package in packages))
    return None


def _mishaps(packages: list[Package]) -> tuple[Mishap, ...]:
    return tuple(Mishap(package.order_id, package.status or 0) for package in packages)


def _minutes(step: Step) -> int:
    return int((NO_DRIVER_STILL if step is Step.NO_DRIVER_STILL else NO_DRIVER) / timedelta(minutes=1))
