"""A watch: one chat's (and topic's) interest in one payment, and the card that shows it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from bot.core.payment import Payment


class WatchState(StrEnum):
    """Whether the chat is still to be told. Who moves it on stands beside each."""

    ACTIVE = "active"  # flows.look: told, ended; flows.stop: stopped; storage.chats.silence: silenced
    TOLD = "told"  # has heard "paid"
    STOPPED = "stopped"  # flows.ask: active
    ENDED = "ended"  # there was no such payment; flows.ask: active
    SILENCED = "silenced"  # the chat takes no messages; storage.chats.wake: active


@dataclass(frozen=True, slots=True)
class Place:
    """Where messages go: a chat, and a topic where the chat is a forum."""

    chat_id: int
    topic_id: int | None = None


@dataclass(frozen=True, slots=True)
class Watch:
    """One place's watch on one payment."""

    id: int
    payment_id: str
    place: Place
    state: WatchState
    locale: str
    asked_by: int | None
    asked_at: datetime
    handle: str
    """Opaque name of this watch in buttons."""
    card_message_id: int | None = None
    card_face: str | None = None
    """Digest of what the card shows now; equal means that no edit is due."""
    claimed_at: datetime | None = None
    """When this chat said that it has paid, until it has heard what came of it."""
    part: str | None = None
    """`1/2` where several payments were asked for at once."""


class Face(StrEnum):
    """What a card shows."""

    QR = "qr"
    RECEIPT = "receipt"
    WITHHELD = "withheld"  # there is a code, but paying it would be wrong
    GONE = "gone"  # the code shown so far counts no longer
    STOPPED = "stopped"  # this chat no longer watches


WITHDRAWN: Final = frozenset({Face.WITHHELD, Face.GONE, Face.STOPPED})
"""Faces of a card whose code is taken away unpaid."""


def face_of(payment: Payment, watch: Watch) -> Face | None:
    """What a watch's card has to show; None where no card is due, nor a shown one wrong."""
    if payment.settled:
        return Face.RECEIPT
    if watch.state is WatchState.STOPPED:
        return Face.STOPPED
    if not payment.qr:
        return Face.WITHHELD if payment.withheld else Face.GONE
    return Face.QR if watch.state is WatchState.ACTIVE else None
