"""The watch's clock stands still while there is no usable answer, however that came to be known."""

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import event, given, settings, strategies as st

from bot.core.answer import Answer, Refused, Throttled, Unwell
from bot.core.payment import Payment, Status, decide
from tests.core.making import FIRST, RULES, T0, shown, unpaid, waiting

WATCH_FOR = timedelta(hours=1)
HELD = "held back"
"""No look: a breaker opened, and the payment was noted to be in trouble with all others (`storage.outages`)."""

ends = st.sampled_from([unpaid(), unpaid(), Refused(), Unwell("timeout"), Unwell("html"), Throttled(60.0), HELD])
gaps = st.integers(1, 40).map(lambda minutes: timedelta(minutes=minutes)) | st.just(FIRST)


def after(payment: Payment, what: Answer | str, now: datetime) -> Payment:
    """The payment once that happened to it."""
    if isinstance(what, str):
        return replace(payment, troubled_since=payment.troubled_since or now)
    return decide(payment, what, now, RULES).payment


@given(st.lists(st.tuples(gaps, ends), max_size=60), st.booleans())
@settings(max_examples=150, deadline=None)
def test_a_watch_is_over_only_after_its_time_with_answers(
    life: list[tuple[timedelta, Answer | str]], was_shown: bool
) -> None:
    """Time from the first failure, or from a breaker's opening, to the next usable answer does not count."""
    payment = replace(shown() if was_shown else waiting(), closes_at=T0 + WATCH_FOR)
    now, counted, last, is_well = T0, timedelta(0), T0, True
    for gap, what in life:
        now += gap
        if is_well:
            counted += now - last
        last, is_well = now, what == unpaid()
        payment = after(payment, what, now)
        if payment.status is Status.CLOSED:
            break
        assert counted < WATCH_FOR or not is_well
    event(f"{payment.status}, {'after more than its time' if now - T0 > 2 * WATCH_FOR else 'in time'}")
    assert (payment.status is Status.CLOSED) == (is_well and counted >= WATCH_FOR)


@given(st.timedeltas(timedelta(0), timedelta(days=30)), st.sampled_from([Refused(), Unwell("unreachable"), HELD]))
def test_an_outage_longer_than_the_watch_leaves_it_all_its_time(outage: timedelta, why: Answer | str) -> None:
    """A month without answers, or with a refused key: then it is watched on for as long as was left."""
    payment = after(shown(), why, T0 + timedelta(minutes=5))
    left = payment.closes_at - (T0 + timedelta(minutes=5))
    back = T0 + timedelta(minutes=5) + outage
    assert after(payment, why, back).status is Status.WAITING
    answered = decide(payment, unpaid(), back, RULES)
    assert answered.payment.status is Status.WAITING
    assert answered.payment.closes_at - back == left
    assert not answered.facts
