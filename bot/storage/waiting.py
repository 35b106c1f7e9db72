"""What waits in the outbox, all chats together: what is due, and when; made due when Telegram is back, put aside when
it came too late."""

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import cache
from typing import Final

from sqlalchemy import Update, bindparam, func, select

from bot.core.deadlines import SHORTEST, is_missed, is_past
from bot.core.facts import Fact, Paid
from bot.core.watch import Place
from bot.storage.engine import Tx
from bot.storage.listed import is_listed
from bot.storage.notation import from_json
from bot.storage.outbox import GIVEN_UP, HELD, IS_DUE, THROTTLED, Outgoing, RowKind, RowState
from bot.storage.tables import outbox

_BESIDE_BUSY: Final = ~is_listed(outbox.c.chat_id, "busy")
_DUE: Final = (
    select(outbox.c.id, outbox.c.chat_id)
    .where(IS_DUE, outbox.c.due_at <= bindparam("now"), _BESIDE_BUSY)
    .order_by(outbox.c.due_at, outbox.c.created_at, outbox.c.id)
    .limit(bindparam("most"))
)
_NEXT_DUE: Final = select(func.min(outbox.c.due_at)).where(IS_DUE, _BESIDE_BUSY)


async def due(tx: Tx, now: datetime, *, limit: int, except_for: Collection[int]) -> Sequence[tuple[int, int]]:
    """(row id, chat id) of what is due, the longest due first, but for chats that are being served.

    Within a chat that is the order it was written in, or, for a card, last wanted: a put-off row holds up those behind
    it, and new ones too.
    """
    rows = (await tx.execute(_DUE, {"now": now, "most": limit, "busy": except_for})).all()
    return [(row.id, row.chat_id) for row in rows]


async def next_due_at(tx: Tx, except_for: Collection[int]) -> datetime | None:
    """When the next row is due."""
    found: datetime | None = (await tx.execute(_NEXT_DUE, {"busy": except_for})).scalar_one()
    return found


@cache
def _hasten() -> Update:
    later = (IS_DUE, outbox.c.due_at > bindparam("now"))
    failed = select(outbox.c.chat_id).where(*later, outbox.c.problem.is_not(None), outbox.c.problem != THROTTLED)
    throttled = select(outbox.c.chat_id).where(*later, outbox.c.problem == THROTTLED)
    due = outbox.update().where(*later, outbox.c.chat_id.in_(failed), outbox.c.chat_id.not_in(throttled))
    return due.where(_BESIDE_BUSY).values(due_at=bindparam("now"))


async def hasten(tx: Tx, now: datetime, *, except_for: Collection[int]) -> None:
    """Makes due what a failure put off, and what waits behind it; but in chats for which Telegram named a pause."""
    await tx.execute(_hasten(), {"now": now, "busy": except_for})


_PAST: Final = select(outbox).where(
    IS_DUE,
    outbox.c.kind == RowKind.NOTICE,
    outbox.c.created_at < bindparam("since"),
    _BESIDE_BUSY,
    # It has no deadline, and is most of what waits.
    ~outbox.c.fact.startswith(f"{Paid.__name__} ", autoescape=True),
)
_PUT_ASIDE: Final = outbox.update().where(outbox.c.id == bindparam("row"), IS_DUE).values(GIVEN_UP)


async def put_past_aside(
    tx: Tx, now: datetime, *, problem: str, except_for: Collection[int]
) -> Sequence[tuple[Fact, Place, str]]:
    """Gives up the notices that are past their deadline, dead or (where nobody misses them) dropped; returns what each
    was to say, where, and in which language."""
    given_up: list[tuple[Fact, Place, str]] = []
    for row in (await tx.execute(_PAST, {"since": now - SHORTEST, "busy": except_for})).all():
        fact = from_json(row.fact)
        if not is_past(fact, now - row.created_at):
            continue
        state = RowState.DEAD if is_missed(fact) else RowState.DROPPED
        reason = f"{problem}; before: {row.problem}" if row.problem else problem
        told = {"row": row.id, "end": state, "now": now, "why": reason}
        if (await tx.execute(_PUT_ASIDE, told)).rowcount == 1:
            given_up.append((fact, Place(row.chat_id, row.topic_id or None), row.locale))
    return given_up


_DROP_UNCHANGED: Final = HELD.values(GIVEN_UP).where(outbox.c.version == bindparam("rendered"))


async def drop_unchanged(tx: Tx, row: Outgoing, *, lease_token: int, problem: str, now: datetime) -> bool:
    """Drops a card that was begun, with the reason; False where it went out of date meanwhile."""
    held = {"row": row.id, "token": lease_token, "rendered": row.version}
    told = held | {"end": RowState.DROPPED, "now": now, "why": problem}
    return (await tx.execute(_DROP_UNCHANGED, told)).rowcount == 1
