"""A person wants to know now: KiriminAja is asked, and they are not kept waiting for longer than it deserves."""

import asyncio
from typing import Final

from bot.core.answer import Answer, Unwell
from bot.core.ids import Kind
from bot.kiriminaja.client import KiriminAja

ANSWER_WITHIN: Final = 12.0
"""Seconds after which an ask is answered "having trouble", and completed by the watch."""
ANSWER_WITHIN_TROUBLE: Final = 4.0
"""The same while KiriminAja is known not to answer: long enough to notice that it does again."""


async def inquire(provider: KiriminAja, payment_id: str, kind: Kind | None) -> Answer:
    """A fresh look, before all those that are due by themselves."""
    within = ANSWER_WITHIN_TROUBLE if provider.sides.is_held(kind) else ANSWER_WITHIN
    try:
        async with asyncio.timeout(within):
            return await provider.fetch(payment_id, kind, urgent=True)
    except TimeoutError:
        return Unwell("timeout")
