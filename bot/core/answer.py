"""What a look at KiriminAja brought, and when it counts as paid.

The rule (KiriminAja's documentation and its known lapses): paid needs `status_code` exactly 0, the echoed id, and a
proof or the same answer again at least two seconds later. Unknown is not paid, missing is not zero.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, StrEnum, auto
from hashlib import sha256
from typing import Final

from bot.core.ids import Kind
from bot.core.packages import Package

SECOND_READ_AFTER: Final = timedelta(seconds=2)
PAID_LABELS: Final = frozenset({"pembayaran berhasil", "paid", "settlement", "settled", "success"})
# "Billing berhasil dibuat" (bill made) is neither: it stands beside both codes.
UNPAID_LABELS: Final = frozenset({"billing siap dibayar", "unpaid", "pending", "expired"})


class Oddity(StrEnum):
    """An answer that contradicts itself, the question, or what is known. Odd is never paid."""

    PAID_AT_BUT_UNPAID = "paid_at_but_unpaid"
    LABEL_AGAINST_CODE = "label_against_code"
    UNKNOWN_CODE = "unknown_code"
    OTHER_PAYMENT = "other_payment"
    VANISHED = "vanished"
    UNPAID_AGAIN = "unpaid_again"


class Code(StrEnum):
    """KiriminAja's `status_code`, read strictly."""

    PAID = "paid"
    UNPAID = "unpaid"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Statement:
    """A well-formed answer about one payment."""

    payment_id: str
    kind: Kind
    code: Code
    raw_code: str
    """The code as it came, for the operators; at most 40 characters."""
    amount: int | None
    labels: frozenset[str] = frozenset()
    """`status`, and `status_code` where that is text; lower case."""
    has_paid_at: bool = False
    qr: str | None = None
    qr_told: bool = True
    """Whether the answer had `qr_content` at all; an absent field proves nothing."""
    issued_at: datetime | None = None
    packages: tuple[Package, ...] = ()

    @property
    def digest(self) -> str:
        """Equal for two answers that say the same about money."""
        said = (self.code, self.amount, self.qr_told, self.qr, sorted(self.labels), self.has_paid_at)
        return sha256(repr(said).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Missing:
    """KiriminAja says there is no such payment."""


@dataclass(frozen=True, slots=True)
class Throttled:
    """429: too many calls. `retry_after` in seconds where the answer named it."""

    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """401: our API key is not accepted."""


@dataclass(frozen=True, slots=True)
class Unwell:
    """No usable answer. `reason` is a short word for logs and metrics, never content."""

    reason: str


Answer = Statement | Missing | Throttled | Refused | Unwell


class Verdict(Enum):
    """What a statement proves."""

    PAID = auto()
    UNPROVEN = auto()
    UNPAID = auto()


def oddity_of(statement: Statement, asked_id: str) -> Oddity | None:
    """The contradiction in a statement, if any."""
    if statement.payment_id != asked_id:
        return Oddity.OTHER_PAYMENT
    if statement.code is Code.UNKNOWN:
        return Oddity.UNKNOWN_CODE
    says_paid = bool(statement.labels & PAID_LABELS)
    says_unpaid = bool(statement.labels & UNPAID_LABELS)
    if statement.code is Code.UNPAID:
        if statement.has_paid_at:
            return Oddity.PAID_AT_BUT_UNPAID
        return Oddity.LABEL_AGAINST_CODE if says_paid else None
    return Oddity.LABEL_AGAINST_CODE if says_unpaid else None


def verdict_on(statement: Statement) -> Verdict:
    """What one statement without oddity proves by itself."""
    if statement.code is not Code.PAID:
        return Verdict.UNPAID
    proven = (
        statement.has_paid_at
        or (statement.qr_told and not statement.qr)
        or bool(statement.labels & PAID_LABELS)
    )  # fmt: skip
    return Verdict.PAID if proven else Verdict.UNPROVEN
