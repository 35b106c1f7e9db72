"""Whom a package is from and to, for one message: in full to staff in private, masked to everybody else.

Read anew from KiriminAja each time and kept nowhere. A message is never late for it: without a quick answer it goes
out without.
"""

import asyncio
from typing import Final

import structlog

from bot.core.payment import Payment
from bot.core.privacy import PackagePeople
from bot.core.watch import Place
from bot.flows.admit import Staff
from bot.kiriminaja.client import KiriminAja

WITHIN: Final = 1.5
"""Seconds that a message may be held up."""


class Reveal:
    """Reads the people of a payment's packages for whoever is told."""

    def __init__(self, provider: KiriminAja, staff: Staff) -> None:
        self._provider = provider
        self._staff = staff
        self._log = structlog.get_logger("reveal")

    async def __call__(self, payment: Payment, place: Place) -> tuple[PackagePeople, ...]:
        """What this place may know; empty where KiriminAja can't tell now, or there are no packages."""
        if not payment.packages:
            return ()
        try:
            async with asyncio.timeout(WITHIN):
                # A private chat has its person's number.
                in_full = place.chat_id > 0 and await self._staff.knows(place.chat_id)
                people = await self._provider.people(payment.id, urgent=in_full)
        except Exception as error:  # whatever it is, a message about a payment does not fail for it
            self._log.info("people not shown", payment=payment.id, problem=type(error).__name__)
            return ()
        return people if in_full else tuple(each.masked() for each in people)
