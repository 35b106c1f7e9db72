"""Who has a say in a chat: in private whoever is there; in a group staff and its admins."""

from bot.flows.admit import Staff
from bot.flows.asker import Asker
from bot.messenger.members import Members


class Leads:
    """Says whether somebody has a say in the chat they write in."""

    def __init__(self, members: Members, staff: Staff) -> None:
        self._members = members
        self._staff = staff

    async def __call__(self, asker: Asker) -> bool:
        """Asks Telegram where it must; where Telegram can't say, no."""
        place = asker.place
        if asker.is_private or asker.speaks_for_chat:
            return True
        if await self._staff.knows(asker.person_id, update_id=asker.update_id):
            return True
        return asker.person_id is not None and await self._members.is_admin(place.chat_id, asker.person_id)
