"""Whoever speaks to the bot, and what they wish."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from bot.core.watch import Place


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, where, by which update, and in which language the answer goes."""

    update_id: int
    place: Place
    person_id: int | None
    locale: str
    speaks_for_chat: bool = False
    """Whether it is an admin of a group who shows as the group."""
    waited: timedelta = timedelta(0)
    """How long ago it was written."""
    is_staff: bool = False
    """Whether it is known to be staff (`Admit.recognised`); False may only mean that nobody has looked."""

    @property
    def is_private(self) -> bool:
        """Whether nobody else reads along; ids of groups are negative."""
        return self.place.chat_id > 0


class Wish(StrEnum):
    """What is wanted of the payments named."""

    SHOW = "pay"
    STATUS = "status"
