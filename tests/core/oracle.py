"""When a payment counts as paid, written anew from KiriminAja's facts and not from the code.

paid needs status_code exactly 0, the echoed payment_id, and one of: paid_at set · qr_content null or empty · a
label that says paid · the same answer again in a second read at least 2 s later. Odd is not paid. Paid at another
amount than shown before: second read.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Final, Literal

SAYS_PAID: Final = {"pembayaran berhasil", "paid", "settlement", "settled", "success"}
SAYS_UNPAID: Final = {"billing siap dibayar"}


@dataclass(frozen=True)
class Said:
    """One answer, in the words of the API."""

    status_code: Literal["0", "9", "?"]
    echoed: bool
    paid_at: bool
    qr_content: str | None
    """`"absent"` where the field was not there at all."""
    label: str | None
    amount: int | None

    @property
    def odd(self) -> bool:
        """Whether it contradicts the question or itself."""
        match self.status_code:
            case "9":
                contradiction = self.paid_at or self.label in SAYS_PAID
            case "0":
                contradiction = self.label in SAYS_UNPAID
            case _:
                contradiction = True
        return contradiction or not self.echoed


class Ruling(Enum):
    """What must come of an answer."""

    PAID = auto()
    NOT_PAID = auto()
    EITHER = auto()  # the documents leave it open: the amount is missing


@dataclass
class Oracle:
    """Remembers what was said about one unsettled payment."""

    shown: int | None = None
    first_read: tuple[Said, datetime] | None = None

    def hear_nothing_like_it(self) -> None:
        """A usable answer that is no second read of the one before."""
        self.first_read = None

    def rule(self, said: Said, now: datetime) -> Ruling:
        """Whether this answer makes the payment paid."""
        if said.odd or said.status_code != "0":
            self.hear_nothing_like_it()
            if not said.odd and said.amount is not None:
                self.shown = said.amount
            return Ruling.NOT_PAID
        if self.first_read is None or self.first_read[0] != said:
            self.first_read = (said, now)
        if now - self.first_read[1] >= timedelta(seconds=2):
            return Ruling.PAID
        if not (said.paid_at or said.qr_content in {None, ""} or said.label in SAYS_PAID):
            return Ruling.NOT_PAID
        if self.shown is None or said.amount == self.shown:
            return Ruling.PAID
        return Ruling.EITHER if said.amount is None else Ruling.NOT_PAID
