"""Somebody presses a button under one of our messages: every press is answered, at once."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Final

from bot.core.answer import Answer
from bot.core.commands import AskedLongAgo
from bot.core.facts import (
    ButtonExpired,
    Checking,
    ClaimChecking,
    ClaimTaken,
    NoQrYet,
    NotWatched,
    NotYours,
    Paid,
    PaymentFact,
    Press,
    QrReplaced,
    Reply,
    SameQr,
    StillUnpaid,
    Stopped,
    WatchingAgain,
    Withheld,
)
from bot.core.message import Action, press_of
from bot.core.payment import Payment, Status, claimed, reply_to_ask
from bot.core.watch import Watch, WatchState
from bot.flows.ask import Ask
from bot.flows.asker import Asker
from bot.flows.lead import Leads
from bot.flows.link_buttons import LinkButtons
from bot.flows.look import Look
from bot.flows.pay_for import PayFor
from bot.flows.pressed import Pressed, Toasts
from bot.flows.stop import may_stop, stop_watch
from bot.flows.switch_alerts import SwitchAlerts
from bot.storage import inbox, payments, shown, watches
from bot.storage.engine import Database

TOAST_WITHIN: Final = 2.0
"""Seconds after which a press is answered "checking", and its outcome comes as a message."""


class AnswerPress:
    """The buttons: check now, "already paid", new QR, stop, go on, and (`LinkButtons`) those that lead to links."""

    def __init__(
        self,
        database: Database,
        toasts: Toasts,
        look: Look,
        ask: Ask,
        leads: Leads,
        links: LinkButtons,
        switch_alerts: SwitchAlerts,
        pay_for: PayFor,
        *,
        clock: Callable[[], datetime],
        wake: Callable[[], None],
    ) -> None:
        self._database = database
        self._toast, self._close = toasts.show, toasts.close
        self._look = look
        self._ask = ask
        self._leads = leads
        self._links = links
        self._switch_alerts = switch_alerts
        self._pay_for = pay_for
        self._clock = clock
        self._wake = wake
        self._owed: set[int] = set()
        """Watches whose chats wait for the outcome of a slow look: they hear it once, however often was pressed."""

    async def __call__(self, pressed: Pressed) -> None:
        """Does what the button says, where it was meant for whoever pressed it."""
        action, handle = press_of(pressed.data) or (None, "")
        if action is None:
            await self._close(pressed, ButtonExpired())
        elif action is Action.SHOW:
            await self._show(pressed)
        elif action in LinkButtons.ACTIONS:
            await self._links(pressed, action)
        elif action is Action.SWITCH:
            await self._answer(pressed, await self._switch_alerts.press(pressed.asker, pressed.message_id, handle))
        else:
            await self._of_a_watch(pressed, action, handle)

    async def _of_a_watch(self, pressed: Pressed, action: Action, handle: str) -> None:
        context = await self._context(pressed, handle)
        if context is None:
            await self._close(pressed, ButtonExpired())
            return
        watch, payment = context
        match action:
            case Action.CHECK:
                await self._check(pressed, watch, payment)
            case Action.STOP:
                await self._stop(pressed, watch, payment)
            case Action.GO_ON:
                await self._go_on(pressed, watch, payment)
            case Action.CLAIM:
                await self._claim(pressed, watch)
            case Action.RENEW:
                await self._renew(pressed, watch, payment)
            case Action.BUYER:
                await self._links.for_buyer(replace(pressed, asker=_in_place(pressed, watch)), watch)
            case Action.PAYER:
                await self._answer(pressed, await self._pay_for.press(pressed.asker, watch))

    async def _context(self, pressed: Pressed, handle: str) -> tuple[Watch, Payment] | None:
        """The watch a button names, if it stands under a message of that watch in this chat."""
        async with self._database.begin() as tx:
            watch = await watches.by_handle(tx, handle)
            chat_id = pressed.asker.place.chat_id
            if watch is None or watch.place.chat_id != chat_id:
                return None
            ours = await shown.shows(tx, chat_id, pressed.message_id, watch.id)
            # A quick thumb may press before the send it answers to is noted.
            if not ours and not await shown.may_show(tx, watch):
                return None
            payment = await payments.read(tx, watch.payment_id)
        return None if payment is None else (watch, payment)

    async def _check(self, pressed: Pressed, watch: Watch, payment: Payment) -> None:
        await self._look_and_tell(pressed, watch, payment, self._told, meanwhile=Checking())

    async def _claim(self, pressed: Pressed, watch: Watch) -> None:
        """Somebody says it is paid: looked at more often from now on, and told what came of it."""
        now = self._clock()
        async with self._database.begin() as tx:
            payment = await payments.load(tx, watch.payment_id)
            current = await watches.by_handle(tx, watch.handle)
            if payment is None or current is None:
                told: Paid | NotWatched | None = NotWatched()
            elif payment.settled and payment.paid_at:
                told = Paid(payment.amount, payment.paid_at, already=True)
            else:
                told = None if current.state is WatchState.ACTIVE else NotWatched()
            if payment and current and told is None:
                payment = claimed(payment, now)
                if payment.claim_until:
                    await payments.note_claim(tx, payment, now + self._look.rules.first)
                    await watches.note_claim(tx, watch.id, current.claimed_at or now)
        if told or payment is None:
            await self._close(pressed, told)
            return
        self._wake()
        taken = payment.claim_until is not None

        def tell(found: tuple[Payment, Answer] | None) -> PaymentFact | Reply | Press:
            outcome = self._told(found)
            if not isinstance(outcome, StillUnpaid | NoQrYet | Withheld):
                return outcome
            return ClaimTaken(self._clock()) if taken else StillUnpaid(self._clock())

        await self._look_and_tell(pressed, watch, payment, tell, meanwhile=ClaimChecking() if taken else Checking())

    async def _renew(self, pressed: Pressed, watch: Watch, payment: Payment) -> None:
        """A fresh read: another code replaces the picture and is announced like any other; else it is the same."""
        if watch.state is WatchState.STOPPED:
            await self._close(pressed, NotWatched())
            return

        def tell(found: tuple[Payment, Answer] | None) -> PaymentFact | Reply:
            outcome = self._told(found)
            if found is None or not isinstance(outcome, StillUnpaid):
                return outcome
            was, now = ((one.shown_qr, one.amount) for one in (payment, found[0]))
            return SameQr(outcome.checked_at) if was == now else QrReplaced()

        await self._look_and_tell(pressed, watch, payment, tell, meanwhile=Checking())

    async def _look_and_tell(
        self,
        pressed: Pressed,
        watch: Watch,
        payment: Payment,
        tell: Callable[[tuple[Payment, Answer] | None], PaymentFact | Reply | Press],
        *,
        meanwhile: Press,
    ) -> None:
        """A fresh look, and what came of it: as the answer to the press, or, where that is slow, as a message."""
        looking = asyncio.ensure_future(self._look.now(payment.id, payment.kind))
        try:
            done, _ = await asyncio.wait([looking], timeout=TOAST_WITHIN)
            if done:
                await self._close(pressed, tell(looking.result()))
                return
            await self._toast(pressed, meanwhile)
            if watch.id in self._owed:
                await self._close(pressed, None)
                return
            self._owed.add(watch.id)
            try:
                await self._send_word(pressed, watch, tell(await looking))
            finally:
                self._owed.discard(watch.id)
        finally:
            looking.cancel()

    async def _send_word(self, pressed: Pressed, watch: Watch, told: PaymentFact | Reply | Press) -> None:
        """The outcome of a slow look, but for what the chat hears anyway if it watches."""
        if isinstance(told, Paid | QrReplaced) and watch.state is WatchState.ACTIVE:
            await self._close(pressed, None)
        elif isinstance(told, ClaimTaken):
            await self._ask.reply(_in_place(pressed, watch), StillUnpaid(told.checked_at), watch)
        elif not isinstance(told, Press):
            await self._ask.reply(_in_place(pressed, watch), told, watch)

    def _told(self, found: tuple[Payment, Answer] | None) -> PaymentFact | Reply:
        if found is None:
            return NotWatched()
        return reply_to_ask(*found) or StillUnpaid(self._clock())

    async def _stop(self, pressed: Pressed, watch: Watch, payment: Payment) -> None:
        if not await may_stop(pressed.asker, watch, self._leads):
            await self._close(pressed, NotYours())
            return
        if payment.settled and payment.paid_at:
            await self._close(pressed, Paid(payment.amount, payment.paid_at, already=True))
            return
        now = self._clock()
        async with self._database.begin() as tx:
            if not await inbox.finish(tx, pressed.asker.update_id):
                return
            current = await payments.load(tx, watch.payment_id)  # one after another with a look that ends now
            was_active = await stop_watch(tx, watch.handle, now)
        self._wake()
        if current and current.settled and current.paid_at:
            await self._toast(pressed, Paid(current.amount, current.paid_at, already=True))
        else:
            await self._toast(pressed, Stopped() if was_active else NotWatched())

    async def _go_on(self, pressed: Pressed, watch: Watch, payment: Payment) -> None:
        if payment.settled and payment.paid_at:
            paid = Paid(payment.amount, payment.paid_at, already=True)
            if watch.state is WatchState.TOLD:
                await self._close(pressed, paid)
                return
            await self._toast(pressed, paid)
        elif watch.card_message_id and watch.state is WatchState.ACTIVE and payment.status is Status.WAITING:
            await self._close(pressed, WatchingAgain())  # pressed twice: the picture is there already
            return
        else:
            await self._toast(pressed, WatchingAgain())
        await self._ask(_in_place(pressed, watch), [watch.payment_id], admitted=True)

    async def _show(self, pressed: Pressed) -> None:
        """The QR of an ask that had waited too long: asked afresh. What was asked stands in our own message."""
        async with self._database.begin() as tx:
            offer = await shown.fact_at(tx, pressed.asker.place.chat_id, pressed.message_id)
        if not isinstance(offer, AskedLongAgo):
            await self._close(pressed, ButtonExpired())
            return
        await self._toast(pressed, Checking())
        await self._ask(pressed.asker, [offer.payment_id], admitted=offer.admitted)

    async def _answer(self, pressed: Pressed, fact: PaymentFact | Reply | Press | None) -> None:
        """Answers a press whose update is finished; None where it was answered before."""
        if fact is not None:
            await self._toast(pressed, fact)


def _in_place(pressed: Pressed, watch: Watch) -> Asker:
    """Who pressed, in the topic of the watch: of an old message Telegram does not tell the topic."""
    return replace(pressed.asker, place=watch.place)
