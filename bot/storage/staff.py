"""Staff that the settings don't name: who became owner by a link. `storage.chats` knows the groups that are teams."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import bindparam, select

from bot.storage.engine import Tx
from bot.storage.payments import upsert
from bot.storage.tables import staff


class Role(StrEnum):
    """What somebody on the staff is. Stored: names stay."""

    OWNER = "owner"


_ONE: Final = select(staff.c.person_id).where(staff.c.person_id == bindparam("who"))
_OWNERS: Final = select(staff.c.person_id).where(staff.c.role == Role.OWNER).order_by(staff.c.person_id)


async def includes(tx: Tx, person_id: int) -> bool:
    """Whether a person is on the list."""
    return (await tx.execute(_ONE, {"who": person_id})).first() is not None


async def owners(tx: Tx) -> Sequence[int]:
    """Who owns the bot."""
    return (await tx.execute(_OWNERS)).scalars().all()


async def is_empty(tx: Tx) -> bool:
    """Whether nobody is on the list."""
    return (await tx.execute(select(staff.c.person_id).limit(1))).first() is None


async def add_owner(tx: Tx, person_id: int, now: datetime) -> None:
    """A person owns the bot from now on; being it already changes nothing."""
    values = {"person_id": person_id, "role": Role.OWNER, "since": now}
    await tx.execute(upsert(tx)(staff).values(values).on_conflict_do_nothing(index_elements=["person_id"]))
