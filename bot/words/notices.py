"""What a chat is told: every fact of a payment's story and every answer to an ask."""

from math import ceil
from typing import assert_never

from bot.core.facts import (
    AskedTooOften,
    ClaimOver,
    Confirming,
    Help,
    NoQrYet,
    NotAllowed,
    NotAnId,
    NotFound,
    NotShown,
    NotUnderstood,
    NotWatched,
    Paid,
    PaymentFact,
    ProviderUnwell,
    QrBack,
    QrReplaced,
    Reply,
    SameQr,
    StillUnpaid,
    Stopped,
    TooManyIds,
    Unclear,
    Usage,
    WatchClosed,
    Welcome,
    WentWrong,
    Withheld,
)
from bot.core.ids import MAX_IDS_AT_ONCE
from bot.core.message import Action, ActionButton, Keyboard, Message
from bot.core.payment import Payment, Status
from bot.words.markup import Html, lines, paragraphs
from bot.words.packages import with_packages
from bot.words.voice import Voice


def story(fact: PaymentFact, voice: Voice, payment: Payment | None, handle: str | None) -> Message:
    """A turn in a payment's story."""
    match fact:
        case Paid():
            return _paid(fact, voice, payment, handle)
        case QrReplaced():
            return Message(_replaced(fact, voice, payment))
        case QrBack():
            return _about("back.title", "back.text", voice, payment)
        case Withheld():
            return _about("withheld.title", "withheld.text", voice, payment)
        case NotFound():
            return Message(paragraphs(voice.say("not_found.title", id=fact.payment_id), voice.say("not_found.text")))
        case WatchClosed():
            title, why = _unrecorded(fact, voice)
            text = why or lines(voice.say("closed.text"), ask_again(voice, payment, handle))
            return Message(paragraphs(lines(title, id_line(payment, voice)), text), going_on(voice, handle))
        case ClaimOver():
            return Message(paragraphs(_unrecorded(fact, voice)[0], _proof(payment, voice), voice.say("claim.after")))
        case _ as never:
            assert_never(never)


def reply(fact: Reply, voice: Voice, payment: Payment | None, handle: str | None) -> Message:
    """An answer to somebody's ask."""
    match fact:
        case NoQrYet():
            return _about("no_qr.title", "no_qr.text", voice, payment)
        case NotShown():
            title = lines(voice.say("not_shown.title"), id_line(payment, voice))
            watched = voice.say("not_shown.watched") if payment else None
            return Message(paragraphs(title, voice.say("not_shown.text"), watched))
        case Confirming():
            return _about("confirming.title", "confirming.text", voice, payment)
        case Unclear():
            return _about("unclear.title", "unclear.text", voice, payment)
        case ProviderUnwell():
            return _about("unwell.title", "unwell.text", voice, payment)
        case StillUnpaid():
            title = voice.say("unpaid.title", time=voice.seconds(fact.checked_at))
            return Message(paragraphs(lines(title, id_line(payment, voice)), voice.say("unpaid.text")))
        case SameQr():
            title = voice.say("same.title", time=voice.seconds(fact.checked_at))
            return Message(paragraphs(lines(title, id_line(payment, voice)), voice.say("same.text")))
        case Stopped() | NotWatched():
            return _over(fact, voice, payment, handle)
        case NotAllowed() | AskedTooOften():
            return Message(_turned_away(fact, voice))
        case _:
            return Message(_guidance(fact, voice))


def _guidance(fact: Usage | NotAnId | TooManyIds | Welcome | Help | NotUnderstood | WentWrong, voice: Voice) -> Html:
    """How to use the bot, where no payment is meant yet."""
    match fact:
        case Usage():
            return voice.say("usage.text", command=fact.command)
        case NotAnId():
            return voice.say("not_an_id.text")
        case TooManyIds():
            return voice.count("too_many.text", fact.limit)
        case Welcome():
            hello = voice.say("welcome.hello_shop", name=voice.shop.name) if voice.shop.name else None
            return paragraphs(hello or voice.say("welcome.hello"), voice.say("welcome.text"))
        case Help():
            help_text = voice.say("help.text", limit=MAX_IDS_AT_ONCE)
            return paragraphs(help_text, voice.say("help.staff") if fact.for_staff else None)
        case NotUnderstood():
            return voice.say("not_understood.text")
        case WentWrong():
            return voice.say("wrong.text")
        case _ as never:
            assert_never(never)


def _turned_away(fact: NotAllowed | AskedTooOften, voice: Voice) -> Html:
    if isinstance(fact, NotAllowed):
        return paragraphs(voice.say("not_allowed.title", id=fact.payment_id), voice.say("not_allowed.text"))
    minutes = max(1, ceil((fact.until - voice.now).total_seconds() / 60))
    return voice.count("too_often.text", minutes, time=voice.time(fact.until), shop=voice.shop_html())


def _unrecorded(fact: WatchClosed | ClaimOver, voice: Voice) -> tuple[Html, Html | None]:
    """What the last look found; and what there is to say of it, where that was odd and thus not simply unpaid."""
    time = voice.seconds(fact.checked_at)
    if fact.unclear:
        return voice.say("closed.unclear_title", time=time), voice.say("closed.unclear_text")
    return voice.say("closed.title", time=time), None


def _proof(payment: Payment | None, voice: Voice) -> Html:
    """What the shop needs to find a payment by."""
    amount = voice.amount(payment.amount) if payment and payment.amount is not None else None
    return lines(
        voice.say("claim.send"),
        voice.say("claim.id", id=payment.id) if payment else None,
        voice.say("claim.amount", amount=amount) if amount else None,
        voice.say("claim.time"),
        voice.say("claim.proof"),
    )


def id_line(payment: Payment | None, voice: Voice) -> Html | None:
    """The payment's id, to be copied with a tap."""
    return voice.say("line.id", id=payment.id) if payment else None


def going_on(voice: Voice, handle: str | None) -> Keyboard:
    """The button that watches again; none without a watch."""
    return ((ActionButton(voice.plain("button.go_on"), Action.GO_ON, handle),),) if handle else ()


def ask_again(voice: Voice, payment: Payment | None, handle: str | None) -> Html:
    """How to have it watched again: the button where there is one, else the command."""
    if handle:
        return voice.say("next.go_on")
    return voice.say("next.ask_again", id=payment.id) if payment else voice.say("next.ask_anew")


def _about(title: str, text: str, voice: Voice, payment: Payment | None) -> Message:
    return Message(paragraphs(lines(voice.say(title), id_line(payment, voice)), voice.say(text)))


def _over(fact: Stopped | NotWatched, voice: Voice, payment: Payment | None, handle: str | None) -> Message:
    stopped = isinstance(fact, Stopped)
    title = voice.say("stopped.title") if stopped else voice.say("not_watched.title")
    text = voice.say("stopped.text") if stopped else voice.say("not_watched.text")
    head, body = lines(title, id_line(payment, voice)), lines(text, ask_again(voice, payment, handle))
    return Message(paragraphs(head, body), going_on(voice, handle))


def _paid(fact: Paid, voice: Voice, payment: Payment | None, handle: str | None) -> Message:
    if fact.already:
        title = _with_amount("already.title", "already.title_amount", fact.amount, voice)
        recorded = voice.say("already.recorded", time=voice.time(fact.recorded_at))
        advice = voice.say("already.advice")
    else:
        title = _with_amount("paid.title", "paid.title_amount", fact.amount, voice)
        recorded = voice.say("paid.recorded", time=voice.time(fact.recorded_at))
        advice = voice.say("paid.advice")
    differs = fact.shown_amount is not None and fact.shown_amount != fact.amount
    head = paragraphs(
        lines(title, id_line(payment, voice), recorded),
        voice.say("paid.late") if fact.late else None,
        voice.say("paid.other_amount", shown=voice.amount(fact.shown_amount or 0)) if differs else None,
        advice,
    )
    if payment is None:
        return Message(head)
    html, keyboard = with_packages(head, payment.packages, voice, followed=payment.status is not Status.DONE)
    if payment.packages and handle:
        keyboard = (*keyboard, (ActionButton(voice.plain("button.buyer"), Action.BUYER, handle),))
    return Message(html, keyboard)


def _with_amount(bare: str, full: str, amount: int | None, voice: Voice) -> Html:
    return voice.say(bare) if amount is None else voice.say(full, amount=voice.amount(amount))


def _replaced(fact: QrReplaced, voice: Voice, payment: Payment | None) -> Html:
    amount = None
    if fact.amount_was is not None and payment and payment.amount is not None and payment.amount != fact.amount_was:
        amount = voice.say("replaced.amount", now=voice.amount(payment.amount), was=voice.amount(fact.amount_was))
    elif fact.amount_was is not None:
        amount = voice.say("replaced.amount_was", was=voice.amount(fact.amount_was))
    return paragraphs(
        lines(voice.say("replaced.title"), id_line(payment, voice)), lines(amount, voice.say("replaced.text"))
    )
