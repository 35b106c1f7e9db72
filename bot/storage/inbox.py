"""The inbox: Telegram's updates, stored before they are confirmed, handled in order per chat, emptied when done."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any, Final

from sqlalchemy import bindparam, func, select, text

from bot.storage.engine import Tx
from bot.storage.listed import is_listed
from bot.storage.payments import upsert
from bot.storage.tables import inbox

MAX_ATTEMPTS: Final = 3
# Spelt out, as a bound value does not lead to the partial index.
_IS_NEW: Final = text("inbox.state = 'new'")


class UpdateState(StrEnum):
    """Where an update stands."""

    NEW = "new"  # handled: done; failed three times: failed
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Stored:
    """An update to handle."""

    update_id: int
    chat_id: int | None
    received_at: datetime
    attempts: int
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Arrived:
    """An update as it came: its number, the chat whose order it keeps, and the whole JSON object."""

    update_id: int
    chat_id: int | None
    body: Mapping[str, Any]


@cache
def _storing(insert: Any) -> Any:
    return insert(inbox).on_conflict_do_nothing(index_elements=["update_id"])


async def store(tx: Tx, arrived: Sequence[Arrived], now: datetime) -> None:
    """Keeps updates; one that is there already is left as it is."""
    rows = [
        {
            "update_id": update.update_id,
            "chat_id": update.chat_id,
            "received_at": now,
            "state": UpdateState.NEW,
            "body": json.dumps(update.body, ensure_ascii=True, separators=(",", ":")),
        }
        for update in arrived
    ]
    if rows:
        await tx.execute(_storing(upsert(tx)), rows)


_WAITING: Final = (
    select(inbox)
    .where(_IS_NEW, ~is_listed(func.coalesce(inbox.c.chat_id, 0), "chats"), ~is_listed(inbox.c.update_id, "updates"))
    .order_by(inbox.c.update_id)
    .limit(bindparam("most"))
)


async def waiting(
    tx: Tx, limit: int, except_for: Collection[int], *, except_updates: Collection[int] = ()
) -> Sequence[Stored]:
    """Updates not handled yet, in their order, but for chats, and updates without one, that are being handled."""
    told = {"most": limit, "chats": except_for, "updates": except_updates}
    rows = (await tx.execute(_WAITING, told)).all()
    return [Stored(row.update_id, row.chat_id, row.received_at, row.attempts, json.loads(row.body)) for row in rows]


_STILL_NEW: Final = inbox.update().where(inbox.c.update_id == bindparam("number"), _IS_NEW)
_FINISH: Final = _STILL_NEW.values(state=UpdateState.DONE, body=None)
_FAIL: Final = _STILL_NEW.values(attempts=inbox.c.attempts + 1, state=bindparam("to"))


async def finish(tx: Tx, update_id: int) -> bool:
    """Marks an update done and empties it; False when it was done before, so that nothing may follow from it."""
    return (await tx.execute(_FINISH, {"number": update_id})).rowcount == 1


_FINISH_ALL: Final = (
    inbox.update().where(is_listed(inbox.c.update_id, "numbers"), _IS_NEW).values(state=UpdateState.DONE, body=None)
)


async def finish_all(tx: Tx, update_ids: Collection[int]) -> None:
    """Marks those done, and empties them, that are not yet."""
    await tx.execute(_FINISH_ALL, {"numbers": update_ids})


async def fail(tx: Tx, update_id: int, *, give_up: bool) -> None:
    """Counts a failed try; `give_up` puts the update aside, with its body, for an operator to look at.

    An update that is done stays done: its handler may fail after its commit.
    """
    state = UpdateState.FAILED if give_up else UpdateState.NEW
    await tx.execute(_FAIL, {"number": update_id, "to": state})
