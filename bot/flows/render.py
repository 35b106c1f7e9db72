"""Turns an outbox row into what is sent: gathers the payment's present state, then words and picture.

Made at delivery, not when the row was written, so a message never shows a state that is over.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import Final, assert_never

from bot.core.commands import OpenPayments
from bot.core.facts import Fact
from bot.core.journey import PackageFact
from bot.core.message import Message
from bot.core.payment import Payment
from bot.core.privacy import PackagePeople
from bot.core.watch import Face, Place, Watch, face_of
from bot.flows.reveal import Reveal
from bot.pictures import CardPainter, CardText
from bot.storage import lists, payments, uploads, watches
from bot.storage.engine import Tx
from bot.storage.outbox import Outgoing, RowKind
from bot.words.words import CardStrings, Words, lists_packages

# Part of each picture's digest: raise it when the drawing changes, so that no old upload is shown again.
_DRAWING: Final = 2


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture under the digest of what it is drawn from; sent as the `file_id` Telegram has, else as PNG bytes."""

    digest: str
    face: Face
    strings: CardStrings
    payload: str | None
    file_id: str | None = None
    png: bytes = b""

    @property
    def source(self) -> bytes | str:
        """What to give to Telegram."""
        return self.file_id or self.png


@dataclass(frozen=True, slots=True)
class TextMessage:
    """A text message: new, or in the place of what `message_id` says."""

    message: Message
    with_people: "WithPeople | None" = None
    message_id: int | None = None
    reply_to: int | None = None
    """The message it answers to, if that is still there."""


@dataclass(frozen=True, slots=True)
class WithPeople:
    """A message that names the people of a payment's packages, once they are read."""

    payment: Payment
    place: Place
    say: Callable[[tuple[PackagePeople, ...]], Message]


@dataclass(frozen=True, slots=True)
class CardMessage:
    """A picture with a caption: new, or in the place of the one that `message_id` shows."""

    message: Message
    picture: Picture
    message_id: int | None
    face_digest: str
    """Equal for two cards that look the same."""


@dataclass(frozen=True, slots=True)
class Erasure:
    """A message to delete; where that is too late, the card takes its place."""

    message_id: int
    instead: CardMessage


@dataclass(frozen=True, slots=True)
class Nothing:
    """What is shown is right, or nothing is shown that could be wrong."""


Rendered = TextMessage | CardMessage | Erasure | Nothing


class Renderer:
    """Gathers within a transaction, draws outside of it."""

    def __init__(self, words: Words, painter: CardPainter, reveal: Reveal) -> None:
        self._words = words
        self._painter = painter
        self._reveal = reveal

    async def gather(self, tx: Tx, row: Outgoing, now: datetime) -> Rendered:
        """What a row comes to at this moment; pictures not drawn yet."""
        payment = await payments.read(tx, row.payment_id) if row.payment_id else None
        watch = await watches.by_id(tx, row.watch_id) if row.watch_id else None
        match row.kind:
            case RowKind.NOTICE:
                return await self._notice(tx, row, row.fact, payment, watch, now) if row.fact else Nothing()
            case RowKind.LIST:
                told = await lists.paid_message(tx, watch) if watch else None
                if payment is None or watch is None or told is None:
                    return Nothing()
                return replace(self._text(row, told[1], payment, watch.handle, now), message_id=told[0])
            case RowKind.CARD:
                if payment is None or watch is None:
                    return Nothing()
                return await self._card(tx, row, payment, watch, now)
            case RowKind.ERASE:
                if payment is None or watch is None or row.message_id is None:
                    return Nothing()
                face = Face.RECEIPT if payment.settled else Face.GONE
                card = await self._face(tx, row.locale, payment, watch, face, now)
                return Erasure(row.message_id, replace(card, message=Message(""), message_id=row.message_id))
            case _:
                assert_never(row.kind)

    async def _notice(
        self, tx: Tx, row: Outgoing, fact: Fact, payment: Payment | None, watch: Watch | None, now: datetime
    ) -> TextMessage:
        if isinstance(fact, OpenPayments):
            open_here = await self._open_here(tx, row.place)
            return TextMessage(self._words.notice(fact, row.locale, open_here=open_here, now=now))
        message = self._text(row, fact, payment, watch.handle if watch else None, now)
        if isinstance(fact, PackageFact) and watch is not None:
            return replace(message, reply_to=await self._answered(tx, watch))
        return message

    async def draw(self, rendered: Rendered) -> Rendered:
        """The same with its picture drawn, in a thread, where Telegram does not have it, and its people named."""
        match rendered:
            case TextMessage(with_people=WithPeople() as named):
                people = await self._reveal(named.payment, named.place)
                return replace(rendered, message=named.say(people)) if people else rendered
            case CardMessage(picture=picture) if picture.file_id is None:
                return replace(rendered, picture=replace(picture, png=await self._paint(picture)))
            case Erasure(instead=card):
                drawn = await self.draw(card)
                return replace(rendered, instead=drawn) if isinstance(drawn, CardMessage) else rendered
            case _:
                return rendered

    async def _paint(self, picture: Picture) -> bytes:
        return await asyncio.to_thread(paint, self._painter, picture.face, picture.strings, picture.payload)

    def _text(
        self, row: Outgoing, fact: Fact, payment: Payment | None, handle: str | None, now: datetime
    ) -> TextMessage:
        say = partial(self._words.notice, fact, row.locale, payment=payment, handle=handle, now=now)
        if payment is None or not lists_packages(fact):
            return TextMessage(say())
        return TextMessage(say(), WithPeople(payment, row.place, lambda people: say(people=people)))

    async def _answered(self, tx: Tx, watch: Watch) -> int | None:
        """What news of a package answers to: the card, else the message that told "paid"."""
        if watch.card_message_id is not None:
            return watch.card_message_id
        told = await lists.paid_message(tx, watch)
        return told[0] if told else None

    async def _open_here(self, tx: Tx, place: Place) -> list[tuple[Watch, Payment]]:
        found = [(watch, await payments.read(tx, watch.payment_id)) for watch in await watches.open_at(tx, place)]
        return [(watch, payment) for watch, payment in found if payment is not None]

    async def _card(self, tx: Tx, row: Outgoing, payment: Payment, watch: Watch, now: datetime) -> Rendered:
        face = face_of(payment, watch)
        # Without a card to change there is nothing to take back, unless one may have gone out unnoted.
        if face is None or (face is not Face.QR and watch.card_message_id is None and not row.maybe_sent):
            return Nothing()
        card = await self._face(tx, row.locale, payment, watch, face, now)
        return Nothing() if card.face_digest == watch.card_face else card

    async def _face(
        self, tx: Tx, locale: str, payment: Payment, watch: Watch, face: Face, now: datetime
    ) -> CardMessage:
        strings = self._words.card_strings(payment, face, locale, part=watch.part, now=now)
        payload = payment.qr if face is Face.QR else None
        message = self._words.card(payment, face, locale, handle=watch.handle, part=watch.part, now=now)
        digest = _digest(_DRAWING, face, strings, payload)
        file_id = await uploads.file_id_of(tx, digest)
        picture = Picture(digest, face, strings, payload, file_id)
        return CardMessage(message, picture, watch.card_message_id, _digest(digest, message))


def paint(painter: CardPainter, face: Face, strings: CardStrings, payload: str | None) -> bytes:
    """A card as PNG; takes about 10 ms of CPU, so call it in a thread."""
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


def _digest(*parts: object) -> str:
    return sha256(repr(parts).encode()).hexdigest()
