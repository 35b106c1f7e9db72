"""Somebody wants to know how a payment stands, and no more: a fresh look, told once, without a watch."""

from dataclasses import replace
from datetime import datetime

from bot.core.alerts import AlertPaid
from bot.core.answer import Answer
from bot.core.commands import Standing, StatusTold
from bot.core.facts import Confirming, NoQrYet, NotFound, Paid, ProviderUnwell, Reply, Unclear, Withheld
from bot.core.ids import kind_of
from bot.core.payment import Payment, Rules, Status, decide, reply_to_ask
from bot.core.watch import Place, WatchState
from bot.flows.announce import Operators, announce
from bot.storage import payments, watches
from bot.storage.engine import Tx


async def take_status(
    tx: Tx, payment_id: str, answer: Answer, now: datetime, rules: Rules, operators: Operators, place: Place
) -> StatusTold | Paid | NotFound | None:
    """Takes a look's answer in, for all who watch, and says what to tell `place`: None where it hears it anyway.

    A payment that nobody asked to watch is kept as one at rest: its packages may be asked for by their AWB.
    """
    known = await payments.load(tx, payment_id)
    before = known or Payment(payment_id, kind_of(payment_id), Status.STOPPED, asked_at=now, closes_at=now)
    decision = decide(before, answer, now, rules)
    payment = decision.payment
    watch = await watches.at(tx, payment_id, place)
    watched = watch is not None and watch.state is WatchState.ACTIVE
    if known is None:
        # That it was paid is news to nobody here.
        alerts = tuple(alert for alert in decision.alerts if not isinstance(alert, AlertPaid))
        decision = replace(decision, alerts=alerts)
    if known is not None or payment.seen:
        is_new = payments.is_surely_new(tx, known)
        await announce(tx, decision, now, operators, answered=place, is_new=is_new)
    reply = reply_to_ask(payment, answer)
    if isinstance(reply, Paid | NotFound):
        return None if watched and decision.facts else reply
    return StatusTold(payment_id, _standing(reply), now, payment.amount, watched and not payment.settled)


def _standing(reply: Withheld | Reply | None) -> Standing:
    match reply:
        case None:
            return Standing.UNPAID
        case NoQrYet():
            return Standing.NO_QR
        case Withheld():
            return Standing.WITHHELD
        case Confirming():
            return Standing.CONFIRMING
        case Unclear():
            return Standing.UNCLEAR
        case ProviderUnwell():
            return Standing.UNWELL
        case _:
            raise ValueError(f"{type(reply).__name__} is no answer to an ask")
