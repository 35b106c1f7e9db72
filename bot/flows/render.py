"""Turns an outbox row into what is sent: gathers the payment's present state, then words and picture.

Made at delivery, not when the row was written, so a message never shows a state that is over.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import Final, assert_never

from bot.core.alerts import Alert
from bot.core.callbacks import ExpressNews
from bot.core.commands import AlertsHere, OpenPayments
from bot.core.deadlines import QR_FOR
from bot.core.facts import Fact
from bot.core.journey import PackageFact
from bot.core.links import ForBuyer, Handles, LinkMade, Purpose, digest_of
from bot.core.message import Message
from bot.core.payer import Payer
from bot.core.payment import Payment
from bot.core.totals import Report
from bot.core.watch import Face, Place, Watch, face_of
from bot.flows.announce import Operators
from bot.flows.rendered import CardMessage, Erasure, Nothing, Picture, Rendered, TextMessage, WithPayer, WithPeople
from bot.flows.report import DocumentMessage, PictureMessage, Reports
from bot.flows.reveal import Reveal
from bot.messenger.members import Members
from bot.pictures import CardPainter, CardText
from bot.storage import alerts, links, lists, payments, uploads, watches
from bot.storage.engine import Tx
from bot.storage.outbox import Outgoing, RowKind
from bot.words.words import CardStrings, Words, lists_packages

# Part of each picture's digest: raise it when the drawing changes, so that no old upload is shown again.
_DRAWING: Final = 3


class Renderer:
    """Gathers within a transaction, draws outside of it."""

    def __init__(
        self,
        words: Words,
        painter: CardPainter,
        reveal: Reveal,
        reports: Reports,
        handles: Handles,
        *,
        members: Members,
        operators: Operators,
    ) -> None:
        self._words = words
        self._members = members
        self._operators = operators
        self._painter = painter
        self._reveal = reveal
        self._reports = reports
        self._handles = handles

    async def gather(self, tx: Tx, row: Outgoing, now: datetime, others: Sequence[Outgoing] = ()) -> Rendered:
        """What a row comes to at this moment, in one message with `others`; pictures not drawn yet."""
        if others:
            return TextMessage(self._words.together(await _alike(tx, (row, *others)), row.locale, now=now))
        watch, payment, payer = await _about(tx, row)
        match row.kind:
            case RowKind.NOTICE | RowKind.CHANGE:
                told_now = await self._notice(tx, row, row.fact, payment, watch, now) if row.fact else Nothing()
                if row.kind is RowKind.CHANGE and isinstance(told_now, TextMessage):
                    return replace(told_now, message_id=row.message_id)
                return told_now
            case RowKind.LIST:
                told = await lists.paid_message(tx, watch) if watch else None
                if payment is None or watch is None or told is None:
                    return Nothing()
                return replace(self._text(row, told[1], payment, watch.handle, now), message_id=told[0])
            case RowKind.CARD:
                if payment is None or watch is None:
                    return Nothing()
                return await self._card(tx, row, payment, watch, payer, now)
            case RowKind.ERASE:
                # What was thought to be one too many may have been found meanwhile, and counts since.
                if payment is None or watch is None or row.message_id in (None, watch.card_message_id):
                    return Nothing()
                face = Face.RECEIPT if payment.settled else Face.GONE
                card = await self._face(tx, row.locale, payment, watch, None, face, now)
                return Erasure(row.message_id, replace(card, message=Message(""), message_id=row.message_id))
            case _:
                assert_never(row.kind)

    async def _notice(
        self, tx: Tx, row: Outgoing, fact: Fact, payment: Payment | None, watch: Watch | None, now: datetime
    ) -> TextMessage | PictureMessage | DocumentMessage:
        if isinstance(fact, Report):
            told = await self._reports.gather(tx, row, fact, now)
            return TextMessage(told) if isinstance(told, Message) else told
        if isinstance(fact, OpenPayments):
            open_here = await self._open_here(tx, row.place)
            return TextMessage(self._words.notice(fact, row.locale, open_here=open_here, now=now))
        if isinstance(fact, LinkMade | ForBuyer):
            link = await self._link(tx, fact, watch, now)
            return TextMessage(self._words.notice(fact, row.locale, payment=payment, link=link, now=now))
        if isinstance(fact, AlertsHere):
            switches = await alerts.at(tx, row.place, self._operators.places)
            say = self._words.notice(fact, row.locale, switches=switches, now=now)
            return TextMessage(say, message_id=row.message_id)
        message = self._text(row, fact, payment, watch.handle if watch else None, now)
        if isinstance(fact, PackageFact | ExpressNews) and watch is not None:
            return replace(message, reply_to=await self._answered(tx, watch))
        return message

    async def draw(self, rendered: Rendered) -> Rendered:
        """The same with its picture drawn where Telegram does not have it, and its people named."""
        match rendered:
            case TextMessage(with_people=WithPeople() as named):
                people = await self._reveal(named.payment, named.place)
                return replace(rendered, message=named.say(people)) if people else rendered
            case CardMessage(picture=picture, with_payer=with_payer):
                if with_payer is not None:
                    rendered = replace(rendered, message=with_payer.say(await self._name_of(with_payer)))
                if picture.file_id is not None:
                    return rendered
                return replace(rendered, picture=replace(picture, png=self._paint(picture)))
            case Erasure(instead=card):
                drawn = await self.draw(card)
                return replace(rendered, instead=drawn) if isinstance(drawn, CardMessage) else rendered
            case PictureMessage() | DocumentMessage():
                return await self._reports.draw(rendered)
            case _:
                return rendered

    async def _name_of(self, payer: "WithPayer") -> str | None:
        """What they are called in this chat; in a private one only its own person is named."""
        if payer.chat_id > 0 and payer.chat_id != payer.person_id:
            return None
        return await self._members.first_name_of(payer.chat_id, payer.person_id)

    def _paint(self, picture: Picture) -> bytes:
        # Not in a thread: that and the loop would take the interpreter from each other some forty times a picture,
        # which costs twice what it takes to draw, and whatever else waits would wait longer.
        return paint(self._painter, picture.face, picture.strings, picture.payload)

    def _text(
        self, row: Outgoing, fact: Fact, payment: Payment | None, handle: str | None, now: datetime
    ) -> TextMessage:
        say = partial(self._words.notice, fact, row.locale, payment=payment, handle=handle, now=now)
        if payment is None or not lists_packages(fact):
            return TextMessage(say())
        return TextMessage(say(), WithPeople(payment, row.place, lambda people: say(people=people)))

    async def _link(self, tx: Tx, fact: LinkMade | ForBuyer, watch: Watch | None, now: datetime) -> str | None:
        """The link that a message shows, made anew; None where it opens nothing any more."""
        if isinstance(fact, LinkMade):
            handle = self._handles.of(Purpose.PAY, fact.seed)
        elif watch is not None:
            handle = self._handles.of(Purpose.TRACK, watch.handle)
        else:
            return None
        link = await links.by_digest(tx, digest_of(handle))
        return self._handles.url(handle) if link is not None and link.opens(now) else None

    async def _answered(self, tx: Tx, watch: Watch) -> int | None:
        """What news of a package answers to: the card, else the message that told "paid"."""
        if watch.card_message_id is not None:
            return watch.card_message_id
        told = await lists.paid_message(tx, watch)
        return told[0] if told else None

    async def _open_here(self, tx: Tx, place: Place) -> list[tuple[Watch, Payment]]:
        found = [(watch, await payments.read(tx, watch.payment_id)) for watch in await watches.open_at(tx, place)]
        return [(watch, payment) for watch, payment in found if payment is not None]

    async def _card(
        self, tx: Tx, row: Outgoing, payment: Payment, watch: Watch, payer: Payer | None, now: datetime
    ) -> Rendered:
        face = face_of(payment, watch)
        # Without a card to change there is nothing to take back, unless one may have gone out unnoted.
        if face is None or (face is not Face.QR and watch.card_message_id is None and not row.maybe_sent):
            return Nothing()
        card = await self._face(tx, row.locale, payment, watch, payer, face, now)
        # What a try whose outcome was never noted left there is not known.
        if card.face_digest == watch.card_face and not row.maybe_sent:
            return Nothing()
        return replace(card, is_late=watch.card_message_id is None and now - row.created_at > QR_FOR)

    async def _face(
        self, tx: Tx, locale: str, payment: Payment, watch: Watch, payer: Payer | None, face: Face, now: datetime
    ) -> CardMessage:
        strings = self._words.card_strings(payment, face, locale, part=watch.part, now=now)
        payload = payment.qr if face is Face.QR else None
        payer = payer if payer and face is Face.QR and payer.counts(now) else None
        chat_id = watch.place.chat_id
        say = partial(
            self._words.card,
            payment,
            face,
            locale,
            handle=watch.handle,
            part=watch.part,
            in_group=chat_id < 0,
            paying_since=payer.since if payer else None,
            now=now,
        )
        message = say()
        with_payer = WithPayer(chat_id, payer.person_id, lambda name: say(payer_name=name)) if payer else None
        digest = _digest(_DRAWING, face, strings, payload)
        file_id = await uploads.file_id_of(tx, digest)
        picture = Picture(digest, face, strings, payload, file_id)
        # By their number: a name that can't be told for the moment is not another card.
        face_digest = _digest(digest, message, payer.person_id) if payer else _digest(digest, message)
        return CardMessage(message, picture, watch.card_message_id, face_digest, with_payer)


def paint(painter: CardPainter, face: Face, strings: CardStrings, payload: str | None) -> bytes:
    """A card as PNG; takes 1 to 3 ms of CPU."""
    text = CardText(
        payee=strings.payee or "",
        city=strings.city or "",
        amount=strings.amount or "",
        payment_id=strings.payment_id,
        time=strings.issued or "",
        # Whatever the picture turns into, this line stays: the chat must not jump.
        hint=strings.scan or strings.recorded or strings.caution or "",
        shop=strings.shop or "",
        part=strings.part or "",
        title=strings.title,
    )
    match face:
        case Face.QR:
            return painter.draw_card(text, payload or "")
        case Face.RECEIPT:
            return painter.draw_receipt(text, strings.mark or "")
        case Face.WITHHELD | Face.GONE | Face.STOPPED:
            return painter.draw_void(text, strings.withdrawn or "")
        case _:
            assert_never(face)


async def _about(tx: Tx, row: Outgoing) -> tuple[Watch | None, Payment | None, Payer | None]:
    """The watch and the payment a row is about, and who says that they pay it."""
    if row.watch_id and (found := await watches.with_payment(tx, row.watch_id)):
        return found
    return None, await payments.read(tx, row.payment_id) if row.payment_id else None, None


async def _alike(tx: Tx, rows: Sequence[Outgoing]) -> list[tuple[Alert, Payment | None]]:
    found = [(row.fact, await payments.read(tx, row.payment_id) if row.payment_id else None) for row in rows]
    return [(fact, payment) for fact, payment in found if isinstance(fact, Alert)]


def _digest(*parts: object) -> str:
    return sha256(repr(parts).encode()).hexdigest()
