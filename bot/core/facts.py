"""Facts: what a chat or the operators are told, before it has words.

A fact holds no text and nothing personal, so it may lie in the outbox; words, language and picture are made when it
is delivered. Facts about a payment don't repeat its id: the outbox row names the payment.
"""

from dataclasses import dataclass
from datetime import datetime

from bot.core.alerts import Alert
from bot.core.callbacks import ExpressNews
from bot.core.commands import CommandReply
from bot.core.journey import PackageFact
from bot.core.links import LinkFact, LinkPress
from bot.core.payer import PayerPress
from bot.core.qris import QrisFault
from bot.core.team import TeamFact
from bot.core.totals import TotalsFact

# --- a payment's own story, told to every chat that watches it ---


@dataclass(frozen=True, slots=True)
class Paid:
    """The payment counts as paid."""

    amount: int | None
    recorded_at: datetime
    shown_amount: int | None = None
    """The amount the chats were shown, where another one was paid."""
    late: bool = False
    """Paid after its watch was over."""
    already: bool = False
    """It was paid before this chat asked."""


@dataclass(frozen=True, slots=True)
class QrReplaced:
    """KiriminAja re-issued the code or changed the amount while unpaid."""

    amount_was: int | None = None


@dataclass(frozen=True, slots=True)
class QrBack:
    """The very code that was shown before counts again, after it had been gone or withheld."""


@dataclass(frozen=True, slots=True)
class Withheld:
    """There is a QR, but paying it would be wrong; it is not shown."""

    fault: QrisFault


@dataclass(frozen=True, slots=True)
class NotFound:
    """KiriminAja knows no such payment."""

    payment_id: str


@dataclass(frozen=True, slots=True)
class WatchClosed:
    """The watch is over and the last look did not find it paid."""

    checked_at: datetime
    unclear: bool = False
    """Whether the last look brought an odd answer, which is neither paid nor unpaid."""


@dataclass(frozen=True, slots=True)
class ClaimOver:
    """This chat said it had paid, and after ten minutes of close looks it is still not recorded."""

    checked_at: datetime
    unclear: bool = False
    """As with `WatchClosed`."""


# --- answers to somebody's ask ---


@dataclass(frozen=True, slots=True)
class NoQrYet:
    """Unpaid, and KiriminAja has no QR for it (term of payment, COD, or not issued yet)."""


@dataclass(frozen=True, slots=True)
class NotShown:
    """Telegram takes no picture or file for this chat, as where a group forbids them; words it takes."""


@dataclass(frozen=True, slots=True)
class Confirming:
    """KiriminAja says paid without proof; a second read will tell."""


@dataclass(frozen=True, slots=True)
class Unclear:
    """The answer contradicts itself; the chat is asked to wait."""


@dataclass(frozen=True, slots=True)
class ProviderUnwell:
    """KiriminAja could not be asked just now; the ask completes by itself."""


@dataclass(frozen=True, slots=True)
class StillUnpaid:
    """A fresh look found no payment."""

    checked_at: datetime


@dataclass(frozen=True, slots=True)
class SameQr:
    """A fresh look brought the code that is shown already."""

    checked_at: datetime


@dataclass(frozen=True, slots=True)
class Stopped:
    """This chat no longer watches the payment."""


@dataclass(frozen=True, slots=True)
class NotWatched:
    """There was nothing to stop."""


@dataclass(frozen=True, slots=True)
class Usage:
    """A command came without the id it needs."""

    command: str = "pay"


@dataclass(frozen=True, slots=True)
class NotAnId:
    """What was given cannot be a payment id; no call was made."""


@dataclass(frozen=True, slots=True)
class TooManyIds:
    """More ids at once than are answered."""

    limit: int


@dataclass(frozen=True, slots=True)
class NotAllowed:
    """The payment is not for whoever asked; to a stranger an unknown one reads the same. No call was made."""

    payment_id: str


@dataclass(frozen=True, slots=True)
class AskedTooOften:
    """Too many unknown ids in a short time; no call was made."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Welcome:
    """`/start`."""


@dataclass(frozen=True, slots=True)
class Help:
    """`/help`."""

    for_staff: bool = False
    """Whether staff asks, in private: they are told of their commands, too."""


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """A private message that holds no id and no command we know."""


@dataclass(frozen=True, slots=True)
class WentWrong:
    """A message could not be handled, three times over."""


# --- answers to a button press alone, beside those above ---


@dataclass(frozen=True, slots=True)
class Checking:
    """A look is under way; its outcome comes as a message."""


@dataclass(frozen=True, slots=True)
class WatchingAgain:
    """This chat watches the payment again."""


@dataclass(frozen=True, slots=True)
class ClaimTaken:
    """This chat says it has paid; a fresh look did not find it, so it is looked at more often for ten minutes."""

    checked_at: datetime


@dataclass(frozen=True, slots=True)
class ClaimChecking:
    """The same, while the fresh look is still under way; its outcome comes as a message."""


@dataclass(frozen=True, slots=True)
class NotYours:
    """The button was not meant for the person who pressed it."""


@dataclass(frozen=True, slots=True)
class ButtonExpired:
    """The button names a watch that is not there, or is not ours."""


@dataclass(frozen=True, slots=True)
class ForStaff:
    """Only staff may press this button."""


@dataclass(frozen=True, slots=True)
class Switched:
    """A kind of alerts was switched; the message shows how."""


PaymentFact = Paid | QrReplaced | QrBack | Withheld | NotFound | WatchClosed | ClaimOver
Reply = (
    NoQrYet | NotShown | Confirming | Unclear | ProviderUnwell | StillUnpaid | SameQr | Stopped | NotWatched | Usage
    | NotAnId | TooManyIds | NotAllowed | AskedTooOften | Welcome | Help | NotUnderstood | WentWrong
)  # fmt: skip
Press = (
    Checking | ClaimTaken | ClaimChecking | WatchingAgain | NotYours | ButtonExpired | ForStaff | Switched | LinkPress
    | PayerPress
)  # fmt: skip
Fact = PaymentFact | PackageFact | ExpressNews | Reply | CommandReply | LinkFact | TeamFact | TotalsFact | Alert
