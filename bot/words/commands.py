"""Answers to the commands beside `/pay`: how a payment stands, what is watched, the language, the ids."""

from collections.abc import Sequence
from typing import Final, assert_never

from bot.core.alerting import Switches
from bot.core.commands import (
    AlertsHere,
    AskedLongAgo,
    CommandReply,
    Greeting,
    Ids,
    LanguageSet,
    LanguageUsage,
    MayNotChoose,
    MayNotStop,
    MayNotSwitch,
    OpenPayments,
    Standing,
    StatusTold,
    Total,
)
from bot.core.message import THIS_MESSAGE, Action, ActionButton, Keyboard, Message
from bot.core.payment import Payment
from bot.core.watch import Watch
from bot.words.markup import Html, clean, lines, paragraphs
from bot.words.switches import switches_here
from bot.words.voice import Voice

OpenHere = Sequence[tuple[Watch, Payment]]
"""What a place watches, oldest ask first."""

_LISTED: Final = 20


def command_reply(fact: CommandReply, voice: Voice, open_here: OpenHere, switches: Switches) -> Message:
    """An answer to a command."""
    match fact:
        case StatusTold():
            return Message(_status(fact, voice))
        case OpenPayments():
            return _open_payments(open_here, voice)
        case AlertsHere():
            return switches_here(switches, voice)
        case AskedLongAgo():
            show = ActionButton(voice.plain("button.show"), Action.SHOW, THIS_MESSAGE)
            text = voice.say("late.text", id=fact.payment_id, time=voice.time(fact.asked_at))
            return Message(text, ((show,),))
        case Ids():
            return Message(_ids(fact, voice))
        case Total():
            return Message(voice.count("total.text", fact.payments, amount=voice.amount(fact.amount)))
        case _:
            return Message(voice.say(_sentence(fact)))


def _sentence(fact: MayNotStop | MayNotSwitch | LanguageSet | LanguageUsage | MayNotChoose | Greeting) -> str:
    match fact:
        case MayNotStop():
            return "may_not_stop.text"
        case MayNotSwitch():
            return "alerts.not_yours"
        case LanguageSet():
            return "language.set"
        case LanguageUsage():
            return "language.usage"
        case MayNotChoose():
            return "language.not_yours"
        case Greeting():
            return "greeting.text"
        case _ as never:
            assert_never(never)


def _status(fact: StatusTold, voice: Voice) -> Html:
    standing = fact.standing
    time = voice.seconds(fact.checked_at)
    if standing is Standing.UNPAID:
        title = voice.say("unpaid.title", time=time)
    else:
        title = lines(voice.say(f"{standing}.title"), voice.say("standing.checked", time=time))
    named = voice.say("line.id", id=fact.payment_id)
    if fact.amount is not None:
        named = voice.say("line.id_amount", id=fact.payment_id, amount=voice.amount(fact.amount))
    follow = voice.say("standing.watched") if fact.watched else voice.say("standing.not_watched", id=fact.payment_id)
    return paragraphs(lines(title, named), lines(voice.say(f"standing.{standing}"), follow))


def _open_payments(open_here: OpenHere, voice: Voice) -> Message:
    if not open_here:
        return Message(voice.say("watching.none"))
    listed = open_here[:_LISTED]
    more = len(open_here) - len(listed)
    html = paragraphs(
        voice.count("watching.title", len(open_here)),
        lines(*(_line(number, *one, voice) for number, one in enumerate(listed, 1))),
        voice.count("watching.more", more) if more else None,
        voice.say("watching.hint"),
    )
    return Message(html, _stop_buttons(listed, voice))


def _line(number: int, watch: Watch, payment: Payment, voice: Voice) -> Html:
    time = voice.time(watch.asked_at)
    if payment.amount is None:
        return voice.say("watching.line_bare", number=number, id=payment.id, time=time)
    return voice.say("watching.line", number=number, id=payment.id, amount=voice.amount(payment.amount), time=time)


def _stop_buttons(listed: OpenHere, voice: Voice) -> Keyboard:
    buttons = [
        ActionButton(voice.plain("button.stop_one", number=n, end=clean(payment.id)[-4:]), Action.STOP, watch.handle)
        for n, (watch, payment) in enumerate(listed, 1)
    ]
    return tuple(tuple(buttons[start : start + 2]) for start in range(0, len(buttons), 2))


def _ids(fact: Ids, voice: Voice) -> Html:
    return lines(
        voice.say("ids.chat", id=str(fact.chat_id)),
        None if fact.topic_id is None else voice.say("ids.topic", id=str(fact.topic_id)),
        None if fact.person_id is None else voice.say("ids.person", id=str(fact.person_id)),
    )
