"""Somebody asks for payments: each is fetched, shown and watched, and the ask is done, all in one transaction."""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from bot.core.answer import Answer, Unwell
from bot.core.facts import Fact, NotAnId, NotFound, Paid, TooManyIds, Usage
from bot.core.ids import MAX_IDS_AT_ONCE, kind_of
from bot.core.payment import Status, asked, decide, reply_to_ask
from bot.core.watch import Place, Watch, WatchState
from bot.flows.announce import Operators, announce
from bot.flows.look import Look
from bot.kiriminaja.client import KiriminAja, outcome_of
from bot.messenger.sender import Sender
from bot.storage import inbox, outbox, payments, watches
from bot.storage.engine import Database, Tx

ANSWER_WITHIN: Final = 12.0
"""Seconds after which an ask is answered "having trouble", and completed by the watch."""
TYPING_AFTER: Final = 0.7
"""Seconds after which the chat shows that an answer is on its way."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, where, by which update, and in which language the answer goes."""

    update_id: int
    place: Place
    person_id: int | None
    locale: str


class Ask:
    """`/pay`, and a bare id in private."""

    def __init__(
        self,
        database: Database,
        provider: KiriminAja,
        look: Look,
        *,
        sender: Sender,
        watch_time: timedelta,
        operators: Operators,
        clock: Callable[[], datetime],
        wake: Callable[[], None],
    ) -> None:
        """`wake` sets looking and delivering going."""
        self._database = database
        self._provider = provider
        self._look = look
        self._sender = sender
        self._watch_time = watch_time
        self._operators = operators
        self._clock = clock
        self._wake = wake
        self._log = structlog.get_logger("ask")

    async def __call__(self, asker: Asker, payment_ids: Sequence[str] | None) -> None:
        """Answers an ask for `payment_ids`: None when something given cannot be an id, empty when nothing was."""
        if refusal := _refusal(payment_ids):
            await self.reply(asker, refusal)
            return
        patience = asyncio.create_task(self._show_patience(asker.place))
        try:
            found = await asyncio.gather(*(self._fetch(payment_id) for payment_id in payment_ids or ()))
        finally:
            patience.cancel()
        async with self._database.begin() as tx:
            if not await inbox.finish(tx, asker.update_id):
                return
            for number, (payment_id, (answer, got_at)) in enumerate(zip(payment_ids or (), found, strict=True)):
                await self._take_up(tx, asker, number, payment_id, answer, got_at)
                self._log.info("asked", payment=payment_id, chat=asker.place.chat_id, outcome=outcome_of(answer))
        self._wake()

    async def reply(self, asker: Asker, fact: Fact, watch: Watch | None = None) -> None:
        """Answers with a fact, and that is all."""
        async with self._database.begin() as tx:
            if await inbox.finish(tx, asker.update_id):
                await self._say(tx, asker, 0, fact, self._clock(), watch)
        self._wake()

    async def _show_patience(self, place: Place) -> None:
        """A slow answer is not silence: Telegram shows "typing" for five seconds at a time."""
        await asyncio.sleep(TYPING_AFTER)
        while True:
            await self._sender.show_typing(place)
            await asyncio.sleep(4)

    async def _fetch(self, payment_id: str) -> tuple[Answer, datetime]:
        """The answer, and when it came."""
        async with self._database.begin() as tx:
            known = await payments.read(tx, payment_id)
        kind = known.kind if known else kind_of(payment_id)
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                answer = await self._provider.fetch(payment_id, kind, urgent=True)
        except TimeoutError:
            answer = Unwell("timeout")
        return answer, self._clock()

    async def _take_up(
        self, tx: Tx, asker: Asker, number: int, payment_id: str, answer: Answer, now: datetime
    ) -> None:
        known = await payments.load(tx, payment_id)
        decision = decide(asked(known, payment_id, now, self._watch_time), answer, now, self._look.rules)
        payment = decision.payment
        reply = reply_to_ask(payment, answer)
        if isinstance(reply, NotFound) and known is None:
            await self._say(tx, asker, number, reply, now)
            return
        watch = await watches.at(tx, payment_id, asker.place)
        tells_this_chat = watch is not None and watch.state is WatchState.ACTIVE and bool(decision.facts)
        await announce(tx, decision, now, self._operators, answered=asker.place)
        if isinstance(reply, NotFound) and payment.status is Status.DROPPED:
            if not tells_this_chat:
                await self._say(tx, asker, number, reply, now)
            return
        watch = await self._watch(tx, asker, watch, payment_id, now)
        if isinstance(reply, Paid):
            await watches.set_state(tx, watch.id, WatchState.TOLD)
            if tells_this_chat:
                return
        if reply is None:
            await self._show_card(tx, watch, now)
        else:
            await self._say(tx, asker, number, reply, now, watch)

    async def _watch(self, tx: Tx, asker: Asker, watch: Watch | None, payment_id: str, now: datetime) -> Watch:
        if watch is not None:
            return await watches.renew(tx, watch, locale=asker.locale, asked_by=asker.person_id, now=now)
        return await watches.add(
            tx,
            payment_id,
            asker.place,
            locale=asker.locale,
            asked_by=asker.person_id,
            handle=secrets.token_urlsafe(16),
            now=now,
        )

    async def _show_card(self, tx: Tx, watch: Watch, now: datetime) -> None:
        """A chat has one picture of a payment: a card that is there already comes anew, and the old one goes."""
        if watch.card_message_id is not None:
            await watches.forget_card(tx, watch.id, watch.card_message_id)
        await outbox.put_card(tx, watch, now)
        if watch.card_message_id is not None:
            await outbox.put_erase(tx, watch, now)

    async def _say(
        self, tx: Tx, asker: Asker, number: int, fact: Fact, now: datetime, watch: Watch | None = None
    ) -> None:
        await outbox.put_notice(
            tx,
            f"reply:{asker.update_id}:{number}",
            asker.place,
            fact,
            locale=asker.locale,
            now=now,
            payment_id=watch.payment_id if watch else None,
            watch_id=watch.id if watch else None,
        )


def _refusal(payment_ids: Sequence[str] | None) -> Fact | None:
    if payment_ids is None:
        return NotAnId()
    if not payment_ids:
        return Usage()
    return TooManyIds(MAX_IDS_AT_ONCE) if len(payment_ids) > MAX_IDS_AT_ONCE else None
