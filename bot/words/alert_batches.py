"""Many alerts of one sort as one message: how many, each by its payment, and what to do."""

from collections.abc import Sequence
from typing import Final

from bot.core.alerts import Alert, AlertClaim, AlertGuessing, AlertOdd, AlertPaid, AlertUnhandled, AlertWithheld
from bot.core.connections import AlertUndeliverable
from bot.core.journey import AlertNoDriver, AlertPackageTrouble
from bot.core.message import Message
from bot.core.payment import Payment
from bot.words.markup import Html, clean, lines
from bot.words.news import no_driver_advice
from bot.words.packages import status_words
from bot.words.voice import Voice

_ORDER_LIMIT: Final = 24

Alike = Sequence[tuple[Alert, Payment | None]]
"""Alerts of one sort (`core.alerting.sort_of`), at most `MOST_TOGETHER`, each with its payment."""


def together(alike: Alike, voice: Voice) -> Message:
    """One message for all."""
    rows = [_row(fact, payment, voice) for fact, payment in alike]
    return Message(lines(*_head(alike, voice), *rows, _advice(alike, voice)))


def _head(alike: Alike, voice: Voice) -> tuple[Html, ...]:
    first, n = alike[0][0], len(alike)
    match first:
        case AlertPaid():
            total = sum(fact.amount or 0 for fact, _ in alike if isinstance(fact, AlertPaid))
            return (voice.count("alerts.paid", n, total=voice.amount(total)),)
        case AlertOdd(oddity=oddity):
            return voice.count("alerts.odd", n), voice.say(f"odd.{oddity}")
        case AlertWithheld(fault=fault):
            return voice.count("alerts.withheld", n), voice.say(f"fault.{fault}")
        case AlertNoDriver(minutes=minutes):
            return (voice.count("alerts.no_driver", n, minutes=minutes),)
        case _:
            return (voice.count(_title(first), n),)


def _title(first: Alert) -> str:
    match first:
        case AlertClaim():
            return "alerts.claims"
        case AlertPackageTrouble():
            return "alerts.packages"
        case AlertUndeliverable():
            return "alerts.undeliverable"
        case AlertGuessing():
            return "alerts.guessing"
        case AlertUnhandled():
            return "alerts.unhandled"
        case _:
            raise ValueError(f"{type(first).__name__} stands alone")


def _row(fact: Alert, payment: Payment | None, voice: Voice) -> Html:
    match fact:
        case AlertGuessing(who=number) | AlertUnhandled(update_id=number):
            return voice.say("alerts.number", number=str(number))
        case AlertPaid():
            return _paid(fact, payment, voice)
        case AlertUndeliverable(chat_id=chat_id):
            return voice.say("alerts.not_told", named=_named(payment, voice), chat=str(chat_id))
        case AlertOdd(detail=detail) if detail:
            return voice.say("alerts.with_detail", named=_named(payment, voice), detail=detail)
        case AlertPackageTrouble(mishaps=mishaps):
            named = voice.say(
                "alerts.with_status",
                id=payment.id if payment else "–",
                order=clean(mishaps[0].order_id, _ORDER_LIMIT),
                status=status_words(mishaps[0].code, voice),
                code=str(mishaps[0].code),
            )
            return Html(f"{named} +{len(mishaps) - 1}") if len(mishaps) > 1 else named
        case _:
            return _named(payment, voice)


def _paid(fact: AlertPaid, payment: Payment | None, voice: Voice) -> Html:
    amount = payment.amount if payment and fact.amount is None else fact.amount
    said = _named(payment, voice, amount)
    if fact.shown_amount not in {None, fact.amount}:
        said = voice.say("alerts.other_amount", named=said, shown=voice.amount(fact.shown_amount or 0))
    return voice.say("alerts.late", named=said) if fact.late else said


def _named(payment: Payment | None, voice: Voice, amount: int | None = None) -> Html:
    """Id and amount, a line."""
    if payment is None:
        return voice.say("alerts.unknown")
    known = payment.amount if amount is None else amount
    if known is None:
        return voice.say("alerts.number", number=payment.id)
    return voice.say("alerts.row", id=payment.id, amount=voice.amount(known))


def _advice(alike: Alike, voice: Voice) -> Html | None:
    first = alike[0][0]
    match first:
        case AlertPaid():
            any_late = any(isinstance(fact, AlertPaid) and fact.late for fact, _ in alike)
            return voice.say("alert.late") if any_late else None
        case AlertOdd():
            settled = any(payment is not None and payment.settled for _, payment in alike)
            return voice.say("alert.odd_paid_do") if settled else voice.say("alert.odd_do")
        case AlertWithheld():
            return voice.say("alert.withheld_do")
        case AlertClaim():
            return voice.say("alert.claim_do")
        case AlertPackageTrouble():
            return voice.say("alert.package_do")
        case AlertNoDriver(minutes=minutes):
            return no_driver_advice(minutes, voice)
        case AlertUndeliverable():
            return voice.say("alert.undeliverable_do")
        case _:
            return None
