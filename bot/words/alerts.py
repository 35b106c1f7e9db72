"""What the operators are told. Compact: what happened, to which payment, what to do. Nothing personal."""

from typing import assert_never

from bot.core.access import GUESSES, GUESSES_WITHIN, WAIT
from bot.core.alerts import Alert, AlertClaim, AlertGuessing, AlertOdd, AlertPaid, AlertUnhandled, AlertWithheld
from bot.core.answer import Oddity
from bot.core.connections import (
    AlertKeyRefused,
    AlertKeyWorks,
    AlertMissed,
    AlertNotForwarded,
    AlertOtherPoller,
    AlertProviderBack,
    AlertProviderDown,
    AlertUndeliverable,
)
from bot.core.journey import AlertNoDriver, AlertPackageTrouble
from bot.core.message import Message
from bot.core.payment import Payment
from bot.words.markup import Html, lines
from bot.words.news import package_alert
from bot.words.notices import id_line
from bot.words.voice import Voice


def alert(fact: Alert, voice: Voice, payment: Payment | None) -> Message:
    """An alert as a message to an ops chat."""
    match fact:
        case AlertPaid():
            return Message(_paid(fact, voice, payment))
        case AlertOdd():
            return Message(_odd(fact, voice, payment))
        case AlertWithheld():
            title, why = voice.say("alert.withheld"), voice.say(f"fault.{fact.fault}")
            return Message(lines(title, _payment_line(payment, voice), why, voice.say("alert.withheld_do")))
        case AlertClaim():
            title = voice.say("alert.claim", time=voice.seconds(fact.checked_at))
            return Message(lines(title, _payment_line(payment, voice), voice.say("alert.claim_do")))
        case AlertPackageTrouble() | AlertNoDriver():
            return package_alert(fact, voice, payment, _payment_line(payment, voice))
        case AlertUndeliverable():
            told = voice.say("alert.undeliverable_chat", chat=str(fact.chat_id))
            do = voice.say("alert.undeliverable_do")
            return Message(lines(voice.say("alert.undeliverable"), _payment_line(payment, voice), told, do))
        case (
            AlertKeyRefused() | AlertKeyWorks() | AlertProviderDown() | AlertProviderBack() | AlertOtherPoller()
            | AlertMissed() | AlertNotForwarded()
        ):  # fmt: skip
            return Message(_connection(fact, voice))
        case AlertGuessing() | AlertUnhandled():
            return Message(_aside(fact, voice))
        case _ as never:
            assert_never(never)


def _aside(fact: AlertGuessing | AlertUnhandled, voice: Voice) -> Html:
    match fact:
        case AlertGuessing():
            within, wait = GUESSES_WITHIN.total_seconds() // 60, WAIT.total_seconds() // 60
            return voice.say("alert.guessing", who=str(fact.who), count=GUESSES, within=int(within), wait=int(wait))
        case AlertUnhandled():
            # Not a number of the reader's language: it is looked up in the database as it stands.
            return voice.say("alert.unhandled", update=str(fact.update_id))
        case _ as never:
            assert_never(never)


def _connection(
    fact: AlertKeyRefused | AlertKeyWorks | AlertProviderDown | AlertProviderBack | AlertOtherPoller | AlertMissed
    | AlertNotForwarded,
    voice: Voice,
) -> Html:  # fmt: skip
    match fact:
        case AlertKeyRefused():
            return voice.say("alert.key_refused")
        case AlertKeyWorks():
            return voice.say("alert.key_works")
        case AlertProviderDown(since=since, only=only):
            if only:
                return voice.say("alert.down_one", kind=only.capitalize(), time=voice.time(since))
            return voice.say("alert.down", time=voice.time(since))
        case AlertProviderBack(since=since, back_at=back_at, waited=waited, only=only):
            minutes = max(1, round((back_at - since).total_seconds() / 60))
            took = voice.count("alert.took", minutes)
            name = f"KiriminAja {only.capitalize()}" if only else "KiriminAja"
            title = voice.say("alert.back", name=name, time=voice.time(since), took=took)
            return lines(title, voice.count("alert.waited", waited), voice.say("alert.back_do"))
        case AlertMissed():
            return voice.say("alert.missed")
        case AlertOtherPoller():
            return voice.say("alert.other_poller")
        case AlertNotForwarded():
            return voice.say("alert.not_forwarded", problem=fact.problem)
        case _ as never:
            assert_never(never)


def _paid(fact: AlertPaid, voice: Voice, payment: Payment | None) -> Html:
    time = voice.time(fact.recorded_at)
    if fact.amount is None:
        title = voice.say("alert.paid", time=time)
    else:
        title = voice.say("alert.paid_amount", amount=voice.amount(fact.amount), time=time)
    differs = fact.shown_amount is not None and fact.shown_amount != fact.amount
    return lines(
        title,
        id_line(payment, voice),
        voice.say("alert.late") if fact.late else None,
        voice.say("alert.other_amount", shown=voice.amount(fact.shown_amount or 0)) if differs else None,
    )


def _odd(fact: AlertOdd, voice: Voice, payment: Payment | None) -> Html:
    after_paid = fact.oddity is Oddity.UNPAID_AGAIN or (payment is not None and payment.settled)
    return lines(
        voice.say("alert.odd"),
        _payment_line(payment, voice),
        voice.say(f"odd.{fact.oddity}"),
        voice.say("alert.detail", detail=fact.detail) if fact.detail else None,
        voice.say("alert.odd_paid_do") if after_paid else voice.say("alert.odd_do"),
    )


def _payment_line(payment: Payment | None, voice: Voice) -> Html | None:
    """Id and amount."""
    if payment is None or payment.amount is None:
        return id_line(payment, voice)
    return voice.say("line.id_amount", id=payment.id, amount=voice.amount(payment.amount))
