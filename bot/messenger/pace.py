"""Telegram's limits, kept from our side: 30 messages a second in all, about one a second a chat, 20 a minute a group.

Source: Bot FAQ, "My bot is hitting limits". A 429 that comes all the same is obeyed by whoever sends. It does not say
whether the chat or the whole bot is meant: where a second chat gets one it is the bot, so all pause, and go on at half
the rate, which comes back slowly.
"""

import asyncio
from collections import deque
from math import inf, isfinite
from typing import Final

from aiolimiter import AsyncLimiter

ALL_PER_SECOND: Final = 29.0
# Evenly spaced; but so many may follow at once where a busy machine let timers ring late.
_CATCH_UP: Final = 6
_MOST_AT_ONCE: Final = 30
_WITHIN: Final = 1.03
"""So many leave within so many seconds: Telegram counts arrivals, which may be some milliseconds closer together."""
CHAT_BURST: Final = 3
GROUP_PER_MINUTE: Final = 20
# Chats whose pace is remembered before idle ones are forgotten.
_REMEMBERED: Final = 2_000
# A second refusal so many seconds after the first is part of the same trouble.
_TOGETHER: Final = 5.0
# The longest pause of all, in seconds, while some messages still go through: two chats may have their own trouble.
_PAUSE_IN_DOUBT: Final = 2.0
_LEAST_RATE: Final = 1.0
_RATE_BACK: Final = 0.2
"""Messages a second that the rate regains each second."""


class Pace:
    """Waits until one more message may go."""

    def __init__(self) -> None:
        self._all = _SharedPace()
        self._chats: dict[int, _ChatPace] = {}
        self._refused: dict[int, float] = {}
        """Until when a 429 of the last seconds counts, by chat."""
        self._went_since = False
        """Whether a message went through since the last 429."""

    async def turn(self, chat_id: int) -> None:
        """Returns when a message to this chat may be sent. Negative ids are groups."""
        await self._of(chat_id).turn()
        await self._all.turn()

    async def depart(self) -> bool:
        """Returns when the message whose turn it is may leave: what was done for it since took more or less time than
        for those before it. False where all pause meanwhile: it waits for another turn."""
        return await self._all.depart()

    async def another(self) -> None:
        """Returns when one more call of the same turn may be made, as one that looks for a message."""
        is_free = False
        while not is_free:
            await self._all.turn()
            is_free = await self._all.depart()

    def went(self) -> None:
        """A message went through."""
        self._went_since = True

    def refused(self, chat_id: int, after: float) -> None:
        """A message was answered 429, which names a pause in seconds. Whoever sends keeps to it for that chat."""
        now = asyncio.get_running_loop().time()
        self._refused = {chat: until for chat, until in self._refused.items() if until > now}
        is_bots = bool(self._refused.keys() - {chat_id})
        self._refused[chat_id] = now + max(after, _TOGETHER)
        if is_bots:
            self._all.hold(min(after, _PAUSE_IN_DOUBT) if self._went_since else after)
        self._went_since = False

    def _of(self, chat_id: int) -> "_ChatPace":
        pace = self._chats.get(chat_id)
        if pace is None:
            if len(self._chats) >= _REMEMBERED:
                self._chats = {chat: kept for chat, kept in self._chats.items() if not kept.is_idle()}
            pace = self._chats[chat_id] = _ChatPace(is_group=chat_id < 0)
        return pace


class _SharedPace:
    """One message after another, whatever the chat: first come, first served."""

    def __init__(self) -> None:
        self._door = asyncio.Lock()
        self._rate = ALL_PER_SECOND
        self._rated_at = self._next_at = -inf
        self._held_until = -inf
        self._left: deque[float] = deque([-inf] * _MOST_AT_ONCE, maxlen=_MOST_AT_ONCE)

    async def turn(self) -> None:
        async with self._door:
            clock = asyncio.get_running_loop().time
            while (wait := self._free_at - clock()) > 0:  # noqa: ASYNC110  # not an event: time
                await asyncio.sleep(wait)
            apart = 1 / self._rate_at(clock())
            self._next_at = max(self._next_at, clock() - _CATCH_UP * apart) + apart

    async def depart(self) -> bool:
        clock = asyncio.get_running_loop().time
        while (wait := self._left[0] + _WITHIN - clock()) > 0:  # noqa: ASYNC110  # not an event: time
            await asyncio.sleep(wait)
        if clock() < self._held_until:
            return False
        self._left.append(clock())
        return True

    @property
    def _free_at(self) -> float:
        return max(self._next_at, self._held_until)

    def hold(self, seconds: float) -> None:
        """Nothing goes for a while. The rate halves, but once for what was on its way together."""
        now = asyncio.get_running_loop().time()
        if now >= self._held_until:
            self._rate = max(_LEAST_RATE, self._rate_at(now) / 2)
        self._held_until = max(self._held_until, now + seconds)

    def _rate_at(self, now: float) -> float:
        regained = max(0.0, now - max(self._rated_at, self._held_until)) * _RATE_BACK
        self._rate = min(ALL_PER_SECOND, self._rate + regained) if isfinite(regained) else ALL_PER_SECOND
        self._rated_at = now
        return self._rate


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
