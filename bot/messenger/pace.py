"""Telegram's limits, kept from our side: 30 messages a second in all, about one a second a chat, 20 a minute a group.

Source: Bot FAQ, "My bot is hitting limits". A 429 that comes all the same is obeyed by whoever sends.
"""

import asyncio
from collections import deque
from typing import Final

from aiolimiter import AsyncLimiter

ALL_PER_SECOND: Final = 28
# A limiter lets its burst through on top of its rate: 28 + 2 in the busiest second.
_ALL_BURST: Final = 2
CHAT_BURST: Final = 3
GROUP_PER_MINUTE: Final = 20
# Chats whose pace is remembered before idle ones are forgotten.
_REMEMBERED: Final = 2_000


class Pace:
    """Waits until one more message may go."""

    def __init__(self) -> None:
        self._all = AsyncLimiter(_ALL_BURST, _ALL_BURST / ALL_PER_SECOND)
        self._chats: dict[int, _ChatPace] = {}

    async def turn(self, chat_id: int) -> None:
        """Returns when a message to this chat may be sent. Negative ids are groups."""
        await self._of(chat_id).turn()
        await self._all.acquire()

    def _of(self, chat_id: int) -> "_ChatPace":
        pace = self._chats.get(chat_id)
        if pace is None:
            if len(self._chats) >= _REMEMBERED:
                self._chats = {chat: kept for chat, kept in self._chats.items() if not kept.is_idle()}
            pace = self._chats[chat_id] = _ChatPace(is_group=chat_id < 0)
        return pace


class _ChatPace:
    """One message a second after a small burst; in a group, no more than 20 within any minute too."""

    def __init__(self, *, is_group: bool) -> None:
        self._chat = AsyncLimiter(CHAT_BURST, CHAT_BURST)
        self._minute: deque[float] | None = deque() if is_group else None

    async def turn(self) -> None:
        await self._chat.acquire()
        if self._minute is None:
            return
        clock = asyncio.get_running_loop().time
        while (wait := self._until_room(self._minute, clock())) > 0:  # noqa: ASYNC110  # not an event: time
            await asyncio.sleep(wait)
        self._minute.append(clock())

    def is_idle(self) -> bool:
        """Whether a new one would be as good."""
        now = asyncio.get_running_loop().time()
        return self._chat.has_capacity(CHAT_BURST) and not (self._minute and now - self._minute[-1] < 60)

    def _until_room(self, minute: deque[float], now: float) -> float:
        while minute and now - minute[0] >= 60:
            minute.popleft()
        return minute[0] + 60 - now if len(minute) >= GROUP_PER_MINUTE else 0.0
