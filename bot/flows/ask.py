"""Somebody asks for payments: each is fetched, shown and watched, and the ask is done, all in one transaction."""

import asyncio
import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog

from bot.core.answer import Answer, Missing
from bot.core.commands import AskedLongAgo, Total
from bot.core.facts import AskedTooOften, Fact, NotAnId, NotFound, NotUnderstood, Paid, TooManyIds, Usage
from bot.core.ids import MAX_IDS_AT_ONCE, kind_of, may_be_number
from bot.core.payment import Payment, Status, decide_on_ask, reply_to_ask
from bot.core.watch import Place, Watch, WatchState
from bot.flows.admit import Admit
from bot.flows.announce import Operators, announce
from bot.flows.asker import Asker, Wish
from bot.flows.inquire import inquire
from bot.flows.look import Look
from bot.flows.status import take_status
from bot.kiriminaja.client import KiriminAja, outcome_of
from bot.messenger.sender import Sender
from bot.storage import changes, inbox, ledger, outbox, payments, watches
from bot.storage.engine import Database, Tx

TYPING_AFTER: Final = 0.7
"""Seconds after which the chat shows that an answer is on its way."""


LATE_AFTER: Final = timedelta(minutes=10)
"""An ask that waited longer, as the bot was off, is answered with an offer in place of the QR."""


class Ask:
    """`/pay` and `/status`, and what leads to a payment in private: every id goes through here, and the gate."""

    def __init__(
        self,
        database: Database,
        provider: KiriminAja,
        look: Look,
        *,
        admit: Admit,
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
        self._admit = admit
        self._sender = sender
        self._watch_time = watch_time
        self._operators = operators
        self._clock = clock
        self._wake = wake
        self._log = structlog.get_logger("ask")

    async def __call__(
        self, asker: Asker, given: Sequence[str] | None, *, wish: Wish = Wish.SHOW, admitted: bool = False
    ) -> None:
        """Answers an ask for the ids `given`: None when something there cannot be one, empty when nothing was.

        An AWB or order id seen before stands for its payment. `admitted`: by a link that opens the payment, or a
        button under a message of theirs, in a chat that has been shown the payment already.
        """
        if refusal := _refusal(given, wish):
            await self.reply(asker, refusal)
            return
        wanted, refused = (given or (), frozenset[str]()) if admitted else await self._wanted(asker, given or ())
        if isinstance(refused, AskedTooOften):
            await self.reply(asker, refused)
            return
        late = wish is Wish.SHOW and asker.waited > LATE_AFTER
        offered = frozenset(wanted) - refused if late else frozenset[str]()
        patience = asyncio.create_task(self._show_patience(asker.place))
        try:
            fetched = [one for one in wanted if one not in offered]
            answers = await asyncio.gather(*(self._fetch(one, refused=one in refused) for one in fetched))
        finally:
            patience.cancel()
        if any(answer is None or isinstance(answer, Missing) for answer, _ in answers):
            asker = await self._admit.recognised(asker)
        got = dict(zip(fetched, answers, strict=True))
        await self._database.share(lambda tx: self._answer(tx, asker, wish, wanted, got, admitted=admitted))
        self._wake()
        for payment_id in wanted:
            answer, _ = got.get(payment_id, (None, None))
            outcome = outcome_of(answer) if answer else "not_asked"
            self._log.info("asked", wish=wish.value, payment=payment_id, chat=asker.place.chat_id, outcome=outcome)

    async def by_number(self, asker: Asker, text: str) -> None:
        """Private text without an id in it: an AWB or order id seen before leads to its payment, as far as it is open
        to whoever asks. All else is not understood, and counts as a guess where it could have been one."""
        guess = text.strip().casefold()
        if not may_be_number(guess):
            await self.reply(asker, NotUnderstood())
            return
        async with self._database.begin() as tx:
            found = await payments.by_package(tx, guess)
        refused = await self._admit.refused(asker, [found] if found else [])
        if isinstance(refused, AskedTooOften):
            await self.reply(asker, refused)
        elif found and found not in refused:
            await self(asker, [found])
        else:
            now = self._clock()
            asker = await self._admit.recognised(asker)
            async with self._database.begin() as tx:
                if await inbox.finish(tx, asker.update_id):
                    await self._admit.note_miss(tx, asker, guess)
                    await self.say(tx, asker, 0, NotUnderstood(), now)
            self._wake()

    async def _wanted(
        self, asker: Asker, given: Sequence[str]
    ) -> tuple[Sequence[str], frozenset[str] | AskedTooOften]:
        """The payments that are meant, and which of them are refused. One that is must not show by its AWB."""
        meant = {}
        if numbers := [one for one in given if kind_of(one) is None]:
            async with self._database.begin() as tx:
                meant = {one: await payments.by_package(tx, one) for one in numbers}
        refused = await self._admit.refused(asker, [*given, *filter(None, meant.values())])
        if isinstance(refused, AskedTooOften):
            return given, refused
        allowed = {one: found for one, found in meant.items() if found and found not in refused}
        return list(dict.fromkeys(allowed.get(one, one) for one in given)), refused

    async def _answer(
        self,
        tx: Tx,
        asker: Asker,
        wish: Wish,
        wanted: Sequence[str],
        answers: Mapping[str, tuple[Answer | None, datetime]],
        *,
        admitted: bool,
    ) -> None:
        if not await inbox.finish(tx, asker.update_id):
            return
        shown: list[Payment] = []
        # In the order of the ask, whichever answer came first: what is decided is of then, what is said is of now.
        for number, payment_id in enumerate(wanted):
            now = self._clock()
            answer, got_at = answers.get(payment_id, (None, now))
            if payment_id not in answers:
                await self.say(tx, asker, number, AskedLongAgo(payment_id, now - asker.waited, admitted), now)
            elif answer is None:
                await self._say_unknown(tx, asker, number, payment_id)
            elif wish is Wish.STATUS:
                await self._tell_status(tx, asker, number, payment_id, answer, got_at)
            else:
                part = f"{number + 1}/{len(wanted)}" if len(wanted) > 1 else None
                shown += await self._take_up(tx, asker, number, payment_id, answer, got_at, part)
        amounts = [payment.amount for payment in shown if payment.amount is not None]
        if len(amounts) == len(shown) > 1:
            await self.say(tx, asker, len(wanted), Total(len(amounts), sum(amounts)), self._clock())

    async def reply(self, asker: Asker, fact: Fact, watch: Watch | None = None) -> None:
        """Answers with a fact, and that is all."""
        async with self._database.begin() as tx:
            if await inbox.finish(tx, asker.update_id):
                await self.say(tx, asker, 0, fact, self._clock(), watch)
        self._wake()

    async def _show_patience(self, place: Place) -> None:
        """A slow answer is not silence: Telegram shows "typing" for five seconds at a time."""
        await asyncio.sleep(TYPING_AFTER)
        while True:
            await self._sender.show_typing(place)
            await asyncio.sleep(4)

    async def _fetch(self, payment_id: str, *, refused: bool = False) -> tuple[Answer | None, datetime]:
        """The answer, and when it came; None for an id that is refused, after as long as an answer takes."""
        if refused:
            await self._admit.linger()
            return None, self._clock()
        kind = kind_of(payment_id)
        if kind is None and (known := await self._database.share(lambda tx: payments.read(tx, payment_id))):
            kind = known.kind
        return await inquire(self._provider, payment_id, kind), self._clock()

    async def _take_up(
        self,
        tx: Tx,
        asker: Asker,
        number: int,
        payment_id: str,
        answer: Answer,
        now: datetime,
        part: str | None,
    ) -> Sequence[Payment]:
        """Returns the payment where its QR is the answer."""
        known = await payments.load(tx, payment_id)
        rules, watch_for = self._look.rules, self._watch_time
        decision = decide_on_ask(known, payment_id, answer, now, rules, watch_for=watch_for)
        payment = decision.payment
        reply = reply_to_ask(payment, answer)
        if isinstance(reply, NotFound) and known is None:
            await self._say_unknown(tx, asker, number, payment_id)
            return ()
        watch = await watches.at(tx, payment_id, asker.place) if known else None
        tells_this_chat = watch is not None and watch.state is WatchState.ACTIVE and bool(decision.facts)
        is_new = payments.is_surely_new(tx, known)
        await announce(tx, decision, now, self._operators, answered=asker.place, is_new=is_new)
        if isinstance(reply, NotFound) and payment.status is Status.DROPPED:
            if not tells_this_chat:
                await self._say_unknown(tx, asker, number, payment_id)
            return ()
        watch = await self._watch(tx, asker, watch, payment_id, now, part)
        await ledger.open_entry(tx, payment, now)
        if isinstance(reply, Paid):
            await watches.set_state(tx, watch.id, WatchState.TOLD)
            if tells_this_chat:
                return ()
        if reply is None:
            await self._show_card(tx, watch)
            return (payment,)
        await self.say(tx, asker, number, reply, self._clock(), watch)
        return ()

    async def _tell_status(
        self, tx: Tx, asker: Asker, number: int, payment_id: str, answer: Answer, now: datetime
    ) -> None:
        told = await take_status(tx, payment_id, answer, now, self._look.rules, self._operators, asker.place)
        if isinstance(told, NotFound):
            await self._say_unknown(tx, asker, number, payment_id)
        elif told is not None:
            await self.say(tx, asker, number, told, self._clock(), payment_id=payment_id)

    async def _watch(
        self, tx: Tx, asker: Asker, watch: Watch | None, payment_id: str, now: datetime, part: str | None
    ) -> Watch:
        if watch is not None:
            return await watches.renew(tx, watch, locale=asker.locale, asked_by=asker.person_id, now=now, part=part)
        return await watches.add(
            tx,
            payment_id,
            asker.place,
            locale=asker.locale,
            asked_by=asker.person_id,
            handle=secrets.token_urlsafe(16),
            now=now,
            part=part,
        )

    async def _show_card(self, tx: Tx, watch: Watch) -> None:
        """A chat has one picture of a payment: a card that is there already comes anew, and the old one goes."""
        now = self._clock()
        if watch.card_message_id is not None:
            await watches.forget_card(tx, watch.id, watch.card_message_id)
        await outbox.put_card(tx, watch, now)
        if watch.card_message_id is not None:
            await changes.put_erase(tx, watch, watch.card_message_id, now)

    async def _say_unknown(self, tx: Tx, asker: Asker, number: int, payment_id: str) -> None:
        fact = await self._admit.note_unknown(tx, asker, payment_id)
        await self.say(tx, asker, number, fact, self._clock())

    async def say(
        self,
        tx: Tx,
        asker: Asker,
        number: int,
        fact: Fact,
        now: datetime,
        watch: Watch | None = None,
        *,
        payment_id: str | None = None,
    ) -> None:
        """Writes the answer of that number to an ask, which the caller has finished in the same transaction."""
        await outbox.put_notice(
            tx,
            f"reply:{asker.update_id}:{number}",
            asker.place,
            fact,
            locale=asker.locale,
            now=now,
            payment_id=watch.payment_id if watch else payment_id,
            watch_id=watch.id if watch else None,
        )


def _refusal(given: Sequence[str] | None, wish: Wish) -> Fact | None:
    if given is None:
        return NotAnId()
    if not given:
        return Usage(wish.value)
    return TooManyIds(MAX_IDS_AT_ONCE) if len(given) > MAX_IDS_AT_ONCE else None
