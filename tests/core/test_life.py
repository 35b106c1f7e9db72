"""Whole lives of a payment under arbitrary answers: what must hold whatever comes."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from hypothesis import HealthCheck, event, given, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bot.core.alerts import AlertOdd, AlertPaid, AlertWithheld
from bot.core.answer import Answer, Code, Missing, Refused, Statement, Throttled, Unwell
from bot.core.facts import Paid
from bot.core.ids import Kind
from bot.core.packages import Package, Step
from bot.core.payment import Decision, Payment, Status, asked, claimed, decide
from tests.core.making import FIRST, ID, RULES, T0, emv, qr_for, unpaid, waiting
from tests.core.oracle import Oracle, Ruling, Said

GOOD: Final = {(qr_for(amount, bill), amount) for amount in (65_000, 54_000) for bill in "12"}
"""Every payload the answers below hold that may be shown, with its amount."""
WATCH_FOR: Final = timedelta(minutes=10)
SETTLED: Final = {Status.PAID, Status.FOLLOWING, Status.DONE}
# design.md, "Statuses of a payment": who may follow whom when an answer comes.
MAY_BECOME: Final = {
    Status.WAITING: {Status.WAITING, Status.PAID, Status.CLOSED, Status.DROPPED},
    Status.CLOSED: {Status.CLOSED, Status.PAID, Status.DROPPED},
    Status.STOPPED: {Status.STOPPED, Status.PAID},
    Status.DROPPED: {Status.DROPPED, Status.PAID},
    Status.PAID: {Status.PAID},
    Status.FOLLOWING: {Status.FOLLOWING, Status.DONE},
    Status.DONE: {Status.DONE},
}

sayings = st.builds(
    Said,
    status_code=st.sampled_from(["0", "0", "9", "?"]),
    echoed=st.sampled_from([True, True, True, False]),
    paid_at=st.sampled_from([False, False, True]),
    qr_content=st.sampled_from(
        [*sorted(qr for qr, _ in GOOD) * 2, emv(t54="1"), emv(t53="840"), "XXX", "", None, "absent"]
    ),
    label=st.sampled_from([None, None, "pembayaran berhasil", "paid", "billing siap dibayar", "sedang diproses"]),
    amount=st.sampled_from([65_000, 65_000, 54_000, None]),
)
troubles = st.sampled_from([Throttled(), Throttled(7.0), Refused(), Unwell("html"), Unwell("timeout")])
pauses = st.sampled_from([timedelta(seconds=seconds) for seconds in (0, 0.5, 1, 1.999, 2, 2.001, 30, 700)])


def stated(said: Said) -> Statement:
    """The same answer as the core takes it."""
    code = {"0": Code.PAID, "9": Code.UNPAID, "?": Code.UNKNOWN}[said.status_code]
    return Statement(
        payment_id=ID if said.echoed else "XID-1",
        kind=Kind.EXPRESS,
        code=code,
        raw_code=said.status_code,
        amount=said.amount,
        labels=frozenset({said.label} - {None}),  # type: ignore[arg-type]
        has_paid_at=said.paid_at,
        qr=None if said.qr_content == "absent" else said.qr_content,
        qr_told=said.qr_content != "absent",
    )


class Life(RuleBasedStateMachine):
    """One payment, looked at when due and at any other time, asked for, stopped, followed."""

    def __init__(self) -> None:
        super().__init__()
        self.now = T0
        self.payment: Payment = asked(None, ID, T0, WATCH_FOR)
        self.due = T0
        self.oracle = Oracle()
        self.last: Said | None = None
        self.times_told = 0
        self.alerts: list[str] = []

    def take(self, answer: Answer) -> Decision:
        before = self.payment
        decision = decide(before, answer, self.now, RULES)
        self.payment = decision.payment
        self.due = decision.look_again_at or self.now
        self.check(before, decision, self.now)
        return decision

    def check(self, before: Payment, decision: Decision, now: datetime) -> None:
        """What holds of every decision."""
        after = decision.payment
        assert after.status in MAY_BECOME[before.status]
        told = [fact for fact in decision.facts if isinstance(fact, Paid)]
        self.times_told += len(told)
        newly_paid = after.settled and not before.settled
        assert len(told) == newly_paid
        assert len([alert for alert in decision.alerts if isinstance(alert, AlertPaid)]) == newly_paid
        if before.status in SETTLED:
            assert decision.facts == ()
        if before.status in {Status.STOPPED, Status.DROPPED}:
            assert all(isinstance(fact, Paid) for fact in decision.facts)
        needs_looks = after.status in {Status.WAITING, Status.CLOSED, Status.FOLLOWING} or after.second_read_due
        assert (decision.look_again_at is not None) == needs_looks
        if decision.look_again_at:
            assert decision.look_again_at >= now + FIRST
            assert decision.look_again_at <= now + timedelta(hours=1)
        for alert in decision.alerts:
            if isinstance(alert, AlertOdd):
                self.alerts.append(f"odd {alert.oddity}")
            if isinstance(alert, AlertWithheld):
                self.alerts.append(f"withheld {alert.fault}")

    @rule(said=sayings, pause=pauses)
    def look_some_time(self, said: Said, pause: timedelta) -> None:
        """A look after any pause: a callback, a button, a `/status`."""
        self.now += pause
        before = self.payment.status
        ruling = Ruling.NOT_PAID if before in SETTLED else self.oracle.rule(said, self.now)
        self.last = said
        self.take(stated(said))
        if before in SETTLED:
            return
        paid = self.payment.settled
        event(f"{before} -> {self.payment.status}")
        assert not paid or ruling is not Ruling.NOT_PAID
        if before in {Status.WAITING, Status.CLOSED}:
            assert paid or ruling is not Ruling.PAID
        elif not self.payment.unproven_since:
            self.oracle.hear_nothing_like_it()  # an answer that changes while nobody watches is not read again

    @rule(said=sayings)
    def look_when_due(self, said: Said) -> None:
        """A look at the time that was decided."""
        self.look_some_time(said, max(timedelta(0), self.due - self.now))

    @precondition(lambda self: self.last)
    @rule(pause=pauses)
    def read_the_same_again(self, pause: timedelta) -> None:
        """The answer of the last look once more."""
        assert self.last
        self.look_some_time(self.last, pause)

    @rule(pause=pauses)
    def find_nothing(self, pause: timedelta) -> None:
        """KiriminAja knows no such payment."""
        self.now += pause
        self.oracle.hear_nothing_like_it()
        self.take(Missing())

    @rule(trouble=troubles, pause=pauses)
    def get_no_answer(self, trouble: Answer, pause: timedelta) -> None:
        """The provider is out of reach."""
        self.now += pause
        before = self.payment.status
        self.take(trouble)
        assert self.payment.status is before

    @rule(said=sayings, back=st.sampled_from([1, 59]))
    def hear_an_overtaken_answer(self, said: Said, back: int) -> None:
        """A look that took longer than a later one: it changes nothing."""
        looked_at = self.payment.looked_at
        then = self.now - timedelta(seconds=back)
        if looked_at is None or not timedelta(0) < looked_at - then <= timedelta(minutes=1):
            return
        decision = decide(self.payment, stated(said), then, RULES)
        assert (decision.payment, decision.facts, decision.alerts) == (self.payment, (), ())
        self.check(self.payment, decision, looked_at)
        self.due = decision.look_again_at or self.now

    @rule()
    def ask_again(self) -> None:
        """Somebody asks for it."""
        before = self.payment
        self.payment = asked(before, ID, self.now, WATCH_FOR)
        assert self.payment.status is (before.status if before.settled else Status.WAITING)

    @rule()
    def say_it_is_paid(self) -> None:
        """Somebody presses "already paid"."""
        before = self.payment
        self.payment = claimed(before, self.now)
        assert replace(self.payment, claim_until=before.claim_until) == before

    @precondition(lambda self: self.payment.status is Status.WAITING)
    @rule()
    def stop(self) -> None:
        """The last chat stops (`flows.stop`)."""
        self.payment = replace(self.payment, status=Status.STOPPED, claim_until=None)

    @precondition(lambda self: self.payment.status is Status.PAID)
    @rule()
    def follow(self) -> None:
        """It has a package that is under way (`test_following` has what becomes of it)."""
        package = Package("A", status=106, told=frozenset({Step.PICKED_UP}))
        self.payment = replace(self.payment, kind=Kind.INSTANT, packages=(package,), status=Status.FOLLOWING)

    @invariant()
    def paid_is_told_exactly_once(self) -> None:
        """Settled and told are the same thing."""
        assert self.times_told == (1 if self.payment.settled else 0)
        assert (self.payment.paid_at is not None) == self.payment.settled

    @invariant()
    def only_a_good_code_is_shown(self) -> None:
        """With the very amount the code itself names; never together with a fault, never once paid."""
        if self.payment.qr is not None:
            assert (self.payment.qr, self.payment.amount) in GOOD
            assert self.payment.withheld is None
            assert not self.payment.settled

    @invariant()
    def no_alert_comes_twice(self) -> None:
        """Each oddity and each fault once a payment."""
        assert len(set(self.alerts)) == len(self.alerts)


Life.TestCase.settings = settings(
    max_examples=120, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestLife = Life.TestCase

claims = st.builds(
    lambda qr, amount: stated(Said("0", True, False, qr, None, amount)),
    st.sampled_from([qr_for(65_000), qr_for(65_000, "2"), "absent"]),
    st.sampled_from([65_000, 54_000, None]),
)
answers = sayings.map(stated) | claims | st.just(Missing()) | troubles | st.just(unpaid())


@given(cycle=st.lists(answers, min_size=1, max_size=6), usable=st.sampled_from([unpaid(), Missing()]))
@settings(max_examples=80, deadline=None)
def test_every_watch_comes_to_an_end(cycle: list[Answer], usable: Answer) -> None:
    """Looked at when due, with any answers over and over, a payment is settled or dropped after a bounded time.

    The time without an answer doesn't count, so the bound is on the number of looks; a usable answer now and then
    is all it takes.
    """
    payment, now = replace(waiting(), closes_at=T0 + WATCH_FOR), T0
    for turn in range(5_000):
        rounds, at = divmod(turn, len(cycle) + 1)
        decision = decide(payment, usable if at == len(cycle) else cycle[at], now, RULES)
        payment = decision.payment
        if decision.look_again_at is None:
            break
        now = decision.look_again_at
    event(f"{payment.status} in {'under' if turn < 500 else 'over'} 500 looks")
    assert payment.status in {*SETTLED, Status.DROPPED}
    assert rounds < 1_000


@given(st.lists(claims, min_size=2, max_size=2))
def test_a_claim_of_having_been_paid_is_settled_by_the_next_look_or_dismissed(pair: list[Statement]) -> None:
    """Unproven is never stuck: the same again, at the time decided, is paid."""
    first = decide(waiting(), pair[0], T0, RULES)
    assert first.look_again_at
    other = decide(first.payment, pair[1], first.look_again_at, RULES)
    if pair[0] == pair[1]:
        assert other.payment.settled
    else:
        assert other.look_again_at
        assert decide(other.payment, pair[1], other.look_again_at, RULES).payment.settled
