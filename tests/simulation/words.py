"""Words that say a fact as it is, so that what a chat was told can be read back; and pictures that show their face."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from bot.core.commands import AskedLongAgo
from bot.core.connections import AlertProviderBack, AlertProviderDown
from bot.core.facts import Fact, Paid, Stopped, WatchClosed
from bot.core.message import THIS_MESSAGE, Action, ActionButton, Keyboard, Message, Toast
from bot.core.payment import Payment
from bot.core.watch import Face
from bot.pictures import CardText
from bot.words.cards import CardStrings

_ON_QR: Final = (Action.CHECK, Action.CLAIM, Action.RENEW, Action.STOP)


@dataclass(frozen=True, slots=True)
class Said:
    """What a text says: the fact's name, the payment, in answer to which update (see `hands`), and more of it."""

    fact: str
    payment_id: str
    locale: str
    detail: str
    packages: str = ""

    @classmethod
    def read(cls, text: str) -> "Said":
        """The text of `PlainWords` taken apart."""
        return cls(*text.split("|"))

    def __str__(self) -> str:
        return "|".join((self.fact, self.payment_id, self.locale, self.detail, self.packages))


class PlainWords:
    """As `bot.words`, without words."""

    def notice(
        self,
        fact: Fact,
        locale: str,
        *,
        payment: Payment | None = None,
        handle: str | None = None,
        open_here: Any = (),
        **_: object,
    ) -> Message:
        """A fact as a message."""
        payment_id = payment.id if payment else getattr(fact, "payment_id", "")
        packages = " ".join(str(package.status) for package in payment.packages) if payment else ""
        text = str(Said(type(fact).__name__, payment_id, locale, _detail(fact), packages))
        if isinstance(fact, AskedLongAgo):
            return Message(text, _keyboard((Action.SHOW,), THIS_MESSAGE))
        if isinstance(fact, WatchClosed | Stopped) and handle:
            return Message(text, _keyboard((Action.GO_ON,), handle))
        return Message(text)

    def together(self, alike: Any, locale: str, *, now: datetime) -> Message:
        """Alerts of one sort: a line each."""
        return Message("\n".join(self.notice(fact, locale, payment=payment).html for fact, payment in alike))

    def card(self, payment: Payment, face: Face, locale: str, *, handle: str, **_: object) -> Message:
        """The caption under a picture."""
        text = str(Said(f"card {face}", payment.id, locale, str(payment.amount)))
        if face is Face.QR:
            return Message(text, _keyboard(_ON_QR, handle))
        return Message(text, _keyboard((Action.GO_ON,), handle) if face is Face.STOPPED else ())

    def card_strings(self, payment: Payment, face: Face, locale: str, **_: object) -> CardStrings:
        """What stands in a picture. Raises where a receipt is asked for what is not paid."""
        if face is Face.RECEIPT and not payment.settled:
            raise ValueError("a receipt for what is not paid")
        nothing = dict.fromkeys(("payee", "city", "issued", "scan", "shop", "mark", "recorded", "withdrawn"))
        return CardStrings(title=face.value, payment_id=payment.id, amount=str(payment.amount), **nothing)

    def toast(self, fact: object, locale: str, *, now: datetime) -> Toast:
        """The answer to a press."""
        return Toast(f"{type(fact).__name__}|{locale}")


class PlainPainter:
    """As `CardPainter`: the bytes say what the picture shows."""

    def draw_card(self, text: CardText, payload: str) -> bytes:
        """A code to pay."""
        return f"{Face.QR}|{text.payment_id}|{payload}".encode()

    def draw_receipt(self, text: CardText, word: str) -> bytes:
        """Paid."""
        return f"{Face.RECEIPT}|{text.payment_id}|".encode()

    def draw_void(self, text: CardText, word: str) -> bytes:
        """A code that no longer counts."""
        return f"void|{text.payment_id}|".encode()


def _detail(fact: Fact) -> str:
    match fact:
        case Paid():
            return " ".join(name for name in ("already", "late") if getattr(fact, name))
        case AlertProviderDown(since=since) | AlertProviderBack(since=since):
            return since.isoformat()
        case _:
            return ""


def _keyboard(actions: tuple[Action, ...], handle: str) -> Keyboard:
    return (tuple(ActionButton(action.value, action, handle) for action in actions),)
