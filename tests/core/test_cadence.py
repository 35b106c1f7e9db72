"""Looks keep to POLL_FIRST and to the budget, and leave none of it unused."""

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from bot.core.cadence import AGES, TAU, Cadence
from bot.core.following import interval

CADENCE = Cadence(timedelta(seconds=2), 5.0)

cadences = st.builds(
    Cadence,
    first=st.floats(0.05, 900).map(lambda seconds: timedelta(seconds=seconds)),
    budget=st.floats(0.05, 100),
)
ages = st.timedeltas(timedelta(seconds=-60), timedelta(days=4))
groups = st.lists(st.tuples(ages, st.integers(0, 5_000)), max_size=12)


@pytest.mark.parametrize(
    ("age", "seconds"),
    [
        (timedelta(0), 2),
        (timedelta(seconds=-5), 2),
        (TAU, 4),
        (2 * TAU, 10),
        (7 * TAU, 100),
        (timedelta(days=1), 120),
        (timedelta.max, 120),
    ],
)
def test_the_law_is_quadratic_and_capped(age: timedelta, seconds: int) -> None:
    """`d0 · (1 + (t/τ)²)`, at most sixty times `d0`, at any age whatever."""
    assert CADENCE.interval(age) == timedelta(seconds=seconds)


def test_the_law_is_the_same_whatever_the_first_interval() -> None:
    """An operator's POLL_FIRST of a minute makes every interval thirty times as long."""
    slow = Cadence(timedelta(minutes=1), 5.0)
    for age in (timedelta(0), TAU, timedelta(hours=1), timedelta(days=1)):
        assert slow.interval(age) == 30 * CADENCE.interval(age)
        assert slow.interval(age, 2.0) == 60 * CADENCE.interval(age)


@given(cadence=cadences, age=ages, stretch=st.floats(0, 1_000))
def test_no_interval_is_shorter_than_the_first(cadence: Cadence, age: timedelta, stretch: float) -> None:
    """Whatever the free budget: POLL_FIRST is the shortest time between two looks."""
    assert cadence.interval(age, stretch) >= cadence.first


@given(cadence=cadences, age=ages, older=st.timedeltas(timedelta(0), timedelta(days=4)), stretch=st.floats(0, 1_000))
def test_older_payments_are_not_looked_at_more_often(
    cadence: Cadence, age: timedelta, older: timedelta, stretch: float
) -> None:
    """The interval never shrinks with age."""
    assert cadence.interval(age + older, stretch) >= cadence.interval(age, stretch)


@given(cadence=cadences, open_payments=groups)
def test_all_looks_together_fit_the_budget_and_use_it(
    cadence: Cadence, open_payments: list[tuple[timedelta, int]]
) -> None:
    """The sum of calls a second is at most the budget, and equal to it unless every payment is at POLL_FIRST."""
    factor = cadence.stretch(open_payments)
    intervals = [(cadence.interval(age, factor), count) for age, count in open_payments if count]
    calls = sum(count / interval.total_seconds() for interval, count in intervals)
    assert calls <= cadence.budget * (1 + 1e-9)  # but for what floats lose
    assert calls >= cadence.budget * 0.999 or all(interval == cadence.first for interval, _ in intervals)


def test_nothing_open_stretches_nothing() -> None:
    """With no payment at all, or empty groups, the factor is 1."""
    assert CADENCE.stretch([]) == 1.0
    assert CADENCE.stretch(iter([(TAU, 0)])) == 1.0


def test_a_lone_payment_is_looked_at_as_often_as_allowed() -> None:
    """Free budget shortens the intervals down to POLL_FIRST."""
    factor = CADENCE.stretch([(timedelta(hours=3), 1)])
    assert CADENCE.interval(timedelta(hours=3), factor) == timedelta(seconds=2)


@given(cadence=cadences, open_payments=groups, followed=groups)
def test_few_enough_are_looked_at_as_often_as_allowed_however_old(
    cadence: Cadence, open_payments: list[tuple[timedelta, int]], followed: list[tuple[timedelta, int]]
) -> None:
    """Up to `spared` nobody need ask for their ages."""
    intervals = [(interval(age, cadence.first), count) for age, count in followed]
    count = sum(count for _, count in (*open_payments, *followed))
    if 0 < count <= cadence.spared:
        assert cadence.stretch(open_payments, intervals) == 0.0


def test_a_rush_stretches_everybody_evenly() -> None:
    """Ten thousand fresh payments at five calls a second: each every 2 000 s."""
    factor = CADENCE.stretch([(timedelta(0), 10_000)])
    assert CADENCE.interval(timedelta(0), factor).total_seconds() == pytest.approx(2_000)


def test_what_is_followed_has_its_share_of_the_budget() -> None:
    """The calls for packages are missing for the rest, which is stretched the more."""
    alone = CADENCE.stretch([(timedelta(0), 100)])
    beside = CADENCE.stretch([(timedelta(0), 100)], [(timedelta(seconds=60), 60)])
    assert beside > alone
    assert 100 / (2 * beside) + 60 / (60 * beside) == pytest.approx(5.0, rel=1e-3)


def test_a_free_budget_brings_no_package_sooner() -> None:
    """Their looks are as rare as they are to be; only the waiting use what is left."""
    assert CADENCE.stretch([(timedelta(0), 1)], [(timedelta(seconds=60), 60)]) == 0.0
    assert CADENCE.stretch([], [(timedelta(seconds=15), 30)]) == 0.0
    assert CADENCE.stretch([], [(timedelta(seconds=15), 750)]) == pytest.approx(10.0, rel=1e-3)


def test_ages_counted_together_differ_by_a_tenth() -> None:
    """From one to the next, until the interval grows no more; the first is none."""
    assert AGES[0] == timedelta(0)
    intervals = [CADENCE.interval(age) for age in AGES]
    assert all(later / earlier <= 1.1 + 1e-6 for earlier, later in pairwise(intervals))
    assert intervals[-1] == CADENCE.interval(timedelta.max)
