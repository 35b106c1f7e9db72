"""Whether Telegram as a whole is out of reach, judged by what came of the last tries: a closed door, and who knocks.

An error alone does not say whether it is the message's own trouble or everybody's: a connection that breaks, a 502 and
a strange answer may be either. What tells is whether others get through. While nobody does, one message at a time goes
out as a probe; with the first that gets through all that waits is due.
"""

import random
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.retries import OUT_AFTER, pause_after, probe_pause


@dataclass(frozen=True, slots=True)
class Pause:
    """Until a message's next try. `own`: whether the trouble is its own, as others got through meanwhile."""

    time: timedelta
    own: bool


class Reach:
    """What one process has seen; a restart begins with an open door."""

    def __init__(self, spread: Callable[[], float] = random.random) -> None:
        """`spread`: random numbers from 0 to 1."""
        self._spread = spread
        self._failing: dict[int, int] = {}
        """Chats whose last try failed; how often in a row since anything got through."""
        self._in_vain: set[int] = set()
        """Those of them that failed since anything got through."""
        self._rounds = 0
        self._probe_at: datetime | None = None
        self._probe: int | None = None

    @property
    def is_out(self) -> bool:
        """Whether Telegram takes nothing at the moment."""
        return len(self._in_vain) >= OUT_AFTER

    @property
    def tried(self) -> Collection[int]:
        """Chats that were tried in vain: a probe of another one tells more."""
        return self._in_vain

    def probe_at(self, now: datetime) -> datetime | None:
        """When the next probe may go; None while one is under way, or while none is needed."""
        if not self.is_out or self._probe is not None:
            return None
        return max(now, self._probe_at or now)

    def may_try(self, chat_id: int) -> bool:
        """Whether a message may go to this chat now."""
        return not self.is_out or self._probe == chat_id

    def begin_probe(self, chat_id: int) -> None:
        """The next try at this chat is the probe."""
        self._probe = chat_id

    def end_probe(self, chat_id: int) -> None:
        """The chat's turn is over, whatever came of it."""
        if self._probe == chat_id:
            self._probe = None

    def failed(self, chat_id: int, tries: int, now: datetime) -> Pause:
        """A try came to nothing that tells of a refusal; `tries` counts the message's own failures, with this one."""
        others_go = chat_id in self._failing and chat_id not in self._in_vain
        self._in_vain.add(chat_id)
        if self._probe_at is None or now >= self._probe_at:
            # What was on its way together failed together: that is one round.
            self._rounds += 1
            self._probe_at = now + probe_pause(self._rounds, self._spread())
        if others_go:
            self._failing[chat_id] = 0
            return Pause(pause_after(tries, self._spread()), own=True)
        self._failing[chat_id] = failures = self._failing.get(chat_id, 0) + 1
        return Pause(probe_pause(failures, self._spread()), own=False)

    def is_no_news(self, chat_id: int) -> bool:
        """Whether a failure at this chat just now is what everybody's is, or was its own last one, with nothing that
        got through in between: it is tried every few seconds, for hours maybe."""
        return self.is_out or self._failing.get(chat_id, 0) > 1

    def went(self, chat_id: int) -> bool:
        """Telegram took a message, or refused it for good; True where this ends a time out of reach."""
        was_out = self.is_out
        self._failing.pop(chat_id, None)
        self._in_vain.clear()
        self._rounds, self._probe_at = 0, None
        return was_out
