"""The card: the caption and buttons under a chat's one picture of a payment, and the strings drawn in it."""

from dataclasses import dataclass
from typing import assert_never

from bot.core.message import Action, ActionButton, Button, CopyButton, Keyboard, Message
from bot.core.payment import Payment, Status
from bot.core.qris import Qris, parse
from bot.core.watch import WITHDRAWN, Face
from bot.words.markup import Html, clean, lines, paragraphs
from bot.words.notices import ask_again, going_on, id_line
from bot.words.voice import Voice


@dataclass(frozen=True, slots=True)
class CardStrings:
    """Everything written in the picture, as plain text; None where there is nothing to write."""

    title: str
    payment_id: str
    amount: str | None
    payee: str | None
    city: str | None
    issued: str | None
    scan: str | None
    shop: str | None
    mark: str | None
    """The receipt's one word; only ever there for a payment that is paid."""
    recorded: str | None
    withdrawn: str | None
    """In large letters, where a code was taken away; `caution` is the line below."""
    caution: str | None = None
    part: str | None = None
    """As "1/2", where several were asked for at once."""


def caption(
    payment: Payment,
    face: Face,
    voice: Voice,
    handle: str,
    part: str | None = None,
    *,
    in_group: bool = False,
    paying: Html | None = None,
) -> Message:
    """Caption and buttons; `paying` says who pays it. Raises ValueError when a receipt is asked for what is not
    paid."""
    match face:
        case Face.QR:
            return Message(_qr(payment, voice, part, paying), _qr_keyboard(payment, voice, handle, in_group))
        case Face.RECEIPT:
            return Message(_receipt(payment, voice), _rows(_copy(payment, voice)))
        case Face.WITHHELD:
            head, text = voice.say("withheld.title"), voice.say("withheld.text")
            return _withdrawn(head, text, payment, voice, handle)
        case Face.GONE:
            head, text = voice.say("gone.title"), voice.say("gone.text")
            return _withdrawn(head, text, payment, voice, handle)
        case Face.STOPPED:
            return _stopped(payment, voice, handle)
        case _ as never:
            assert_never(never)


def strings(payment: Payment, face: Face, voice: Voice) -> CardStrings:
    """What is drawn. Raises ValueError when a receipt is asked for what is not paid."""
    receipt = face is Face.RECEIPT
    if receipt:
        _insist_on_paid(payment)
    qris = parse(payment.qr) if payment.qr else None
    # Once there is no code to pay any more: whom the last one paid.
    payee, city = (qris.payee, qris.city) if qris else (payment.payee, payment.city)
    scan = voice.plain("picture.test_code" if payment.qr and qris is None else "picture.scan")
    withheld = face is Face.WITHHELD
    void = voice.plain("picture.withheld" if withheld else "picture.void")
    caution = voice.plain("picture.withheld_hint" if withheld else "picture.void_hint")
    issued, paid_at = payment.issued_at, payment.paid_at
    return CardStrings(
        title=voice.plain("picture.title"),
        payment_id=clean(payment.id),
        amount=None if payment.amount is None else voice.amount(payment.amount),
        payee=clean(payee) if payee else None,
        city=clean(city) if city else None,
        issued=voice.plain("picture.issued", time=voice.stamp(issued)) if issued and face is Face.QR else None,
        scan=scan if face is Face.QR else None,
        shop=clean(voice.shop.name) if voice.shop.name else None,
        mark=voice.plain("picture.mark") if receipt else None,
        recorded=voice.plain("picture.recorded", time=voice.stamp(paid_at)) if receipt and paid_at else None,
        withdrawn=void if face in WITHDRAWN else None,
        caution=caution if face in WITHDRAWN else None,
    )


def _insist_on_paid(payment: Payment) -> None:
    if not payment.settled:
        raise ValueError("a receipt for a payment that is not paid")


def _qr(payment: Payment, voice: Voice, part: str | None, paying: Html | None) -> Html:
    amount = payment.amount
    pay = voice.say("qr.pay_bare") if amount is None else voice.say("qr.pay", amount=voice.amount(amount))
    issued = voice.say("qr.issued", time=voice.time(payment.issued_at)) if payment.issued_at else None
    qris = parse(payment.qr) if payment.qr else None
    return paragraphs(
        lines(voice.say("qr.part", part=part) if part else None, pay, id_line(payment, voice)),
        paying if _watched(payment) else None,
        lines(_payee(payment, qris, voice), issued),
        voice.say("qr.same_phone") if qris and _watched(payment) else None,
        voice.say("qr.watched") if _watched(payment) else voice.say("qr.closed"),
    )


def _payee(payment: Payment, qris: Qris | None, voice: Voice) -> Html | None:
    if qris is None:
        return voice.say("qr.test_code") if payment.qr else None
    return voice.say("qr.payee", payee=qris.payee) if qris.payee else None


def _receipt(payment: Payment, voice: Voice) -> Html:
    _insist_on_paid(payment)
    amount, at = payment.amount, payment.paid_at
    title = voice.say("paid.title") if amount is None else voice.say("paid.title_amount", amount=voice.amount(amount))
    recorded = voice.say("paid.recorded", time=voice.time(at)) if at else None
    return paragraphs(lines(title, id_line(payment, voice), recorded), voice.say("paid.advice"))


def _withdrawn(head: Html, text: Html, payment: Payment, voice: Voice, handle: str) -> Message:
    check, claim, _, stop = _watch_buttons(voice, handle)
    return Message(paragraphs(lines(head, id_line(payment, voice)), text), ((check, claim), (stop,)))


def _stopped(payment: Payment, voice: Voice, handle: str) -> Message:
    head = lines(voice.say("stopped.title"), id_line(payment, voice))
    text = lines(voice.say("stopped.text"), ask_again(voice, payment, handle))
    return Message(paragraphs(head, text), going_on(voice, handle))


def _watched(payment: Payment) -> bool:
    return payment.status is Status.WAITING


def _qr_keyboard(payment: Payment, voice: Voice, handle: str, in_group: bool) -> Keyboard:
    check, claim, renew, stop = _watch_buttons(voice, handle)
    copy = _rows(_copy(payment, voice))
    if _watched(payment):
        payer = ActionButton(voice.plain("button.payer"), Action.PAYER, handle) if in_group else None
        return ((check, claim), (renew, stop), *_rows(payer), *copy)
    # Who no longer wants to pay has let it end; who has paid can still say so while late payments are looked for.
    return (*going_on(voice, handle), *(((claim,),) if payment.status is Status.CLOSED else ()), *copy)


def _watch_buttons(voice: Voice, handle: str) -> tuple[ActionButton, ActionButton, ActionButton, ActionButton]:
    """Check, "already paid", new QR, stop: two a row, as a phone cuts longer rows short."""
    return (
        ActionButton(voice.plain("button.check"), Action.CHECK, handle),
        ActionButton(voice.plain("button.claim"), Action.CLAIM, handle),
        ActionButton(voice.plain("button.renew"), Action.RENEW, handle),
        ActionButton(voice.plain("button.stop"), Action.STOP, handle),
    )


def _copy(payment: Payment, voice: Voice) -> Button | None:
    text = clean(payment.id)
    return CopyButton(voice.plain("button.copy"), text) if text else None


def _rows(*buttons: Button | None) -> Keyboard:
    return tuple((button,) for button in buttons if button)
