"""A payment's life: one table of statuses, and the pure decision that moves it on.

`decide` is the only place where a payment becomes paid. It takes what is known, what a look brought and the time,
and returns the new state, the facts that follow and when to look again. Everything else fetches, stores, tells.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from bot.core import following
from bot.core.alerts import Alert, AlertClaim, AlertOdd, AlertPaid, AlertWithheld
from bot.core.answer import (
    SECOND_READ_AFTER,
    Answer,
    Missing,
    Oddity,
    Refused,
    Statement,
    Throttled,
    Unwell,
    Verdict,
    oddity_of,
    verdict_on,
)
from bot.core.cadence import HOURLY
from bot.core.connections import AlertKeyRefused
from bot.core.facts import (
    ClaimOver,
    Confirming,
    NoQrYet,
    NotFound,
    Paid,
    PaymentFact,
    ProviderUnwell,
    QrBack,
    QrReplaced,
    Reply,
    Unclear,
    WatchClosed,
    Withheld,
)
from bot.core.ids import Kind, kind_of
from bot.core.journey import PackageFact
from bot.core.packages import Package
from bot.core.qris import QrisFault, fault_of, parse

LATE_FOR: Final = timedelta(days=3)
"""How long a payment is still looked at, hourly, after its watch is over."""
CLAIM_FOR: Final = timedelta(minutes=10)
"""How long a payment that somebody says is paid is looked at as closely as a fresh one."""
TROUBLE_CAP: Final = timedelta(seconds=30)
"""Longest pause between two tries while KiriminAja gives no usable answer."""
OVERTAKEN_WITHIN: Final = timedelta(minutes=1)
"""How much older than the last one an answer can be; beyond it the clock was set back, and the answer counts."""
RETRY_AFTER_CAP: Final = timedelta(hours=1)
"""Longest `Retry-After` that is believed."""


class Status(StrEnum):
    """Where a payment stands. Who moves it on stands beside each."""

    WAITING = "waiting"  # decide: paid, closed, dropped (never found); flows.stop: stopped
    PAID = "paid"  # never left, but for its packages' sake; decide: following
    FOLLOWING = "following"  # decide: done, with the last package or after 24 hours
    DONE = "done"
    CLOSED = "closed"  # decide: paid (late), dropped; flows.ask: waiting
    STOPPED = "stopped"  # decide: paid, when another look happens to find it; flows.ask: waiting
    DROPPED = "dropped"  # the same


SETTLED: Final = frozenset({Status.PAID, Status.FOLLOWING, Status.DONE})
LOOKED_AT: Final = frozenset({Status.WAITING, Status.CLOSED, Status.FOLLOWING})
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
    shown_qr: str | None = None
    """The last payload that was there to be paid; kept while there is none, and once paid."""
    payee: str | None = None
    """Tag 59 of that payload, for the receipt."""
    city: str | None = None
    """Tag 60 of it."""
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
    claim_until: datetime | None = None
    """Until when it is looked at closely because a chat says it has paid."""

    @property
    def settled(self) -> bool:
        """Whether it counts as paid."""
        return self.status in SETTLED

    @property
    def second_read_due(self) -> bool:
        """Whether it was called paid without proof, and a second read has to tell."""
        return self.unproven_since is not None and not self.settled

    @property
    def fresh_since(self) -> datetime:
        """What the cadence counts from: the ask, or a later word that it is paid."""
        return fresh_since(self.asked_at, self.claim_until)


@dataclass(frozen=True, slots=True)
class Decision:
    """What follows from an answer."""

    payment: Payment
    facts: tuple[PaymentFact | PackageFact, ...] = ()
    alerts: tuple[Alert, ...] = ()
    look_again_at: datetime | None = None
    card_changed: bool = False
    """Whether the chats' pictures are out of date."""
    card_owed: bool = False
    """Whether there is a code again for chats that asked meanwhile, and have no card."""
    list_changed: bool = False
    """Whether the lists of packages in the chats that were told "paid" are."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What the operator set, as far as it bears on decisions."""

    interval: Callable[[timedelta], timedelta]
    """Time to the next look for a payment of a given age (`core.cadence`)."""
    first: timedelta
    """POLL_FIRST: the shortest time between two looks."""
    stretch: float = 1.0
    """How much longer than usual the packages of what is paid wait for their looks; above 1 where the budget is short
    (`core.cadence`)."""
    test_codes: bool = False
    """Whether a `qr_content` that is no EMV payload at all is shown as a test code (the sandbox has such)."""


def asked(known: Payment | None, payment_id: str, now: datetime, watch_for: timedelta) -> Payment:
    """The payment as it stands once somebody asked for it: watched anew unless settled."""
    if known is None:
        return Payment(payment_id, kind_of(payment_id), Status.WAITING, asked_at=now, closes_at=now + watch_for)
    if known.settled:
        return known
    return replace(known, status=Status.WAITING, asked_at=now, closes_at=now + watch_for)


def claimed(payment: Payment, now: datetime) -> Payment:
    """The payment once a chat says it has paid. A second word within the ten minutes does not prolong them."""
    if payment.settled or payment.status not in LOOKED_AT or payment.claim_until:
        return payment
    return replace(payment, claim_until=now + CLAIM_FOR)


def fresh_since(asked_at: datetime, claim_until: datetime | None) -> datetime:
    """What the cadence counts from: the ask, or a later word that it is paid."""
    return max(asked_at, claim_until - CLAIM_FOR) if claim_until else asked_at


def decide_on_ask(
    known: Payment | None, payment_id: str, answer: Answer, now: datetime, rules: Rules, *, watch_for: timedelta
) -> Decision:
    """The same as `decide` where the answer is to somebody's ask, which has the payment watched anew.

    Where the ask finds it paid, that is told of the payment as it was: late, if its watch was over.
    """
    if known is not None and (found := decide(known, answer, now, rules)).payment.settled:
        return found
    return decide(asked(known, payment_id, now, watch_for), answer, now, rules)


def decide(payment: Payment, answer: Answer, now: datetime, rules: Rules) -> Decision:
    """What an answer, got at `now`, makes of a payment. Total: every answer has a decision, none raises."""
    if payment.looked_at is not None and timedelta(0) < payment.looked_at - now <= OVERTAKEN_WITHIN:
        return _overtaken(payment, payment.looked_at, rules)
    match answer:
        case Statement():
            return _owing(payment, _stated(_well(payment, now), answer, now, rules))
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
    if payment.status is Status.WAITING or payment.second_read_due or payment.claim_until:
        return Decision(payment, look_again_at=looked_at + max(rules.first, SECOND_READ_AFTER))
    if payment.status is Status.FOLLOWING:
        return Decision(payment, look_again_at=_next_at_packages(payment, looked_at, rules))
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
        return _paid(payment, statement, now, rules)
    return _unproven(payment, statement, now, rules)


def _owing(before: Payment, decision: Decision) -> Decision:
    """Whoever asked while no answer could show the code that others were shown has no card of it yet."""
    after = decision.payment
    owed = not _is_clear(before) and _is_clear(after) and after.status is Status.WAITING and after.qr is not None
    return replace(decision, card_owed=True) if owed else decision


def _is_clear(payment: Payment) -> bool:
    return not (payment.failures or payment.oddity or payment.unproven_since)


def _well(payment: Payment, now: datetime) -> Payment:
    """After a usable answer. The watch's clock stood still while there was none, from the ask on at the earliest."""
    after = replace(payment, troubled_since=None, failures=0, looked_at=now)
    if payment.troubled_since is None:
        return after
    claim_until = payment.claim_until
    if claim_until:
        claim_until += _lost(payment.troubled_since, claim_until - CLAIM_FOR, now)
    closes_at = payment.closes_at + _lost(payment.troubled_since, payment.asked_at, now)
    return replace(after, closes_at=closes_at, claim_until=claim_until)


def _lost(troubled_since: datetime, began_at: datetime, now: datetime) -> timedelta:
    """How much of a span of time went by without answers."""
    return max(timedelta(0), now - max(troubled_since, began_at))


def _proven(payment: Payment, statement: Statement, verdict: Verdict, now: datetime) -> bool:
    """Whether a statement with code 0 makes the payment paid, alone or as the second of two equal reads."""
    second_read = (
        payment.unproven_since is not None
        and payment.unproven_digest == statement.digest
        and now - payment.unproven_since >= SECOND_READ_AFTER
    )
    at_shown_amount = payment.amount is None or statement.amount == payment.amount
    return second_read or (verdict is Verdict.PAID and at_shown_amount)


def _paid(payment: Payment, statement: Statement, now: datetime, rules: Rules) -> Decision:
    amount = payment.amount if statement.amount is None else statement.amount
    shown = _amount_shown(payment)
    shown = shown if shown != amount else None
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
        claim_until=None,
        closes_at=now + following.FOLLOWED_FOR,
    )
    after = replace(after, packages=following.as_listed(after.packages, afresh=payment.seen))
    decision = Decision(
        after,
        facts=(Paid(amount, now, shown, late),),
        alerts=(AlertPaid(amount, now, shown, late),),
        card_changed=True,
    )
    return _followed(decision, now, rules)


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
    after = _changed(
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
    if after.qr:
        after = _showing(after, after.qr)
        if told := _told_of_code(payment, after):
            facts.append(told)
    if fault and fault is not payment.withheld:
        facts.append(Withheld(fault))
    if payment.status is not Status.WAITING:
        facts.clear()  # whoever no longer watches hears of "paid" only; the card is still put right
    decision = _alerting(
        Decision(after, tuple(facts), card_changed=_face(after) != _face(payment)),
        AlertWithheld(fault) if fault else None,
    )
    return _continuing(decision, now, rules)


def _showing(payment: Payment, qr: str) -> Payment:
    """With the payload the chats are shown from now on, and whom it pays."""
    if qr == payment.shown_qr:
        return payment
    qris = parse(qr)
    payee, city = (qris.payee, qris.city) if qris else (None, None)
    return replace(payment, shown_qr=qr, payee=payee, city=city)


def _told_of_code(before: Payment, after: Payment) -> PaymentFact | None:
    """What is said of the code that is there now, measured by the last one that was."""
    if before.shown_qr is None:
        return None
    was = _amount_shown(before)
    if (before.shown_qr, was) != (after.qr, after.amount):
        return QrReplaced(was if was != after.amount else None)
    return None if before.qr else QrBack()


def _amount_shown(payment: Payment) -> int | None:
    """The amount of the last code that was shown: a code kept back since may have come with another."""
    qris = parse(payment.shown_qr) if payment.shown_qr else None
    return qris.amount if qris else payment.amount


def _odd(payment: Payment, oddity: Oddity, detail: str, now: datetime, rules: Rules) -> Decision:
    after = replace(payment, oddity=oddity, unproven_since=None, unproven_digest=None)
    return _continuing(_alerting(Decision(after), AlertOdd(oddity, detail)), now, rules)


def _after_paid(payment: Payment, statement: Statement, now: datetime, rules: Rules) -> Decision:
    """Paid is never left silently: a later "unpaid" is told to the operators, and the payment stays paid."""
    if verdict_on(statement) is Verdict.UNPAID:
        return _odd(payment, Oddity.UNPAID_AGAIN, statement.raw_code, now, rules)
    packages = following.merged(payment.packages, statement.packages)
    after = replace(payment, packages=packages, oddity=None)
    changed = [package.shown for package in packages] != [package.shown for package in payment.packages]
    return _followed(Decision(after, list_changed=changed), now, rules)


def _followed(decision: Decision, now: datetime, rules: Rules) -> Decision:
    """Adds what is new of the packages, and when to look at them again."""
    payment = decision.payment
    if payment.kind is not Kind.INSTANT or payment.status is Status.DONE or not payment.packages:
        return _continuing(decision, now, rules)
    packages, facts, alerts = following.news_of(payment.packages, now - (payment.paid_at or now))
    decision = replace(
        decision,
        payment=replace(payment, packages=packages, status=Status.FOLLOWING),
        facts=(*decision.facts, *facts),
        alerts=(*decision.alerts, *alerts),
    )
    return _continuing(decision, now, rules)


def _next_at_packages(payment: Payment, now: datetime, rules: Rules) -> datetime:
    waited = now - (payment.paid_at or now)
    next_look = now + following.next_look_in(payment.packages, waited, rules.first, rules.stretch)
    return max(min(next_look, payment.closes_at), now + rules.first)


def _missing(payment: Payment, now: datetime, rules: Rules) -> Decision:
    if payment.settled:
        return _continuing(Decision(payment), now, rules)
    if payment.seen:
        return _odd(payment, Oddity.VANISHED, "", now, rules)
    if payment.status not in LOOKED_AT:
        return Decision(payment)
    return Decision(replace(payment, status=Status.DROPPED, claim_until=None), facts=(NotFound(payment.id),))


def _troubled(payment: Payment, answer: Throttled | Refused | Unwell, now: datetime, rules: Rules) -> Decision:
    failures = payment.failures + 1
    after = replace(payment, failures=failures, troubled_since=payment.troubled_since or now)
    decision = Decision(after, alerts=(AlertKeyRefused(),) if isinstance(answer, Refused) else ())
    if payment.status not in LOOKED_AT and not payment.second_read_due:
        return decision
    # Closed payments are many and in no hurry: a long outage must not make them crowd out the watched ones.
    at_leisure = payment.status is Status.CLOSED and not payment.second_read_due and not payment.claim_until
    cap = HOURLY if at_leisure else TROUBLE_CAP
    if payment.status is Status.FOLLOWING:
        cap = following.CAP
    pause = min(rules.first * 2 ** min(failures, 10), max(cap, rules.first))
    if isinstance(answer, Throttled) and answer.retry_after is not None:
        # In this order `min` makes the cap of a NaN, too.
        told = max(0.0, min(RETRY_AFTER_CAP.total_seconds(), answer.retry_after))
        pause = max(rules.first, timedelta(seconds=told))
    return replace(decision, look_again_at=now + pause)


def _continuing(decision: Decision, now: datetime, rules: Rules) -> Decision:
    """Adds when to look again, ends a claim and closes a watch whose time is over."""
    payment = decision.payment
    if payment.status not in LOOKED_AT:
        return decision
    if payment.status is Status.FOLLOWING:
        if now >= payment.closes_at or following.are_final(payment.packages):
            # Nothing is promised any more.
            return replace(decision, payment=replace(payment, status=Status.DONE), list_changed=True)
        return replace(decision, look_again_at=_next_at_packages(payment, now, rules))
    if payment.claim_until and now >= payment.claim_until:
        decision = _claim_over(decision, now)
        payment = decision.payment
    if payment.status is Status.CLOSED and now >= payment.closes_at + LATE_FOR and not payment.claim_until:
        return replace(decision, payment=replace(payment, status=Status.DROPPED))
    closes = payment.status is Status.WAITING and now >= payment.closes_at
    if closes:
        payment = replace(payment, status=Status.CLOSED)
        closed = WatchClosed(now, unclear=payment.oddity is not None)
        decision = replace(decision, payment=payment, facts=(*decision.facts, closed), card_changed=True)
    if payment.status is Status.CLOSED and not payment.claim_until:
        # Called paid in other words than the last time: one more look tells whether they stay.
        pause = max(SECOND_READ_AFTER, rules.first) if closes and payment.second_read_due else HOURLY
        return replace(decision, look_again_at=now + pause)
    next_look = now + rules.interval(now - payment.fresh_since)
    # A look falls on the end of the claim and of the watch, but never closer to this one than POLL_FIRST.
    ends = [payment.claim_until] if payment.claim_until else []
    ends += [payment.closes_at] if payment.status is Status.WAITING else []
    return replace(decision, look_again_at=max(min(next_look, *ends), now + rules.first))


def _claim_over(decision: Decision, now: datetime) -> Decision:
    over = ClaimOver(now, unclear=decision.payment.oddity is not None)
    after = replace(decision, payment=replace(decision.payment, claim_until=None), facts=(*decision.facts, over))
    return _alerting(after, AlertClaim(now))


def _alerting(decision: Decision, alert: AlertOdd | AlertWithheld | AlertClaim | None) -> Decision:
    """Adds an alert the operators have not had for this payment yet."""
    match alert:
        case None:
            return decision
        case AlertOdd():
            name = f"odd:{alert.oddity}"
        case AlertWithheld():
            name = f"withheld:{alert.fault}"
        case _:
            name = "claim"
    if name in decision.payment.alerted:
        return decision
    payment = replace(decision.payment, alerted=decision.payment.alerted | {name})
    return replace(decision, payment=payment, alerts=(*decision.alerts, alert))


def _taking(payment: Payment, statement: Statement) -> Payment:
    return _changed(payment, seen=True, kind=statement.kind, packages=statement.packages or payment.packages)


def _changed(payment: Payment, **values: Any) -> Payment:
    """`replace`, but where nothing differs the same: most looks find nothing new, and a copy takes as long as all
    else that is decided."""
    differs = any(getattr(payment, name) != value for name, value in values.items())
    return replace(payment, **values) if differs else payment


def _face(payment: Payment) -> tuple[object, ...]:
    """What the picture depends on."""
    return (payment.settled, payment.qr, payment.amount, payment.withheld, payment.issued_at)
