"""How somebody comes to own the bot: by a one-time link that only whoever runs the process can read."""

import secrets
from datetime import datetime

from bot.core.links import Purpose, new_link, url_of
from bot.storage import links, staff
from bot.storage.engine import Database


async def owner_is_missing(database: Database) -> bool:
    """Whether nobody has become staff by a link yet."""
    async with database.begin() as tx:
        return await staff.is_empty(tx)


async def new_owner_link(database: Database, bot: str, now: datetime) -> str:
    """A link to the ownership, to be shown once; the ones before it are over. `bot`: its username."""
    handle = secrets.token_urlsafe(24)
    async with database.begin() as tx:
        await links.revoke_all(tx, Purpose.OWNER, now)
        await links.keep(tx, new_link(handle, Purpose.OWNER, now))
    return url_of(bot, handle)
