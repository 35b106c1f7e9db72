"""What waits in the outbox, all chats together: made due when Telegram is back, put aside when it came too late."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select

from bot.core.deadlines import SHORTEST, is_missed, is_past
from bot.core.facts import Paid
from bot.storage.engine import Tx
from bot.storage.notation import from_json
from bot.storage.outbox import THROTTLED, Outgoing, RowKind, RowState, given_up
from bot.storage.tables import outbox


async def hasten(tx: Tx, now: datetime, *, except_for: Iterable[int]) -> None:
    """Makes due what a failure put off, and what waits behind it; but in chats for which Telegram named a pause."""
    later = (outbox.c.state == RowState.DUE, outbox.c.due_at > now)
    failed = select(outbox.c.chat_id).where(*later, outbox.c.problem.is_not(None), outbox.c.problem != THROTTLED)
    throttled = select(outbox.c.chat_id).where(*later, outbox.c.problem == THROTTLED)
    due = outbox.update().where(*later, outbox.c.chat_id.in_(failed), outbox.c.chat_id.not_in(throttled))
    await tx.execute(due.where(outbox.c.chat_id.not_in(list(except_for))).values(due_at=now))


async def put_past_aside(tx: Tx, now: datetime, *, problem: str, except_for: Iterable[int]) -> int:
    """Gives up the notices that are past their deadline, dead or (where nobody misses them) dropped; how many."""
    query = select(outbox.c.id, outbox.c.fact, outbox.c.created_at, outbox.c.problem).where(
        outbox.c.state == RowState.DUE,
        outbox.c.kind == RowKind.NOTICE,
        outbox.c.created_at < now - SHORTEST,
        outbox.c.chat_id.not_in(list(except_for)),
        # It has no deadline, and is most of what waits.
        ~outbox.c.fact.startswith(f"{Paid.__name__} ", autoescape=True),
    )
    count = 0
    for row in (await tx.execute(query)).all():
        fact = from_json(row.fact)
        if not is_past(fact, now - row.created_at):
            continue
        state = RowState.DEAD if is_missed(fact) else RowState.DROPPED
        reason = f"{problem}; before: {row.problem}" if row.problem else problem
        still = outbox.update().where(outbox.c.id == row.id, outbox.c.state == RowState.DUE)
        count += (await tx.execute(still.values(given_up(state, reason, now)))).rowcount
    return count


async def drop_unchanged(tx: Tx, row: Outgoing, *, lease_token: int, problem: str, now: datetime) -> bool:
    """Drops a card that was begun, with the reason; False where it went out of date meanwhile."""
    unchanged = outbox.update().where(
        outbox.c.id == row.id, outbox.c.lease_token == lease_token, outbox.c.version == row.version
    )
    return (await tx.execute(unchanged.values(given_up(RowState.DROPPED, problem, now)))).rowcount == 1
