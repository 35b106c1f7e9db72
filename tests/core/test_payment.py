"""A payment's life, case by case: what an answer makes of it, who is told, and when the next look is."""

from dataclasses import replace
from datetime import timedelta
from math import inf, nan

import pytest

from bot.core.alerts import AlertOdd, AlertPaid, AlertWithheld
from bot.core.answer import Answer, Code, Missing, Oddity, Refused, Throttled, Unwell
from bot.core.connections import AlertKeyRefused
from bot.core.facts import (
    Confirming,
    Fact,
    NoQrYet,
    NotFound,
    Paid,
    ProviderUnwell,
    QrReplaced,
    Unclear,
    WatchClosed,
    Withheld,
)
from bot.core.ids import Kind
from bot.core.packages import Package
from bot.core.payment import SETTLED, Payment, Status, asked, decide, reply_to_ask
from bot.core.qris import QrisFault
from tests.core.making import (
    FIRST,
    ID,
    RULES,
    SECOND,
    T0,
    TEST_RULES,
    WATCH_FOR,
    claimed,
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
DAY = timedelta(days=1)
UNSETTLED = [status for status in Status if status not in SETTLED]

# --- asking ---


def test_a_first_ask_waits_for_the_length_of_the_watch() -> None:
    """Nothing is known yet but the product, which the prefix names."""
    payment = waiting()
    assert (payment.status, payment.kind, payment.seen) == (Status.WAITING, Kind.EXPRESS, False)
    assert payment.closes_at == T0 + WATCH_FOR
    assert not payment.settled


@pytest.mark.parametrize("status", UNSETTLED)
def test_asking_again_watches_anew(status: Status) -> None:
    """A stopped, closed or dropped payment waits again, for the full time."""
    again = asked(in_status(status), ID, T0 + 2 * DAY, WATCH_FOR)
    assert again.status is Status.WAITING
    assert (again.asked_at, again.closes_at) == (T0 + 2 * DAY, T0 + 3 * DAY)
    assert again.qr == qr_for(65_000)


@pytest.mark.parametrize("status", sorted(SETTLED))
def test_asking_for_a_settled_payment_changes_nothing(status: Status) -> None:
    """Paid is never left."""
    payment = in_status(status)
    assert asked(payment, ID, T0 + DAY, WATCH_FOR) == payment


# --- unpaid ---


def test_an_unpaid_answer_shows_the_qr_and_comes_back_after_the_first_interval() -> None:
    """The code is taken over, nobody is told anything but the card."""
    decision = look(waiting(), unpaid())
    assert decision.payment.qr == qr_for(65_000)
    assert (decision.payment.amount, decision.payment.issued_at, decision.payment.seen) == (65_000, T0, True)
    assert (decision.facts, decision.alerts, decision.card_changed) == ((), (), True)
    assert decision.look_again_at == T0 + FIRST


def test_the_same_answer_again_changes_no_card() -> None:
    """Nothing to edit, nothing to say."""
    decision = look(shown(), unpaid(), 10 * SECOND)
    assert (decision.facts, decision.card_changed) == ((), False)


@pytest.mark.parametrize(
    ("change", "fact"),
    [
        ({"qr": qr_for(65_000, "2")}, QrReplaced()),
        ({"amount": 70_000, "qr": qr_for(70_000)}, QrReplaced(amount_was=65_000)),
    ],
)
def test_a_reissued_code_or_amount_is_said(change: dict[str, object], fact: Fact) -> None:
    """The picture is replaced and a notice tells why; a changed amount names the old one."""
    decision = look(shown(), unpaid(**change), 10 * SECOND)
    assert (decision.facts, decision.card_changed) == ((fact,), True)


def test_a_new_time_of_issue_alone_is_no_news() -> None:
    """The card is edited, as it shows the time, but nobody is woken for the same code."""
    decision = look(shown(), unpaid(issued_at=T0 + SECOND), 10 * SECOND)
    assert (decision.facts, decision.card_changed) == ((), True)


def test_an_amount_of_zero_is_an_amount() -> None:
    """Missing is not zero, and zero is not missing: neither while unpaid nor once paid."""
    unpaid_again = look(shown(), unpaid(amount=0), SECOND)
    assert unpaid_again.payment.amount == 0
    paid = look(unpaid_again.payment, proven(amount=0), 2 * SECOND)
    assert paid.payment.amount == 0
    claim = look(shown(), proven(amount=0), SECOND).payment
    assert look(claim, proven(amount=0), 4 * SECOND).payment.amount == 0


def test_an_amount_that_goes_missing_is_not_forgotten() -> None:
    """The amount that was shown stays known, or a later "paid" at another one would pass without a second read."""
    payment = look(shown(), unpaid(amount=None, qr=None), 10 * SECOND).payment
    assert payment.amount == 65_000
    assert look(payment, proven(amount=54_000), 20 * SECOND).payment.status is Status.WAITING


@pytest.mark.parametrize(
    ("qr", "fault"),
    [
        (emv(t54="1"), QrisFault.AMOUNT),
        (emv(t53="840"), QrisFault.CURRENCY),
        (qr_for(65_000)[:-1], QrisFault.CRC),
        ("XXX", QrisFault.NOT_EMV),
    ],
)
def test_a_qr_with_a_fault_is_never_shown(qr: str, fault: QrisFault) -> None:
    """Chats are told that it is withheld, the operators once; the watch goes on."""
    first = look(waiting(), unpaid(qr=qr))
    assert (first.payment.qr, first.payment.withheld) == (None, fault)
    assert first.facts == (Withheld(fault),)
    assert first.alerts == (AlertWithheld(fault),)
    assert first.look_again_at == T0 + FIRST
    second = look(first.payment, unpaid(qr=qr), 10 * SECOND)
    assert (second.facts, second.alerts) == ((), ())
    other = unpaid(qr=emv(t53="702")) if fault is not QrisFault.CURRENCY else unpaid(qr="XXX")
    third = look(second.payment, other, 20 * SECOND)
    assert third.payment.withheld is not None
    assert third.alerts == (AlertWithheld(third.payment.withheld),)


def test_a_code_that_turns_bad_is_withdrawn_and_may_come_back() -> None:
    """A good code returns to the card; the operators hear of the same fault once for the payment."""
    bad = look(shown(), unpaid(qr=emv(t54="1")), 10 * SECOND)
    assert bad.card_changed
    good = look(bad.payment, unpaid(), 20 * SECOND)
    assert (good.payment.qr, good.payment.withheld, good.card_changed) == (qr_for(65_000), None, True)
    again = look(good.payment, unpaid(qr=emv(t54="1")), 30 * SECOND)
    assert (again.facts, again.alerts) == ((Withheld(QrisFault.AMOUNT),), ())


def test_the_sandbox_may_show_test_codes_but_no_damaged_ones() -> None:
    """A `qr_content` of "XXX" is shown where the settings say so; a truncated payload is not."""
    assert look(waiting(), unpaid(qr="XXX"), rules=TEST_RULES).payment.qr == "XXX"
    assert look(waiting(), unpaid(qr=qr_for(65_000)[:-1]), rules=TEST_RULES).payment.qr is None


@pytest.mark.parametrize("status", [Status.CLOSED, Status.STOPPED, Status.DROPPED])
@pytest.mark.parametrize("qr", [qr_for(65_000, "2"), emv(t54="1")])
def test_chats_that_no_longer_watch_hear_nothing_of_codes(status: Status, qr: str) -> None:
    """The card is put right without a notice: hourly looks must not ping for three days."""
    decision = look(in_status(status), unpaid(qr=qr), WATCH_FOR + HOUR)
    assert (decision.facts, decision.card_changed, decision.payment.status) == ((), True, status)


# --- paid ---


def test_a_proven_answer_pays_at_once() -> None:
    """One fact, one alert, a receipt, and no more looks."""
    decision = look(shown(), proven(), 10 * SECOND)
    at = T0 + 10 * SECOND
    assert (decision.payment.status, decision.payment.paid_at, decision.payment.qr) == (Status.PAID, at, None)
    assert decision.facts == (Paid(65_000, at),)
    assert decision.alerts == (AlertPaid(65_000, at),)
    assert decision.card_changed
    assert decision.look_again_at is None


def test_paid_clears_what_was_in_doubt() -> None:
    """No fault, no oddity and no second read stays behind."""
    withheld = look(shown(), unpaid(qr=emv(t54="1")), 10 * SECOND).payment
    odd = look(withheld, unpaid(has_paid_at=True), 20 * SECOND).payment
    claim = look(withheld, claimed(), 20 * SECOND).payment
    for payment in (odd, claim):
        after = look(payment, proven(), 30 * SECOND).payment
        assert after.status is Status.PAID
        assert (after.withheld, after.oddity) == (None, None)
        assert (after.unproven_since, after.unproven_digest) == (None, None)


def test_a_payment_may_be_paid_when_first_asked_for() -> None:
    """An Instant payment brings its packages along, and no amount was shown before."""
    packages = (Package("YAN-1", status=105),)
    decision = look(waiting(), proven(amount=54_000, packages=packages, kind=Kind.INSTANT))
    assert decision.facts == (Paid(54_000, T0),)
    assert (decision.payment.packages, decision.payment.kind) == (packages, Kind.INSTANT)


def test_code_0_without_proof_is_read_a_second_time() -> None:
    """The same answer two seconds later pays; until then nobody is told."""
    first = look(shown(), claimed(), 10 * SECOND)
    assert (first.payment.status, first.facts, first.look_again_at) == (Status.WAITING, (), T0 + 12 * SECOND)
    early = look(first.payment, claimed(), 11 * SECOND)
    assert (early.payment.status, early.look_again_at) == (Status.WAITING, T0 + 13 * SECOND)
    second = look(first.payment, claimed(), 12 * SECOND)
    assert second.facts == (Paid(65_000, T0 + 12 * SECOND),)


def test_the_second_read_waits_two_seconds_whatever_the_first_interval() -> None:
    """With a POLL_FIRST of half a second the second read is still two seconds after the first."""
    hasty = replace(RULES, first=timedelta(seconds=0.5))
    assert look(shown(), claimed(), 10 * SECOND, hasty).look_again_at == T0 + 12 * SECOND
    patient = replace(RULES, first=9 * SECOND)
    assert look(shown(), claimed(), 10 * SECOND, patient).look_again_at == T0 + 19 * SECOND


@pytest.mark.parametrize(
    "between",
    [
        unpaid(),
        unpaid(code=Code.UNKNOWN, raw_code="7"),
        Missing(),
        claimed(payment_id="XID-1"),
        claimed(amount=1),
        claimed(qr=qr_for(65_000, "2")),
    ],
)
def test_another_answer_in_between_starts_the_second_read_over(between: Answer) -> None:
    """Two equal reads must follow each other."""
    first = look(shown(), claimed(), 10 * SECOND)
    other = look(first.payment, between, 12 * SECOND)
    assert look(other.payment, claimed(), 14 * SECOND).payment.status is Status.WAITING


def test_the_two_seconds_count_from_the_first_of_the_two_equal_reads() -> None:
    """Not from an earlier, different claim."""
    first = look(shown(), claimed(), 10 * SECOND)
    other = look(first.payment, claimed(qr=qr_for(65_000, "2")), 12 * SECOND)
    early = look(other.payment, claimed(qr=qr_for(65_000, "2")), 13 * SECOND)
    assert early.payment.status is Status.WAITING
    assert look(early.payment, claimed(qr=qr_for(65_000, "2")), 14 * SECOND).payment.status is Status.PAID


@pytest.mark.parametrize("between", [Throttled(), Refused(), Unwell("html")])
def test_no_answer_in_between_does_not(between: Answer) -> None:
    """An outage between the two reads says nothing about the payment."""
    first = look(shown(), claimed(), 10 * SECOND)
    other = look(first.payment, between, 12 * SECOND)
    assert look(other.payment, claimed(), 14 * SECOND).payment.status is Status.PAID


def test_an_answer_brings_the_product_of_an_undocumented_id() -> None:
    """Whatever the answer says of the money, the id is known and its product with it."""
    unknown = asked(None, "ABC-1234", T0, WATCH_FOR)
    assert unknown.kind is None
    for statement in (unpaid(), claimed(), proven(), unpaid(has_paid_at=True)):
        told = replace(statement, payment_id="ABC-1234", kind=Kind.INSTANT)
        payment = look(unknown, told).payment
        assert (payment.kind, payment.seen) == (Kind.INSTANT, True)


@pytest.mark.parametrize("dismissal", [unpaid(), unpaid(has_paid_at=True), Missing()])
def test_a_dismissed_claim_leaves_nothing_behind(dismissal: Answer) -> None:
    """Nobody who asks is told "confirming" any more; and a claim in turn clears an oddity."""
    claim = look(shown(), claimed(), 10 * SECOND).payment
    after = look(claim, dismissal, 12 * SECOND).payment
    assert (after.unproven_since, after.unproven_digest) == (None, None)
    assert look(after, claimed(), 14 * SECOND).payment.oddity is None


def test_another_amount_than_shown_needs_a_second_read_even_with_proof() -> None:
    """Then it is paid at the API's amount, and both amounts are told."""
    first = look(shown(), proven(amount=54_000), 10 * SECOND)
    assert (first.payment.status, first.payment.amount, first.facts) == (Status.WAITING, 65_000, ())
    assert first.look_again_at == T0 + 12 * SECOND
    second = look(first.payment, proven(amount=54_000), 12 * SECOND)
    at = T0 + 12 * SECOND
    assert second.facts == (Paid(54_000, at, shown_amount=65_000),)
    assert second.alerts == (AlertPaid(54_000, at, shown_amount=65_000),)
    assert second.payment.amount == 54_000


def test_an_amount_nobody_was_shown_is_not_called_shown() -> None:
    """An unproven first answer shows nothing, so what it named is no amount to compare with."""
    first = look(waiting(), claimed(amount=65_000))
    second = look(first.payment, proven(amount=54_000), 10 * SECOND)
    assert second.facts == (Paid(54_000, T0 + 10 * SECOND),)


def test_paid_without_an_amount_is_paid_at_the_amount_shown() -> None:
    """After a second read, as the answer lacks what would confirm it."""
    first = look(shown(), proven(amount=None), 10 * SECOND)
    second = look(first.payment, proven(amount=None), 12 * SECOND)
    assert second.facts == (Paid(65_000, T0 + 12 * SECOND),)


@pytest.mark.parametrize(
    ("status", "late"),
    [(Status.WAITING, False), (Status.CLOSED, True), (Status.STOPPED, False), (Status.DROPPED, True)],
)
def test_any_look_that_finds_it_paid_says_so(status: Status, late: bool) -> None:
    """Also of a closed, stopped or dropped payment; after the watch was over it is told as late."""
    decision = look(in_status(status), proven(), WATCH_FOR + HOUR)
    at = T0 + WATCH_FOR + HOUR
    assert decision.facts == (Paid(65_000, at, late=late),)
    assert decision.alerts == (AlertPaid(65_000, at, late=late),)


@pytest.mark.parametrize("status", [Status.STOPPED, Status.DROPPED])
def test_an_unproven_answer_for_a_stopped_payment_is_followed_up(status: Status) -> None:
    """The second read is due even where nobody watches, also through an outage, and ends there."""
    first = look(in_status(status), claimed(), WATCH_FOR)
    assert first.look_again_at == T0 + WATCH_FOR + 2 * SECOND
    unwell = look(first.payment, Unwell("timeout"), WATCH_FOR + 2 * SECOND)
    assert unwell.look_again_at is not None
    assert look(unwell.payment, claimed(), WATCH_FOR + 9 * SECOND).payment.status is Status.PAID
    changed = look(unwell.payment, claimed(qr="other"), WATCH_FOR + 9 * SECOND)
    assert (changed.payment.status, changed.look_again_at) == (status, None)
    assert (changed.payment.unproven_since, changed.payment.unproven_digest) == (None, None)
    assert look(changed.payment, Unwell("timeout"), WATCH_FOR + 20 * SECOND).look_again_at is None


@pytest.mark.parametrize("status", sorted(SETTLED))
def test_unpaid_after_paid_is_told_to_the_operators_once(status: Status) -> None:
    """The payment stays paid, and the chats hear nothing."""
    first = look(in_status(status), unpaid(), 10 * SECOND)
    assert (first.payment.status, first.facts) == (status, ())
    assert first.alerts == (AlertOdd(Oddity.UNPAID_AGAIN, "9"),)
    second = look(first.payment, unpaid(), 20 * SECOND)
    assert second.alerts == ()
    assert (second.look_again_at is None) == (status is not Status.FOLLOWING)
    assert look(second.payment, proven(), 30 * SECOND).payment.oddity is None


@pytest.mark.parametrize("status", sorted(SETTLED))
@pytest.mark.parametrize("answer", [proven(), claimed(), Missing(), Throttled(1), Unwell("html")])
def test_a_settled_payment_takes_any_answer_in_silence(status: Status, answer: Answer) -> None:
    """Not told twice, looked at only for its packages' sake, never unpaid again."""
    decision = look(in_status(status), answer, 10 * SECOND)
    assert (decision.payment.status, decision.facts, decision.alerts) == (status, (), ())
    assert (decision.look_again_at is None) == (status is not Status.FOLLOWING)


def test_a_look_after_paid_brings_the_packages() -> None:
    """They are kept where a later answer has none."""
    packages = (Package("YAN-1", status=106),)
    payment = look(in_status(Status.PAID), proven(packages=packages), 10 * SECOND).payment
    assert payment.packages == packages
    assert look(payment, proven(), 20 * SECOND).payment.packages == packages


# --- odd ---


@pytest.mark.parametrize(
    ("answer", "alert"),
    [
        (unpaid(has_paid_at=True), AlertOdd(Oddity.PAID_AT_BUT_UNPAID, "9")),
        (unpaid(labels=frozenset({"paid"})), AlertOdd(Oddity.LABEL_AGAINST_CODE, "9")),
        (proven(labels=frozenset({"billing siap dibayar"})), AlertOdd(Oddity.LABEL_AGAINST_CODE, "0")),
        (proven(code=Code.UNKNOWN, raw_code="7"), AlertOdd(Oddity.UNKNOWN_CODE, "7")),
        (proven(payment_id="XID-1"), AlertOdd(Oddity.OTHER_PAYMENT, "0")),
        (Missing(), AlertOdd(Oddity.VANISHED)),
    ],
)
def test_odd_is_not_paid_and_told_once(answer: Answer, alert: AlertOdd) -> None:
    """The watch goes on, the operators hear of each oddity once a payment, the chats nothing."""
    first = look(shown(), answer, 10 * SECOND)
    assert (first.payment.status, first.facts, first.alerts) == (Status.WAITING, (), (alert,))
    assert first.look_again_at is not None
    second = look(first.payment, answer, 20 * SECOND)
    assert (second.payment.status, second.alerts) == (Status.WAITING, ())
    assert look(second.payment, unpaid(), 30 * SECOND).payment.oddity is None
    other = unpaid(has_paid_at=True) if alert.oddity is Oddity.VANISHED else Missing()
    assert len(look(second.payment, other, 30 * SECOND).alerts) == 1  # another one is news


@pytest.mark.parametrize(
    ("answer", "seen"),
    [
        (proven(code=Code.UNKNOWN, raw_code="7"), True),
        (unpaid(has_paid_at=True), True),
        (proven(payment_id="XID-1"), False),
    ],
)
def test_an_odd_answer_about_the_payment_itself_proves_that_it_exists(answer: Answer, seen: bool) -> None:
    """One about another payment doesn't."""
    assert look(waiting(), answer).payment.seen is seen


# --- not found ---


def test_an_unknown_payment_is_told_and_dropped() -> None:
    """No more looks at what does not exist."""
    decision = look(waiting(), Missing())
    assert (decision.payment.status, decision.facts) == (Status.DROPPED, (NotFound(ID),))
    assert (decision.alerts, decision.look_again_at) == ((), None)


def test_an_ask_that_waited_out_an_outage_may_end_in_not_found() -> None:
    """The chat that was told "in trouble" hears the outcome."""
    unwell = look(waiting(), Unwell("timeout"))
    assert (unwell.payment.status, unwell.facts) == (Status.WAITING, ())
    assert look(unwell.payment, Missing(), HOUR).facts == (NotFound(ID),)


@pytest.mark.parametrize("status", [Status.STOPPED, Status.DROPPED])
def test_nobody_is_told_of_a_missing_payment_nobody_asks_for(status: Status) -> None:
    """A stopped or dropped payment that was never found stays what it is."""
    decision = look(replace(waiting(), status=status), Missing())
    assert (decision.payment.status, decision.facts, decision.look_again_at) == (status, (), None)


def test_a_closed_payment_that_vanishes_is_looked_for_on() -> None:
    """Hourly, with one alert."""
    decision = look(in_status(Status.CLOSED), Missing(), WATCH_FOR + HOUR)
    assert (decision.payment.status, decision.facts) == (Status.CLOSED, ())
    assert decision.alerts == (AlertOdd(Oddity.VANISHED),)
    assert decision.look_again_at == T0 + WATCH_FOR + 2 * HOUR


# --- the end of the watch ---


def test_the_last_look_falls_on_the_end_of_the_watch() -> None:
    """The interval would go past it; it is cut, but not below POLL_FIRST."""
    assert look(shown(), unpaid(), WATCH_FOR - 60 * SECOND).look_again_at == T0 + WATCH_FOR
    assert look(shown(), unpaid(), WATCH_FOR - SECOND).look_again_at == T0 + WATCH_FOR + SECOND


@pytest.mark.parametrize(
    ("answer", "unclear"),
    [(unpaid(), False), (unpaid(qr=None), False), (unpaid(has_paid_at=True), True), (Missing(), True)],
)
def test_a_watch_closes_with_one_last_look(answer: Answer, unclear: bool) -> None:
    """Chats are told, an odd answer not as "unpaid", and the payment is looked for hourly from then on."""
    at = T0 + WATCH_FOR
    decision = look(shown(), answer, WATCH_FOR)
    assert (decision.payment.status, decision.facts) == (Status.CLOSED, (WatchClosed(at, unclear=unclear),))
    assert (decision.look_again_at, decision.card_changed) == (at + HOUR, True)


def test_the_last_look_may_find_it_paid_or_nearly() -> None:
    """Paid in time is not late; an unproven answer is read again before the watch closes."""
    assert look(shown(), proven(), WATCH_FOR).facts == (Paid(65_000, T0 + WATCH_FOR),)
    unproven = look(shown(), claimed(), WATCH_FOR)
    assert (unproven.payment.status, unproven.facts) == (Status.WAITING, ())
    second = look(unproven.payment, claimed(), WATCH_FOR + 2 * SECOND)
    assert second.facts == (Paid(65_000, T0 + WATCH_FOR + 2 * SECOND),)
    assert look(unproven.payment, unpaid(), WATCH_FOR + 2 * SECOND).payment.status is Status.CLOSED


def test_an_unproven_answer_that_keeps_changing_does_not_keep_a_watch_open() -> None:
    """Nor is it read every two seconds for ever: the cadence takes over, and the watch closes in time."""
    first = look(shown(), claimed(qr="a"), HOUR)
    other = look(first.payment, claimed(qr="b"), HOUR + 2 * SECOND)
    assert other.look_again_at == T0 + HOUR + 2 * SECOND + timedelta(minutes=2)
    last = look(other.payment, claimed(qr="c"), WATCH_FOR)
    assert last.payment.status is Status.CLOSED
    # One more look soon, as these words may stay; where they do not, the next one is an hour later.
    again = WATCH_FOR + 2 * SECOND
    assert last.look_again_at == T0 + again
    assert look(last.payment, claimed(qr="c"), again).payment.settled
    assert look(last.payment, claimed(qr="d"), again).look_again_at == T0 + again + HOUR


def test_a_closed_payment_is_dropped_after_three_days() -> None:
    """Without a word: the chats have heard that it is no longer watched."""
    closed = in_status(Status.CLOSED)
    nearly = look(closed, unpaid(), WATCH_FOR + 3 * DAY - SECOND)
    assert nearly.payment.status is Status.CLOSED
    over = look(closed, unpaid(), WATCH_FOR + 3 * DAY)
    assert (over.payment.status, over.facts, over.look_again_at) == (Status.DROPPED, (), None)


@pytest.mark.parametrize("status", [Status.STOPPED, Status.DROPPED])
def test_a_stray_look_at_an_unwatched_payment_starts_no_new_ones(status: Status) -> None:
    """A `/status` or a callback brings one look, and neither a watch nor retries for days."""
    for answer in (unpaid(), unpaid(has_paid_at=True), Missing(), Unwell("timeout"), Throttled(5)):
        decision = look(in_status(status), answer, HOUR)
        assert (decision.payment.status, decision.look_again_at, decision.facts) == (status, None, ())


# --- trouble ---


def test_trouble_is_retried_ever_more_slowly_up_to_the_cap() -> None:
    """4, 8, 16 seconds, then every 30."""
    payment, waits = shown(), []
    for _ in range(6):
        decision = look(payment, Unwell("timeout"), 10 * SECOND)
        assert decision.look_again_at is not None
        payment = decision.payment
        waits.append((decision.look_again_at - T0).total_seconds() - 10)
    assert waits == [4, 8, 16, 30, 30, 30]
    assert (payment.failures, payment.troubled_since) == (6, T0 + 10 * SECOND)
    well = look(payment, unpaid(), 20 * SECOND).payment
    assert (well.failures, well.troubled_since) == (0, None)


@pytest.mark.parametrize("trouble", [Unwell("html"), unpaid(has_paid_at=True), claimed()])
def test_a_code_that_is_there_again_is_owed_to_who_asked_meanwhile(trouble: Answer) -> None:
    """Once: with the first clear answer, though nothing has changed for those that were shown it before."""
    troubled = look(shown(), trouble, 10 * SECOND)
    assert not troubled.card_owed
    still = look(troubled.payment, trouble, 11 * SECOND)
    assert not still.card_owed
    again = look(still.payment, unpaid(), 20 * SECOND)
    assert (again.card_owed, again.card_changed) == (True, False)
    assert not look(again.payment, unpaid(), 30 * SECOND).card_owed


def test_without_a_code_no_card_is_owed() -> None:
    """Nor of what is paid, or watched no longer."""
    troubled = look(shown(), Unwell("html"), 10 * SECOND).payment
    assert not look(troubled, unpaid(qr=None), 20 * SECOND).card_owed
    assert not look(troubled, proven(), 20 * SECOND).card_owed
    assert not look(replace(troubled, status=Status.STOPPED), unpaid(), 20 * SECOND).card_owed


def test_trouble_with_a_closed_payment_slows_down_to_hourly() -> None:
    """Three days' worth of closed payments must not be retried every 30 s for the length of an outage."""
    payment = replace(in_status(Status.CLOSED), failures=20)
    at = WATCH_FOR + HOUR
    decision = look(payment, Unwell("timeout"), at)
    assert decision.look_again_at is not None
    assert timedelta(minutes=30) < decision.look_again_at - (T0 + at) <= HOUR


@pytest.mark.parametrize(
    ("told", "waited"),
    [(10.0, 10.0), (0.0, 2.0), (-5.0, 2.0), (-inf, 2.0), (1e18, 3_600.0), (inf, 3_600.0), (nan, 3_600.0), (None, 4.0)],
)
def test_a_retry_after_is_obeyed_within_reason(told: float | None, waited: float) -> None:
    """At least POLL_FIRST, at most an hour, whatever the header says."""
    decision = look(shown(), Throttled(told))
    assert decision.look_again_at == T0 + timedelta(seconds=waited)


@pytest.mark.parametrize("answer", [Throttled(), Refused(), Unwell("html")])
def test_the_watch_stands_still_while_there_is_no_answer(answer: Answer) -> None:
    """An outage over the end of the watch does not eat the time to pay."""
    troubled = look(shown(), answer, WATCH_FOR - HOUR).payment
    still = look(troubled, answer, WATCH_FOR + HOUR)
    assert (still.payment.status, still.facts) == (Status.WAITING, ())
    well = look(still.payment, unpaid(), WATCH_FOR + HOUR)
    assert (well.payment.status, well.payment.closes_at) == (Status.WAITING, T0 + WATCH_FOR + 2 * HOUR)


def test_an_outage_from_before_the_ask_counts_from_the_ask() -> None:
    """Who asks in the midst of an outage gets the watch's length, not the outage on top of it."""
    troubled = look(shown(), Unwell("timeout"), HOUR).payment
    again = asked(troubled, ID, T0 + 5 * HOUR, WATCH_FOR)
    well = look(again, unpaid(), 6 * HOUR).payment
    assert well.closes_at == T0 + 6 * HOUR + WATCH_FOR


def test_a_clock_set_back_takes_no_time_from_the_watch() -> None:
    """The end of the watch never moves forward to the present."""
    troubled = look(shown(), Unwell("timeout"), HOUR).payment
    assert look(troubled, unpaid(), 0 * SECOND).payment.closes_at == T0 + WATCH_FOR


def test_a_clock_set_back_does_not_blind_the_watch() -> None:
    """Answers from before the last look count again once the difference is more than a slow look explains."""
    payment = look(shown(), unpaid(), 2 * HOUR).payment
    assert look(payment, proven(), HOUR).payment.status is Status.PAID


@pytest.mark.parametrize(
    ("status", "wait"),
    [(Status.WAITING, 2 * SECOND), (Status.CLOSED, HOUR), (Status.STOPPED, None), (Status.DROPPED, None)],
)
def test_an_overtaken_answer_says_nothing_new(status: Status, wait: timedelta | None) -> None:
    """Two looks may end in the other order; what the later one brought stands."""
    at = WATCH_FOR + HOUR
    payment = replace(in_status(status), looked_at=T0 + at)
    decision = look(payment, unpaid(qr=qr_for(65_000, "old")), at - SECOND)
    assert (decision.payment, decision.facts, decision.alerts) == (payment, (), ())
    assert decision.look_again_at == (None if wait is None else T0 + at + wait)


@pytest.mark.parametrize("status", UNSETTLED)
def test_an_overtaken_answer_does_not_put_off_a_second_read(status: Status) -> None:
    """It stays due two seconds after the first."""
    first = look(in_status(status), claimed(), WATCH_FOR + HOUR)
    overtaken = look(first.payment, unpaid(), WATCH_FOR + HOUR - SECOND)
    assert overtaken.look_again_at == T0 + WATCH_FOR + HOUR + 2 * SECOND


def test_unpaid_overtaken_by_paid_is_no_contradiction() -> None:
    """The operators are not alarmed by an answer from before the payment."""
    paid = look(shown(), proven(), 10 * SECOND).payment
    decision = look(paid, unpaid(), 9 * SECOND)
    assert (decision.payment, decision.facts, decision.alerts, decision.look_again_at) == (paid, (), (), None)


def test_a_refused_key_is_for_the_operators() -> None:
    """The chats hear nothing of it."""
    decision = look(shown(), Refused())
    assert (decision.facts, decision.alerts) == ((), (AlertKeyRefused(),))


# --- the reply to an ask ---


@pytest.mark.parametrize(
    ("payment", "answer", "reply"),
    [
        (waiting(), unpaid(), None),
        (waiting(), unpaid(qr=None), NoQrYet()),
        (waiting(), unpaid(qr=emv(t54="1")), Withheld(QrisFault.AMOUNT)),
        (waiting(), claimed(), Confirming()),
        (waiting(), proven(), Paid(65_000, T0, already=True)),
        (waiting(), unpaid(has_paid_at=True), Unclear()),
        (waiting(), proven(payment_id="XID-1"), Unclear()),
        (waiting(), Missing(), NotFound(ID)),
        (waiting(), Throttled(), ProviderUnwell()),
        (waiting(), Refused(), ProviderUnwell()),
        (waiting(), Unwell("html"), ProviderUnwell()),
        (shown(), Missing(), ProviderUnwell()),
        (shown(), Unwell("html"), ProviderUnwell()),
        (shown(), unpaid(), None),
        (in_status(Status.DONE), Unwell("html"), Paid(65_000, T0 + SECOND, already=True)),
        (in_status(Status.PAID), unpaid(), Paid(65_000, T0 + SECOND, already=True)),
    ],
)
def test_whoever_asks_is_answered(payment: Payment, answer: Answer, reply: Fact | None) -> None:
    """None means that the card with the QR is the answer; a settled payment is paid whatever the look brought."""
    after = decide(payment, answer, T0, RULES).payment
    assert reply_to_ask(after, answer) == reply
