"""Telegram's flood limits, switchable: https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this"""

from __future__ import annotations

import math

from bot.sandbox.bot_api import Refusal
from bot.sandbox.changes import Clock


class _Bucket:
    """A token bucket: `burst` at once, refilled at `rate` per second."""

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate, self._burst, self._tokens, self._at = rate, burst, burst, now

    def wait(self, now: float) -> float:
        """Seconds until one may go, 0 when it may now."""
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate)
        self._at = now
        return 0.0 if self._tokens >= 1 else (1 - self._tokens) / self._rate

    def take(self) -> None:
        self._tokens -= 1


class Flood:
    """30 messages a second in all, about one a second in a chat with a small burst, 20 a minute in a group.

    Edits count like messages. Off until `enabled` is set.
    """

    def __init__(self, clock: Clock, *, chat_burst: float = 3) -> None:
        self.enabled = False
        self.refused = 0
        self.per_second = 30.0
        """For all chats together; set it lower for a bot that Telegram has slowed down."""
        self._clock = clock
        self._chat_burst = chat_burst
        self._buckets: dict[tuple[str, int], _Bucket] = {}

    def check(self, chat_id: int, *, group: bool) -> None:
        """Counts one message to the chat; `Refusal` 429 with ``retry_after`` in whole seconds when too many."""
        if not self.enabled:
            return
        now = self._clock()
        limits = [("all", 0, self.per_second, self.per_second), ("chat", chat_id, 1.0, self._chat_burst)]
        if group:
            limits.append(("group", chat_id, 20 / 60, 20.0))
        buckets = [
            self._buckets.setdefault((name, key), _Bucket(rate, burst, now)) for name, key, rate, burst in limits
        ]
        if wait := max(bucket.wait(now) for bucket in buckets):
            self.refused += 1
            seconds = math.ceil(wait)
            raise Refusal(429, f"Too Many Requests: retry after {seconds}", {"retry_after": seconds})
        for bucket in buckets:
            bucket.take()
