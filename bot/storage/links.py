"""Links, under the hash of their handle."""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import select

from bot.core.links import Link, Purpose
from bot.storage.engine import Tx
from bot.storage.payments import upsert
from bot.storage.tables import links


async def keep(tx: Tx, link: Link) -> None:
    """Keeps a link; one that is there already is good for as long as the new one says."""
    statement = upsert(tx)(links).values(asdict(link))
    again = {"expires_at": link.expires_at}
    await tx.execute(statement.on_conflict_do_update(index_elements=["digest"], set_=again))


async def by_digest(tx: Tx, digest: str) -> Link | None:
    """A link by the hash of its handle, whether it still opens anything or not."""
    row = (await tx.execute(select(links).where(links.c.digest == digest))).one_or_none()
    if row is None:
        return None
    return Link(
        digest=row.digest,
        purpose=Purpose(row.purpose),
        made_at=row.made_at,
        expires_at=row.expires_at,
        payment_id=row.payment_id,
        made_by=row.made_by,
        revoked_at=row.revoked_at,
        used_at=row.used_at,
    )


async def use(tx: Tx, digest: str, now: datetime) -> bool:
    """Notes that a link was opened; False where it was before, so that only one can be first."""
    first = links.update().where(links.c.digest == digest, links.c.used_at.is_(None), links.c.revoked_at.is_(None))
    return (await tx.execute(first.values(used_at=now))).rowcount == 1


async def revoke(tx: Tx, digest: str, now: datetime) -> None:
    """A link opens nothing from now on."""
    open_still = links.update().where(links.c.digest == digest, links.c.revoked_at.is_(None))
    await tx.execute(open_still.values(revoked_at=now))


async def revoke_all(tx: Tx, purpose: Purpose, now: datetime) -> None:
    """The same for every link of a purpose that nobody has opened."""
    unused = links.update().where(links.c.purpose == purpose, links.c.used_at.is_(None), links.c.revoked_at.is_(None))
    await tx.execute(unused.values(revoked_at=now))


async def purge(tx: Tx, now: datetime) -> int:
    """Deletes links whose time is over; returns how many. They are refused like any that never was."""
    return (await tx.execute(links.delete().where(links.c.expires_at <= now))).rowcount
