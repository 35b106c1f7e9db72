"""Pictures Telegram already has: one upload serves every chat that is shown the same."""

from datetime import datetime

from sqlalchemy import select

from bot.storage.engine import Tx
from bot.storage.payments import upsert
from bot.storage.tables import uploads


async def file_id_of(tx: Tx, digest: str) -> str | None:
    """Telegram's id of a picture it already has."""
    return (await tx.execute(select(uploads.c.file_id).where(uploads.c.digest == digest))).scalar_one_or_none()


async def note(tx: Tx, digest: str, file_id: str, now: datetime) -> None:
    """Keeps the id of a picture Telegram has now."""
    statement = upsert(tx)(uploads).values(digest=digest, file_id=file_id, uploaded_at=now)
    again = {"file_id": file_id, "uploaded_at": now}
    await tx.execute(statement.on_conflict_do_update(index_elements=["digest"], set_=again))


async def forget(tx: Tx, digest: str) -> None:
    """Telegram no longer takes a picture's id."""
    await tx.execute(uploads.delete().where(uploads.c.digest == digest))
