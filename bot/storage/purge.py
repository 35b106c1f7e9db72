"""Retention: handled updates a week, messages and uploads a month, finished payments a month after their last ask,
links their time; a payment stays as long as a link to its packages does."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import exists, select

from bot.core.links import Purpose
from bot.core.payment import Status
from bot.storage import guesses, links as kept_links
from bot.storage.engine import Tx
from bot.storage.inbox import UpdateState
from bot.storage.outbox import RowState
from bot.storage.tables import inbox, links, outbox, payments, uploads, watches

UPDATES_FOR: Final = timedelta(days=7)
MESSAGES_FOR: Final = timedelta(days=30)
PAYMENTS_FOR: Final = timedelta(days=30)


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
        outbox.delete().where(outbox.c.watch_id.in_(gone), outbox.c.state != RowState.DUE),
        outbox.delete().where(
            outbox.c.done_at < now - MESSAGES_FOR, outbox.c.state != RowState.DUE, outbox.c.watch_id.is_(None)
        ),
        uploads.delete().where(uploads.c.uploaded_at < now - MESSAGES_FOR),
        payments.delete().where(payments.c.id.in_(over)),
    )
    dropped = await guesses.purge(tx, now) + await kept_links.purge(tx, now)
    for statement in statements:
        dropped += (await tx.execute(statement)).rowcount
    return dropped
