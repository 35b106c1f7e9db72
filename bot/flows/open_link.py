"""Somebody opens a link `t.me/<bot>?start=<handle>`: a payment, its packages, or the ownership of the bot."""

from collections.abc import Callable
from datetime import datetime

from bot.core.facts import AskedTooOften
from bot.core.links import Link, LinkRefused, OpenInPrivate, Purpose, Tracked, digest_of, is_handle
from bot.core.team import BecameOwner
from bot.flows.admit import Admit
from bot.flows.ask import Ask
from bot.flows.asker import Asker
from bot.flows.track import Track
from bot.storage import inbox, links, staff
from bot.storage.engine import Database


class OpenLink:
    """`/start` with a handle."""

    def __init__(
        self,
        database: Database,
        ask: Ask,
        admit: Admit,
        track: Track,
        *,
        clock: Callable[[], datetime],
        wake: Callable[[], None],
    ) -> None:
        self._database = database
        self._ask = ask
        self._admit = admit
        self._track = track
        self._clock = clock
        self._wake = wake

    async def __call__(self, asker: Asker, handle: str) -> None:
        """Opens what the handle stands for. One that opens nothing counts as a guess, like an unknown id."""
        if not asker.is_private:
            await self._ask.reply(asker, OpenInPrivate())
            return
        refused = await self._admit.refused(asker)
        if isinstance(refused, AskedTooOften):
            await self._ask.reply(asker, refused)
            return
        link = await self._link(handle)
        if link is None:
            await self._refuse(asker, handle)
        elif link.purpose is Purpose.OWNER:
            await self._own(asker, link, handle)
        elif link.purpose is Purpose.TRACK and link.payment_id:
            await self._show_packages(asker, link, link.payment_id)
        elif link.payment_id:
            await self._ask(asker, [link.payment_id], admitted=True)

    async def _link(self, handle: str) -> Link | None:
        """What is kept of a handle, if that opens anything now."""
        if not is_handle(handle):
            return None
        async with self._database.begin() as tx:
            link = await links.by_digest(tx, digest_of(handle))
        return link if link is not None and link.opens(self._clock()) else None

    async def _refuse(self, asker: Asker, handle: str) -> None:
        asker, now = await self._admit.recognised(asker), self._clock()
        async with self._database.begin() as tx:
            if await inbox.finish(tx, asker.update_id):
                await self._admit.note_miss(tx, asker, digest_of(handle))
                await self._ask.say(tx, asker, 0, LinkRefused(), now)
        self._wake()

    async def _own(self, asker: Asker, link: Link, handle: str) -> None:
        """The first to open it owns the bot; every other such link is over with that."""
        now, owner = self._clock(), asker.person_id
        async with self._database.begin() as tx:
            is_first = owner is not None and await links.use(tx, link.digest, now)
            if owner is not None and is_first and await inbox.finish(tx, asker.update_id):
                await staff.add_owner(tx, owner, now)
                await links.revoke_all(tx, Purpose.OWNER, now)
                await self._ask.say(tx, asker, 0, BecameOwner(), now)
        if not is_first:
            await self._refuse(asker, handle)
        self._wake()

    async def _show_packages(self, asker: Asker, link: Link, payment_id: str) -> None:
        await self._track.look(payment_id)
        now = self._clock()
        async with self._database.begin() as tx:
            if await inbox.finish(tx, asker.update_id):
                await self._ask.say(tx, asker, 0, Tracked(link.digest), now, payment_id=payment_id)
        self._wake()
