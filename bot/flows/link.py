"""Staff make a link that opens one payment for a customer."""

import secrets
from collections.abc import Callable, Sequence
from datetime import datetime

from bot.core.answer import Missing
from bot.core.facts import Fact, NotAnId, NotFound, TooManyIds, Usage
from bot.core.ids import kind_of
from bot.core.links import Handles, LinkMade, MayNotLink, Purpose, new_link
from bot.flows.admit import Staff
from bot.flows.ask import Ask
from bot.flows.asker import Asker
from bot.flows.inquire import inquire
from bot.kiriminaja.client import KiriminAja
from bot.storage import inbox, links, payments
from bot.storage.engine import Database


class MakeLink:
    """`/link`."""

    def __init__(
        self,
        database: Database,
        provider: KiriminAja,
        ask: Ask,
        staff: Staff,
        handles: Handles,
        *,
        clock: Callable[[], datetime],
        wake: Callable[[], None],
    ) -> None:
        self._database = database
        self._provider = provider
        self._ask = ask
        self._staff = staff
        self._handles = handles
        self._clock = clock
        self._wake = wake

    async def __call__(self, asker: Asker, given: Sequence[str] | None) -> None:
        """Makes a link for the one id that is given; an AWB or order id seen before stands for its payment.

        Every time a new one: what is kept of an old one cannot be told.
        """
        if not await self._staff.knows(asker.person_id, update_id=asker.update_id):
            await self._ask.reply(asker, MayNotLink())
        elif refusal := _refusal(given):
            await self._ask.reply(asker, refusal)
        elif given:
            await self._make(asker, given[0])

    async def _make(self, asker: Asker, given: str) -> None:
        async with self._database.begin() as tx:
            payment_id = await payments.by_package(tx, given) or given
            known = await payments.read(tx, payment_id)
        if not (known and known.seen) and await self._is_missing(payment_id):
            await self._ask.reply(asker, NotFound(payment_id))
            return
        now, seed = self._clock(), secrets.token_urlsafe(16)
        handle = self._handles.of(Purpose.PAY, seed)
        link = new_link(handle, Purpose.PAY, now, payment_id=payment_id, made_by=asker.person_id)
        async with self._database.begin() as tx:
            if await inbox.finish(tx, asker.update_id):
                await links.keep(tx, link)
                await self._ask.say(tx, asker, 0, LinkMade(payment_id, seed, link.expires_at), now)
        self._wake()

    async def _is_missing(self, payment_id: str) -> bool:
        """Whether KiriminAja says that there is no such payment; where it can't say, the link will tell."""
        return isinstance(await inquire(self._provider, payment_id, kind_of(payment_id)), Missing)


def _refusal(given: Sequence[str] | None) -> Fact | None:
    if given is None:
        return NotAnId()
    if not given:
        return Usage("link")
    return TooManyIds(1) if len(given) > 1 else None
