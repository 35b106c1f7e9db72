"""Somebody presses a button under one of our messages: every press is answered, at once."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot.core.answer import Answer
from bot.core.facts import (
    ButtonExpired,
    Checking,
    NotWatched,
    NotYours,
    Paid,
    PaymentFact,
    Press,
    Reply,
    StillUnpaid,
    Stopped,
    WatchingAgain,
)
from bot.core.message import Action, press_of
from bot.core.payment import Payment, reply_to_ask
from bot.core.watch import Watch, WatchState
from bot.flows.ask import Ask, Asker
from bot.flows.look import Look
from bot.messenger.sender import Sender
from bot.storage import inbox, outbox, payments, watches
from bot.storage.engine import Database
from bot.words.words import Words

TOAST_WITHIN: Final = 2.0
"""Seconds after which a press is answered "checking", and its outcome comes as a message."""


@dataclass(frozen=True, slots=True)
class Pressed:
    """A press: who and where, under which message, and what the button carries."""

    asker: Asker
    press_id: str
    message_id: int
    data: str


class AnswerPress:
    """The buttons: check now, stop, go on."""

    def __init__(
        self,
        database: Database,
        sender: Sender,
        words: Words,
        look: Look,
        ask: Ask,
        *,
        staff: frozenset[int],
        clock: Callable[[], datetime],
        wake: Callable[[], None],
    ) -> None:
        self._database = database
        self._sender = sender
        self._words = words
        self._look = look
        self._ask = ask
        self._staff = staff
        self._clock = clock
        self._wake = wake

    async def __call__(self, pressed: Pressed) -> None:
        """Does what the button says, where it was meant for whoever pressed it."""
        found = press_of(pressed.data)
        context = await self._context(pressed, found[1]) if found else None
        if found is None or context is None:
            await self._close(pressed, ButtonExpired())
            return
        watch, payment = context
        match found[0]:
            case Action.CHECK:
                await self._check(pressed, watch, payment)
            case Action.STOP:
                await self._stop(pressed, watch, payment)
            case Action.GO_ON:
                await self._go_on(pressed, watch)

    async def _context(self, pressed: Pressed, handle: str) -> tuple[Watch, Payment] | None:
        """The watch a button names, if it stands under a message of that watch in this chat."""
        async with self._database.begin() as tx:
            watch = await watches.by_handle(tx, handle)
            chat_id = pressed.asker.place.chat_id
            if watch is None or watch.place.chat_id != chat_id:
                return None
            if not await outbox.shows(tx, chat_id, pressed.message_id, watch.id):
                return None
            payment = await payments.read(tx, watch.payment_id)
        return None if payment is None else (watch, payment)

    async def _check(self, pressed: Pressed, watch: Watch, payment: Payment) -> None:
        looking = asyncio.ensure_future(self._look.now(payment.id, payment.kind))
        done, _ = await asyncio.wait([looking], timeout=TOAST_WITHIN)
        if done:
            await self._close(pressed, self._told(looking.result()))
            return
        await self._toast(pressed, Checking())
        told = self._told(await looking)
        # Of a payment found paid the chat hears anyway, if it watches.
        if isinstance(told, Paid) and watch.state is WatchState.ACTIVE:
            await self._close(pressed, None)
        else:
            await self._ask.reply(pressed.asker, told, watch)

    def _told(self, found: tuple[Payment, Answer] | None) -> PaymentFact | Reply:
        if found is None:
            return NotWatched()
        return reply_to_ask(*found) or StillUnpaid(self._clock())

    async def _stop(self, pressed: Pressed, watch: Watch, payment: Payment) -> None:
        if not await self._may_stop(pressed.asker, watch):
            await self._close(pressed, NotYours())
            return
        if payment.settled and payment.paid_at:
            await self._close(pressed, Paid(payment.amount, payment.paid_at, already=True))
            return
        now = self._clock()
        async with self._database.begin() as tx:
            if not await inbox.finish(tx, pressed.asker.update_id):
                return
            await payments.load(tx, watch.payment_id)  # one after another with a look that ends now
            current = await watches.by_handle(tx, watch.handle)
            was_active = current is not None and current.state is WatchState.ACTIVE
            if was_active:
                await watches.set_state(tx, watch.id, WatchState.STOPPED)
                await outbox.put_card(tx, watch, now)
                if not await watches.of_payment(tx, watch.payment_id, [WatchState.ACTIVE]):
                    await payments.stop_looking(tx, watch.payment_id)
        self._wake()
        await self._toast(pressed, Stopped() if was_active else NotWatched())

    async def _may_stop(self, asker: Asker, watch: Watch) -> bool:
        """In private whoever is there; in a group who asked, staff, or an admin."""
        if asker.place.chat_id > 0 or asker.person_id == watch.asked_by or asker.person_id in self._staff:
            return True
        return asker.person_id is not None and await self._sender.is_admin(asker.place.chat_id, asker.person_id)

    async def _go_on(self, pressed: Pressed, watch: Watch) -> None:
        await self._toast(pressed, WatchingAgain())
        await self._ask(pressed.asker, [watch.payment_id])

    async def _close(self, pressed: Pressed, fact: PaymentFact | Reply | Press | None) -> None:
        """Ends a press that changes nothing by itself."""
        if fact is not None:
            await self._toast(pressed, fact)
        async with self._database.begin() as tx:
            await inbox.finish(tx, pressed.asker.update_id)
        self._wake()

    async def _toast(self, pressed: Pressed, fact: PaymentFact | Reply | Press) -> None:
        toast = self._words.toast(fact, pressed.asker.locale, now=self._clock())
        await self._sender.answer_press(pressed.press_id, toast)
