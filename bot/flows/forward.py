"""Passes accepted callbacks on to whoever had them before us: at least once, tried for a day, then given up."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import structlog

from bot.core.connections import AlertNotForwarded
from bot.flows.announce import Operators, alert_operators
from bot.flows.lanes import Lanes
from bot.kiriminaja.push import Push
from bot.logs import Lasting
from bot.metrics import Metrics
from bot.storage import callbacks
from bot.storage.callbacks import Forward
from bot.storage.engine import Database

GIVEN_UP_AFTER: Final = timedelta(days=1)
_FIRST_PAUSE: Final = timedelta(seconds=5)
_LONGEST_PAUSE: Final = timedelta(hours=1)
_AT_ONCE: Final = 4


class PassOn:
    """The callbacks on their way to CALLBACK_FORWARD_URL; a body is gone once it was taken, or given up."""

    def __init__(
        self,
        database: Database,
        push: Push,
        url: str,
        *,
        operators: Operators,
        clock: Callable[[], datetime],
        wake_deliver: Callable[[], None],
        metrics: Metrics,
    ) -> None:
        self._database = database
        self._push = push
        self._url = url
        self._operators = operators
        self._clock = clock
        self._wake_deliver = wake_deliver
        self._metrics = metrics
        self._lanes = Lanes[int]("forward", _AT_ONCE)
        self._log = structlog.get_logger("forward")
        self._trouble = Lasting(self._log, "callbacks not passed on", "callbacks passed on again")

    async def run_due(self, wake: Callable[[], None]) -> datetime | None:
        """Starts what is due; returns when the next is. `wake` is called as each ends."""
        free = self._lanes.free
        if not free:
            return None
        async with self._database.begin() as tx:
            found = await callbacks.to_forward(tx, self._clock(), free, self._lanes.busy)
            begun = [*self._lanes.busy, *(one.id for one in found)]
            next_at = await callbacks.next_forward_at(tx, begun)
        for one in found:
            self._lanes.begin(one.id, self._guarded(one), wake)
        return next_at if free > len(found) else None

    async def drain(self, seconds: float) -> None:
        """Begins nothing more and lets what is under way end; what does not is passed on again after the start."""
        await self._lanes.drain(seconds)
        await self._push.aclose()

    async def _guarded(self, one: Forward) -> None:
        try:
            await self._pass_on(one)
        except Exception:
            self._log.exception("forward failed", callback=one.id)
            await asyncio.sleep(1)  # the row stays due

    async def _pass_on(self, one: Forward) -> None:
        outcome = await self._push(self._url, one.body, one.content_type)
        taken = isinstance(outcome, int) and 200 <= outcome < 300
        problem = f"http_{outcome}" if isinstance(outcome, int) else outcome
        now = self._clock()
        given_up = not taken and now - one.received_at >= GIVEN_UP_AFTER
        async with self._database.begin() as tx:
            if taken:
                await callbacks.note_forwarded(tx, one.id)
            elif given_up:
                await callbacks.note_forwarded(tx, one.id, problem=problem)
                await alert_operators(tx, AlertNotForwarded(problem), now, self._operators)
            else:
                pause = min(_FIRST_PAUSE * 2 ** min(one.attempts, 12), _LONGEST_PAUSE)
                # The last try falls on the end of the day.
                last = max(one.received_at + GIVEN_UP_AFTER, now + _FIRST_PAUSE)
                await callbacks.put_off(tx, one.id, min(now + pause, last), problem)
        if given_up:
            self._wake_deliver()
        self._metrics.note_forward("delivered" if taken else "given_up" if given_up else "failed")
        # Each is tried some thirty times within a day, and there may be thousands of them.
        if taken:
            self._trouble.is_over()
        else:
            self._trouble.note(problem)
        log = self._log.warning if given_up else self._log.debug
        log("callback passed on" if taken else "callback not passed on", callback=one.id, outcome=problem,
            attempt=one.attempts + 1, given_up=given_up)  # fmt: skip
