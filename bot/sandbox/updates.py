"""The bot's queue of updates and getUpdates (https://core.telegram.org/bots/api#getting-updates)."""

from __future__ import annotations

import asyncio

from bot.sandbox.bot_api import Json, Refusal
from bot.sandbox.changes import Changes, Closing

# What a bot must ask for by name (https://core.telegram.org/bots/api#getupdates, allowed_updates).
_ONLY_ON_REQUEST = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
_LONGEST_POLL = 50

_OTHER_POLL = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
_WEBHOOK_SET = "Conflict: terminated by setWebhook request"
_WEBHOOK_ACTIVE = (
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
)


class _Poll:
    """A getUpdates that waits; `ended` says why it was cut short."""

    ended: str | None = None


class UpdateQueue:
    """Updates not yet confirmed, oldest first. `next_id` is the id of the next one; tests may set it back."""

    def __init__(self, changes: Changes, *, first_id: int = 730_000_001) -> None:
        self.next_id = first_id
        self.pending: list[Json] = []
        self.allowed: list[str] = []
        self.webhook_active = False
        self._changes = changes
        self._poll: _Poll | None = None

    @property
    def polled(self) -> bool:
        """Whether a getUpdates is waiting right now."""
        return self._poll is not None

    def put(self, kind: str, payload: Json) -> int | None:
        """Queues an update and returns its id; None where the bot did not ask for this kind."""
        wanted = kind in self.allowed if self.allowed else kind not in _ONLY_ON_REQUEST
        return self.put_raw({kind: payload}) if wanted else None

    def put_raw(self, update: Json) -> int:
        """Queues exactly this, however malformed; an ``update_id`` is given where there is none."""
        number: int = update.get("update_id", self.next_id)
        self.next_id = number + 1
        self.pending.append({"update_id": number, **update})
        self._changes.publish("update", update_id=number, kind=next((k for k in update if k != "update_id"), ""))
        return number

    def confirm(self, update_id: int) -> None:
        """Forgets this update."""
        self.pending = [update for update in self.pending if update["update_id"] != update_id]
        self._changes.publish("update_confirmed", update_id=update_id)

    def allow(self, kinds: list[str] | None) -> None:
        """Remembers allowed_updates; None leaves them, an empty list means the default."""
        if kinds is not None:
            self.allowed = list(kinds)

    def webhook_was_set(self) -> None:
        """Ends a waiting getUpdates and refuses later ones."""
        self.webhook_active = True
        self._end_poll(_WEBHOOK_SET)

    async def get(self, offset: int, limit: int, seconds: float) -> list[Json]:
        """getUpdates. Waits up to `seconds`; `Refusal` 409 when another getUpdates or a webhook takes over."""
        if self.webhook_active:
            raise Refusal(409, _WEBHOOK_ACTIVE)
        self._end_poll(_OTHER_POLL)
        self._confirm_below(offset)
        if not self.pending and seconds > 0:
            await self._wait(min(seconds, _LONGEST_POLL))
        return self.pending[: limit if 1 <= limit <= 100 else 100]

    def _confirm_below(self, offset: int) -> None:
        before = len(self.pending)
        if offset < 0:
            self.pending = self.pending[offset:]
        elif offset > 0:
            self.pending = [update for update in self.pending if update["update_id"] >= offset]
        if len(self.pending) != before:
            self._changes.publish("update_confirmed", pending=len(self.pending))

    def _end_poll(self, why: str) -> None:
        if self._poll is not None:
            self._poll.ended = why
            self._poll = None
            self._changes.publish("poll_ended")

    async def _wait(self, seconds: float) -> None:
        poll = self._poll = _Poll()
        self._changes.publish("polling")
        try:
            async with asyncio.timeout(seconds):
                while not self.pending and poll.ended is None:
                    await self._changes.next()
        except (TimeoutError, Closing):
            pass
        finally:
            if self._poll is poll:
                self._poll = None
                self._changes.publish("poll_ended")
        if poll.ended is not None:
            raise Refusal(409, poll.ended)
