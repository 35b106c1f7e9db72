"""Facts that answer the commands beside `/pay`. Like those in `core.facts` they hold no text and nothing personal."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Standing(StrEnum):
    """How a payment that is not paid stands, as `/status` tells it."""

    UNPAID = "unpaid"
    NO_QR = "no_qr"
    WITHHELD = "withheld"
    CONFIRMING = "confirming"
    UNCLEAR = "unclear"
    UNWELL = "unwell"


@dataclass(frozen=True, slots=True)
class StatusTold:
    """What a fresh look found, where it did not find it paid. It names its payment, which need not be known here."""

    payment_id: str
    standing: Standing
    checked_at: datetime
    amount: int | None = None
    watched: bool = False
    """Whether this chat watches the payment anyway."""


@dataclass(frozen=True, slots=True)
class OpenPayments:
    """What this chat (and topic) watches; the list is made at delivery."""


@dataclass(frozen=True, slots=True)
class MayNotStop:
    """In a group only who asked, staff or an admin ends a watch."""


@dataclass(frozen=True, slots=True)
class LanguageSet:
    """This chat is spoken to in another language from now on: the one this is said in."""


@dataclass(frozen=True, slots=True)
class LanguageUsage:
    """`/lang` came without a language we speak."""


@dataclass(frozen=True, slots=True)
class MayNotChoose:
    """In a group only staff or an admin chooses the language."""


@dataclass(frozen=True, slots=True)
class Ids:
    """`/id`: Telegram's numbers of this chat, its topic and who asked."""

    chat_id: int
    topic_id: int | None = None
    person_id: int | None = None


@dataclass(frozen=True, slots=True)
class Total:
    """Several QRs were shown at once, and this is their sum."""

    payments: int
    amount: int


@dataclass(frozen=True, slots=True)
class AskedLongAgo:
    """The ask waited while the bot was off; its QR comes when the button is pressed."""

    payment_id: str
    asked_at: datetime
    admitted: bool = False
    """Whether it was asked for by a link that opens it."""


@dataclass(frozen=True, slots=True)
class Greeting:
    """The bot was added to a group."""


@dataclass(frozen=True, slots=True)
class AlertsHere:
    """Whether alerts come here, and which kinds; made at delivery, with the buttons to choose."""


@dataclass(frozen=True, slots=True)
class MayNotSwitch:
    """Only staff switches alerts."""


CommandReply = (
    StatusTold | OpenPayments | MayNotStop | LanguageSet | LanguageUsage | MayNotChoose | Ids | Total | AskedLongAgo
    | Greeting | AlertsHere | MayNotSwitch
)  # fmt: skip
