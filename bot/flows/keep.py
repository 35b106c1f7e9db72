"""Keeps the database small and its contents no longer than they are needed."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import structlog

from bot.storage import purge
from bot.storage.engine import Database

EVERY: Final = timedelta(hours=1)


class Keep:
    """Drops what is past its retention, hourly."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self._log = structlog.get_logger("keep")

    async def run_due(self, _wake: Callable[[], None]) -> datetime | None:
        """Purges, and says when next."""
        now = self._clock()
        dropped = await purge.purge_all(self._database, now)
        if dropped:
            self._log.info("purged", rows=dropped)
        return now + EVERY
