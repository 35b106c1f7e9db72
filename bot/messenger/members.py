"""Who is in a group, and who leads it, as Telegram says at this moment. Where it can't say, nobody.

It answers surely only where the bot is an admin itself, or the group shows its members.
"""

from typing import Final

import structlog
from telegram import Bot, ChatMember, ChatMemberRestricted
from telegram.constants import ChatMemberStatus

_LEADS: Final = frozenset({ChatMemberStatus.ADMINISTRATOR, ChatMemberStatus.OWNER})


class Members:
    """Asks Telegram about people in groups."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    async def is_admin(self, chat_id: int, person_id: int) -> bool:
        """Whether a person administers a group."""
        member = await self._member(chat_id, person_id)
        return member is not None and member.status in _LEADS

    async def is_member(self, chat_id: int, person_id: int) -> bool:
        """Whether a person is in a group, in whatever role."""
        member = await self._member(chat_id, person_id)
        if isinstance(member, ChatMemberRestricted):
            return member.is_member
        return member is not None and (member.status in _LEADS or member.status == ChatMemberStatus.MEMBER)

    async def name_of(self, chat_id: int, person_id: int) -> str | None:
        """How somebody who is or was in a chat is called; None where Telegram can't say."""
        member = await self._member(chat_id, person_id)
        return member.user.full_name if member else None

    async def _member(self, chat_id: int, person_id: int) -> ChatMember | None:
        try:
            return await self._bot.get_chat_member(chat_id, person_id)
        except Exception as error:  # python-telegram-bot lets through what it trips over in a strange answer
            problem = type(error.__cause__ or error).__name__
            structlog.get_logger("members").info("not told who is in a group", chat=chat_id, problem=problem)
            return None
