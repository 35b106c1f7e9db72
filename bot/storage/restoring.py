"""What a restored backup must not do: tell people old news, or ask them things that are long over."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import and_, or_, select

from bot.core.facts import Paid
from bot.core.payment import Status
from bot.storage.engine import Tx
from bot.storage.inbox import UpdateState
from bot.storage.outbox import IS_DUE, RowKind, RowState
from bot.storage.tables import chats, inbox, outbox, payments, watches

OLD: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class PutAside:
    """How many of each were put aside."""

    messages: int
    asks: int
    watches: int


async def put_old_aside(tx: Tx, now: datetime) -> PutAside:
    """Drops messages that waited for more than an hour (but "paid"), and asks; ends watches whose time is over.

    Such a payment is still looked at, and told when it turns out paid: late, but nothing else is said of it. A picture
    that is shown is put right, however old: a code that is paid must not stay there to be paid again.
    """
    old = now - OLD
    news = outbox.update().where(outbox.c.state.in_([RowState.DUE, RowState.RESTS]), outbox.c.created_at < old)
    news = news.where(or_(outbox.c.fact.is_(None), ~outbox.c.fact.startswith(f"{Paid.__name__} ", autoescape=True)))
    shown = select(watches.c.id).where(watches.c.card_message_id.is_not(None))
    news = news.where(~and_(outbox.c.kind == RowKind.CARD, outbox.c.watch_id.in_(shown)))
    over = {"state": RowState.DROPPED, "lease_token": None, "done_at": now, "problem": "old news after a restore"}
    messages = (await tx.execute(news.values(over))).rowcount
    # Messages that came after the backup bear numbers that it does not know: no try of before it may be searched for
    # among them, and edited into one of those. Better told twice.
    await tx.execute(outbox.update().where(IS_DUE).values(lease_token=None, after_message_id=None))
    await tx.execute(chats.update().values(last_message_id=None))
    asked = inbox.update().where(inbox.c.state == UpdateState.NEW, inbox.c.received_at < old)
    asks = (await tx.execute(asked.values(state=UpdateState.DONE, body=None))).rowcount
    lapsed = payments.update().where(payments.c.claim_until < old)
    await tx.execute(lapsed.values(claim_until=None))
    ended = payments.update().where(payments.c.status == Status.WAITING, payments.c.closes_at < old)
    ended_watches = (await tx.execute(ended.values(status=Status.CLOSED, look_at=now))).rowcount
    return PutAside(messages, asks, ended_watches)
