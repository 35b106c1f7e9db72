"""What an outbox row comes to: what is sent, changed or taken away."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.core.message import Message
from bot.core.payment import Payment
from bot.core.privacy import PackagePeople
from bot.core.watch import Face, Place
from bot.flows.report import DocumentMessage, PictureMessage
from bot.words.words import CardStrings


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
    with_payer: "WithPayer | None" = None
    is_late: bool = False
    """Whether it is too late to show its code for the first time."""


@dataclass(frozen=True, slots=True)
class WithPayer:
    """A card that names who pays, once they are looked up."""

    chat_id: int
    person_id: int
    say: Callable[[str | None], Message]


@dataclass(frozen=True, slots=True)
class Erasure:
    """A message to delete; where that is too late, the card takes its place."""

    message_id: int
    instead: CardMessage


@dataclass(frozen=True, slots=True)
class Nothing:
    """What is shown is right, or nothing is shown that could be wrong."""


@dataclass(frozen=True, slots=True)
class TooLate:
    """What came of a card that is late, and was not found in the chat either: nothing was sent."""


Rendered = TextMessage | CardMessage | PictureMessage | DocumentMessage | Erasure | Nothing
