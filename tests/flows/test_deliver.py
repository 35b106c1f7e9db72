"""Deliveries of a process that lost the lease and does not know it yet."""

import asyncio
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

from bot.core.facts import WentWrong
from bot.core.watch import Place
from bot.flows.announce import Operators
from bot.flows.deliver import Deliver
from bot.storage import outbox, waiting
from bot.storage.engine import Database
from bot.storage.outbox import Outgoing

T0 = datetime(2026, 3, 1, tzinfo=UTC)


class Renderer:
    """Takes so long over the drawing that the lease is over."""

    def __init__(self, lease: SimpleNamespace) -> None:
        self._lease = lease

    async def gather(self, *_: object) -> object:
        """What is to be drawn."""
        return object()

    async def draw(self, rendered: object) -> object:
        """Draws."""
        self._lease.held = False
        return rendered


async def test_what_was_drawn_too_long_is_left_to_whoever_took_over(database: Database) -> None:
    """Frozen between beginning and sending: the row is due as if it had never been begun."""
    lease = SimpleNamespace(held=True, token=1)

    async def at_once(*_: int) -> bool:
        return True

    sent: list[object] = []
    deliver = Deliver(
        database,
        cast("Any", SimpleNamespace(send_text=sent.append)),
        cast("Any", Renderer(lease)),
        lease=cast("Any", lease),
        pace=cast("Any", SimpleNamespace(turn=at_once, depart=at_once)),
        operators=Operators((), "id"),
        clock=lambda: T0,
        metrics=cast("Any", None),
    )
    async with database.begin() as tx:
        await outbox.put_notice(tx, "reply:1:0", Place(5, None), WentWrong(), locale="id", now=T0)
    ended = asyncio.Event()
    await deliver.run_due(ended.set)
    await asyncio.wait_for(ended.wait(), 10)
    assert not lease.held
    assert sent == []
    async with database.begin() as tx:
        ((row_id, _),) = await waiting.due(tx, T0, limit=9, except_for=[])
        row = await outbox.begin(tx, row_id, lease_token=2, now=T0)
    assert isinstance(row, Outgoing)
    assert (row.attempts, row.maybe_sent) == (0, False)
