"""What the outbox could not deliver, as operators see and mend it. Each step leaves its trace: no row is deleted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Row, String, and_, cast, exists, func, insert, literal, or_, select, true

from bot.core.facts import Paid
from bot.core.watch import Place
from bot.storage.engine import Tx
from bot.storage.outbox import IS_DUE, RowKind, RowState, new_row, row_values
from bot.storage.tables import outbox

_OPEN: Final = (RowState.DUE, RowState.RESTS)


class Which(StrEnum):
    """Which rows are listed."""

    TROUBLED = "troubled"
    """Dead ones that were not retried, and due ones that met a problem."""
    DEAD = "dead"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the outbox; no text and nothing personal, as with all of them."""

    id: int
    key: str
    kind: RowKind
    what: str
    """The name of the fact, else the kind."""
    place: Place
    payment_id: str | None
    state: RowState
    attempts: int
    created_at: datetime
    due_at: datetime
    done_at: datetime | None
    problem: str | None
    retried_as: int | None
    """The last row that was made to say the same again."""


async def entries(tx: Tx, which: Which, *, limit: int) -> Sequence[Entry]:
    """The newest rows of a sort, newest first."""
    dead = outbox.c.state == RowState.DEAD
    troubled = and_(outbox.c.state.in_(_OPEN), outbox.c.problem.is_not(None))
    condition = {
        Which.TROUBLED: or_(and_(dead, ~_was_retried()), troubled),
        Which.DEAD: dead,
        Which.ALL: true(),
    }[which]
    rows = (await tx.execute(select(outbox).where(condition).order_by(outbox.c.id.desc()).limit(limit))).all()
    retries = await _retries(tx)
    return [_entry(row, retries) for row in rows]


async def entry(tx: Tx, row_id: int) -> Entry | None:
    """One row."""
    row = (await tx.execute(select(outbox).where(outbox.c.id == row_id))).one_or_none()
    return None if row is None else _entry(row, await _retries(tx))


async def untold_paid(tx: Tx, chat_id: int) -> Sequence[str | None]:
    """The payments, each once, of which a chat is still to be told that they are paid."""
    says_paid = outbox.c.fact.startswith(f"{Paid.__name__} ", autoescape=True)
    waits = and_(outbox.c.chat_id == chat_id, IS_DUE, says_paid)
    return (await tx.execute(select(outbox.c.payment_id).where(waits).distinct())).scalars().all()


async def dead_ids(tx: Tx) -> Sequence[int]:
    """Dead rows that were not retried yet, oldest first."""
    query = select(outbox.c.id).where(outbox.c.state == RowState.DEAD, ~_was_retried())
    return list((await tx.execute(query.order_by(outbox.c.id))).scalars())


async def retry(tx: Tx, row_id: int, now: datetime) -> int | None:
    """Says a dead row's message again, by a new row that names the old one; returns the new row's id.

    None where the row is not dead, or where what it was retried as is still on its way.
    """
    query = select(outbox).where(outbox.c.id == row_id, outbox.c.state == RowState.DEAD).with_for_update()
    row = (await tx.execute(query)).one_or_none()
    of_row = outbox.c.key.startswith(f"retry:{row_id}:", autoescape=True)
    on_its_way = select(exists().where(of_row, outbox.c.state.in_(_OPEN)))
    if row is None or (await tx.execute(on_its_way)).scalar_one():
        return None
    count = (await tx.execute(select(func.count(outbox.c.id)).where(of_row))).scalar_one()
    place = Place(row.chat_id, row.topic_id or None)
    values = row_values(
        RowKind(row.kind),
        f"retry:{row_id}:{count + 1}",
        place,
        row.locale,
        now,
        about_payment=row.watch_id is not None,
    )
    values |= {name: getattr(row, name) for name in ("payment_id", "watch_id", "message_id", "fact")}
    made: int = (await tx.execute(new_row(insert).returning(outbox.c.id), values)).scalar_one()
    return made


async def discard(tx: Tx, row_id: int, now: datetime) -> bool:
    """Gives a row up for good, with a note beside its problem; False where there is none, or it is over already."""
    row = (
        await tx.execute(
            select(outbox.c.problem)
            .where(outbox.c.id == row_id, outbox.c.state.in_([*_OPEN, RowState.DEAD]))
            .with_for_update()
        )
    ).one_or_none()
    if row is None:
        return False
    note = f"discarded by the operator; before: {row.problem or 'no problem'}"
    over = {"state": RowState.DROPPED, "lease_token": None, "done_at": now, "problem": note}
    await tx.execute(outbox.update().where(outbox.c.id == row_id).values(over))
    return True


def _was_retried() -> Any:
    again = outbox.alias("again")
    first = literal("retry:") + cast(outbox.c.id, String) + literal(":1")
    return exists(select(again.c.id).where(again.c.key == first).correlate(outbox))


async def _retries(tx: Tx) -> Mapping[int, int]:
    """The last retry of each row that has one."""
    query = select(outbox.c.id, outbox.c.key).where(outbox.c.key.startswith("retry:")).order_by(outbox.c.id)
    return {int(row.key.split(":")[1]): row.id for row in (await tx.execute(query)).all()}


def _entry(row: Row[Any], retries: Mapping[int, int]) -> Entry:
    return Entry(
        id=row.id,
        key=row.key,
        kind=RowKind(row.kind),
        what=row.fact.partition(" ")[0] if row.fact else row.kind,
        place=Place(row.chat_id, row.topic_id or None),
        payment_id=row.payment_id,
        state=RowState(row.state),
        attempts=row.attempts,
        created_at=row.created_at,
        due_at=row.due_at,
        done_at=row.done_at,
        problem=row.problem,
        retried_as=retries.get(row.id),
    )
