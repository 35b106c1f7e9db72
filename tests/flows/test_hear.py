"""Callbacks about packages: told in their order, whatever a look finds out meanwhile."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.core.callbacks import Callback, ExpressNews, Parcel
from bot.core.payment import Payment, Status
from bot.flows.hear import Hear
from bot.storage import callbacks, payments
from bot.storage.callbacks import Arrived
from bot.storage.engine import Database, Tx
from bot.storage.notation import from_json
from bot.storage.tables import outbox
from tests.storage.making import ID, T0, a_payment, keep_payment, keep_watch, rows_of

PARCELS = (Parcel("OID-1", "AWB-1", "jne"),)
MADE = Callback("processed_packages", "a" * 64, ID, PARCELS)
SHIPPED = Callback("shipped_packages", "b" * 64, ID, PARCELS)


async def arrive(database: Database, callback: Callback) -> None:
    """KiriminAja pushes it."""
    async with database.begin() as tx:
        await callbacks.store(tx, [Arrived(callback)], T0)


async def nothing(*_: object) -> None:
    """A look that is hastened and finds what it finds."""


async def test_a_word_that_waits_is_told_before_a_later_one(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A look finds the payment paid in the middle of a round: PostgreSQL shows that to the next statement at once."""
    await keep_payment(database, ID, Status.WAITING)
    await keep_watch(database)
    reads: list[str] = []

    async def changing(tx: Tx, payment_id: str) -> Payment | None:
        """Paid from the third read on, which would be the second one of a round."""
        reads.append(payment_id)
        status = Status.PAID if len(reads) > 2 else Status.WAITING
        return replace(a_payment(payment_id, status), shown_qr="qr")

    monkeypatch.setattr(payments, "read", changing)
    hear = Hear(database, cast("Any", SimpleNamespace(hasten=nothing)), clock=lambda: T0, wake=lambda: None)
    await arrive(database, MADE)
    await hear.run_due(lambda: None)
    await arrive(database, SHIPPED)
    for _ in range(3):
        await hear.run_due(lambda: None)
    told = [from_json(row.fact) for row in sorted(await rows_of(database, outbox), key=lambda row: row.id)]
    assert [fact.event for fact in told if isinstance(fact, ExpressNews)] == [MADE.event, SHIPPED.event]


async def test_a_word_that_waits_is_a_hint_again_when_it_is_said_again(database: Database) -> None:
    """The first look may have been too early; the next one by itself may be minutes away."""
    async with database.begin() as tx:
        await payments.save(tx, replace(a_payment(), shown_qr="qr"), T0)
    await keep_watch(database)
    hastened: list[str] = []

    async def hasten(_tx: Tx, payment_id: str, _now: object) -> None:
        hastened.append(payment_id)

    hear = Hear(database, cast("Any", SimpleNamespace(hasten=hasten)), clock=lambda: T0, wake=lambda: None)
    for _ in range(2):
        await arrive(database, MADE)
        await hear.run_due(lambda: None)
    await hear.run_due(lambda: None)
    assert hastened == [ID, ID]
