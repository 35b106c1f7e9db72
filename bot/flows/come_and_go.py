"""Chats come and go: the bot is added, removed, blocked and unblocked, and groups become supergroups."""

from collections.abc import Callable
from datetime import datetime

import structlog

from bot.core.commands import Greeting
from bot.core.facts import Paid, WatchClosed
from bot.core.payment import Payment, Status
from bot.core.watch import Place, Watch, WatchState
from bot.storage import chats, inbox, outbox, payments, shown, watches
from bot.storage.engine import Database, Tx


class ComeAndGo:
    """What follows from where the bot is."""

    def __init__(
        self, database: Database, *, locale: str, clock: Callable[[], datetime], wake: Callable[[], None]
    ) -> None:
        """`locale` is that of groups that have chosen none. `wake` sets looking and delivering going."""
        self._database = database
        self._locale = locale
        self._clock = clock
        self._wake = wake
        self._log = structlog.get_logger("chats")

    async def here(self, chat_id: int) -> None:
        """Somebody speaks in a chat, so it takes messages: what rested there goes on, and missed news are told."""
        if await self._database.share(lambda tx: self._return(tx, chat_id)):
            self._wake()

    async def joined(self, update_id: int, chat_id: int, *, is_group: bool, was_there: bool) -> None:
        """The bot may write to a chat now. A group is greeted once."""
        now = self._clock()
        async with self._database.begin() as tx:
            if not await inbox.finish(tx, update_id):
                return
            await self._return(tx, chat_id)
            if is_group and not was_there and not await chats.was_moved_to(tx, chat_id):
                key = f"greeting:{chat_id}"
                await outbox.put_notice(tx, key, Place(chat_id), Greeting(), locale=self._locale, now=now)
        self._wake()

    async def left(self, update_id: int, chat_id: int) -> None:
        """The bot was removed or blocked: nothing is sent there, nor looked at for its sake alone."""
        async with self._database.begin() as tx:
            if await inbox.finish(tx, update_id):
                await chats.silence(tx, chat_id, "removed or blocked", self._clock())
        self._log.info("chat gone", chat=chat_id)

    async def moved(self, update_id: int, old: int, new: int) -> None:
        """A group became a supergroup; both tell of it, and a refused send may have before."""
        async with self._database.begin() as tx:
            if await inbox.finish(tx, update_id):
                await chats.move(tx, old, new)
                # The old group may have been told of as left before the new one was told of at all.
                await self._return(tx, new)
        self._log.info("chat moved", chat=old, now=new)
        self._wake()

    async def _return(self, tx: Tx, chat_id: int) -> bool:
        now = self._clock()
        woken = await chats.wake(tx, chat_id, now)
        for watch in woken:
            await self._catch_up(tx, watch, now)
        return bool(woken)

    async def _catch_up(self, tx: Tx, watch: Watch, now: datetime) -> None:
        """A chat that comes back hears of a payment that was paid meanwhile, and of a watch that came to its end; what
        else changed its card shows. Of what is still watched a look will tell."""
        payment = await payments.load(tx, watch.payment_id)
        if payment is None:
            return
        if payment.paid_at is None:
            await self._catch_up_unpaid(tx, watch, payment, now)
            return
        await outbox.put_card(tx, watch, now)
        await outbox.put_notice(
            tx,
            f"paid:{watch.id}",
            watch.place,
            Paid(payment.amount, payment.paid_at),
            locale=watch.locale,
            now=now,
            payment_id=watch.payment_id,
            watch_id=watch.id,
        )
        await watches.set_state(tx, watch.id, WatchState.TOLD)

    async def _catch_up_unpaid(self, tx: Tx, watch: Watch, payment: Payment, now: datetime) -> None:
        if watch.card_message_id is not None:
            await outbox.put_card(tx, watch, now)
        if payment.status in {Status.CLOSED, Status.DROPPED} and not await shown.has_heard_of_end(tx, watch):
            await outbox.put_notice(
                tx,
                f"watchclosed:{now.timestamp():.6f}:{watch.id}",
                watch.place,
                WatchClosed(payment.looked_at or now, unclear=payment.oddity is not None),
                locale=watch.locale,
                now=now,
                payment_id=watch.payment_id,
                watch_id=watch.id,
            )
