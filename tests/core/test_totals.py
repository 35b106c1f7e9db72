"""The shop's figures: what counts when, at the edges of days, months and zones."""

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from bot.core.ids import Kind
from bot.core.totals import Entry, Figures, Slot, Totals, digest_due, figures_of, since, totals_of

WIB = ZoneInfo("Asia/Jakarta")
NOW = datetime(2026, 11, 23, 20, 15, tzinfo=WIB)
SECOND = timedelta(seconds=1)


def entry(asked: datetime, paid: datetime | None = None, amount: int | None = 1000) -> Entry:
    """A payment in the ledger, its times in UTC as they are kept."""
    return Entry("XID-1", Kind.EXPRESS, amount, asked.astimezone(UTC), paid.astimezone(UTC) if paid else None)


def at(day: int, hour: int = 12, minute: int = 0, *, month: int = 11) -> datetime:
    """A local time of 2026."""
    return datetime(2026, month, day, hour, minute, tzinfo=WIB)


def test_nothing_is_nothing() -> None:
    """No entries: empty figures, 24 hours, and each day of the month to today."""
    totals = totals_of([], NOW, WIB)
    assert totals.nothing
    assert totals.today == Figures()
    assert totals.hours == (Slot(),) * 24
    assert [day.day for day, _ in totals.days] == list(range(1, 24))


@pytest.mark.parametrize(
    ("asked", "paid", "counts"),
    [
        # (asked, paid) today, yesterday, in the week, in the month
        (at(23, 0), None, [(1, 0), (0, 0), (1, 0), (1, 0)]),
        (at(22, 23, 59), at(23, 0), [(0, 1), (1, 0), (1, 1), (1, 1)]),
        (at(22, 0), at(22, 23, 59), [(0, 0), (1, 1), (1, 1), (1, 1)]),
        (at(17, 0), None, [(0, 0), (0, 0), (1, 0), (1, 0)]),
        (at(16, 23, 59), at(17, 0), [(0, 0), (0, 0), (0, 1), (1, 1)]),
        (at(31, 23, 59, month=10), at(1, 0), [(0, 0), (0, 0), (0, 0), (0, 1)]),
        (at(31, 20, month=10), at(31, 23, 59, month=10), [(0, 0), (0, 0), (0, 0), (0, 0)]),
    ],
)
def test_a_payment_counts_on_the_days_it_was_asked_for_and_paid(
    asked: datetime, paid: datetime | None, counts: list[tuple[int, int]]
) -> None:
    """By local days, to the minute."""
    totals = totals_of([entry(asked, paid)], NOW, WIB)
    spans = (totals.today, totals.yesterday, totals.week, totals.month)
    assert [(span.asked, span.paid) for span in spans] == counts
    assert totals.nothing is (counts[2:] == [(0, 0), (0, 0)])


def test_on_the_first_the_week_reaches_into_the_month_before() -> None:
    """Bars for all seven days; the month is that one day."""
    totals = totals_of([entry(at(30), at(30))], at(1, month=12), WIB)
    assert [day for day, _ in totals.days] == [date(2026, 11, 25) + timedelta(days=n) for n in range(7)]
    assert totals.days[-2] == (date(2026, 11, 30), Slot(1, 1000))
    assert (totals.yesterday.paid, totals.week.paid, totals.month.paid) == (1, 1, 0)
    assert since(at(1, month=12), WIB) == at(25, 0)
    assert since(NOW, WIB) == at(1, 0)


def test_bars_are_rupiah_and_counts_by_the_local_hour() -> None:
    """What came yesterday is in no hour of today; an unknown amount counts and adds nothing."""
    paid = [entry(at(23, 9), at(23, 9, 59)), entry(at(23, 9), at(23, 9), amount=None), entry(at(22, 9), at(22, 9))]
    totals = totals_of(paid, NOW, WIB)
    assert totals.hours[9] == Slot(2, 1000)
    assert sum(slot.paid for slot in totals.hours) == 2
    assert totals.days[-1] == (date(2026, 11, 23), Slot(2, 1000))


@pytest.mark.parametrize(
    ("seconds", "median"),
    [([], None), ([5], 5), ([1, 2, 900], 2), ([10, 20], 15), ([-30], 0), ([1.4], 1)],
)
def test_the_median_is_from_the_first_ask_to_paid(seconds: list[float], median: int | None) -> None:
    """Of two in the middle the mean; a clock set back counts as no time."""
    paid = [entry(NOW, NOW + timedelta(seconds=after)) for after in seconds]
    assert figures_of([], paid).median_seconds == median


def test_unpaid_are_those_asked_for_that_are_not_paid_to_this_moment() -> None:
    """Paid the day after is paid."""
    asked = [entry(at(22)), entry(at(22), at(23)), entry(at(22), at(22))]
    assert totals_of(asked, NOW, WIB).yesterday == Figures(3, 1, 1, 1000, 0)


MOMENTS = st.integers(0, 65 * 86_400).map(lambda after: datetime(2026, 10, 1, tzinfo=UTC) + after * SECOND)
ENTRIES = st.lists(
    st.builds(
        Entry,
        st.just("XID-1"),
        st.just(Kind.EXPRESS),
        st.none() | st.integers(0, 10**12),
        MOMENTS,
        st.none() | MOMENTS,
    ),
    max_size=20,
)
ZONES = st.sampled_from([WIB, UTC, timezone(timedelta(hours=14)), ZoneInfo("America/New_York")])


@given(ENTRIES, MOMENTS, ZONES)
def test_bars_and_figures_tell_the_same(entries: list[Entry], now: datetime, zone: ZoneInfo) -> None:
    """Hours add up to today, days to the week and the month, whatever the zone; older entries change nothing."""
    totals = totals_of(entries, now, zone)
    today = now.astimezone(zone).date()
    assert sum(slot.rupiah for slot in totals.hours) == totals.today.rupiah
    assert totals.days[-1] == (today, Slot(totals.today.paid, totals.today.rupiah))
    assert totals.days[-2][1].paid == totals.yesterday.paid
    assert sum(slot.paid for _, slot in totals.days[-7:]) == totals.week.paid
    assert sum(slot.rupiah for day, slot in totals.days if day.month == today.month) == totals.month.rupiah
    begin = since(now, zone)
    recent = [one for one in entries if one.asked_at >= begin or (one.paid_at and one.paid_at >= begin)]
    assert totals_of(recent, now, zone) == totals


@pytest.mark.parametrize(
    ("now", "due", "next_at"),
    [
        (at(23, 20, 59), None, at(23, 21)),
        (at(23, 21), date(2026, 11, 23), at(24, 21)),
        (at(23, 23, 59) + 59 * SECOND, date(2026, 11, 23), at(24, 21)),
        (at(24, 0), None, at(24, 21)),
        (at(30, 22), date(2026, 11, 30), at(1, 21, month=12)),
    ],
)
def test_the_digest_is_due_from_nine_to_midnight(now: datetime, due: date | None, next_at: datetime) -> None:
    """Local time; the next is the next evening's."""
    assert digest_due(now.astimezone(UTC), WIB) == (due, next_at)


def test_nothing_means_no_day_that_is_told_of() -> None:
    """Asked for is something, also before the month began."""
    assert Totals().nothing
    assert not Totals(week=Figures(asked=1)).nothing
    assert not Totals(month=Figures(paid=1)).nothing
