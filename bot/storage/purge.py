"""Retention: handled updates and callbacks a week, bodies of callbacks two days, messages and uploads a month,
finished payments a month after their last ask, the ledger 13 months, but who said they would pay only a month, links
their time; a payment stays as long as a link to its packages does."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import exists, func, select

from bot.core.links import Purpose
from bot.core.payment import Status
from bot.storage import guesses, links as kept_links
from bot.storage.callbacks import CallbackState
from bot.storage.engine import Tx
from bot.storage.inbox import UpdateState
from bot.storage.outbox import RowState
from bot.storage.tables import callbacks, inbox, ledger, links, outbox, payments, uploads, watches

UPDATES_FOR: Final = timedelta(days=7)
BODIES_FOR: Final = timedelta(days=2)
MESSAGES_FOR: Final = timedelta(days=30)
PAYMENTS_FOR: Final = timedelta(days=30)
LEDGER_FOR: Final = timedelta(days=397)
"""Thirteen months and no day less."""


async def purge(tx: Tx, now: datetime) -> int:
    """Deletes what is past its retention; returns how many rows. What is open stays, however old."""
    over = payments.select().with_only_columns(payments.c.id)
    over = over.where(payments.c.asked_at < now - PAYMENTS_FOR, payments.c.look_at.is_(None))
    over = over.where(payments.c.status.not_in([Status.WAITING, Status.CLOSED, Status.FOLLOWING]))
    # A message that waits is rendered from its payment.
    untold = exists(select(outbox.c.id).where(outbox.c.payment_id == payments.c.id, outbox.c.state == RowState.DUE))
    tracked = exists(
        select(links.c.digest).where(
            links.c.payment_id == payments.c.id, links.c.purpose == Purpose.TRACK, links.c.expires_at > now
        )
    )
    over = over.where(~untold, ~tracked)
    gone = select(watches.c.id).where(watches.c.payment_id.in_(over))
    statements = (
        inbox.delete().where(inbox.c.received_at < now - UPDATES_FOR, inbox.c.state != UpdateState.NEW),
        callbacks.delete().where(callbacks.c.received_at < now - UPDATES_FOR, callbacks.c.state != CallbackState.NEW),
        outbox.delete().where(outbox.c.watch_id.in_(gone), outbox.c.state != RowState.DUE),
        outbox.delete().where(
            outbox.c.done_at < now - MESSAGES_FOR, outbox.c.state != RowState.DUE, outbox.c.watch_id.is_(None)
        ),
        uploads.delete().where(uploads.c.uploaded_at < now - MESSAGES_FOR),
        payments.delete().where(payments.c.id.in_(over)),
        ledger.delete().where(func.coalesce(ledger.c.paid_at, ledger.c.asked_at) < now - LEDGER_FOR),
    )
    # Passing one on is given up after a day; where nothing is passed on any more, its body goes all the same.
    bodies = callbacks.update().where(callbacks.c.received_at < now - BODIES_FOR, callbacks.c.body.is_not(None))
    await tx.execute(bodies.values(body=None, forward_at=None))
    # Thirteen months are for ids, amounts and times: whose word it was goes with the payment.
    told = func.coalesce(ledger.c.paid_at, ledger.c.asked_at) < now - PAYMENTS_FOR
    await tx.execute(
        ledger.update().where(told, ledger.c.payer_id.is_not(None)).values(payer_id=None, payer_chat_id=None)
    )
    dropped = await guesses.purge(tx, now) + await kept_links.purge(tx, now)
    for statement in statements:
        dropped += (await tx.execute(statement)).rowcount
    return dropped
