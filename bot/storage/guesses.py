"""Guesses: which stranger asked for ids that are unknown or not theirs, and when; kept as long as they count."""

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from sqlalchemy import select

from bot.core.access import GUESSES_WITHIN, WAIT
from bot.storage.engine import Tx
from bot.storage.payments import upsert
from bot.storage.tables import guesses

COUNT_FOR: Final[timedelta] = GUESSES_WITHIN + WAIT
"""An older guess neither counts nor makes anybody wait."""


async def note(tx: Tx, guesser: int, payment_id: str, now: datetime) -> None:
    """A guess; the same id again is no new one. The id is kept as a digest: people type phone numbers too."""
    digest = sha256(f"{guesser}:{payment_id}".encode()).hexdigest()
    statement = upsert(tx)(guesses).values(guesser=guesser, digest=digest, at=now)
    await tx.execute(statement.on_conflict_do_update(index_elements=["guesser", "digest"], set_={"at": now}))


async def of(tx: Tx, guesser: int, now: datetime) -> list[datetime]:
    """When somebody guessed, as far back as it counts."""
    query = select(guesses.c.at).where(guesses.c.guesser == guesser, guesses.c.at > now - COUNT_FOR)
    return list((await tx.execute(query.order_by(guesses.c.at))).scalars())


async def purge(tx: Tx, now: datetime) -> int:
    """Deletes what no longer counts; returns how many rows."""
    return (await tx.execute(guesses.delete().where(guesses.c.at <= now - COUNT_FOR))).rowcount
