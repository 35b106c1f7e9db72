"""Who says "I will pay this" in a group, so that two people don't pay twice; and how such a press is answered."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

PAYS_WITHIN: Final = timedelta(minutes=5)
"""How long the word counts."""


@dataclass(frozen=True, slots=True)
class Payer:
    """A person's word, and the group it was given in."""

    person_id: int
    chat_id: int
    since: datetime

    def counts(self, now: datetime) -> bool:
        """Whether the word still counts."""
        return now < self.since + PAYS_WITHIN


# --- answers to a button press alone ---


@dataclass(frozen=True, slots=True)
class PayerNoted:
    """Everybody is shown now that this person pays."""


@dataclass(frozen=True, slots=True)
class PayerTakenBack:
    """The same person pressed again: they don't pay after all."""


@dataclass(frozen=True, slots=True)
class AlreadyPaying:
    """Another person has said so. `name` is for the moment's answer alone and is never kept; None where Telegram
    tells none."""

    since: datetime
    name: str | None = None


@dataclass(frozen=True, slots=True)
class NothingToPay:
    """There is no code to pay at the moment."""


PayerPress = PayerNoted | PayerTakenBack | AlreadyPaying | NothingToPay
