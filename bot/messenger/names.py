"""What a member of a chat is called there, for a message that names them; kept nowhere."""

import asyncio
from typing import Final

from telegram import Bot, ChatMemberRestricted
from telegram.constants import ChatMemberStatus
from telegram.error import TelegramError

WITHIN: Final = 1.5
"""Seconds that a message may be held up."""
_INSIDE: Final = {ChatMemberStatus.OWNER, ChatMemberStatus.ADMINISTRATOR, ChatMemberStatus.MEMBER}


class Names:
    """Asks Telegram."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    async def __call__(self, chat_id: int, person_id: int) -> str | None:
        """The first name of a member; None for an outsider, and where Telegram can't say at once."""
        try:
            async with asyncio.timeout(WITHIN):
                member = await self._bot.get_chat_member(chat_id, person_id)
        except (TelegramError, TimeoutError):
            return None
        inside = member.status in _INSIDE or (isinstance(member, ChatMemberRestricted) and member.is_member)
        return member.user.first_name if inside else None
