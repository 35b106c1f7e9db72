"""What follows a card that was shown: another code, none, the same again; and somebody's word that it is paid."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.alerts import AlertClaim
from bot.core.answer import Missing, Throttled, Unwell
from bot.core.cadence import HOURLY
from bot.core.facts import ClaimOver, Paid, QrBack, QrReplaced, WatchClosed, Withheld
from bot.core.payment import CLAIM_FOR, LATE_FOR, Payment, Status, asked, claimed, decide, decide_on_ask, fresh_since
from bot.core.qris import QrisFault
from tests.core.making import (
    FIRST,
    ID,
    RULES,
    SECOND,
    T0,
    TEST_RULES,
    WATCH_FOR,
    claimed as claims_paid,
    emv,
    in_status,
    look,
    proven,
    qr_for,
    shown,
    unpaid,
    waiting,
)

HOUR = timedelta(hours=1)
NONE = unpaid(qr=None)
BAD = unpaid(qr=emv(t54="1"))

# --- codes ---


@pytest.mark.parametrize("between", [NONE, BAD])
def test_another_code_after_there_was_none_is_still_another(between: object) -> None:
    """The chats may have kept the first picture, so it is measured by the last code that was shown."""
    without = look(shown(), between, 10 * SECOND)
    assert without.card_changed
    assert without.payment.qr is None
    back = look(without.payment, unpaid(qr=qr_for(65_000, "2")), 20 * SECOND)
    assert (back.facts, back.card_changed) == ((QrReplaced(),), True)


def test_an_amount_that_changed_while_there_was_no_code_is_named() -> None:
    """The amount of the code that was shown, not the one that came with the code kept back."""
    without = look(shown(), unpaid(amount=70_000, qr=qr_for(65_000)), 10 * SECOND)
    assert without.facts == (Withheld(QrisFault.AMOUNT),)
    back = look(without.payment, unpaid(amount=70_000, qr=qr_for(70_000)), 20 * SECOND)
    assert back.facts == (QrReplaced(amount_was=65_000),)


def test_paid_is_measured_by_the_code_that_was_shown() -> None:
    """The old code was paid, or the new amount in another way: the operators are to compare."""
    without = look(shown(), unpaid(amount=70_000, qr=qr_for(65_000)), 10 * SECOND).payment
    paid = look(without, proven(amount=70_000), 20 * SECOND)
    assert paid.facts == (Paid(70_000, T0 + 20 * SECOND, shown_amount=65_000),)


@pytest.mark.parametrize("between", [NONE, BAD])
def test_the_same_code_again_is_said_to_be_back(between: object) -> None:
    """The chats were told to wait for it; once it is there, nothing more is said."""
    without = look(shown(), between, 10 * SECOND)
    back = look(without.payment, unpaid(), 20 * SECOND)
    assert (back.facts, back.card_changed) == ((QrBack(),), True)
    assert look(back.payment, unpaid(), 30 * SECOND).facts == ()


def test_a_first_code_is_neither_new_nor_back() -> None:
    """However long it was waited for."""
    without = look(waiting(), NONE).payment
    assert look(without, unpaid(), 10 * SECOND).facts == ()


@pytest.mark.parametrize("status", [Status.CLOSED, Status.STOPPED, Status.DROPPED])
def test_a_code_that_is_back_is_no_news_where_nobody_watches(status: Status) -> None:
    """Hourly looks must not ping for three days."""
    without = look(in_status(status), NONE, WATCH_FOR + HOUR).payment
    assert look(without, unpaid(), WATCH_FOR + 2 * HOUR).facts == ()


def test_a_test_code_at_another_amount_is_another() -> None:
    """It names no amount itself."""
    first = look(waiting(), unpaid(qr="XXX"), rules=TEST_RULES).payment
    assert (first.shown_qr, first.payee, first.city) == ("XXX", None, None)
    assert look(first, unpaid(qr="XXX"), 10 * SECOND, TEST_RULES).facts == ()
    other = look(first, unpaid(qr="XXX", amount=54_000), 10 * SECOND, TEST_RULES)
    assert other.facts == (QrReplaced(amount_was=65_000),)


def test_the_receipt_keeps_whom_the_last_code_paid() -> None:
    """Also where the code was gone by then."""
    paid = look(look(shown(), NONE, 10 * SECOND).payment, proven(), 20 * SECOND).payment
    assert (paid.qr, paid.shown_qr) == (None, qr_for(65_000))
    assert (paid.payee, paid.city) == ("KIRIMINAJA", "KAB. SLEMAN")


# --- asks ---


@pytest.mark.parametrize("status", [Status.CLOSED, Status.DROPPED])
def test_an_ask_that_finds_it_paid_late_says_so_to_those_who_watched(status: Status) -> None:
    """The ask would have it watched anew; paid, it stays what it was, and that was over."""
    now = T0 + WATCH_FOR + HOUR
    decision = decide_on_ask(in_status(status), ID, proven(), now, RULES, watch_for=WATCH_FOR)
    assert decision.facts == (Paid(65_000, now, late=True),)


@pytest.mark.parametrize("known", [None, in_status(Status.CLOSED), in_status(Status.STOPPED), shown()])
def test_any_other_ask_watches_anew(known: Payment | None) -> None:
    """Exactly as if it was decided of the payment as asked for."""
    now = T0 + WATCH_FOR + HOUR
    decision = decide_on_ask(known, ID, unpaid(), now, RULES, watch_for=WATCH_FOR)
    assert decision == decide(asked(known, ID, now, WATCH_FOR), unpaid(), now, RULES)
    assert decision.payment.status is Status.WAITING
    assert decision.facts == ()


# --- "already paid" ---


def said_paid(payment: Payment, after: timedelta) -> Payment:
    """Somebody says so, `after` the start of all tests."""
    return claimed(payment, T0 + after)


def test_a_word_makes_a_payment_fresh_again() -> None:
    """An hour old, it is looked at every two minutes; from now on as if it was just asked for."""
    old = look(shown(), unpaid(), HOUR)
    assert old.look_again_at == T0 + HOUR + timedelta(minutes=2)
    said = look(said_paid(old.payment, HOUR), unpaid(), HOUR)
    assert said.look_again_at == T0 + HOUR + FIRST
    assert said.facts == ()


@pytest.mark.parametrize("status", Status)
def test_a_word_counts_where_it_is_looked_at_and_once(status: Status) -> None:
    """Not of what is paid, stopped or dropped; and the ten minutes are not prolonged."""
    payment = said_paid(in_status(status), HOUR)
    expected = T0 + HOUR + CLAIM_FOR if status in {Status.WAITING, Status.CLOSED} else None
    assert payment.claim_until == expected
    assert said_paid(payment, HOUR + SECOND).claim_until == expected


def test_an_earlier_word_does_not_make_a_later_ask_old() -> None:
    """The cadence counts from whichever was last."""
    assert fresh_since(T0 + HOUR, T0 + CLAIM_FOR) == T0 + HOUR
    assert fresh_since(T0, T0 + HOUR + CLAIM_FOR) == T0 + HOUR
    assert fresh_since(T0, None) == T0


@pytest.mark.parametrize(
    ("answer", "unclear"), [(unpaid(), False), (NONE, False), (unpaid(has_paid_at=True), True), (Missing(), True)]
)
def test_after_ten_minutes_chat_and_operators_hear_of_it(answer: object, unclear: bool) -> None:
    """With a look on the very end; the operators once a payment, however often it is said."""
    said = said_paid(shown(), HOUR)
    nearly = look(said, unpaid(), HOUR + CLAIM_FOR - 10 * SECOND)
    assert (nearly.facts, nearly.look_again_at) == ((), T0 + HOUR + CLAIM_FOR)
    at = HOUR + CLAIM_FOR
    over = look(nearly.payment, answer, at)
    assert ClaimOver(T0 + at, unclear=unclear) in over.facts
    assert AlertClaim(T0 + at) in over.alerts
    assert over.payment.claim_until is None
    again = look(said_paid(over.payment, 2 * HOUR), unpaid(), 2 * HOUR + CLAIM_FOR)
    assert [type(fact) for fact in again.facts if not isinstance(fact, QrBack)] == [ClaimOver]
    assert again.alerts == ()


def test_paid_within_the_ten_minutes_is_the_end_of_it() -> None:
    """Nothing but "paid" is told."""
    decision = look(said_paid(shown(), HOUR), proven(), HOUR + SECOND)
    assert decision.facts == (Paid(65_000, T0 + HOUR + SECOND),)
    assert decision.payment.claim_until is None


def test_code_0_without_proof_at_their_end_is_read_again_first() -> None:
    """It may be the very payment."""
    at = HOUR + CLAIM_FOR
    unproven = look(said_paid(shown(), HOUR), claims_paid(), at)
    assert unproven.facts == ()
    assert look(unproven.payment, claims_paid(), at + 2 * SECOND).payment.settled


def test_a_closed_payment_is_looked_at_closely_for_ten_minutes_and_then_hourly_again() -> None:
    """It stays closed, so it is told as late when it is paid."""
    said = said_paid(in_status(Status.CLOSED), WATCH_FOR + HOUR)
    first = look(said, unpaid(), WATCH_FOR + HOUR)
    assert (first.payment.status, first.look_again_at) == (Status.CLOSED, T0 + WATCH_FOR + HOUR + FIRST)
    over = look(first.payment, unpaid(), WATCH_FOR + HOUR + CLAIM_FOR)
    assert over.look_again_at == T0 + WATCH_FOR + HOUR + CLAIM_FOR + HOURLY
    paid = look(first.payment, proven(), WATCH_FOR + HOUR + SECOND)
    assert paid.facts == (Paid(65_000, T0 + WATCH_FOR + HOUR + SECOND, late=True),)


def test_a_watch_may_end_within_the_ten_minutes() -> None:
    """Both are told, each at its time."""
    said = said_paid(shown(), WATCH_FOR - SECOND)
    closed = look(said, unpaid(), WATCH_FOR)
    assert closed.facts == (WatchClosed(T0 + WATCH_FOR),)
    assert closed.look_again_at == T0 + WATCH_FOR + RULES.interval(SECOND)
    over = look(closed.payment, unpaid(), WATCH_FOR + CLAIM_FOR)
    assert [type(fact) for fact in over.facts] == [ClaimOver]


def test_what_is_said_at_the_end_of_the_three_days_is_still_followed_up() -> None:
    """Only then is the payment dropped."""
    end = WATCH_FOR + LATE_FOR
    said = said_paid(in_status(Status.CLOSED), end - SECOND)
    still = look(said, unpaid(), end)
    assert still.payment.status is Status.CLOSED
    over = look(still.payment, unpaid(), end + CLAIM_FOR)
    assert (over.payment.status, [type(fact) for fact in over.facts]) == (Status.DROPPED, [ClaimOver])
    assert over.look_again_at is None


@pytest.mark.parametrize("status", [Status.WAITING, Status.CLOSED])
def test_the_ten_minutes_stand_still_while_there_is_no_answer(status: Status) -> None:
    """An outage does not eat them; nor does its part before the word was given count."""
    payment = in_status(status)
    start = WATCH_FOR + HOUR if status is Status.CLOSED else HOUR
    troubled = look(payment, Unwell("timeout"), start - 5 * SECOND).payment
    said = replace(said_paid(troubled, start), failures=20)
    still = look(said, Unwell("timeout"), start + SECOND)
    assert still.look_again_at == T0 + start + SECOND + timedelta(seconds=30)
    well = look(still.payment, unpaid(), start + 20 * SECOND)
    assert well.payment.claim_until == T0 + start + CLAIM_FOR + 20 * SECOND
    assert well.facts == ()


def test_an_overtaken_answer_does_not_put_the_close_looks_off() -> None:
    """Of a closed payment the next look would be an hour away."""
    said = said_paid(in_status(Status.CLOSED), WATCH_FOR + HOUR)
    seen = look(said, unpaid(), WATCH_FOR + HOUR).payment
    late = look(seen, Throttled(), WATCH_FOR + HOUR - SECOND)
    assert late.look_again_at == T0 + WATCH_FOR + HOUR + FIRST


def test_a_payment_that_never_was_has_no_word_to_follow_up() -> None:
    """Said of an ask that waits out an outage."""
    unwell = look(waiting(), Unwell("timeout")).payment
    missing = look(said_paid(unwell, SECOND), Missing(), 2 * SECOND).payment
    assert (missing.status, missing.claim_until) == (Status.DROPPED, None)
