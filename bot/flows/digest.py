"""The day's figures for the operators, once a date, from nine in the evening on.

Whoever was off at nine tells it in the same evening. A day on which nothing was asked for or paid has none; should
something come after nine, it is told within the hour, and before the day is over.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from bot.core.totals import Digest, begin_of, digest_due
from bot.flows.announce import Operators
from bot.storage import alerts, ledger, outbox
from bot.storage.engine import Database

_LAST_CALL: Final = timedelta(minutes=1)
"""Before midnight."""


class TellDigest:
    """A job: due at nine, then hourly until the day is over."""

    def __init__(
        self,
        database: Database,
        *,
        operators: Operators,
        zone: ZoneInfo,
        clock: Callable[[], datetime],
        wake_deliver: Callable[[], None],
    ) -> None:
        self._database = database
        self._operators = operators
        self._zone = zone
        self._clock = clock
        self._wake_deliver = wake_deliver

    async def run_due(self, _wake: Callable[[], None]) -> datetime | None:
        """Writes the digest that is due, and says when the next one is."""
        now = self._clock()
        day, next_at = digest_due(now, self._zone)
        if day is None:
            return next_at
        async with self._database.begin() as tx:
            if await ledger.is_quiet(tx, begin_of(day, self._zone)):
                return self._last_call(day, now) or next_at
            for place in await alerts.listening(tx, self._operators.places):
                # The date in the key is what makes it one a day: what was written stays written over a restart.
                key = f"digest:{day}:{place.chat_id}:{place.topic_id or 0}"
                await outbox.put_notice(tx, key, place, Digest(now), locale=self._operators.locale, now=now)
        self._wake_deliver()
        return next_at

    def _last_call(self, day: date, now: datetime) -> datetime | None:
        """When a quiet day is looked at for the last time, if that is still to come."""
        at = begin_of(day + timedelta(days=1), self._zone) - _LAST_CALL
        return at if now < at else None
