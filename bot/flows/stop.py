"""Somebody ends a watch, by `/stop` or by its button."""

from collections.abc import Callable, Sequence
from datetime import datetime

from bot.core.commands import CommandReply, MayNotStop, OpenPayments
from bot.core.facts import NotAnId, NotWatched, Paid, Reply, Stopped, TooManyIds
from bot.core.ids import MAX_IDS_AT_ONCE
from bot.core.watch import Watch, WatchState
from bot.flows.ask import Ask
from bot.flows.asker import Asker
from bot.flows.lead import Leads
from bot.storage import inbox, outbox, payments, watches
from bot.storage.engine import Database, Tx


async def may_stop(asker: Asker, watch: Watch, leads: Leads) -> bool:
    """In private whoever is there; in a group who asked, staff, or an admin."""
    asked = asker.person_id is not None and asker.person_id == watch.asked_by
    return asked or await leads(asker)


async def stop_watch(tx: Tx, handle: str, now: datetime) -> bool:
    """Ends a watch, and the looks where no other chat watches; False when it was over already."""
    watch = await watches.by_handle(tx, handle)
    if watch is None:
        return False
    await payments.load(tx, watch.payment_id)  # one after another with a look that ends now
    watch = await watches.by_handle(tx, handle)
    if watch is None or watch.state is not WatchState.ACTIVE:
        return False
    await watches.set_state(tx, watch.id, WatchState.STOPPED)
    await outbox.put_card(tx, watch, now)
    if not await watches.of_payment(tx, watch.payment_id, [WatchState.ACTIVE]):
        await payments.stop_looking(tx, watch.payment_id)
    return True


class StopWatches:
    """`/stop`."""

    def __init__(
        self,
        database: Database,
        ask: Ask,
        leads: Leads,
        *,
        clock: Callable[[], datetime],
        wake: Callable[[], None],
    ) -> None:
        self._database = database
        self._ask = ask
        self._leads = leads
        self._clock = clock
        self._wake = wake

    async def __call__(self, asker: Asker, payment_ids: Sequence[str] | None) -> None:
        """Ends the named watches of the place; without an id the only one there is, else the list to choose from."""
        async with self._database.begin() as tx:
            open_here = await watches.open_at(tx, asker.place)
            named = [await watches.at(tx, await _meant(tx, one), asker.place) for one in payment_ids or ()]
        if payment_ids is None or len(payment_ids) > MAX_IDS_AT_ONCE:
            await self._ask.reply(asker, NotAnId() if payment_ids is None else TooManyIds(MAX_IDS_AT_ONCE))
        elif not payment_ids and len(open_here) != 1:
            await self._ask.reply(asker, OpenPayments())
        else:
            await self._stop(asker, named or open_here)

    async def _stop(self, asker: Asker, found: Sequence[Watch | None]) -> None:
        allowed = [watch is None or await may_stop(asker, watch, self._leads) for watch in found]
        now = self._clock()
        async with self._database.begin() as tx:
            if not await inbox.finish(tx, asker.update_id):
                return
            for number, (watch, may) in enumerate(zip(found, allowed, strict=True)):
                told = await self._end(tx, watch, now) if may else MayNotStop()
                await self._ask.say(tx, asker, number, told, now, watch)
        self._wake()

    async def _end(self, tx: Tx, watch: Watch | None, now: datetime) -> Reply | CommandReply | Paid:
        if watch is None:
            return NotWatched()
        payment = await payments.load(tx, watch.payment_id)
        if payment and payment.settled and payment.paid_at:
            return Paid(payment.amount, payment.paid_at, already=True)
        return Stopped() if await stop_watch(tx, watch.handle, now) else NotWatched()


async def _meant(tx: Tx, given: str) -> str:
    """An AWB or order id seen before means its payment."""
    return await payments.by_package(tx, given) or given
