"""Pictures Telegram already has: one upload serves every chat that is shown the same."""

from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import bindparam, select

from bot.storage.engine import Tx
from bot.storage.payments import upsert
from bot.storage.tables import uploads

_FILE_ID: Final = select(uploads.c.file_id).where(uploads.c.digest == bindparam("picture"))


async def file_id_of(tx: Tx, digest: str) -> str | None:
    """Telegram's id of a picture it already has."""
    return (await tx.execute(_FILE_ID, {"picture": digest})).scalar_one_or_none()


@cache
def _noting(insert: Any) -> Any:
    statement = insert(uploads)
    again = {name: statement.excluded[name] for name in ("file_id", "uploaded_at")}
    return statement.on_conflict_do_update(index_elements=["digest"], set_=again)


async def note(tx: Tx, digest: str, file_id: str, now: datetime) -> None:
    """Keeps the id of a picture Telegram has now."""
    await tx.execute(_noting(upsert(tx)), {"digest": digest, "file_id": file_id, "uploaded_at": now})


async def forget(tx: Tx, digest: str) -> None:
    """Telegram no longer takes a picture's id."""
    await tx.execute(uploads.delete().where(uploads.c.digest == digest))
