"""Tells the operators once that KiriminAja is out of reach or refuses our key, and once that it works again.

What was told stands in the outbox, and since when there was no answer with the payments: a restart forgets neither.
"""

from datetime import datetime, timedelta
from typing import Final

from bot.core.answer import Answer, Missing, Refused, Statement
from bot.core.connections import AlertKeyWorks, AlertProviderBack, AlertProviderDown
from bot.core.facts import Fact
from bot.core.payment import Payment
from bot.flows.announce import Operators, alert_operators
from bot.storage import alerts, payments
from bot.storage.engine import Tx

DOWN_AFTER: Final = timedelta(minutes=2)
"""How long there must have been no usable answer at all."""


class Outages:
    """Follows the looks of this process, which are all there are."""

    def __init__(self, operators: Operators, *, down_after: timedelta = DOWN_AFTER) -> None:
        self._operators = operators
        self._down_after = down_after
        self._all_is_well = False
        """Whether nothing was told that is still to be taken back; False also where that is not known."""
        self._failures = 0

    async def take_in(self, tx: Tx, answer: Answer, before: Payment, now: datetime) -> bool:
        """Takes in what a look brought, within the look's transaction; True when something is to be delivered.
        `before` is the payment as it was."""
        if isinstance(answer, Statement | Missing):
            return not self._all_is_well and await self._works(tx, now)
        self._all_is_well = False
        self._failures += 1
        if isinstance(answer, Refused) or before.troubled_since is None:
            return False
        return now - before.troubled_since >= self._down_after and await self._tell_down(tx, now)

    async def _tell_down(self, tx: Tx, now: datetime) -> bool:
        if await _still_open(tx, "provider_down", "provider_back") or await _still_open(
            tx, "key_refused", "key_works"
        ):
            return False
        found = await payments.outage(tx)
        since = max(filter(None, found)) if found else now
        if now - since < self._down_after:
            return False  # others are answered
        await alert_operators(tx, AlertProviderDown(since), now, self._operators)
        return True

    async def _works(self, tx: Tx, now: datetime) -> bool:
        told, failures = False, self._failures
        if await _still_open(tx, "key_refused", "key_works"):
            await alert_operators(tx, AlertKeyWorks(), now, self._operators)
            told = True
        if isinstance(down := await _still_open(tx, "provider_down", "provider_back"), AlertProviderDown):
            waited = await payments.count_troubled(tx)
            await alert_operators(tx, AlertProviderBack(down.since, now, waited), now, self._operators)
            told = True
        # What was told is known only once it is read again, as this transaction may fail.
        self._all_is_well = not told and failures == self._failures
        return told


async def _still_open(tx: Tx, began: str, ended: str) -> Fact | None:
    """What was told and has not been told to be over."""
    first, last = await alerts.last_told(tx, began), await alerts.last_told(tx, ended)
    return first.fact if first and (last is None or last.number < first.number) else None
