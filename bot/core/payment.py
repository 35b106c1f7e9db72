"""A payment's life: one table of statuses, and the pure decision that moves it on.

`decide` is the only place where a payment becomes paid. It takes what is known, what a look brought and the time,
and returns the new state, the facts that follow and when to look again. Everything else fetches, stores, tells.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from bot.core.answer import (
    SECOND_READ_AFTER,
    Answer,
    Missing,
    Refused,
    Statement,
    Throttled,
    Unwell,
    Verdict,
    oddity_of,
    verdict_on,
)
from bot.core.cadence import HOURLY
from bot.core.facts import (
    Alert,
    AlertKeyRefused,
    AlertOdd,
    AlertPaid,
    AlertWithheld,
    Confirming,
    NoQrYet,
    NotFound,
    Oddity,
    Paid,
    PaymentFact,
    ProviderUnwell,
    QrReplaced,
    Reply,
    Unclear,
    WatchClosed,
    Withheld,
)
from bot.core.ids import Kind, kind_of
from bot.core.packages import Package
from bot.core.qris import QrisFault, fault_of

LATE_FOR: Final = timedelta(days=3)
"""How long a payment is still looked at, hourly, after its watch is over."""
TROUBLE_CAP: Final = timedelta(seconds=30)
"""Longest pause between two tries while KiriminAja gives no usable answer."""
OVERTAKEN_WITHIN: Final = timedelta(minutes=1)
"""How much older than the last one an answer can be; beyond it the clock was set back, and the answer counts."""
RETRY_AFTER_CAP: Final = timedelta(hours=1)
"""Longest `Retry-After` that is believed."""


class Status(StrEnum):
    """Where a payment stands. Who moves it on stands beside each."""

    WAITING = "waiting"  # decide: paid, closed, dropped (never found); flows.stop: stopped
    PAID = "paid"  # never left, but for its packages' sake
    FOLLOWING = "following"  # flows.follow_packages: done
    DONE = "done"
    CLOSED = "closed"  # decide: paid (late), dropped; flows.ask: waiting
    STOPPED = "stopped"  # decide: paid, when another look happens to find it; flows.ask: waiting
    DROPPED = "dropped"  # the same


SETTLED: Final = frozenset({Status.PAID, Status.FOLLOWING, Status.DONE})
LOOKED_AT: Final = frozenset({Status.WAITING, Status.CLOSED})
"""Statuses that have a next look. Any other has one only while a second read is due (`unproven_since`)."""


@dataclass(frozen=True, slots=True)
class Payment:
    """What we know of a payment."""

    id: str
    kind: Kind | None
    """None until one of the two products has answered for an id with an undocumented prefix."""
    status: Status
    asked_at: datetime
    closes_at: datetime
    seen: bool = False
    """Whether KiriminAja ever answered for it."""
    amount: int | None = None
    qr: str | None = None
    """The payload to pay, checked; None where there is none or it is withheld."""
    withheld: QrisFault | None = None
    issued_at: datetime | None = None
    packages: tuple[Package, ...] = ()
    paid_at: datetime | None = None
    """When a look of ours found it paid."""
    unproven_since: datetime | None = None
    unproven_digest: str | None = None
    oddity: Oddity | None = None
    """The oddity of the latest answer."""
    alerted: frozenset[str] = frozenset()
    """What the operators have been told of this payment, each once."""
    troubled_since: datetime | None = None
    failures: int = 0
    """Looks in a row without a usable answer."""
    looked_at: datetime | None = None

    @property
    def settled(self) -> bool:
        """Whether it counts as paid."""
        return self.status in SETTLED

    @property
    def second_read_due(self) -> bool:
        """Whether it was called paid without proof, and a second read has to tell."""
        return self.unproven_since is not None and not self.settled


@dataclass(frozen=True, slots=True)
class Decision:
    """What follows from an answer."""

    payment: Payment
    facts: tuple[PaymentFact, ...] = ()
    alerts: tuple[Alert, ...] = ()
    look_again_at: datetime | None = None
    card_changed: bool = False
    """Whether the chats' pictures are out of date."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What the operator set, as far as it bears on decisions."""

    interval: Callable[[timedelta], timedelta]
    """Time to the next look for a payment of a given age (`core.cadence`)."""
    first: timedelta
    """POLL_FIRST: the shortest time between two looks."""
    test_codes: bool = False
    """Whether a `qr_content` that is no EMV payload at all is shown as a test code (the sandbox has such)."""


def asked(known: Payment | None, payment_id: str, now: datetime, watch_for: timedelta) -> Payment:
    """The payment as it stands once somebody asked for it: watched anew unless settled."""
    if known is None:
        return Payment(payment_id, kind_of(payment_id), Status.WAITING, asked_at=now, closes_at=now + watch_for)
    if known.settled:
        return known
    return replace(known, status=Status.WAITING, asked_at=now, closes_at=now + watch_for)


def decide(payment: Payment, answer: Answer, now: datetime, rules: Rules) -> Decision:
    """What an answer, got at `now`, makes of a payment. Total: every answer has a decision, none raises."""
    if payment.looked_at is not None and timedelta(0) < payment.looked_at - now <= OVERTAKEN_WITHIN:
        return _overtaken(payment, payment.looked_at, rules)
    match answer:
        case Statement():
            return _stated(_well(payment, now), answer, now, rules)
        case Missing():
            return _missing(_well(payment, now), now, rules)
        case _:
            return _troubled(payment, answer, now, rules)


def reply_to_ask(payment: Payment, answer: Answer) -> Paid | NotFound | Withheld | Reply | None:
    """What somebody who just asked is told; None where the card with the QR is the answer."""
    if payment.paid_at:
        return Paid(payment.amount, payment.paid_at, already=True)
    match answer:
        case Missing() if not payment.seen:
            return NotFound(payment.id)
        case Throttled() | Refused() | Unwell() | Missing():
            return ProviderUnwell()
    if payment.oddity:
        return Unclear()
    if payment.unproven_since:
        return Confirming()
    if payment.withheld:
        return Withheld(payment.withheld)
    return None if payment.qr else NoQrYet()


def _overtaken(payment: Payment, looked_at: datetime, rules: Rules) -> Decision:
    """An answer older than one already taken in says nothing new: two looks may end in the other order."""
    if payment.status is Status.WAITING or payment.second_read_due:
        return Decision(payment, look_again_at=looked_at + max(rules.first, SECOND_READ_AFTER))
    return Decision(payment, look_again_at=looked_at + HOURLY if payment.status is Status.CLOSED else None)


def _stated(payment: Payment, statement: Statement, now: datetime, rules: Rules) -> Decision:
    if oddity := oddity_of(statement, payment.id):
        own = oddity is not Oddity.OTHER_PAYMENT
        known = replace(payment, seen=True, kind=statement.kind) if own else payment
        return _odd(known, oddity, statement.raw_code, now, rules)
    if payment.settled:
        return _after_paid(payment, statement, now, rules)
    verdict = verdict_on(statement)
    if verdict is Verdict.UNPAID:
        return _unpaid(payment, statement, now, rules)
    if _proven(payment, statement, verdict, now):
        return _paid(payment, statement, now)
    return _unproven(payment, statement, now, rules)


def _well(payment: Payment, now: datetime) -> Payment:
    """After a usable answer. The watch's clock stood still while there was none, from the ask on at the earliest."""
    lost = timedelta(0)
    if payment.troubled_since:
        lost = max(lost, now - max(payment.troubled_since, payment.asked_at))
    return replace(payment, troubled_since=None, failures=0, looked_at=now, closes_at=payment.closes_at + lost)


def _proven(payment: Payment, statement: Statement, verdict: Verdict, now: datetime) -> bool:
    """Whether a statement with code 0 makes the payment paid, alone or as the second of two equal reads."""
    second_read = (
        payment.unproven_since is not None
        and payment.unproven_digest == statement.digest
        and now - payment.unproven_since >= SECOND_READ_AFTER
    )
    at_shown_amount = payment.amount is None or statement.amount == payment.amount
    return second_read or (verdict is Verdict.PAID and at_shown_amount)


def _paid(payment: Payment, statement: Statement, now: datetime) -> Decision:
    amount = payment.amount if statement.amount is None else statement.amount
    shown = payment.amount if payment.amount != amount else None
    late = payment.status in {Status.CLOSED, Status.DROPPED}
    after = replace(
        _taking(payment, statement),
        status=Status.PAID,
        amount=amount,
        paid_at=now,
        qr=None,
        withheld=None,
        oddity=None,
        unproven_since=None,
        unproven_digest=None,
    )
    return Decision(
        after,
        facts=(Paid(amount, now, shown, late),),
        alerts=(AlertPaid(amount, now, shown, late),),
        card_changed=True,
    )


def _unproven(payment: Payment, statement: Statement, now: datetime, rules: Rules) -> Decision:
    """Code 0 without proof: the same answer again, two seconds later at the earliest, will be one."""
    same = payment.unproven_digest == statement.digest
    since = payment.unproven_since if same and payment.unproven_since else now
    after = replace(
        payment,
        seen=True,
        kind=statement.kind,
        oddity=None,
        unproven_since=since,
        unproven_digest=statement.digest,
    )
    if payment.unproven_since and not same:
        # An answer that changes with every read must not be read every two seconds, nor keep a watch open for ever.
        if payment.status not in LOOKED_AT:
            after = replace(after, unproven_since=None, unproven_digest=None)
        return _continuing(Decision(after), now, rules)
    return Decision(after, look_again_at=max(since + SECOND_READ_AFTER, now + rules.first))


def _unpaid(payment: Payment, statement: Statement, now: datetime, rules: Rules) -> Decision:
    qr = statement.qr or None
    fault = fault_of(qr, statement.amount) if qr else None
    if fault is QrisFault.NOT_EMV and rules.test_codes:
        fault = None
    after = replace(
        _taking(payment, statement),
        amount=payment.amount if statement.amount is None else statement.amount,
        qr=None if fault else qr,
        withheld=fault,
        issued_at=statement.issued_at,
        oddity=None,
        unproven_since=None,
        unproven_digest=None,
    )
    facts: list[PaymentFact] = []
    if after.qr and payment.qr and (after.qr, after.amount) != (payment.qr, payment.amount):
        facts.append(QrReplaced(payment.amount if payment.amount != after.amount else None))
    if fault and fault is not payment.withheld:
        facts.append(Withheld(fault))
    if payment.status is not Status.WAITING:
        facts.clear()  # whoever no longer watches hears of "paid" only; the card is still put right
    decision = _alerting(
        Decision(after, tuple(facts), card_changed=_face(after) != _face(payment)),
        AlertWithheld(fault) if fault else None,
    )
    return _continuing(decision, now, rules)


def _odd(payment: Payment, oddity: Oddity, detail: str, now: datetime, rules: Rules) -> Decision:
    after = replace(payment, oddity=oddity, unproven_since=None, unproven_digest=None)
    return _continuing(_alerting(Decision(after), AlertOdd(oddity, detail)), now, rules)


def _after_paid(payment: Payment, statement: Statement, now: datetime, rules: Rules) -> Decision:
    """Paid is never left silently: a later "unpaid" is told to the operators, and the payment stays paid."""
    if verdict_on(statement) is Verdict.UNPAID:
        return _odd(payment, Oddity.UNPAID_AGAIN, statement.raw_code, now, rules)
    return Decision(replace(payment, packages=statement.packages or payment.packages, oddity=None))


def _missing(payment: Payment, now: datetime, rules: Rules) -> Decision:
    if payment.settled:
        return Decision(payment)
    if payment.seen:
        return _odd(payment, Oddity.VANISHED, "", now, rules)
    if payment.status not in LOOKED_AT:
        return Decision(payment)
    return Decision(replace(payment, status=Status.DROPPED), facts=(NotFound(payment.id),))


def _troubled(payment: Payment, answer: Throttled | Refused | Unwell, now: datetime, rules: Rules) -> Decision:
    failures = payment.failures + 1
    after = replace(payment, failures=failures, troubled_since=payment.troubled_since or now)
    decision = Decision(after, alerts=(AlertKeyRefused(),) if isinstance(answer, Refused) else ())
    if payment.status not in LOOKED_AT and not payment.second_read_due:
        return decision
    # Closed payments are many and in no hurry: a long outage must not make them crowd out the watched ones.
    cap = HOURLY if payment.status is Status.CLOSED and not payment.second_read_due else TROUBLE_CAP
    pause = min(rules.first * 2 ** min(failures, 10), max(cap, rules.first))
    if isinstance(answer, Throttled) and answer.retry_after is not None:
        # In this order `min` makes the cap of a NaN, too.
        told = max(0.0, min(RETRY_AFTER_CAP.total_seconds(), answer.retry_after))
        pause = max(rules.first, timedelta(seconds=told))
    return replace(decision, look_again_at=now + pause)


def _continuing(decision: Decision, now: datetime, rules: Rules) -> Decision:
    """Adds when to look again, and closes a watch whose time is over."""
    payment = decision.payment
    if payment.status not in LOOKED_AT:
        return decision
    if payment.status is Status.CLOSED:
        if now >= payment.closes_at + LATE_FOR:
            return replace(decision, payment=replace(payment, status=Status.DROPPED))
        return replace(decision, look_again_at=now + HOURLY)
    if now >= payment.closes_at:
        return replace(
            decision,
            payment=replace(payment, status=Status.CLOSED),
            facts=(*decision.facts, WatchClosed(now)),
            look_again_at=now + HOURLY,
            card_changed=True,
        )
    next_look = now + rules.interval(now - payment.asked_at)
    # The last look falls on the end of the watch, but never closer to this one than POLL_FIRST.
    return replace(decision, look_again_at=max(min(next_look, payment.closes_at), now + rules.first))


def _alerting(decision: Decision, alert: AlertOdd | AlertWithheld | None) -> Decision:
    """Adds an alert the operators have not had for this payment yet."""
    if alert is None:
        return decision
    name = f"odd:{alert.oddity}" if isinstance(alert, AlertOdd) else f"withheld:{alert.fault}"
    if name in decision.payment.alerted:
        return decision
    payment = replace(decision.payment, alerted=decision.payment.alerted | {name})
    return replace(decision, payment=payment, alerts=(*decision.alerts, alert))


def _taking(payment: Payment, statement: Statement) -> Payment:
    return replace(payment, seen=True, kind=statement.kind, packages=statement.packages or payment.packages)


def _face(payment: Payment) -> tuple[object, ...]:
    """What the picture depends on."""
    return (payment.settled, payment.qr, payment.amount, payment.withheld, payment.issued_at)
