"""Who may ask for a payment (ACCESS), and when a stranger who tries unknown ids has to wait."""

from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

GUESSES: Final = 5
GUESSES_WITHIN: Final = timedelta(minutes=10)
WAIT: Final = timedelta(minutes=10)
"""After GUESSES unknown ids within GUESSES_WITHIN a stranger waits that long, from the last one on."""


class Access(StrEnum):
    """The setting ACCESS."""

    OPEN = "open"
    LINK = "link"
    STAFF = "staff"


def may_ask(access: Access, *, is_staff: bool, holds_link: bool) -> bool:
    """Whether somebody may ask for a payment. `holds_link`: whether it was opened to them by a customer link."""
    return is_staff or access is Access.OPEN or (access is Access.LINK and holds_link)


def waits_until(guesses: Collection[datetime]) -> datetime | None:
    """When the wait ends that these guesses led to, one time for each unknown id; None where there are too few."""
    if not guesses:
        return None
    last = max(guesses)
    counted = sum(last - at < GUESSES_WITHIN for at in guesses)
    return last + WAIT if counted >= GUESSES else None
