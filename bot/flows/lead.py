"""Who has a say in a chat: in private whoever is there; in a group staff and its admins."""

from bot.flows.admit import Staff
from bot.flows.asker import Asker
from bot.messenger.sender import Sender
from bot.storage.engine import Database


class Leads:
    """Says whether somebody has a say in the chat they write in."""

    def __init__(self, database: Database, sender: Sender, staff: Staff) -> None:
        self._database = database
        self._sender = sender
        self._staff = staff

    async def __call__(self, asker: Asker) -> bool:
        """Asks Telegram where it must; where Telegram can't say, no."""
        place = asker.place
        if asker.is_private or asker.speaks_for_chat:
            return True
        async with self._database.begin() as tx:
            if await self._staff.includes(tx, asker.person_id):
                return True
        return asker.person_id is not None and await self._sender.is_admin(place.chat_id, asker.person_id)
