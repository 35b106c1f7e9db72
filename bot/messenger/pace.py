"""Telegram's limits, kept from our side: 30 messages a second in all, about one a second a chat, 20 a minute a group.

Source: Bot FAQ, "My bot is hitting limits". A 429 that comes all the same is obeyed by whoever sends.
"""

from typing import Final

from aiolimiter import AsyncLimiter

ALL_PER_SECOND: Final = 29
CHAT_BURST: Final = 5
GROUP_PER_MINUTE: Final = 20
# Chats whose pace is remembered; an idle limiter is as good as a new one.
_REMEMBERED: Final = 2_000


class Pace:
    """Waits until one more message may go."""

    def __init__(self) -> None:
        self._all = AsyncLimiter(ALL_PER_SECOND, 1)
        self._chats: dict[int, AsyncLimiter] = {}

    async def turn(self, chat_id: int) -> None:
        """Returns when a message to this chat may be sent. Negative ids are groups."""
        await self._of(chat_id).acquire()
        await self._all.acquire()

    def _of(self, chat_id: int) -> AsyncLimiter:
        limiter = self._chats.get(chat_id)
        if limiter is None:
            if len(self._chats) >= _REMEMBERED:
                self._chats = {chat: kept for chat, kept in self._chats.items() if not kept.has_capacity(CHAT_BURST)}
            limiter = AsyncLimiter(GROUP_PER_MINUTE, 60) if chat_id < 0 else AsyncLimiter(CHAT_BURST, CHAT_BURST)
            self._chats[chat_id] = limiter
        return limiter
