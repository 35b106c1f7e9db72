"""The buttons that have to do with links: "for the buyer", refresh, revoke."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from bot.core.facts import ButtonExpired, Checking, Fact
from bot.core.links import (
    ForBuyer,
    Handles,
    Link,
    LinkMade,
    LinkNotYours,
    LinkOver,
    LinkRevoked,
    Purpose,
    SeeBelow,
    Tracked,
    digest_of,
    new_link,
)
from bot.core.message import Action
from bot.core.watch import Watch
from bot.flows.admit import Staff
from bot.flows.ask import Ask
from bot.flows.pressed import Pressed, Toasts
from bot.flows.track import Track
from bot.storage import changes, inbox, links, shown
from bot.storage.engine import Database


class LinkButtons:
    """What a link's own message says is what its buttons are about."""

    ACTIONS: Final = frozenset({Action.REVOKE, Action.REFRESH})
    """Those under a link's message; `for_buyer` stands under "paid"."""

    def __init__(
        self,
        database: Database,
        toasts: Toasts,
        ask: Ask,
        staff: Staff,
        track: Track,
        handles: Handles,
        *,
        clock: Callable[[], datetime],
        wake: Callable[[], None],
    ) -> None:
        self._database = database
        self._toasts = toasts
        self._ask = ask
        self._staff = staff
        self._track = track
        self._handles = handles
        self._clock = clock
        self._wake = wake

    async def __call__(self, pressed: Pressed, action: Action) -> None:
        """Revokes or refreshes, as far as the message the button stands under is about that."""
        async with self._database.begin() as tx:
            fact = await shown.fact_at(tx, pressed.asker.place.chat_id, pressed.message_id)
        match fact:
            case LinkMade() if action is Action.REVOKE:
                await self._revoke(pressed, fact)
            case Tracked() if action is Action.REFRESH:
                await self._refresh(pressed, fact)
            case _:
                await self._toasts.close(pressed, ButtonExpired())

    async def for_buyer(self, pressed: Pressed, watch: Watch) -> None:
        """Writes what can be passed on to whoever gets the packages, with a link to them of this watch's own."""
        asker, now = pressed.asker, self._clock()
        handle = self._handles.of(Purpose.TRACK, watch.handle)
        link = new_link(handle, Purpose.TRACK, now, payment_id=watch.payment_id, made_by=asker.person_id)
        async with self._database.begin() as tx:
            if await inbox.finish(tx, asker.update_id):
                await links.keep(tx, link)
                await self._ask.say(tx, asker, 0, ForBuyer(), now, watch)
        self._wake()
        await self._toasts.show(pressed, SeeBelow())

    async def _revoke(self, pressed: Pressed, made: LinkMade) -> None:
        asker, digest = pressed.asker, digest_of(self._handles.of(Purpose.PAY, made.seed))
        link = await self._link(digest)
        if link is None:
            await self._toasts.close(pressed, LinkOver())
            return
        is_maker = asker.person_id is not None and asker.person_id == link.made_by
        if not is_maker and not await self._staff.knows(asker.person_id, update_id=asker.update_id):
            await self._toasts.close(pressed, LinkNotYours())
            return
        async with self._database.begin() as tx:
            await links.revoke(tx, digest, self._clock())
        await self._change(pressed, made, link)
        await self._toasts.show(pressed, LinkRevoked())

    async def _refresh(self, pressed: Pressed, shown: Tracked) -> None:
        link = await self._link(shown.link)
        if link is None or link.payment_id is None or not link.opens(self._clock()):
            await self._toasts.close(pressed, LinkOver())
            return
        await self._toasts.show(pressed, Checking())
        await self._track.look(link.payment_id)
        await self._change(pressed, shown, link)

    async def _link(self, digest: str) -> Link | None:
        async with self._database.begin() as tx:
            return await links.by_digest(tx, digest)

    async def _change(self, pressed: Pressed, fact: Fact, link: Link) -> None:
        """Has the message say what it is to say now."""
        asker, now = pressed.asker, self._clock()
        async with self._database.begin() as tx:
            if await inbox.finish(tx, asker.update_id):
                await changes.put_change(
                    tx,
                    asker.place,
                    pressed.message_id,
                    fact,
                    locale=asker.locale,
                    now=now,
                    payment_id=link.payment_id,
                )
        self._wake()
