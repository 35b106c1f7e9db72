"""Applies a decision: the payment's new state and the outbox rows that follow from it, in the caller's transaction."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from bot.core.facts import (
    Alert,
    AlertKeyRefused,
    AlertOdd,
    AlertPaid,
    AlertUnhandled,
    AlertWithheld,
    NotFound,
    Paid,
    PaymentFact,
    QrReplaced,
    WatchClosed,
    Withheld,
)
from bot.core.payment import Decision
from bot.core.watch import Place, Watch, WatchState
from bot.storage import outbox, payments, watches
from bot.storage.engine import Tx


@dataclass(frozen=True, slots=True)
class Operators:
    """Where alerts go, and in which language."""

    places: tuple[Place, ...]
    locale: str


async def announce(
    tx: Tx, decision: Decision, now: datetime, operators: Operators, *, answered: Place | None = None
) -> bool:
    """Saves the payment and writes what its watching chats and the operators are to be told.

    `answered` is a place that is about to hear the same as the answer to its ask. True when something is to be
    delivered.
    """
    payment = decision.payment
    await payments.save(tx, payment, decision.look_again_at)
    if not (decision.facts or decision.alerts or decision.card_changed):
        return False
    watching = await watches.of_payment(tx, payment.id, [WatchState.ACTIVE])
    if decision.card_changed:
        for watch in watching:
            await outbox.put_card(tx, watch, now)
    for fact in decision.facts:
        for watch in watching:
            await _tell(tx, watch, fact, now)
    told = {watch.place for watch in watching} | ({answered} if answered else set())
    for alert in decision.alerts:
        await alert_operators(tx, alert, now, operators, payment_id=payment.id, told=told)
    return True


async def alert_operators(
    tx: Tx,
    alert: Alert,
    now: datetime,
    operators: Operators,
    *,
    payment_id: str | None = None,
    told: Collection[Place] = (),
) -> None:
    """Writes an alert to each place of the operators, but for one that watches the payment and hears it anyway."""
    hear_it_anyway = told if isinstance(alert, AlertPaid) else ()
    for place in operators.places:
        if place not in hear_it_anyway:
            key = f"ops:{_alert_key(alert, payment_id, now)}:{place.chat_id}:{place.topic_id or 0}"
            await outbox.put_notice(tx, key, place, alert, locale=operators.locale, now=now, payment_id=payment_id)


async def _tell(tx: Tx, watch: Watch, fact: PaymentFact, now: datetime) -> None:
    await outbox.put_notice(
        tx,
        f"{_fact_key(fact, now)}:{watch.id}",
        watch.place,
        fact,
        locale=watch.locale,
        now=now,
        payment_id=watch.payment_id,
        watch_id=watch.id,
    )
    if isinstance(fact, Paid):
        await watches.set_state(tx, watch.id, WatchState.TOLD)
    elif isinstance(fact, NotFound):
        await watches.set_state(tx, watch.id, WatchState.ENDED)


def _fact_key(fact: PaymentFact, now: datetime) -> str:
    """Paid happens once for each watch, ever; the others may come again."""
    match fact:
        case Paid():
            return "paid"
        case QrReplaced() | Withheld() | NotFound() | WatchClosed():
            return f"{type(fact).__name__.lower()}:{now.timestamp():.6f}"
        case _:
            assert_never(fact)


def _alert_key(alert: Alert, payment_id: str | None, now: datetime) -> str:
    match alert:
        case AlertPaid():
            return f"paid:{payment_id}"
        case AlertOdd(oddity=oddity):
            return f"odd:{oddity}:{payment_id}"
        case AlertWithheld(fault=fault):
            return f"withheld:{fault}:{payment_id}"
        case AlertKeyRefused():
            # Once an hour: every look finds the same.
            return f"key_refused:{now:%Y%m%d%H}"
        case AlertUnhandled(update_id=update_id):
            return f"unhandled:{update_id}"
        case _:
            assert_never(alert)
