"""`/stats` and `/recap`: the shop's figures, for staff."""

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.core.recap import month_named
from bot.core.totals import MayNotSeeTotals, NotAMonth, Recap, Stats, TotalsFact, begin_of
from bot.flows.admit import Staff
from bot.flows.ask import Ask
from bot.flows.asker import Asker


class TellTotals:
    """The two commands; what they tell is counted when it is delivered."""

    def __init__(self, ask: Ask, staff: Staff, *, zone: ZoneInfo, clock: Callable[[], datetime]) -> None:
        self._ask = ask
        self._staff = staff
        self._zone = zone
        self._clock = clock

    async def stats(self, asker: Asker) -> None:
        """The figures of this moment."""
        await self._tell(asker, Stats(self._clock()))

    async def recap(self, asker: Asker, named: str) -> None:
        """A month as a file: this one, or the one that is named."""
        month = month_named(named, self._clock().astimezone(self._zone).date())
        await self._tell(asker, NotAMonth() if month is None else Recap(begin_of(month, self._zone)))

    async def _tell(self, asker: Asker, fact: TotalsFact) -> None:
        is_staff = await self._staff.knows(asker.person_id, update_id=asker.update_id)
        await self._ask.reply(asker, fact if is_staff else MayNotSeeTotals())
