"""Somebody in a group says "I'll pay this": every chat's card shows it for five minutes, so that two don't pay."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from bot.core.facts import NotWatched, Paid
from bot.core.payer import AlreadyPaying, NothingToPay, Payer, PayerNoted, PayerPress, PayerTakenBack
from bot.core.payment import Payment, Status
from bot.core.watch import Watch, WatchState
from bot.flows.asker import Asker
from bot.messenger.members import Members
from bot.storage import inbox, outbox, payers, payments, watches
from bot.storage.engine import Database, Tx


class PayFor:
    """The button, and the end of what it said."""

    def __init__(
        self, database: Database, members: Members, *, clock: Callable[[], datetime], wake: Callable[[], None]
    ) -> None:
        """`wake` sets delivering going, and this job."""
        self._database = database
        self._members = members
        self._clock = clock
        self._wake = wake

    async def press(self, asker: Asker, watch: Watch) -> PayerPress | Paid | NotWatched | None:
        """Notes it, takes it back, or says who was first: how the press is answered, None where that was done
        before."""
        now = self._clock()
        async with self._database.begin() as tx:
            if not await inbox.finish(tx, asker.update_id):
                return None
            payment = await payments.load(tx, watch.payment_id)  # one after another with other presses and looks
            current = await watches.by_handle(tx, watch.handle)
            if payment is None or current is None or current.state is not WatchState.ACTIVE:
                told: PayerPress | Paid | NotWatched = _no_longer(payment)
            else:
                told = await self._take(tx, asker, payment, now)
        self._wake()
        if isinstance(told, AlreadyPaying):
            return await self._with_name(told, asker, watch)
        return told

    async def run_due(self, _wake: Callable[[], None]) -> datetime | None:
        """Takes away what is five minutes old; returns when more will be."""
        now = self._clock()
        async with self._database.begin() as tx:
            lapsed = await payers.let_lapse(tx, now)
            for payment_id in lapsed:
                await _renew_cards(tx, payment_id, now)
            next_at = await payers.next_lapse_at(tx)
        if lapsed:
            self._wake()
        return next_at

    async def _take(self, tx: Tx, asker: Asker, payment: Payment, now: datetime) -> PayerPress | Paid:
        if payment.settled or payment.status is not Status.WAITING or not payment.qr or asker.person_id is None:
            return Paid(payment.amount, payment.paid_at or now, already=True) if payment.settled else NothingToPay()
        before = await payers.of(tx, payment.id)
        counts = before is not None and before.counts(now)
        if before and counts and before.person_id != asker.person_id:
            return AlreadyPaying(before.since)
        payer = None if counts else Payer(asker.person_id, asker.place.chat_id, now)
        await payers.note(tx, payment.id, payer)
        await _renew_cards(tx, payment.id, now)
        return PayerNoted() if payer else PayerTakenBack()

    async def _with_name(self, told: AlreadyPaying, asker: Asker, watch: Watch) -> AlreadyPaying:
        async with self._database.begin() as tx:
            payer = await payers.of(tx, watch.payment_id)
        name = await self._members.first_name_of(asker.place.chat_id, payer.person_id) if payer else None
        return replace(told, name=name)


def _no_longer(payment: Payment | None) -> Paid | NotWatched:
    if payment and payment.settled and payment.paid_at:
        return Paid(payment.amount, payment.paid_at, already=True)
    return NotWatched()


async def _renew_cards(tx: Tx, payment_id: str, now: datetime) -> None:
    for watch in await watches.of_payment(tx, payment_id, [WatchState.ACTIVE]):
        await outbox.put_card(tx, watch, now)
