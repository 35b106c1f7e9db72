"""Applies a decision: the payment's new state and the outbox rows that follow from it, in the caller's transaction."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from bot.core.callbacks import AlertNotForwarded
from bot.core.facts import (
    Alert,
    AlertClaim,
    AlertGuessing,
    AlertKeyRefused,
    AlertOdd,
    AlertPaid,
    AlertUnhandled,
    AlertWithheld,
    ClaimOver,
    NotFound,
    Paid,
    PaymentFact,
    QrBack,
    QrReplaced,
    WatchClosed,
    Withheld,
)
from bot.core.journey import (
    AlertNoDriver,
    AlertPackageTrouble,
    Arrived,
    DriverComing,
    NoDriver,
    PackageFact,
    PackageFailed,
    PackageTrouble,
    PickedUp,
)
from bot.core.payment import Decision
from bot.core.watch import Place, Watch, WatchState
from bot.storage import ledger, lists, outbox, payments, watches
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
    if not (decision.facts or decision.alerts or decision.card_changed or decision.list_changed):
        return False
    watching = await watches.of_payment(tx, payment.id, [WatchState.ACTIVE])
    if decision.card_changed:
        # The card shows all that the ledger has to know: the amount, and that it is paid.
        await ledger.note(tx, payment)
        for watch in watching:
            await outbox.put_card(tx, watch, now)
    # Those that were told "paid", and those that are now, below.
    following = [*await watches.of_payment(tx, payment.id, [WatchState.TOLD]), *watching] if payment.settled else []
    if decision.list_changed:
        for watch in following:
            await lists.put_list(tx, watch, now)
    for fact in decision.facts:
        for watch in following if isinstance(fact, PackageFact) else watching:
            if not await _concerns(tx, watch, fact):
                continue
            await _tell(tx, watch, fact, now)
    told = {watch.place for watch in following or watching} | ({answered} if answered else set())
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
    hear_it_anyway = told if isinstance(alert, AlertPaid | AlertPackageTrouble | AlertNoDriver) else ()
    for place in operators.places:
        if place not in hear_it_anyway:
            key = f"ops:{_alert_key(alert, payment_id, now)}:{place.chat_id}:{place.topic_id or 0}"
            await outbox.put_notice(tx, key, place, alert, locale=operators.locale, now=now, payment_id=payment_id)


async def _concerns(tx: Tx, watch: Watch, fact: PaymentFact | PackageFact) -> bool:
    """Whether a watching chat is to be told: of another code where it was shown one, of a claim where it made it."""
    match fact:
        case QrReplaced() | QrBack():
            return watch.card_message_id is not None or await outbox.may_show(tx, watch)
        case ClaimOver():
            return watch.claimed_at is not None
        case _:
            return True


async def _tell(tx: Tx, watch: Watch, fact: PaymentFact | PackageFact, now: datetime) -> None:
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
    elif isinstance(fact, ClaimOver):
        await watches.note_claim(tx, watch.id, None)


def _fact_key(fact: PaymentFact | PackageFact, now: datetime) -> str:
    """Paid happens once for each watch, ever; the others may come again."""
    match fact:
        case Paid():
            return "paid"
        case QrReplaced() | QrBack() | Withheld() | NotFound() | WatchClosed() | ClaimOver():
            return f"{type(fact).__name__.lower()}:{now.timestamp():.6f}"
        case DriverComing() | PickedUp() | Arrived() | PackageTrouble() | PackageFailed():
            # Each kind once a look; that each is told once a package is kept with the package.
            return f"{type(fact).__name__.lower()}:{now.timestamp():.6f}"
        case NoDriver(minutes=minutes):
            return f"nodriver:{minutes}:{now.timestamp():.6f}"
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
        case AlertClaim():
            return f"claim:{payment_id}"
        case AlertPackageTrouble(mishaps=mishaps):
            return f"package:{mishaps[0].code}:{payment_id}:{now.timestamp():.6f}"
        case AlertNoDriver(minutes=minutes):
            return f"nodriver:{minutes}:{payment_id}:{now.timestamp():.6f}"
        case AlertKeyRefused() | AlertGuessing() | AlertUnhandled() | AlertNotForwarded():
            return _key_of_no_payment(alert, now)
        case _:
            assert_never(alert)


def _key_of_no_payment(
    alert: AlertKeyRefused | AlertGuessing | AlertUnhandled | AlertNotForwarded, now: datetime
) -> str:
    match alert:
        case AlertKeyRefused():
            # Once an hour: every look finds the same.
            return f"key_refused:{now:%Y%m%d%H}"
        case AlertGuessing(who=who):
            return f"guessing:{who}:{now:%Y%m%d}"
        case AlertNotForwarded():
            # Once a day: a receiver that is away misses all that comes.
            return f"not_forwarded:{now:%Y%m%d}"
        case AlertUnhandled(update_id=update_id):
            return f"unhandled:{update_id}"
        case _:
            assert_never(alert)
