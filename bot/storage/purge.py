"""Retention: handled updates and callbacks a week, bodies of callbacks two days, messages and uploads a month,
finished payments a month after their last ask, the ledger 13 months, but who said they would pay only a month, links
their time; a payment stays as long as a link to its packages does."""

import asyncio
import time
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, and_, exists, func, select

from bot.core.links import Purpose
from bot.core.payment import Status
from bot.storage import guesses, links as kept_links
from bot.storage.callbacks import CallbackState
from bot.storage.engine import Database, Tx
from bot.storage.inbox import UpdateState
from bot.storage.outbox import IS_DUE, RowState
from bot.storage.tables import callbacks, inbox, ledger, links, outbox, payments, uploads, watches

UPDATES_FOR: Final = timedelta(days=7)
BODIES_FOR: Final = timedelta(days=2)
MESSAGES_FOR: Final = timedelta(days=30)
PAYMENTS_FOR: Final = timedelta(days=30)
LEDGER_FOR: Final = timedelta(days=397)
"""Thirteen months and no day less."""


AT_ONCE: Final = 2_000
"""Rows of one table that one transaction drops: whoever wants to write waits no longer than that takes."""


async def purge_all(database: Database, now: datetime) -> int:
    """Drops or empties what is past its retention, in short transactions; returns how many rows."""
    total = 0
    while True:
        began = time.monotonic()
        async with database.begin() as tx:
            dropped = await purge(tx, now)
        if not dropped:
            return total
        total += dropped
        await asyncio.sleep(time.monotonic() - began)  # as much time for all others


async def purge(tx: Tx, now: datetime) -> int:
    """Some of it: `AT_ONCE` rows of each table. What is open stays, however old."""
    # Passing one on is given up after a day; where nothing is passed on any more, its body goes all the same.
    bodies = and_(callbacks.c.received_at < now - BODIES_FOR, callbacks.c.body.is_not(None))
    # Thirteen months are for ids, amounts and times: whose word it was goes with the payment.
    told = and_(
        func.coalesce(ledger.c.paid_at, ledger.c.asked_at) < now - PAYMENTS_FOR, ledger.c.payer_id.is_not(None)
    )
    ended = and_(outbox.c.done_at < now - MESSAGES_FOR, outbox.c.state != RowState.DUE, outbox.c.watch_id.is_(None))
    emptied = (
        callbacks.update().where(_some(callbacks.c.id, bodies)).values(body=None, forward_at=None),
        ledger.update().where(_some(ledger.c.payment_id, told)).values(payer_id=None, payer_chat_id=None),
    )
    handled = and_(inbox.c.received_at < now - UPDATES_FOR, inbox.c.state != UpdateState.NEW)
    heard = and_(callbacks.c.received_at < now - UPDATES_FOR, callbacks.c.state != CallbackState.NEW)
    booked = func.coalesce(ledger.c.paid_at, ledger.c.asked_at) < now - LEDGER_FOR
    gone = (
        inbox.delete().where(_some(inbox.c.update_id, handled)),
        callbacks.delete().where(_some(callbacks.c.id, heard)),
        outbox.delete().where(_some(outbox.c.id, ended)),
        uploads.delete().where(_some(uploads.c.digest, uploads.c.uploaded_at < now - MESSAGES_FOR)),
        ledger.delete().where(_some(ledger.c.payment_id, booked)),
    )
    dropped = await guesses.purge(tx, now) + await kept_links.purge(tx, now) + await _drop_payments(tx, now)
    for statement in (*emptied, *gone):
        dropped += (await tx.execute(statement)).rowcount
    return dropped


async def _drop_payments(tx: Tx, now: datetime) -> int:
    """With their packages, watches and messages."""
    over = payments.select().with_only_columns(payments.c.id)
    over = over.where(payments.c.asked_at < now - PAYMENTS_FOR, payments.c.look_at.is_(None))
    over = over.where(payments.c.status.not_in([Status.WAITING, Status.CLOSED, Status.FOLLOWING]))
    # A message that waits is rendered from its payment.
    untold = exists(select(outbox.c.id).where(outbox.c.payment_id == payments.c.id, IS_DUE))
    tracked = exists(
        select(links.c.digest).where(
            links.c.payment_id == payments.c.id, links.c.purpose == Purpose.TRACK, links.c.expires_at > now
        )
    )
    ids = (await tx.execute(over.where(~untold, ~tracked).limit(AT_ONCE))).scalars().all()
    if not ids:
        return 0
    seen = select(watches.c.id).where(watches.c.payment_id.in_(ids))
    told = await tx.execute(outbox.delete().where(outbox.c.watch_id.in_(seen), outbox.c.state != RowState.DUE))
    return told.rowcount + (await tx.execute(payments.delete().where(payments.c.id.in_(ids)))).rowcount


def _some(key: Column[Any], which: ColumnElement[bool]) -> ColumnElement[bool]:
    return key.in_(select(key).where(which).limit(AT_ONCE))
