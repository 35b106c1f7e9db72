"""Who is in a group, and who leads it, as Telegram says at this moment. Where it can't say, nobody.

It answers surely only where the bot is an admin itself, or the group shows its members.
"""

import asyncio
from typing import Final

import structlog
from telegram import Bot, ChatMember, ChatMemberRestricted
from telegram.constants import ChatMemberStatus

from bot.messenger.outcomes import CALL_TIMEOUT

_NAMED_WITHIN: Final = 1.5
"""Seconds that a message may be held up for a name."""
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
        return _is_inside(await self._member(chat_id, person_id))

    async def first_name_of(self, chat_id: int, person_id: int) -> str | None:
        """What a member is called; None for an outsider, and where Telegram can't say at once."""
        try:
            async with asyncio.timeout(_NAMED_WITHIN):
                member = await self._member(chat_id, person_id)
        except TimeoutError:
            return None
        return member.user.first_name if member and _is_inside(member) else None

    async def name_of(self, chat_id: int, person_id: int) -> str | None:
        """How somebody who is or was in a chat is called; None where Telegram can't say."""
        member = await self._member(chat_id, person_id)
        return member.user.full_name if member else None

    async def _member(self, chat_id: int, person_id: int) -> ChatMember | None:
        try:
            async with asyncio.timeout(CALL_TIMEOUT):
                return await self._bot.get_chat_member(chat_id, person_id)
        except Exception as error:  # python-telegram-bot lets through what it trips over in a strange answer
            problem = type(error.__cause__ or error).__name__
            structlog.get_logger("members").info("not told who is in a group", chat=chat_id, problem=problem)
            return None


def _is_inside(member: ChatMember | None) -> bool:
    if isinstance(member, ChatMemberRestricted):
        return member.is_member
    return member is not None and (member.status in _LEADS or member.status == ChatMemberStatus.MEMBER)
