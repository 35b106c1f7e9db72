"""Tells the operators once that KiriminAja is out of reach or refuses our key, and once that it works again.

What was told stands in the outbox, and since when there was no answer with the payments: a restart forgets neither.
Where it comes and goes, the all-clear is what waits: the oftener there was trouble within an hour, the longer it must
have worked.
"""

from datetime import datetime, timedelta
from typing import Final

from bot.core.answer import Answer, Missing, Refused, Statement
from bot.core.connections import AlertKeyWorks, AlertProviderBack, AlertProviderDown
from bot.core.facts import Fact
from bot.core.ids import Kind
from bot.core.payment import Payment
from bot.core.steadiness import OFTEN_WITHIN, steady_after
from bot.flows.announce import Operators, alert_operators
from bot.storage import alerts, outages
from bot.storage.engine import Tx

DOWN_AFTER: Final = timedelta(minutes=2)
"""How long there must have been no usable answer at all."""
_REFUSED_FOR: Final = timedelta(minutes=10)
"""How long a kind of payment counts as refused without another look at one."""


class Outages:
    """Follows the looks of this process, which are all there are."""

    def __init__(self, operators: Operators, *, down_after: timedelta = DOWN_AFTER) -> None:
        self._operators = operators
        self._down_after = down_after
        self._all_is_well = False
        """Whether nothing was told that is still to be taken back; False also where that is not known."""
        self._failures = 0
        self._refused: dict[Kind | None, datetime] = {}
        """When the key was refused last, by what was asked for: each side may take it or not."""
        self._answers_since: datetime | None = None
        self._accepted_since: datetime | None = None
        self._answered: tuple[datetime, int] | None = None
        """When there was a usable answer last, and how many failures before it."""
        self._waited, self._are_counted = 0, False

    async def take_in(self, tx: Tx, answer: Answer, before: Payment, now: datetime) -> bool:
        """Takes in what a look brought, within the look's transaction; True when something is to be delivered.
        `before` is the payment as it was."""
        if isinstance(answer, Statement | Missing):
            self._refused.pop(before.kind, None)
            if self._all_is_well:
                return False
            await self._note_answer(tx, now)
            return await self._works(tx, now)
        self._all_is_well = False
        self._failures += 1
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

    def note_released(self, count: int) -> None:
        """So many payments had to wait, and do no more."""
        if not self._are_counted:
            self._waited += count

    async def _tell_down(self, tx: Tx, now: datetime) -> bool:
        if await _still_open(tx, "provider_down", "provider_back") or await _still_open(
            tx, "key_refused", "key_works"
        ):
            return False
        found = await outages.begun(tx)
        since = max(filter(None, found)) if found else now
        if now - since < self._down_after:
            return False  # others are answered
        await alert_operators(tx, AlertProviderDown(since), now, self._operators)
        return True

    async def _note_answer(self, tx: Tx, now: datetime) -> None:
        self._accepted_since = self._accepted_since or now
        was_silent = self._answered is None or (
            now - self._answered[0] >= self._down_after and self._answered[1] < self._failures
        )
        if was_silent or self._answers_since is None:
            self._answers_since = now
            if not self._are_counted:
                self._waited += await outages.count_waiting(tx, now)
                self._are_counted = True
        self._answered = (now, self._failures)

    async def _works(self, tx: Tx, now: datetime) -> bool:
        told = pending = False
        failures = self._failures
        if await _still_open(tx, "key_refused", "key_works"):
            refused = any(now - at < _REFUSED_FOR for at in self._refused.values())
            if not refused and await _is_steady(tx, "key_refused", self._accepted_since, now):
                await alert_operators(tx, AlertKeyWorks(), now, self._operators)
                told = True
            pending = not told
        down, since = await _still_open(tx, "provider_down", "provider_back"), self._answers_since
        if isinstance(down, AlertProviderDown) and since:
            if await _is_steady(tx, "provider_down", since, now):
                back = AlertProviderBack(down.since, since, self._waited)
                await alert_operators(tx, back, now, self._operators)
                told = True
            else:
                pending = True
        # What was told is known only once it is read again, as this transaction may fail.
        if not told and not pending and failures == self._failures:
            self._all_is_well, self._waited, self._are_counted = True, 0, False
        return told


async def _is_steady(tx: Tx, what: str, works_since: datetime | None, now: datetime) -> bool:
    """Whether it has worked for long enough to say so."""
    times = await alerts.times_told(tx, what, now - OFTEN_WITHIN)
    return works_since is not None and now - works_since >= steady_after(times)


async def _still_open(tx: Tx, began: str, ended: str) -> Fact | None:
    """What was told and has not been told to be over."""
    first, last = await alerts.last_told(tx, began), await alerts.last_told(tx, ended)
    return first.fact if first and (last is None or last.number < first.number) else None
