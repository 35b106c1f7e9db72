"""Tells the operators once that KiriminAja is out of reach or refuses our key, and once that it works again.

Where one side of it is silent and the other is not, that is what is told. What was told stands in the outbox, and
since when there was no answer with the payments: a restart forgets neither. Where it comes and goes, the all-clear is
what waits: the oftener there was trouble within an hour, the longer it must have worked.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.core.answer import Answer, Missing, Refused, Statement
from bot.core.connections import AlertKeyWorks, AlertProviderBack, AlertProviderDown
from bot.core.ids import Kind
from bot.core.payment import Payment
from bot.core.steadiness import OFTEN_WITHIN, steady_after
from bot.flows.announce import Operators, alert_operators
from bot.kiriminaja.sides import Side, Sides
from bot.storage import alerts, outages
from bot.storage.alerts import Told
from bot.storage.engine import Tx

DOWN_AFTER: Final = timedelta(minutes=2)
"""How long there must have been no usable answer at all."""
_REFUSED_FOR: Final = timedelta(minutes=10)
"""How long a kind of payment counts as refused without another look at one."""
_KIND: Final = {Side.EXPRESS: Kind.EXPRESS, Side.INSTANT: Kind.INSTANT}


@dataclass(slots=True)
class _Course:
    """How one side has fared in this process."""

    kinds: Collection[Kind | None]
    failures: int = 0
    answers_since: datetime | None = None
    answered: tuple[datetime, int] | None = None
    """When there was a usable answer last, and how many failures before it."""
    waited: int = 0
    """Payments that could not be looked at meanwhile, once they are counted."""
    is_counted: bool = False

    async def note_answer(self, tx: Tx, now: datetime, down_after: timedelta) -> None:
        """It answers, after a silence or as ever."""
        was_silent = self.answered is None or (
            now - self.answered[0] >= down_after and self.answered[1] < self.failures
        )
        if was_silent or self.answers_since is None:
            self.answers_since = now
            await self.count(tx, now)
        self.answered = (now, self.failures)

    async def count(self, tx: Tx, now: datetime) -> None:
        """Counts what waits, once for each silence."""
        if not self.is_counted:
            self.waited += await outages.count_waiting(tx, self.kinds, now)
            self.is_counted = True

    def forget_waited(self) -> None:
        """The silence is over, and told to be."""
        self.waited, self.is_counted = 0, False


class Outages:
    """Follows the looks of this process, which are all there are."""

    def __init__(self, operators: Operators, sides: Sides, *, down_after: timedelta = DOWN_AFTER) -> None:
        self._operators = operators
        self._sides = sides
        self._down_after = down_after
        self._all_is_well = False
        """Whether nothing was told that is still to be taken back; False also where that is not known."""
        self._courses = {side: _Course(sides.kinds_of(side)) for side in sides.all}
        self._refused: dict[Kind | None, datetime] = {}
        """When the key was refused last, by what was asked for: each side may take it or not."""
        self._accepted_since: datetime | None = None

    async def take_in(self, tx: Tx, answer: Answer, before: Payment, now: datetime) -> bool:
        """Takes in what a look brought, within the look's transaction; True when something is to be delivered.
        `before` is the payment as it was."""
        # Of an unknown kind is the side that knows it.
        kind = answer.kind if isinstance(answer, Statement) else before.kind
        course = self._courses[self._sides.side_of(kind)]
        if isinstance(answer, Statement | Missing):
            self._refused.pop(before.kind, None)
            if self._all_is_well:
                return False
            self._accepted_since = self._accepted_since or now
            await course.note_answer(tx, now, self._down_after)
            return await self._works(tx, now)
        self._all_is_well = False
        course.failures += 1
        if isinstance(answer, Refused):
            self._refused[before.kind] = now
            self._accepted_since = None
            return False
        long = before.troubled_since is not None and now - before.troubled_since >= self._down_after
        return long and await self._tell_down(tx, now)

    async def go_on(self, tx: Tx, now: datetime) -> bool:
        """Nothing is asked meanwhile, or hardly anything: time goes on. True when something is to be delivered."""
        self._all_is_well = False
        return await self._tell_down(tx, now)

    def note_released(self, side: Side, count: int) -> None:
        """So many payments had to wait, and do no more."""
        course = self._courses[side]
        if not course.is_counted:
            course.waited += count

    async def _tell_down(self, tx: Tx, now: datetime) -> bool:
        if await _still_open(tx, "key_refused", "key_works") or await self._open(tx, None):
            return False
        troubled = {side: await outages.troubled_since(tx, course.kinds) for side, course in self._courses.items()}
        if all(since is None or now - since < self._down_after for since in troubled.values()):
            return False
        answered = {side: await outages.answered_at(tx, course.kinds) for side, course in self._courses.items()}
        # What has just been told to be back is not told of as down before it has been silent once more.
        back = await alerts.last_told(tx, "provider_back")
        told = {side for side in self._courses if await self._open(tx, _KIND[side])}
        down: dict[Side, datetime] = {}
        for side, began in troubled.items():
            silent = max(began, answered[side] or began) if began else now
            long = now - max(silent, back.at if back else silent) >= self._down_after
            if long and side not in told:
                down[side] = silent
        if not down:
            return False  # others are answered
        since = min(down.values())
        # The others are silent too, if for a shorter time: their looks are rarer.
        all_are = not told and all(
            troubled[side] and (answered[side] or since) <= since for side in self._courses if side not in down
        )
        each = [AlertProviderDown(silent, _KIND[side]) for side, silent in down.items()]
        for alert in [AlertProviderDown(since)] if all_are else each:
            await alert_operators(tx, alert, now, self._operators)
        return True

    async def _works(self, tx: Tx, now: datetime) -> bool:
        failures = self._failures
        told_key, key_pending = await self._key_works(tx, now)
        told_back, back_pending = await self._answers(tx, now)
        told = told_key or told_back
        # What was told is known only once it is read again, as this transaction may fail.
        if not told and not key_pending and not back_pending and failures == self._failures:
            self._all_is_well = True
            for course in self._courses.values():
                course.forget_waited()
        return told

    async def _key_works(self, tx: Tx, now: datetime) -> tuple[bool, bool]:
        """Whether it was told that the key is taken again, and whether that is still to be told."""
        if not await _still_open(tx, "key_refused", "key_works"):
            return False, False
        refused = any(now - at < _REFUSED_FOR for at in self._refused.values())
        if refused or not await _is_steady(tx, "key_refused", self._accepted_since, now):
            return False, True
        await alert_operators(tx, AlertKeyWorks(), now, self._operators)
        return True, False

    async def _answers(self, tx: Tx, now: datetime) -> tuple[bool, bool]:
        """The same of KiriminAja, and of the side of it that was silent alone."""
        told = pending = False
        for only in (None, *(_KIND[side] for side in self._courses)):
            if down := await self._open(tx, only):
                is_told = await self._tell_back(tx, down, now)
                told, pending = told or is_told, pending or not is_told
        return told, pending

    async def _tell_back(self, tx: Tx, down: AlertProviderDown, now: datetime) -> bool:
        silent = [self._courses[self._sides.side_of(down.only)]] if down.only else list(self._courses.values())
        answers = [course.answers_since for course in silent if course.answers_since]
        since = min((at for at in answers if at > down.since), default=None)
        if since is None or not await _is_steady(tx, "provider_down", since, now):
            return False
        for course in silent:
            await course.count(tx, now)
        waited = sum(course.waited for course in silent)
        await alert_operators(tx, AlertProviderBack(down.since, since, waited, down.only), now, self._operators)
        return True

    async def _open(self, tx: Tx, only: Kind | None) -> AlertProviderDown | None:
        """What was told of that side, or of all, and has not been told to be over."""
        name = only or "all"
        told = await _still_open(tx, f"provider_down:{name}", f"provider_back:{name}")
        return told.fact if told and isinstance(told.fact, AlertProviderDown) else None

    @property
    def _failures(self) -> int:
        return sum(course.failures for course in self._courses.values())


async def _is_steady(tx: Tx, what: str, works_since: datetime | None, now: datetime) -> bool:
    """Whether it has worked for long enough to say so."""
    times = await alerts.times_told(tx, what, now - OFTEN_WITHIN)
    return works_since is not None and now - works_since >= steady_after(times)


async def _still_open(tx: Tx, began: str, ended: str) -> Told | None:
    """What was told and has not been told to be over."""
    first, last = await alerts.last_told(tx, began), await alerts.last_told(tx, ended)
    return first if first and (last is None or last.number < first.number) else None
