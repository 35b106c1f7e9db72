"""Who is in a group, and who leads it, as Telegram says at this moment. Where it can't say, nobody.

It answers surely only where the bot is an admin itself, or the group shows its members.
"""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

import structlog
from telegram import Bot

from bot.messenger.outcomes import CALL_TIMEOUT

_NAMED_WITHIN: Final = 1.5
"""Seconds that a message may be held up for a name."""
# Spelt so, it goes out as `getChatMember`; what python-telegram-bot knows as a method of its own, it warns of.
_METHOD: Final = "get_Chat_Member"
_LEADS: Final = ("administrator", "creator")


class Members:
    """Asks Telegram about people in groups."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    async def is_admin(self, chat_id: int, person_id: int) -> bool:
        """Whether a person administers a group."""
        member = await self._member(chat_id, person_id)
        return member is not None and member.get("status") in _LEADS

    async def is_member(self, chat_id: int, person_id: int) -> bool:
        """Whether a person is in a group, in whatever role."""
        member = await self._member(chat_id, person_id)
        return member is not None and _is_inside(member)

    async def first_name_of(self, chat_id: int, person_id: int) -> str | None:
        """What a member is called; None for an outsider, and where Telegram can't say at once."""
        try:
            async with asyncio.timeout(_NAMED_WITHIN):
                member = await self._member(chat_id, person_id)
        except TimeoutError:
            return None
        return _name(member, "first_name") if member and _is_inside(member) else None

    async def name_of(self, chat_id: int, person_id: int) -> str | None:
        """How somebody who is or was in a chat is called; None where Telegram can't say."""
        member = await self._member(chat_id, person_id)
        return _name(member, "first_name", "last_name") if member else None

    async def _member(self, chat_id: int, person_id: int) -> Mapping[str, Any] | None:
        """A `ChatMember` as JSON: of its many fields few are needed, and what lacks one of the others is still one."""
        asked = {"chat_id": chat_id, "user_id": person_id}
        try:
            async with asyncio.timeout(CALL_TIMEOUT):
                member = await self._bot.do_api_request(_METHOD, api_kwargs=asked)
            return member if isinstance(member, dict) else None
        except Exception as error:  # python-telegram-bot lets through what it trips over in a strange answer
            problem = type(error.__cause__ or error).__name__
            structlog.get_logger("members").info("not told who is in a group", chat=chat_id, problem=problem)
            return None


def _is_inside(member: Mapping[str, Any]) -> bool:
    """Whether a `ChatMember`, as JSON, is in the chat, in whatever role."""
    status = member.get("status")
    if status == "restricted":
        return member.get("is_member") is True
    return status == "member" or status in _LEADS


def _name(member: Mapping[str, Any], *fields: str) -> str | None:
    person = member.get("user")
    told = (person.get(field) for field in fields) if isinstance(person, dict) else ()
    return " ".join(name for name in told if isinstance(name, str) and name) or None
