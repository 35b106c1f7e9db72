"""What the messages of a place say of how it stands to a payment."""

from collections.abc import Container
from dataclasses import dataclass
from typing import Final

from tests.simulation.messenger import Sent
from tests.simulation.words import Said

_THAT_WATCH: Final = frozenset({"card qr", "NoQrYet", "Confirming", "Unclear", "ProviderUnwell", "Withheld"})


@dataclass(frozen=True, slots=True)
class Told:
    """A text that Telegram took."""

    sent: Sent
    said: Said

    @property
    def place(self) -> tuple[int, int | None]:
        """Where."""
        return self.sent.chat, self.sent.topic

    @property
    def is_news_of_paid(self) -> bool:
        """Whether it tells "paid" unasked."""
        return self.said.fact == "Paid" and "already" not in self.said.detail


@dataclass(slots=True)
class Interest:
    """How one place stands to one payment, as the messages there say it."""

    watches: bool = False
    asked_by: int = 0
    """The update that asked, or stopped, last."""
    since: float = 0.0
    was_told: bool = False
    was_closed: bool = False
    stopped_at: float | None = None

    def take(self, told: Told, asks: Container[int]) -> None:
        """The next message; `asks` are the numbers of updates that may begin a watch."""
        fact, at = told.said.fact, told.sent.at
        number = int(told.said.locale[1:] or 0)
        if fact == "Paid":
            self.was_told = True
        elif fact in {"Stopped", "card stopped"}:
            # Put off it may be told after the picture of a later ask, which took the place of the earlier one's.
            if number >= self.asked_by:
                self.watches, self.stopped_at = False, at
                # A press waits for no other update: an ask before it may be handled after it.
                self.asked_by = self.asked_by if told.said.detail == "toast" else number
        elif fact == "NotFound":
            self.watches = False
        elif fact == "WatchClosed":
            self.was_closed = True
        elif number in asks and fact in _THAT_WATCH and number > self.asked_by:
            self.watches, self.asked_by, self.since = True, number, at
            self.was_closed, self.stopped_at = False, None
