"""Hears what callbacks hint at: the payments concerned are looked at now, and chats are told of Express packages.

A callback is no proof: nothing here marks anything paid, it only asks.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final

import structlog

from bot.core.callbacks import Callback, ExpressNews, news_of
from bot.core.ids import Kind
from bot.core.watch import Watch, WatchState
from bot.flows.look import Look
from bot.storage import callbacks, outbox, payments, watches
from bot.storage.engine import Database, Tx

_AT_ONCE: Final = 20


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
        self._log = structlog.get_logger("hear")

    async def run_due(self, _wake: Callable[[], None]) -> datetime | None:
        """Hears what waits; returns now where there may be more."""
        now = self._clock()
        async with self._database.begin() as tx:
            found = await callbacks.waiting(tx, _AT_ONCE)
            if not found:
                return None
            for _, callback in found:
                for payment_id in await self._concerned(tx, callback):
                    self._log.debug("hint", payment=payment_id, method=callback.label)
                    await self._look.hasten(tx, payment_id, now)
                    await self._tell_express(tx, payment_id, callback, now)
            await callbacks.note_heard(tx, [number for number, _ in found])
        self._wake()
        return now if len(found) == _AT_ONCE else None

    async def _concerned(self, tx: Tx, callback: Callback) -> Iterable[str]:
        """The payments a callback may be about: the one it names, else those its packages were seen with."""
        if callback.payment_id:
            return [callback.payment_id]
        numbers = {number for parcel in callback.parcels for number in (parcel.order_id, parcel.awb) if number}
        found = [await payments.by_package(tx, number) for number in sorted(numbers)]
        return dict.fromkeys(filter(None, found))

    async def _tell_express(self, tx: Tx, payment_id: str, callback: Callback, now: datetime) -> None:
        """Instant packages are followed by looks; an Express payment's answer has none."""
        payment = await payments.read(tx, payment_id)
        if payment is None or payment.kind is not Kind.EXPRESS or callback.event is None:
            return
        for watch in await watches.of_payment(tx, payment_id, [WatchState.ACTIVE, WatchState.TOLD]):
            news = news_of(callback.event, callback.parcels, await callbacks.express_told(tx, watch))
            if news:
                await self._tell(tx, watch, news, callback, now)
                self._log.info("express", payment=payment_id, chat=watch.place.chat_id, said=callback.event.value)

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
