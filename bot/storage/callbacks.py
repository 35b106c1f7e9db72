"""KiriminAja's callbacks: stored before they are confirmed, heard once, and passed on where the operator wants it.

What is kept of one holds nothing personal, but for its raw body, which is there only until it is passed on.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any, Final

from pydantic import TypeAdapter
from sqlalchemy import Select, bindparam, func, select, text, tuple_

from bot.core.callbacks import Callback, ExpressNews
from bot.core.watch import Watch
from bot.storage.engine import Tx
from bot.storage.listed import is_listed
from bot.storage.notation import from_json
from bot.storage.payments import upsert
from bot.storage.tables import callbacks, outbox

# Spelt out, as a bound value does not lead to the partial index.
_IS_NEW: Final = text("callbacks.state = 'new'")


class CallbackState(StrEnum):
    """Where a callback stands. Passing it on is told by `forward_at` alone."""

    NEW = "new"  # flows.hear: heard, at once or when a look has found what it says
    HEARD = "heard"  # store: new, when the same is said again


@dataclass(frozen=True, slots=True)
class Said:
    """A callback that is to be heard."""

    id: int
    times: int
    """How often it has been said."""
    callback: Callback


@dataclass(frozen=True, slots=True)
class Arrived:
    """A callback as it came; its raw body and `Content-Type` only where it is to be passed on."""

    callback: Callback
    body: bytes | None = None
    content_type: str | None = None


@dataclass(frozen=True, slots=True)
class Forward:
    """A callback to pass on, as it came."""

    id: int
    received_at: datetime
    attempts: int
    """Tries before this one."""
    content_type: str | None
    body: bytes


_AGAIN: Final = (
    callbacks.update()
    .where(callbacks.c.digest == bindparam("named"))
    .values(state=CallbackState.NEW, hints=bindparam("what"), said=callbacks.c.said + 1)
)


async def store(tx: Tx, arrived: Sequence[Arrived], now: datetime) -> frozenset[str]:
    """Keeps callbacks; returns the digests of those that are new. With a body one is to be passed on.

    One that says the same as an earlier one is not kept again, but its hint is as good: it is heard once more.
    """
    rows = [
        {
            "digest": one.callback.digest,
            "method": one.callback.method,
            "received_at": now,
            "state": CallbackState.NEW,
            "hints": _adapter().dump_json(one.callback).decode(),
            "body": one.body,
            "content_type": one.content_type,
            "forward_at": None if one.body is None else now,
        }
        for one in arrived
    ]
    kept = upsert(tx)(callbacks).values(rows).on_conflict_do_nothing(index_elements=["digest"])
    new = frozenset((await tx.execute(kept.returning(callbacks.c.digest))).scalars())
    # In one order, so that two processes don't wait for each other.
    for digest, hints in sorted({row["digest"]: row["hints"] for row in rows if row["digest"] not in new}.items()):
        await tx.execute(_AGAIN, {"named": digest, "what": hints})
    return new


_WHICH: Final = tuple_(callbacks.c.id, callbacks.c.said)


@cache
def _waiting(*, beside_some: bool) -> Select[Any]:
    query = select(callbacks.c.id, callbacks.c.said, callbacks.c.hints).where(_IS_NEW)
    if beside_some:
        query = query.where(_WHICH.not_in(bindparam("known", expanding=True)))
    return query.order_by(callbacks.c.id).limit(bindparam("most"))


_HEARD: Final = (
    callbacks.update()
    .where(_WHICH.in_(bindparam("which", expanding=True)))
    .values(state=CallbackState.HEARD, hints=None)
)


async def waiting(tx: Tx, limit: int, known: Collection[Said] = ()) -> Sequence[Said]:
    """Callbacks not heard yet, in their order; of those that are known only what has been said again since."""
    beside = {"known": [(one.id, one.times) for one in known]} if known else {}
    rows = (await tx.execute(_waiting(beside_some=bool(beside)), {"most": limit, **beside})).all()
    return [Said(row.id, row.said, _adapter().validate_json(row.hints)) for row in rows]


async def note_heard(tx: Tx, heard: Sequence[Said]) -> None:
    """What they said has been taken in, and is not needed any more; but for what was said again meanwhile."""
    await tx.execute(_HEARD, {"which": [(one.id, one.times) for one in heard]})


_BESIDE_BUSY: Final = ~is_listed(callbacks.c.id, "busy")
_TO_FORWARD: Final = (
    select(callbacks)
    .where(callbacks.c.forward_at <= bindparam("now"), _BESIDE_BUSY)
    .order_by(callbacks.c.forward_at, callbacks.c.id)
    .limit(bindparam("most"))
)
_WAITS: Final = callbacks.c.forward_at.is_not(None)
_NEXT_FORWARD: Final = select(func.min(callbacks.c.forward_at)).where(_WAITS, _BESIDE_BUSY)


async def to_forward(tx: Tx, now: datetime, limit: int, except_for: Collection[int]) -> Sequence[Forward]:
    """Callbacks to pass on now, the longest due first, but for those under way."""
    rows = (await tx.execute(_TO_FORWARD, {"now": now, "most": limit, "busy": except_for})).all()
    return [Forward(row.id, row.received_at, row.attempts, row.content_type, bytes(row.body or b"")) for row in rows]


async def next_forward_at(tx: Tx, except_for: Collection[int]) -> datetime | None:
    """When the next one is due to be passed on."""
    found: datetime | None = (await tx.execute(_NEXT_FORWARD, {"busy": except_for})).scalar_one()
    return found


async def note_forwarded(tx: Tx, callback_id: int, *, problem: str | None = None) -> None:
    """It is passed on, or never will be (`problem` says why): its body goes."""
    await _change(tx, callback_id, {"body": None, "forward_at": None, "problem": problem})


async def put_off(tx: Tx, callback_id: int, until: datetime, problem: str) -> None:
    """It is tried again; `problem` is a short word."""
    await _change(tx, callback_id, {"forward_at": until, "problem": problem, "attempts": callbacks.c.attempts + 1})


_EXPRESS_TOLD: Final = select(outbox.c.fact).where(
    outbox.c.chat_id == bindparam("chat"),
    outbox.c.watch_id == bindparam("watch"),
    outbox.c.fact.startswith(f"{ExpressNews.__name__} ", autoescape=True),
)


async def express_told(tx: Tx, watch: Watch) -> list[ExpressNews]:
    """What a watch's place was told of the packages of an Express payment."""
    found = await tx.execute(_EXPRESS_TOLD, {"chat": watch.place.chat_id, "watch": watch.id})
    facts = [from_json(fact) for fact in found.scalars()]
    return [fact for fact in facts if isinstance(fact, ExpressNews)]


async def _change(tx: Tx, callback_id: int, values: dict[str, Any]) -> None:
    await tx.execute(callbacks.update().where(callbacks.c.id == callback_id).values(values))


@cache
def _adapter() -> TypeAdapter[Callback]:
    return TypeAdapter(Callback)
