"""Guesses: which stranger asked for ids that are unknown or not theirs, and when; kept as long as they count."""

from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import bindparam, select

from bot.core.access import GUESSES_WITHIN, WAIT
from bot.storage.engine import Tx
from bot.storage.payments import upsert
from bot.storage.tables import guesses

COUNT_FOR: Final[timedelta] = GUESSES_WITHIN + WAIT
"""An older guess neither counts nor makes anybody wait."""


@cache
def _noting(insert: Any) -> Any:
    statement = insert(guesses)
    return statement.on_conflict_do_update(index_elements=["guesser", "digest"], set_={"at": statement.excluded["at"]})


_OF: Final = (
    select(guesses.c.at)
    .where(guesses.c.guesser == bindparam("who"), guesses.c.at > bindparam("since"))
    .order_by(guesses.c.at)
)


async def note(tx: Tx, guesser: int, payment_id: str, now: datetime) -> None:
    """A guess; the same id again is no new one. The id is kept as a digest: people type phone numbers too."""
    digest = sha256(f"{guesser}:{payment_id}".encode()).hexdigest()
    await tx.execute(_noting(upsert(tx)), {"guesser": guesser, "digest": digest, "at": now})


async def of(tx: Tx, guesser: int, now: datetime) -> list[datetime]:
    """When somebody guessed, as far back as it counts."""
    return list((await tx.execute(_OF, {"who": guesser, "since": now - COUNT_FOR})).scalars())


async def purge(tx: Tx, now: datetime) -> int:
    """Deletes what no longer counts; returns how many rows."""
    return (await tx.execute(guesses.delete().where(guesses.c.at <= now - COUNT_FOR))).rowcount
