"""Hears what callbacks hint at: the payments concerned are looked at now, and chats are told of Express packages.

A callback is no proof: nothing here marks anything paid, it only asks. Nor is it believed to know of packages while
there is a code to pay: its word waits for the look it asked for, and is dropped where that finds the payment unpaid.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from bot.core.callbacks import Callback, ExpressNews, news_of
from bot.core.ids import Kind
from bot.core.payment import LOOKED_AT, Payment
from bot.core.watch import Watch, WatchState
from bot.flows.look import Look
from bot.storage import callbacks, outbox, payments, watches
from bot.storage.callbacks import Said
from bot.storage.engine import Database, Tx

_AT_ONCE: Final = 20
_HELD_AT_MOST: Final = 100
_SETTLES_WITHIN: Final = timedelta(seconds=10)
"""How long after a hint a look may still find what the hint knew: a second read may be needed."""
_HELD_FOR: Final = timedelta(hours=1)
"""How long a word waits for a look that tells; longer only while KiriminAja does not answer."""
_ASKED_EVERY: Final = timedelta(seconds=0.5)


@dataclass(frozen=True, slots=True)
class _Held:
    """A callback whose payment was not paid when it was heard. It stays new in the database until it is told, so that
    it is heard again after a restart."""

    said: Said
    payment_id: str
    heard_at: datetime


class Hear:
    """Takes in callbacks in their order."""

    def __init__(
        self, database: Database, look: Look, *, clock: Callable[[], datetime], wake: Callable[[], None]
    ) -> None:
        """`wake` sets looking and delivering going."""
        self._database = database
        self._look = look
        self._clock = clock
        self._wake = wake
        self._held: dict[int, _Held] = {}
        self._log = structlog.get_logger("hear")

    async def run_due(self, _wake: Callable[[], None]) -> datetime | None:
        """Hears what waits; returns now where there may be more, and soon where a look is waited for."""
        now = self._clock()
        held = dict(self._held)
        async with self._database.begin() as tx:
            # Each payment is read once a round: a look that ends meanwhile must not have a later word of it told, and
            # an earlier one held.
            seen: dict[str, Payment | None] = {}
            over = [one.said for one in held.values() if await self._is_over(tx, one, seen, now)]
            found = await callbacks.waiting(tx, _AT_ONCE, [one.said for one in held.values()])
            for said in found:
                if payment_id := await self._hear(tx, said.callback, seen, now):
                    held[said.id] = _Held(said, payment_id, now)
                else:
                    over.append(said)
            over += [one.said for one in list(held.values())[:-_HELD_AT_MOST] if one.said not in over]
            if over:
                await callbacks.note_heard(tx, over)
        self._held = {number: one for number, one in held.items() if one.said not in over}
        if found or over:
            self._wake()
        if len(found) == _AT_ONCE:
            return now
        soon = any(now - one.heard_at < _SETTLES_WITHIN for one in self._held.values())
        return now + _ASKED_EVERY if soon else None

    async def _hear(self, tx: Tx, callback: Callback, seen: dict[str, Payment | None], now: datetime) -> str | None:
        """Takes a callback in; returns the payment whose look it has to wait for."""
        waits_for = None
        for payment_id in await self._concerned(tx, callback):
            self._log.debug("hint", payment=payment_id, method=callback.label)
            await self._look.hasten(tx, payment_id, now)
            payment = await self._read(tx, payment_id, seen)
            if payment is None or payment.kind is not Kind.EXPRESS or callback.event is None:
                continue  # Instant packages are followed by looks; an Express payment's answer has none
            if payment.settled or not payment.shown_qr:
                await self._tell_express(tx, payment_id, callback, now)
            elif payment.status in LOOKED_AT:
                waits_for = payment_id
        return waits_for

    async def _is_over(self, tx: Tx, held: _Held, seen: dict[str, Payment | None], now: datetime) -> bool:
        """Whether a held callback's word was told, or is not to be believed."""
        payment = await self._read(tx, held.payment_id, seen)
        if payment and payment.settled:
            await self._tell_express(tx, held.payment_id, held.said.callback, now)
            return True
        looked_at = payment.looked_at if payment else None
        refuted = looked_at is not None and looked_at - held.heard_at > _SETTLES_WITHIN
        if payment is None or refuted:
            return True
        return now - held.heard_at > _HELD_FOR and payment.troubled_since is None

    async def _read(self, tx: Tx, payment_id: str, seen: dict[str, Payment | None]) -> Payment | None:
        if payment_id not in seen:
            seen[payment_id] = await payments.read(tx, payment_id)
        return seen[payment_id]

    async def _concerned(self, tx: Tx, callback: Callback) -> Iterable[str]:
        """The payments a callback may be about: the one it names, else those its packages were seen with."""
        if callback.payment_id:
            return [callback.payment_id]
        numbers = {number for parcel in callback.parcels for number in (parcel.order_id, parcel.awb) if number}
        found = [await payments.by_package(tx, number) for number in sorted(numbers)]
        return dict.fromkeys(filter(None, found))

    async def _tell_express(self, tx: Tx, payment_id: str, callback: Callback, now: datetime) -> None:
        if callback.event is None:
            return
        for watch in await watches.of_payment(tx, payment_id, [WatchState.ACTIVE, WatchState.TOLD]):
            news = news_of(callback.event, callback.parcels, await callbacks.express_told(tx, watch))
            if news:
                await self._tell(tx, watch, news, callback, now)
                self._log.info("express news", payment=payment_id, chat=watch.place.chat_id, said=callback.event.value)

    async def _tell(self, tx: Tx, watch: Watch, news: ExpressNews, callback: Callback, now: datetime) -> None:
        await outbox.put_notice(
            tx,
            f"express:{callback.digest}:{watch.id}",
            watch.place,
            news,
            locale=watch.locale,
            now=now,
            payment_id=watch.payment_id,
            watch_id=watch.id,
        )
