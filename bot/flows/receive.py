"""Receives Telegram's updates: stored first, confirmed after, handled in order within each chat.

`getUpdates` with an offset confirms all before it, so the offset only moves past what a commit has made safe.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Final

import structlog

from bot.core.alerts import AlertUnhandled
from bot.core.connections import AlertOtherPoller
from bot.core.facts import WentWrong
from bot.core.watch import Place
from bot.flows.announce import Operators, alert_operators
from bot.flows.lanes import Lanes
from bot.flows.take_in import TakeIn, chat_in
from bot.logs import Lasting
from bot.messenger.updates import LONG_POLL, Batch, Conflict, Trouble, Updates, problem_of
from bot.storage import alerts, inbox, outbox
from bot.storage.engine import Database, Tx, is_out_of_reach
from bot.storage.inbox import MAX_ATTEMPTS, Stored
from bot.storage.trouble import log_failure

CHATS_AT_ONCE: Final = 64
_LONGEST_PAUSE: Final = 30.0
_LONGEST_WAIT_FOR_STORAGE: Final = 5.0
_OFFSET_LASTS: Final = timedelta(days=1)
_SAME_QUARREL: Final = timedelta(minutes=1)
_REMINDED_AFTER: Final = timedelta(hours=1)


class Poll:
    """Long polling, one process at a time."""

    def __init__(
        self,
        database: Database,
        updates: Updates,
        take_in: TakeIn,
        *,
        operators: Operators,
        clock: Callable[[], datetime],
        wake_deliver: Callable[[], None],
        doubt: Callable[[], None],
    ) -> None:
        """`doubt` hears that somebody else polls: that may be a process of ours that took the work over."""
        self._database = database
        self._updates = updates
        self._take_in = take_in
        self._operators = operators
        self._wake_deliver = wake_deliver
        self._doubt = doubt
        self._clock = clock
        self._log = structlog.get_logger("receive")
        self._trouble = Lasting(self._log, "no updates", "updates again")
        self._offset: int | None = None
        self._moved_at: datetime | None = None
        self.answered_at: datetime | None = None
        """When Telegram last answered a poll."""
        self.problem: str | None = None
        """Why the last poll brought nothing, where it failed."""
        self._conflict_at: datetime | None = None
        self._not_stored = 0

    @property
    def last_failed_push(self) -> None:
        """Nobody pushes."""

    def is_fresh(self, now: datetime) -> bool:
        """Whether Telegram answered within the time one poll may take, and a bit."""
        return self.answered_at is not None and now - self.answered_at < timedelta(seconds=LONG_POLL + 15)

    async def run(self) -> None:
        """Polls until cancelled. A cancelled poll confirms nothing."""
        failures = 0
        first = True
        while True:
            # The first poll returns at once: it tells whether Telegram is there.
            fetched = await self._updates.fetch(self._next(), wait=0 if first else LONG_POLL)
            if isinstance(fetched, Batch):
                self.answered_at, self.problem = self._clock(), None
                self._trouble.is_over()
                failures, first = 0, False
                await self._keep(fetched.updates)
                continue
            failures += 1
            self.problem = problem_of(fetched)
            self._trouble.note(self.problem)
            if isinstance(fetched, Conflict) and fetched.webhook:
                await self._updates.drop_webhook()
                if failures == 1:
                    continue
            elif isinstance(fetched, Conflict):
                await self._note_conflict()
            after = fetched.after if isinstance(fetched, Trouble) else None
            await asyncio.sleep(after if after is not None else min(0.5 * 2 ** min(failures, 6), _LONGEST_PAUSE))

    def _next(self) -> int | None:
        """What to ask for next; None for all that is not confirmed. What is stored already does no harm, whereas the
        highest number stored may lie above one that a webhook did not get through."""
        # Telegram may number anew after a week without updates.
        if self._moved_at is not None and self._clock() - self._moved_at >= _OFFSET_LASTS:
            self._offset = self._moved_at = None
        return self._offset

    async def _note_conflict(self) -> None:
        """Once may be a poll of our own, from before a restart or a change of the holder; twice is somebody else's."""
        self._doubt()
        now, before = self._clock(), self._conflict_at
        self._conflict_at = now
        if before is None or now - before > _SAME_QUARREL:
            return
        try:
            async with self._database.begin() as tx:
                told = await alerts.last_told(tx, "other_poller")
                if told is None or now - told.at >= _REMINDED_AFTER:
                    await alert_operators(tx, AlertOtherPoller(), now, self._operators)
        except Exception as error:
            if not is_out_of_reach(error):
                raise
            log_failure(self._log, "conflict not told", error)
        self._wake_deliver()

    async def _keep(self, updates: Sequence[Mapping[str, Any]]) -> None:
        """Stores a batch, then moves past it; where the database is away, it is asked for again."""
        if await self._is_stored(updates) and updates:
            self._offset = max(update["update_id"] for update in updates) + 1
            self._moved_at = self._clock()

    async def _is_stored(self, updates: Sequence[Mapping[str, Any]]) -> bool:
        """Whether a batch is safe now. What cannot be stored at all is left out: it must not hold up all after it."""
        try:
            await self._take_in(updates)
            self._not_stored = 0
        except Exception as error:
            if is_out_of_reach(error):
                log_failure(self._log, "updates not stored", error)
                self._not_stored += 1
                await asyncio.sleep(min(0.5 * 2 ** min(self._not_stored, 6), _LONGEST_WAIT_FOR_STORAGE))
                return False
            if len(updates) > 1:
                for update in updates:
                    if not await self._is_stored([update]):
                        return False
                return True
            self._log.exception("update cannot be stored", update=[update["update_id"] for update in updates])
        return True


class Handle:
    """Hands each stored update to its handler, one at a time for each chat; a press waits for no other update."""

    def __init__(
        self,
        database: Database,
        handler: Callable[[dict[str, Any]], Awaitable[None]],
        *,
        operators: Operators,
        clock: Callable[[], datetime],
        wake_deliver: Callable[[], None],
    ) -> None:
        self._database = database
        self._handler = handler
        self._operators = operators
        self._clock = clock
        self._wake_deliver = wake_deliver
        self._lanes = Lanes[_Lane]("handle", CHATS_AT_ONCE)
        self._handled: list[int] = []
        """Updates that are done, and may not be noted so yet."""
        self._log = structlog.get_logger("handle")

    async def run_due(self, wake: Callable[[], None]) -> datetime | None:
        """Starts handling what waits; `wake` is called as each chat's turn ends."""
        free = self._lanes.free
        if not free:
            return None
        async with self._database.begin() as tx:
            noted = await self._note_handled(tx)
            chats_served = [chat_id for chat_id, _ in self._lanes.busy if chat_id]
            alone = [update_id for _, update_id in self._lanes.busy if update_id]
            found = await inbox.waiting(tx, 4 * free, chats_served, except_updates=alone)
        del self._handled[:noted]
        in_lanes = groupby(sorted(found, key=_lane), key=_lane)
        for lane, updates in [(lane, list(updates)) for lane, updates in in_lanes][:free]:
            self._lanes.begin(lane, self._serve(updates), wake)
        return self._clock() if len(found) == 4 * free else None

    async def drain(self, seconds: float) -> None:
        """Begins nothing more; what is not ended by then is handled again after the next start."""
        await self._lanes.drain(seconds)
        try:
            async with self._database.begin() as tx:
                noted = await self._note_handled(tx)
            del self._handled[:noted]
        except Exception as error:
            log_failure(self._log, "inbox out of reach", error)

    async def _note_handled(self, tx: Tx) -> int:
        """How many, all at once. Most were noted with what they led to; one that was not, and is handled again, leads
        to nothing new."""
        handled = tuple(self._handled)
        if handled:
            await inbox.finish_all(tx, handled)
        return len(handled)

    async def _serve(self, updates: Sequence[Stored]) -> None:
        try:
            for update in updates:
                if self._lanes.is_closing or not await self._handle(update):
                    return
        except Exception as error:
            log_failure(self._log, "inbox out of reach", error)
            await asyncio.sleep(1)

    async def _handle(self, update: Stored) -> bool:
        """One update; False when it is to be tried again."""
        try:
            await self._handler(update.body)
        except Exception as error:
            if is_out_of_reach(error):
                raise  # the database, not the update, is at fault: no try is counted
            self._log.exception("update failed", update=update.update_id, attempt=update.attempts + 1)
            await self._note_failure(update)
            await asyncio.sleep(0.1)
            return False
        self._handled.append(update.update_id)
        return True

    async def _note_failure(self, update: Stored) -> None:
        give_up = update.attempts + 1 >= MAX_ATTEMPTS
        now = self._clock()
        async with self._database.begin() as tx:
            await inbox.fail(tx, update.update_id, give_up=give_up)
            if not give_up:
                return
            chat_id = (chat_in(update.body) or {}).get("id")
            if isinstance(chat_id, int) and "my_chat_member" not in update.body:
                place = Place(chat_id, _topic_of(update.body))
                await outbox.put_notice(
                    tx, f"reply:{update.update_id}:0", place, WentWrong(), locale=self._operators.locale, now=now
                )
            await alert_operators(tx, AlertUnhandled(update.update_id), now, self._operators)
        self._wake_deliver()


def _topic_of(body: Mapping[str, Any]) -> int | None:
    press = body.get("callback_query")
    message = press.get("message") if isinstance(press, dict) else body.get("message")
    topic = message.get("message_thread_id") if isinstance(message, dict) and message.get("is_topic_message") else None
    return topic if isinstance(topic, int) else None


_Lane = tuple[int, int]
"""The chat whose updates are handled in their order; or 0, and the one update that keeps none."""


def _lane(update: Stored) -> _Lane:
    return (update.chat_id, 0) if update.chat_id else (0, update.update_id)
