"""Looks at payments when they are due, and whenever somebody wants to know now.

One look serves every chat that watches. A look is fetch → decide → one transaction; nothing is kept in memory between
looks but which ones are under way.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import structlog

from bot.core.answer import Answer
from bot.core.cadence import Cadence
from bot.core.ids import Kind
from bot.core.payment import Decision, Payment, Rules, Status, decide
from bot.flows.announce import Operators, announce
from bot.flows.hold import Hold
from bot.flows.inquire import inquire
from bot.flows.lanes import Lanes
from bot.flows.outages import Outages
from bot.kiriminaja.client import KiriminAja, outcome_of
from bot.kiriminaja.sides import HELD_BACK
from bot.metrics import Metrics
from bot.storage import payments
from bot.storage.engine import Database, Tx
from bot.storage.trouble import log_failure

AT_ONCE: Final = 64
HINTS_APART: Final = timedelta(seconds=0.5)
"""The shortest time between two looks where KiriminAja hinted at something new; POLL_FIRST goes for all others."""
# How long a measured stretch of all intervals serves before it is measured anew.
_STRETCH_LASTS: Final = timedelta(seconds=2)


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
        self._operators = operators
        self._outages = outages
        self._clock = clock
        self._wake_deliver = wake_deliver
        self._metrics = metrics
        self._may_write = may_write
        self._lanes = Lanes[str]("look", AT_ONCE)
        # When a callback hinted at a payment, and whether somebody waits for what a look will find.
        self._hints: dict[str, tuple[datetime, bool]] = {}
        self._hold = Hold(provider.sides, outages, cadence.budget)
        self._stretch = 1.0
        self._stretch_until: datetime | None = None
        self._log = structlog.get_logger("look")

    async def run_due(self, wake: Callable[[], None]) -> datetime | None:
        """Starts the looks that are due; returns when the next one is. `wake` is called as each ends."""
        now = self._clock()
        free, busy = self._lanes.free, set(self._lanes.busy)
        async with self._database.begin() as tx:
            await self._measure(tx, now)
            holding = await self._hold.round(tx, now, free=free, busy=busy)
            probes = [due for _, due in holding.probes]
            busy |= {one.payment_id for one in probes}
            free -= len(probes)
            found = await payments.due(tx, now, free, busy, holding.kinds) if free else []
            busy |= {one.payment_id for one in found}
            next_at = await payments.next_due_at(tx, busy, holding.kinds)
        self._hold.took_place(holding)
        if holding.has_alert:
            self._wake_deliver()
        for one in (*probes, *found):
            self._metrics.note_look_begun(now - one.since)
            self._lanes.begin(one.payment_id, self._look(one, is_probe=one in probes), wake)
        times = [at for at in (next_at if free > len(found) else None, holding.next_at) if at]
        return min(times) if times else None

    async def now(self, payment_id: str, kind: Kind | None) -> tuple[Payment, Answer] | None:
        """A fresh look on somebody's wish; None when the payment is unknown here."""
        began = self._clock()
        answer = await inquire(self._provider, payment_id, kind)
        payment = await self._conclude(payment_id, answer, began)
        return None if payment is None else (payment, answer)

    async def hasten(self, tx: Tx, payment_id: str, now: datetime) -> None:
        """Something may have happened: looks at once, and once more where a look is under way that may have been too
        early. The caller wakes the job."""
        status = await payments.hasten(tx, payment_id, now, min(self._cadence.first, HINTS_APART))
        if status is not None:
            self._hints[payment_id] = (now, status is not Status.FOLLOWING)

    @property
    def rules(self) -> Rules:
        """What decisions go by at present."""
        return Rules(
            interval=lambda age: self._cadence.interval(age, self._stretch),
            first=self._cadence.first,
            test_codes=self._test_codes,
        )

    async def drain(self, seconds: float) -> None:
        """Lets looks under way come to their end, then cancels them; they are due again at the next start."""
        await self._lanes.drain(seconds)

    async def _look(self, due: payments.Due, *, is_probe: bool) -> None:
        began, payment_id = self._clock(), due.payment_id
        _, hinted = self._hints.get(payment_id, (began, False))
        # What a callback hinted at goes first, but it is no reason to ask who does not answer.
        urgent = is_probe or (hinted and not self._provider.sides.is_held(due.kind))
        try:
            answer = await self._provider.fetch(payment_id, due.kind, urgent=urgent)
            if answer != HELD_BACK:  # else it stays due
                await self._conclude(payment_id, answer, began)
        except Exception as error:
            log_failure(self._log, "look failed", error, payment=payment_id)
            # The row stays due; a pause keeps a fault of ours from turning into a busy loop.
            await asyncio.sleep(self._cadence.first.total_seconds())

    async def _conclude(self, payment_id: str, answer: Answer, began: datetime) -> Payment | None:
        now = self._clock()
        async with self._database.begin() as tx:
            payment = await payments.load(tx, payment_id)
            # Only now that the row is ours: a hint that came before lies here, one that comes later finds it saved.
            hinted_at, _ = self._hints.pop(payment_id, (began, False))
            # Frozen since it asked: the answer is of then, and whoever took over has newer ones.
            if payment is None or not self._may_write():
                return payment
            decision = decide(payment, answer, now, self.rules)
            to_deliver = await self._outages.take_in(tx, answer, payment, now)
            to_deliver |= await announce(tx, decision, now, self._operators)
            if hinted_at > began:
                await self.hasten(tx, payment_id, now)
        if to_deliver:
            self._wake_deliver()
        self._metrics.note_look(outcome_of(answer))
        self._tell_log(decision, answer)
        return decision.payment

    def _tell_log(self, decision: Decision, answer: Answer) -> None:
        log = self._log.info if decision.facts or decision.alerts else self._log.debug
        log(
            "looked",
            payment=decision.payment.id,
            outcome=outcome_of(answer),
            status=decision.payment.status.value,
            facts=[type(fact).__name__ for fact in decision.facts],
        )

    async def _measure(self, tx: Tx, now: datetime) -> None:
        if self._stretch_until is None or now >= self._stretch_until:
            self._stretch = self._cadence.stretch(await payments.ages_of_waiting(tx, now))
            self._stretch_until = now + _STRETCH_LASTS
