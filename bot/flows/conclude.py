"""Takes in what looks brought: decides, and writes what the decision says in one transaction.

Most looks find nothing new. Those that end at about the same time are concluded together, a lone one at once. What
is more than that, in another's hands or failed, is concluded by itself.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any, Final

import structlog

from bot.core.answer import Answer, Missing, Statement
from bot.core.payment import Decision, Payment, Rules, Status, decide
from bot.flows.announce import Operators, announce
from bot.flows.outages import Outages
from bot.kiriminaja.client import outcome_of
from bot.metrics import Metrics
from bot.storage import looks, payments
from bot.storage.engine import Database, Tx
from bot.storage.trouble import log_failure

TOGETHER: Final = 64
"""How many looks one transaction concludes at most."""
GATHERED: Final = 0.005
"""Seconds for which the first of several looks waits for the others."""
HINTS_APART: Final = timedelta(seconds=0.5)
"""The shortest time between two looks where KiriminAja hinted at something new; POLL_FIRST goes for all others."""

_unmoved: Final = attrgetter(*(field.name for field in fields(Payment) if field.name not in looks.MOVED_ON))
"""What of a payment a look that finds nothing new leaves as it was."""


@dataclass(frozen=True, slots=True)
class Concluded:
    """What became of a look."""

    payment: Payment
    next_at: datetime | None = None
    """When to look next, where nothing but that has changed; None where more has, or nothing was written."""


@dataclass(frozen=True, slots=True)
class _Brought:
    payment_id: str
    answer: Answer
    began: datetime
    concluded: asyncio.Future[Concluded | None]
    """None: it is to be concluded by itself."""


class Conclude:
    """The conclusions of this process."""

    def __init__(
        self,
        database: Database,
        *,
        rules: Callable[[], Rules],
        operators: Operators,
        outages: Outages,
        clock: Callable[[], datetime],
        wake_deliver: Callable[[], None],
        metrics: Metrics,
        may_write: Callable[[], bool],
    ) -> None:
        """`may_write`: whether this process still does the work; asked once a payment is ours."""
        self._database = database
        self._rules = rules
        self._operators = operators
        self._outages = outages
        self._clock = clock
        self._wake_deliver = wake_deliver
        self._metrics = metrics
        self._may_write = may_write
        # When a callback hinted at a payment, and whether somebody waits for what a look will find.
        self._hints: dict[str, tuple[datetime, bool]] = {}
        self._waiting: list[_Brought] = []
        self._work: asyncio.Task[None] | None = None
        self._log = structlog.get_logger("look")

    async def __call__(
        self, payment_id: str, answer: Answer, began: datetime, *, others: bool = False
    ) -> Concluded | None:
        """Concludes a look that began then; None where the payment is unknown here. `others`: whether more looks are
        under way that may end as soon."""
        if isinstance(answer, Statement | Missing):
            brought = _Brought(payment_id, answer, began, asyncio.get_running_loop().create_future())
            self._waiting.append(brought)
            if self._work is None:
                self._work = asyncio.create_task(self._conclude_waiting(GATHERED if others else 0.0), name="conclude")
            if concluded := await brought.concluded:
                return concluded
        return await self._alone(payment_id, answer, began)

    async def hasten(self, tx: Tx, payment_id: str, now: datetime) -> None:
        """Something may have happened: looks at once, and once more where a look is under way that may have been too
        early."""
        status = await payments.hasten(tx, payment_id, now, min(self._rules().first, HINTS_APART))
        if status is not None:
            self._hints[payment_id] = (now, status is not Status.FOLLOWING)

    def is_awaited(self, payment_id: str) -> bool:
        """Whether a hint says that somebody waits for what a look at it will find."""
        _, awaited = self._hints.get(payment_id, (None, False))
        return awaited

    def is_hinted(self, payment_id: str) -> bool:
        """Whether a hint came since the last look at it began."""
        return payment_id in self._hints

    async def drain(self, seconds: float) -> None:
        """Lets what is being written come to its end."""
        if self._work is not None:
            _, late = await asyncio.wait([self._work], timeout=seconds)
            for task in late:
                task.cancel()

    async def _conclude_waiting(self, pause: float) -> None:
        batch: list[_Brought] = []
        try:
            if pause:
                await asyncio.sleep(pause)
            while self._waiting:
                batch = self._next_batch()
                try:
                    await self._together(batch)
                except Exception as error:
                    log_failure(self._log, "looks not concluded together", error)
                self._leave_alone(batch)
        finally:
            self._work = None
            self._leave_alone([*batch, *self._waiting])
            self._waiting.clear()

    def _next_batch(self) -> list[_Brought]:
        """What has come in, but each payment once: the second look goes by what the first one wrote."""
        batch: dict[str, _Brought] = {}
        later: list[_Brought] = []
        for one in self._waiting:
            is_later = one.payment_id in batch or len(batch) == TOGETHER
            later.append(one) if is_later else batch.setdefault(one.payment_id, one)
        self._waiting = later
        return list(batch.values())

    def _leave_alone(self, batch: Sequence[_Brought]) -> None:
        for one in batch:
            if not one.concluded.done():
                one.concluded.set_result(None)

    async def _together(self, batch: Sequence[_Brought]) -> None:
        """Concludes those that found nothing new."""
        now, rules = self._clock(), self._rules()
        quiet: list[tuple[_Brought, Decision]] = []
        to_deliver = False
        async with self._database.begin() as tx:
            known = await looks.load_free(tx, [one.payment_id for one in batch])
            if not self._may_write():
                return
            # Only now that the rows are ours: a hint that came before lies here, one that comes later finds them
            # saved.
            for one in batch:
                payment = known.get(one.payment_id)
                hinted_at, _ = self._hints.get(one.payment_id, (one.began, False))
                if payment is None or hinted_at > one.began:
                    continue
                decision = decide(payment, one.answer, now, rules)
                if _is_quiet(payment, decision):
                    self._hints.pop(one.payment_id, None)
                    quiet.append((one, decision))
            for one, _ in quiet:
                to_deliver |= await self._outages.take_in(tx, one.answer, known[one.payment_id], now)
            await looks.move_on(tx, [(decision.payment, decision.look_again_at) for _, decision in quiet])
        if to_deliver:
            self._wake_deliver()
        log = self._log.bind()  # once: it is made anew with each line otherwise
        for one, decision in quiet:
            self._note(log, decision, one.answer)
            if not one.concluded.done():
                one.concluded.set_result(Concluded(decision.payment, decision.look_again_at))

    async def _alone(self, payment_id: str, answer: Answer, began: datetime) -> Concluded | None:
        now = self._clock()
        async with self._database.begin() as tx:
            payment = await payments.load(tx, payment_id)
            # As above.
            hinted_at, _ = self._hints.pop(payment_id, (began, False))
            # Frozen since it asked: the answer is of then, and whoever took over has newer ones.
            if payment is None or not self._may_write():
                return Concluded(payment) if payment else None
            decision = decide(payment, answer, now, self._rules())
            to_deliver = await self._outages.take_in(tx, answer, payment, now)
            to_deliver |= await announce(tx, decision, now, self._operators)
            if hinted_at > began:
                await self.hasten(tx, payment_id, now)
        if to_deliver:
            self._wake_deliver()
        self._note(self._log.bind(), decision, answer)
        return Concluded(decision.payment)

    def _note(self, log: Any, decision: Decision, answer: Answer) -> None:
        outcome = outcome_of(answer)
        self._metrics.note_look(outcome)
        tell = log.info if decision.facts or decision.alerts else log.debug
        tell(
            "looked",
            payment=decision.payment.id,
            outcome=outcome,
            status=decision.payment.status.value,
            facts=[type(fact).__name__ for fact in decision.facts],
        )


def _is_quiet(before: Payment, decision: Decision) -> bool:
    """Whether nothing is new but what every look writes."""
    after = decision.payment
    says_something = decision.facts or decision.alerts or decision.card_owed or decision.list_changed
    return not says_something and not decision.card_changed and _unmoved(after) == _unmoved(before)
