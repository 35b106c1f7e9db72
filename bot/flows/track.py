"""A fresh look for whoever follows a payment's packages by a link."""

from collections.abc import Callable
from datetime import datetime

from bot.core.payment import Payment
from bot.flows.look import Look
from bot.storage import payments
from bot.storage.engine import Database


class Track:
    """Looks for those who only see packages."""

    def __init__(self, database: Database, look: Look, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._look = look
        self._clock = clock

    async def look(self, payment_id: str) -> None:
        """Looks at a payment, unless that was done a moment ago. All who watch hear of what is new; where KiriminAja
        can't tell now, what was known last stands."""
        async with self._database.begin() as tx:
            payment = await payments.read(tx, payment_id)
        if payment is None or self._is_fresh(payment):
            return
        await self._look.now(payment.id, payment.kind)

    def _is_fresh(self, payment: Payment) -> bool:
        looked_at = payment.looked_at
        return looked_at is not None and self._clock() - looked_at < self._look.rules.first
