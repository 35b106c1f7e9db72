"""Staff say whether a group's members count as staff, too."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from bot.core.team import MayNotTeam, TeamFact, TeamIsForGroups, TeamOff, TeamOn, TeamUsage
from bot.flows.admit import Staff
from bot.flows.ask import Ask
from bot.flows.asker import Asker
from bot.storage import chats, inbox
from bot.storage.engine import Database

_CHOICES: Final[dict[str, TeamFact]] = {"on": TeamOn(), "off": TeamOff()}


class SetTeam:
    """`/team`."""

    def __init__(
        self,
        database: Database,
        ask: Ask,
        staff: Staff,
        *,
        clock: Callable[[], datetime],
        wake: Callable[[], None],
    ) -> None:
        self._database = database
        self._ask = ask
        self._staff = staff
        self._clock = clock
        self._wake = wake

    async def __call__(self, asker: Asker, given: str) -> None:
        """`given` is what stood after the command. Only who is staff already makes others staff."""
        chosen = _CHOICES.get(given.strip().lower())
        if asker.is_private:
            await self._ask.reply(asker, TeamIsForGroups())
        elif not await self._staff.knows(asker.person_id, update_id=asker.update_id):
            await self._ask.reply(asker, MayNotTeam())
        elif chosen is None:
            await self._ask.reply(asker, TeamUsage())
        else:
            now = self._clock()
            async with self._database.begin() as tx:
                if await inbox.finish(tx, asker.update_id):
                    since = now if isinstance(chosen, TeamOn) else None
                    await chats.set_team(tx, asker.place.chat_id, since)
                    await self._ask.say(tx, asker, 0, chosen, now)
            self._wake()
