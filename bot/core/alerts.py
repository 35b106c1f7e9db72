"""What the operators are told: facts as those of `core.facts`. Never a person's name, phone or address."""

from dataclasses import dataclass
from datetime import datetime

from bot.core.answer import Oddity
from bot.core.connections import ConnectionAlert
from bot.core.journey import PackageAlert
from bot.core.qris import QrisFault


@dataclass(frozen=True, slots=True)
class AlertPaid:
    """A watched payment was paid."""

    amount: int | None
    recorded_at: datetime
    shown_amount: int | None = None
    late: bool = False


@dataclass(frozen=True, slots=True)
class AlertOdd:
    """An odd answer. `detail` is the raw code or field, never anything personal."""

    oddity: Oddity
    detail: str = ""


@dataclass(frozen=True, slots=True)
class AlertWithheld:
    """A QR was kept back."""

    fault: QrisFault


@dataclass(frozen=True, slots=True)
class AlertClaim:
    """A chat said it had paid, and ten minutes later KiriminAja still has not recorded it."""

    checked_at: datetime


@dataclass(frozen=True, slots=True)
class AlertGuessing:
    """A stranger tried so many unknown ids that they have to wait. `who` is Telegram's number of person or group."""

    who: int


@dataclass(frozen=True, slots=True)
class AlertUnhandled:
    """An update failed three times and was put aside."""

    update_id: int


Alert = (
    AlertPaid | AlertOdd | AlertWithheld | AlertClaim | PackageAlert | ConnectionAlert | AlertGuessing | AlertUnhandled
)
