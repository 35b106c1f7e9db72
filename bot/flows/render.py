"""Turns an outbox row into what is sent: gathers the payment's present state, then words and picture.

Made at delivery, not when the row was written, so a message never shows a state that is over.
"""

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Final, assert_never

from bot.core.message import Message
from bot.core.payment import Payment
from bot.core.watch import Face, Watch, face_of
from bot.pictures import CardPainter, CardText
from bot.storage import payments, uploads, watches
from bot.storage.engine import Tx
from bot.storage.outbox import Outgoing, RowKind
from bot.words.words import CardStrings, Words

# Part of each picture's digest: raise it when the drawing changes, so that no old upload is shown again.
_DRAWING: Final = 1


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
    """A new text message."""

    message: Message


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

    def __init__(self, words: Words, painter: CardPainter) -> None:
        self._words = words
        self._painter = painter

    async def gather(self, tx: Tx, row: Outgoing, now: datetime) -> Rendered:
        """What a row comes to at this moment; pictures not drawn yet."""
        payment = await payments.read(tx, row.payment_id) if row.payment_id else None
        watch = await watches.by_id(tx, row.watch_id) if row.watch_id else None
        match row.kind:
            case RowKind.NOTICE:
                if row.fact is None:
                    return Nothing()
                handle = watch.handle if watch else None
                return TextMessage(self._words.notice(row.fact, row.locale, payment=payment, handle=handle, now=now))
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

    async def draw(self, rendered: Rendered) -> Rendered:
        """The same with its picture drawn, in a thread, where Telegram does not have it."""
        match rendered:
            case CardMessage(picture=picture) if picture.file_id is None:
                return replace(rendered, picture=replace(picture, png=await asyncio.to_thread(self._paint, picture)))
            case Erasure(instead=card):
                drawn = await self.draw(card)
                return replace(rendered, instead=drawn) if isinstance(drawn, CardMessage) else rendered
            case _:
                return rendered

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
        strings = self._words.card_strings(payment, face, locale, now=now)
        payload = payment.qr if face is Face.QR else None
        message = self._words.card(payment, face, locale, handle=watch.handle, now=now)
        digest = _digest(_DRAWING, face, strings, payload)
        file_id = await uploads.file_id_of(tx, digest)
        picture = Picture(digest, face, strings, payload, file_id)
        return CardMessage(message, picture, watch.card_message_id, _digest(digest, message))

    def _paint(self, picture: Picture) -> bytes:
        strings = picture.strings
        text = CardText(
            payee=strings.payee or "",
            city=strings.city or "",
            amount=strings.amount or "",
            payment_id=strings.payment_id,
            time=strings.recorded or strings.issued or "",
            hint=strings.scan or "",
            shop=strings.shop or "",
            title=strings.title,
        )
        match picture.face:
            case Face.QR:
                return self._painter.draw_card(text, picture.payload or "")
            case Face.RECEIPT:
                return self._painter.draw_receipt(text, strings.mark or "")
            case Face.WITHHELD | Face.GONE | Face.STOPPED:
                return self._painter.draw_void(text, strings.withdrawn or "")
            case _:
                assert_never(picture.face)


def _digest(*parts: object) -> str:
    return sha256(repr(parts).encode()).hexdigest()
