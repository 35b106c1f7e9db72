"""Looks at payments when they are due, and whenever somebody wants to know now.

One look serves every chat that watches. A look is fetch → decide → one transaction; nothing is kept in memory between
looks but which ones are under way (`flows.conclude` is the transaction).
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import structlog

from bot.core.answer import Answer
from bot.core.cadence import AGES, Cadence
from bot.core.following import interval
from bot.core.ids import Kind
from bot.core.payment import Payment, Rules
from bot.flows.announce import Operators
from bot.flows.conclude import Conclude
from bot.flows.hold import Hold
from bot.flows.inquire import inquire
from bot.flows.lanes import Lanes
from bot.flows.outages import Outages
from bot.kiriminaja.client import KiriminAja
from bot.kiriminaja.sides import HELD_BACK
from bot.metrics import Metrics
from bot.storage import looks, payments
from bot.storage.engine import Database, Tx
from bot.storage.trouble import log_failure

AT_ONCE: Final = 64
_ROUNDS_APART: Final = timedelta(seconds=0.05)
"""What is due by itself within so short a time is taken together."""
# How long a measured stretch of all intervals serves before it is measured anew.
_STRETCH_LASTS: Final = timedelta(seconds=2)
# To count very many takes long, and what comes and goes changes less then.
_STRETCH_LASTS_EACH: Final = timedelta(microseconds=300)


class Look:
    """The looks of this process."""

    def __init__(
        self,
        database: Database,
        provider: KiriminAja,
        *,
        cadence: Cadence,
        test_codes: bool,
        operators: Operators,
        outages: Outages,
        clock: Callable[[], datetime],
        wake_deliver: Callable[[], None],
        metrics: Metrics,
        may_write: Callable[[], bool],
    ) -> None:
        """`may_write`: whether this process still does the work; asked once an answer is there."""
        self._database = database
        self._provider = provider
        self._cadence = cadence
        self._test_codes = test_codes
        self._clock = clock
        self._wake_deliver = wake_deliver
        self._metrics = metrics
        self._conclude = Conclude(
            database,
            rules=lambda: self.rules,
            operators=operators,
            outages=outages,
            clock=clock,
            wake_deliver=wake_deliver,
            metrics=metrics,
            may_write=may_write,
        )
        self._lanes = Lanes[str]("look", AT_ONCE)
        self._hold = Hold(provider.sides, outages, cadence.budget)
        self._moved_to: dict[str, datetime] = {}
        """When to look next at what is just ending, where nothing else has changed."""
        self._runs_by: datetime | None = None
        """When the job runs next for what is not under way; None where that is not known."""
        self._is_full = False
        """Whether more is due than may be under way, or held back: each end has to wake the job."""
        self._timer: asyncio.TimerHandle | None = None
        self._stretch = 1.0
        self._stretch_until: datetime | None = None
        self._log = structlog.get_logger("look")

    async def run_due(self, wake: Callable[[], None]) -> datetime | None:
        """Starts the looks that are due; returns when the next one is. `wake` is called as each ends."""
        self._runs_by = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        now = self._clock()
        free, busy = self._lanes.free, set(self._lanes.busy)
        async with self._database.begin() as tx:
            await self._measure(tx, now)
            holding = await self._hold.round(tx, now, free=free, busy=busy)
            probes = [due for _, due in holding.probes]
            busy |= {one.payment_id for one in probes}
            free -= len(probes)
            found, next_at = await payments.due(tx, now, free, busy, holding.kinds) if free else ((), None)
        self._hold.took_place(holding)
        if holding.has_alert:
            self._wake_deliver()
        for one in (*probes, *found):
            self._metrics.note_look_begun(now - one.since)
            ended = partial(self._ended, one.payment_id, wake)
            self._lanes.begin(one.payment_id, self._look(one, is_probe=one in probes), ended)
        self._is_full = free <= len(found) or bool(holding.sides)
        if free <= len(found) or next_at is None:
            return holding.next_at
        self._runs_by = max(min(next_at, holding.next_at or next_at), now + _ROUNDS_APART)
        return self._runs_by

    async def now(self, payment_id: str, kind: Kind | None) -> tuple[Payment, Answer] | None:
        """A fresh look on somebody's wish; None when the payment is unknown here."""
        began = self._clock()
        answer = await inquire(self._provider, payment_id, kind)
        concluded = await self._conclude(payment_id, answer, began)
        return None if concluded is None else (concluded.payment, answer)

    async def hasten(self, tx: Tx, payment_id: str, now: datetime) -> None:
        """Something may have happened: looks at once, and once more where a look is under way that may have been too
        early. The caller wakes the job."""
        await self._conclude.hasten(tx, payment_id, now)

    @property
    def rules(self) -> Rules:
        """What decisions go by at present."""
        return Rules(
            interval=lambda age: self._cadence.interval(age, self._stretch),
            first=self._cadence.first,
            stretch=self._stretch,
            test_codes=self._test_codes,
        )

    async def drain(self, seconds: float) -> None:
        """Lets looks under way come to their end, then cancels them; they are due again at the next start."""
        await self._lanes.drain(seconds)
        await self._conclude.drain(seconds)

    async def _look(self, due: payments.Due, *, is_probe: bool) -> None:
        began, payment_id = self._clock(), due.payment_id
        # What a callback hinted at goes first, but it is no reason to ask who does not answer.
        urgent = is_probe or (self._conclude.is_awaited(payment_id) and not self._provider.sides.is_held(due.kind))
        try:
            # A call that is under way may have been answered before what the hint is about.
            fresh = self._conclude.is_hinted(payment_id)
            answer = await self._provider.fetch(payment_id, due.kind, urgent=urgent, fresh=fresh)
            if answer == HELD_BACK:
                return  # it stays due
            concluded = await self._conclude(payment_id, answer, began, others=len(self._lanes.busy) > 1)
            if concluded and concluded.next_at:
                self._moved_to[payment_id] = concluded.next_at
        except Exception as error:
            log_failure(self._log, "look failed", error, payment=payment_id)
            # The row stays due; a pause keeps a fault of ours from turning into a busy loop.
            await asyncio.sleep(self._cadence.first.total_seconds())

    def _ended(self, payment_id: str, wake: Callable[[], None]) -> None:
        """A look's key is free again: the job runs at once, or when the next look at the same is due."""
        next_at = self._moved_to.pop(payment_id, None)
        # A hint that came while the look was being noted was passed over, as the look was still under way.
        if next_at is None or self._is_full or self._conclude.is_hinted(payment_id):
            wake()
        elif self._runs_by is None or next_at < self._runs_by:
            self._runs_by = next_at
            if self._timer is not None:
                self._timer.cancel()
            pause = max(next_at - self._clock(), _ROUNDS_APART)
            self._timer = asyncio.get_running_loop().call_later(pause.total_seconds(), wake)

    async def _measure(self, tx: Tx, now: datetime) -> None:
        if self._stretch_until is None or now >= self._stretch_until:
            counted = await looks.count_open(tx, at_most=self._cadence.spared + 1)
            if counted > self._cadence.spared:
                first = self._cadence.first
                waiting, following = await looks.by_age(tx, now, AGES)
                followed = [(interval(age, first), count) for age, count in following]
                self._stretch = self._cadence.stretch(waiting, followed)
                counted = sum(count for _, count in (*waiting, *following))
            else:
                self._stretch = 0.0
            self._stretch_until = now + max(_STRETCH_LASTS, counted * _STRETCH_LASTS_EACH)
