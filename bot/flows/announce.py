"""Applies a decision: the payment's new state and the outbox rows that follow from it, in the caller's transaction."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never

from bot.core.alerting import AlertKind, kind_of
from bot.core.alerts import Alert, AlertPaid
from bot.core.connections import AlertUndeliverable
from bot.core.facts import ClaimOver, NotFound, Paid, PaymentFact, QrBack, QrReplaced, WatchClosed, Withheld
from bot.core.journey import (
    AlertPackageTrouble,
    Arrived,
    DriverComing,
    NoDriver,
    PackageFact,
    PackageFailed,
    PackageTrouble,
    PickedUp,
)
from bot.core.payment import Decision, Status
from bot.core.watch import Place, Watch, WatchState
from bot.flows.alert_keys import key_at, key_of
from bot.storage import alerts, ledger, lists, outbox, payments, shown, watches
from bot.storage.engine import Tx


@dataclass(frozen=True, slots=True)
class Operators:
    """Where alerts go by the settings, and in which language."""

    places: tuple[Place, ...]
    locale: str
    gather: timedelta = timedelta(seconds=2)
    """How long an alert waits for others of its sort."""


async def announce(
    tx: Tx,
    decision: Decision,
    now: datetime,
    operators: Operators,
    *,
    answered: Place | None = None,
    is_new: bool = False,
) -> bool:
    """Saves the payment and writes what its watching chats and the operators are to be told.

    `answered` is a place that is about to hear the same as the answer to its ask. `is_new`: whether it was surely not
    there before (`payments.is_surely_new`), so that nobody watches it yet. True when something is to be delivered.
    """
    payment = decision.payment
    await payments.save(tx, payment, decision.look_again_at, is_new=is_new)
    about = (decision.facts, decision.alerts, decision.card_changed, decision.card_owed, decision.list_changed)
    if not any(about):
        return False
    watching = [] if is_new else await watches.of_payment(tx, payment.id, [WatchState.ACTIVE])
    if decision.card_changed:
        # The card shows all that the ledger has to know: the amount, and that it is paid.
        await ledger.note(tx, payment)
    await _renew_cards(tx, decision, watching, now)
    # Those that were told "paid", and those that are now, below.
    told_before = await watches.of_payment(tx, payment.id, [WatchState.TOLD]) if payment.settled and not is_new else []
    following = [*told_before, *watching] if payment.settled else []
    if decision.list_changed:
        for watch in following:
            await lists.put_list(tx, watch, now)
    staffed = await _staffed(tx, decision, operators)
    for fact in decision.facts:
        for watch in following if isinstance(fact, PackageFact) else watching:
            as_operators = isinstance(fact, NoDriver) and watch.place in staffed
            if not as_operators and await _concerns(tx, watch, fact):
                await _tell(tx, watch, fact, now)
    told = {watch.place for watch in following or watching} | ({answered} if answered else set())
    for alert in decision.alerts:
        await alert_operators(tx, alert, now, operators, payment_id=payment.id, told=told)
    return True


async def _renew_cards(tx: Tx, decision: Decision, watching: Sequence[Watch], now: datetime) -> None:
    """All that are out of date, or those of the chats that have none and are owed one. A code for a payment that is no
    longer watched is put right where it stands; nobody is sent one."""
    is_over = decision.payment.status is not Status.WAITING and not decision.payment.settled
    for watch in watching:
        has_none = watch.card_message_id is None
        if decision.card_changed and is_over and has_none and not await shown.may_show(tx, watch):
            continue
        if decision.card_changed or (decision.card_owed and has_none):
            await outbox.put_card(tx, watch, now)


async def alert_operators(
    tx: Tx,
    alert: Alert,
    now: datetime,
    operators: Operators,
    *,
    payment_id: str | None = None,
    told: Collection[Place] = (),
) -> None:
    """Writes an alert to each place that hears its kind, but for one that watches the payment and hears it anyway."""
    about = await key_of(tx, alert, payment_id, now)
    for place in await alerts.listening(tx, operators.places, kind_of(alert)):
        if not _is_needless(alert, place, told):
            await outbox.put_notice(
                tx,
                key_at(about, place),
                place,
                alert,
                locale=operators.locale,
                now=now,
                payment_id=payment_id,
                gather=operators.gather,
            )


def _is_needless(alert: Alert, place: Place, told: Collection[Place]) -> bool:
    """Whether a place hears it anyway, or is the very one that can't be told anything."""
    if isinstance(alert, AlertUndeliverable):
        return place.chat_id == alert.chat_id
    return isinstance(alert, AlertPaid | AlertPackageTrouble) and place in told


async def _staffed(tx: Tx, decision: Decision, operators: Operators) -> Collection[Place]:
    """Places that hear of a missing driver as operators: what the shop can do, and not to ask the shop."""
    if not any(isinstance(fact, NoDriver) for fact in decision.facts):
        return ()
    return await alerts.listening(tx, operators.places, AlertKind.PACKAGES)


async def _concerns(tx: Tx, watch: Watch, fact: PaymentFact | PackageFact) -> bool:
    """Whether a watching chat is to be told: of another code where it was shown one, of a claim where it made it."""
    match fact:
        case QrReplaced() | QrBack():
            return watch.card_message_id is not None or await shown.may_show(tx, watch)
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
