"""The shop's figures, from the ledger, by days in the shop's time zone.

A payment counts as *asked* on the day it was first asked for, and as *paid*, with its rupiah, on the day a look of
ours found it paid. One that was asked for yesterday and paid today is among yesterday's asked and today's paid.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from statistics import median
from typing import Final

from bot.core.ids import Kind

DIGEST_HOUR: Final = 21
"""The local hour from which the day's digest is told."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A payment in the ledger. `paid_at` is when a look of ours found it paid."""

    payment_id: str
    kind: Kind | None
    amount: int | None
    asked_at: datetime
    paid_at: datetime | None = None
    payer_id: int | None = None
    """Who said "I'll pay this", and below in which chat."""
    payer_chat_id: int | None = None

    @property
    def seconds(self) -> int | None:
        """From the first ask to paid; 0 where the clock was set back in between."""
        return None if self.paid_at is None else max(0, round((self.paid_at - self.asked_at).total_seconds()))


@dataclass(frozen=True, slots=True)
class Figures:
    """A span of days in figures."""

    asked: int = 0
    """Payments first asked for in the span."""
    unpaid: int = 0
    """Those of them that are not paid to this moment."""
    paid: int = 0
    """Payments found paid in the span, whenever they were asked for."""
    rupiah: int = 0
    """What was paid with them."""
    median_seconds: int | None = None
    """Half of them took at most that long from the first ask; None where none was paid."""


@dataclass(frozen=True, slots=True)
class Slot:
    """What was paid in an hour or a day."""

    paid: int = 0
    rupiah: int = 0


@dataclass(frozen=True, slots=True)
class Totals:
    """What the shop is told at a moment."""

    today: Figures = Figures()
    yesterday: Figures = Figures()
    week: Figures = Figures()
    """Today and the six days before."""
    month: Figures = Figures()
    """The calendar month to this day."""
    hours: tuple[Slot, ...] = ()
    """Today's, by the local hour, 24 of them."""
    days: tuple[tuple[date, Slot], ...] = ()
    """Each day to today, oldest first, from the month's first or six days ago, whichever is earlier."""

    @property
    def nothing(self) -> bool:
        """Whether there is nothing to tell at all."""
        return not any(span.asked or span.paid for span in (self.yesterday, self.week, self.month))


@dataclass(frozen=True, slots=True)
class Stats:
    """`/stats`: the figures of this moment, counted when it is delivered."""

    as_of: datetime


@dataclass(frozen=True, slots=True)
class Digest:
    """The same at the end of the day, for the operators."""

    as_of: datetime


@dataclass(frozen=True, slots=True)
class Recap:
    """`/recap`: a month as a file, made when it is delivered. `begins_at` is the month's first moment."""

    begins_at: datetime


@dataclass(frozen=True, slots=True)
class NotAMonth:
    """`/recap` came with something that names no month."""


@dataclass(frozen=True, slots=True)
class MayNotSeeTotals:
    """The figures are for staff."""


Report = Stats | Digest | Recap
TotalsFact = Report | NotAMonth | MayNotSeeTotals


def totals_of(entries: Sequence[Entry], now: datetime, zone: tzinfo) -> Totals:
    """All figures at `now`, from the entries since `since`; what else is among them does not count."""
    today = now.astimezone(zone).date()
    first = today.replace(day=1)
    asked = [(entry.asked_at.astimezone(zone).date(), entry) for entry in entries]
    paid = [(entry.paid_at.astimezone(zone), entry) for entry in entries if entry.paid_at is not None]

    def span(begin: date, end: date) -> Figures:
        return figures_of(
            [entry for day, entry in asked if begin <= day <= end],
            [entry for at, entry in paid if begin <= at.date() <= end],
        )

    begin = _first_day(today)
    days = [begin + timedelta(days=number) for number in range((today - begin).days + 1)]
    by_day: dict[date, list[Entry]] = {day: [] for day in days}
    by_hour: list[list[Entry]] = [[] for _ in range(24)]
    for at, entry in paid:
        by_day.setdefault(at.date(), []).append(entry)
        if at.date() == today:
            by_hour[at.hour].append(entry)
    yesterday = today - timedelta(days=1)
    return Totals(
        today=span(today, today),
        yesterday=span(yesterday, yesterday),
        week=span(today - timedelta(days=6), today),
        month=span(first, today),
        hours=tuple(map(_slot, by_hour)),
        days=tuple((day, _slot(by_day[day])) for day in days),
    )


def figures_of(asked: Sequence[Entry], paid: Sequence[Entry]) -> Figures:
    """Counts and sums, of those asked for and those paid in a span. An unknown amount adds nothing."""
    seconds = [entry.seconds for entry in paid if entry.seconds is not None]
    return Figures(
        asked=len(asked),
        unpaid=sum(entry.paid_at is None for entry in asked),
        paid=len(paid),
        rupiah=sum(entry.amount or 0 for entry in paid),
        median_seconds=round(median(seconds)) if seconds else None,
    )


def since(now: datetime, zone: tzinfo) -> datetime:
    """The first moment that the totals of `now` are about."""
    return begin_of(_first_day(now.astimezone(zone).date()), zone)


def begin_of(day: date, zone: tzinfo) -> datetime:
    """A day's first moment."""
    return datetime.combine(day, time.min, zone)


def digest_due(now: datetime, zone: tzinfo) -> tuple[date | None, datetime]:
    """The day whose digest is due, from nine in the evening to its end, else None; and when the next one will be."""
    today = now.astimezone(zone).date()
    at = datetime.combine(today, time(DIGEST_HOUR), zone)
    if now < at:
        return None, at
    return today, datetime.combine(today + timedelta(days=1), time(DIGEST_HOUR), zone)


def _first_day(today: date) -> date:
    return min(today.replace(day=1), today - timedelta(days=6))


def _slot(entries: Iterable[Entry]) -> Slot:
    amounts = [entry.amount or 0 for entry in entries]
    return Slot(len(amounts), sum(amounts))
