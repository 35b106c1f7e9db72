"""Delivers the outbox: in order within a chat, side by side across chats, at Telegram's pace.

Each row is begun in one transaction, sent outside of any, and its outcome noted in another: whatever happens in
between, the row is there and says so.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final

import structlog

from bot.core.facts import Paid
from bot.flows.announce import Operators
from bot.flows.lanes import Lanes
from bot.flows.lapse import put_all_past_aside, put_aside_if_past
from bot.flows.reach import Pause, Reach
from bot.flows.recover import Recover
from bot.flows.render import Renderer
from bot.flows.rendered import Nothing, Rendered, TooLate
from bot.flows.send import Send
from bot.flows.settle import Settle
from bot.logs import Lasting
from bot.messenger.pace import Pace
from bot.messenger.sender import Delivered, Outcome, RetryAt, Sender, Undeliverable
from bot.metrics import Metrics
from bot.storage import alerts, outbox, waiting
from bot.storage.engine import Database, Tx
from bot.storage.lease import Lease
from bot.storage.outbox import Outgoing
from bot.storage.trouble import log_failure

CHATS_AT_ONCE: Final = 64
# Where an answer was lost, Telegram gets a while to show the message before it is said again.
_MAYBE_SENT_PAUSE: Final = timedelta(seconds=5)
_DEADLINES_EVERY: Final = timedelta(seconds=30)


class Deliver:
    """The deliveries of this process."""

    def __init__(
        self,
        database: Database,
        sender: Sender,
        renderer: Renderer,
        *,
        lease: Lease,
        pace: Pace,
        operators: Operators,
        clock: Callable[[], datetime],
        metrics: Metrics,
    ) -> None:
        self._database = database
        self._send = Send(database, sender, Recover(database, sender, lease=lease, pace=pace), lease=lease)
        self._settle = Settle(operators, clock)
        self._renderer = renderer
        self._lease = lease
        self._pace = pace
        self._clock = clock
        self._metrics = metrics
        self._lanes = Lanes[int]("deliver", CHATS_AT_ONCE)
        self._under_way: set[int] = set()
        """Rows that are being sent: where a group moves meanwhile, two lanes come to have its rows."""
        self._reach = Reach()
        self._returns, self._hastened = 1, 0
        """How often Telegram came back, a start being one such time too, and for how many of these what had waited was
        made due."""
        self._deadlines_at: datetime | None = None
        self._log = structlog.get_logger("deliver")
        self._outage = Lasting(self._log, "Telegram takes nothing", "Telegram takes messages again")

    async def run_due(self, wake: Callable[[], None]) -> datetime | None:
        """Starts delivering to chats for which something is due; returns when more will be."""
        free = self._lanes.free
        if not free:
            return None
        now = self._clock()
        await self._put_past_aside(now)
        if self._reach.is_out:
            return await self._run_probe(now, wake)
        returns = self._returns
        async with self._database.begin() as tx:
            if returns != self._hastened:
                await waiting.hasten(tx, now, except_for=self._lanes.busy)
            found = await waiting.due(tx, now, limit=free * 4, except_for=self._lanes.busy)
            by_chat = {chat: [row for row, _ in rows] for chat, rows in groupby(sorted(found, key=_chat), key=_chat)}
            begun = dict(list(by_chat.items())[:free])
            next_at = await waiting.next_due_at(tx, [*self._lanes.busy, *begun])
        self._hastened = returns
        for chat_id, rows in begun.items():
            self._lanes.begin(chat_id, self._serve(chat_id, rows), wake)
        return next_at if self._lanes.free else None

    async def _run_probe(self, now: datetime, wake: Callable[[], None]) -> datetime | None:
        """Telegram is out of reach: one message at a time shows whether it still is."""
        probe_at = self._reach.probe_at(now)
        if probe_at is None or probe_at > now:
            return probe_at
        busy = self._lanes.busy
        async with self._database.begin() as tx:
            found = await waiting.due(tx, now, limit=1, except_for=[*busy, *self._reach.tried])
            found = found or await waiting.due(tx, now, limit=1, except_for=busy)
            next_at = await waiting.next_due_at(tx, busy)
        for row_id, chat_id in found:
            self._reach.begin_probe(chat_id)
            self._lanes.begin(chat_id, self._serve(chat_id, [row_id]), wake)
        return None if found else next_at

    async def _put_past_aside(self, now: datetime) -> None:
        if self._deadlines_at is None or now >= self._deadlines_at:
            async with self._database.begin() as tx:
                count = await put_all_past_aside(tx, now, except_for=self._lanes.busy)
            self._deadlines_at = now + _DEADLINES_EVERY
            if count:
                self._log.warning("not delivered in time", messages=count)

    async def drain(self, seconds: float) -> None:
        """Begins nothing more, and lets what is being sent come to its end."""
        await self._lanes.drain(seconds)

    async def _serve(self, chat_id: int, row_ids: list[int]) -> None:
        told_with_others: set[int] = set()
        try:
            for row_id in row_ids:
                if row_id in told_with_others:
                    continue
                await self._lanes.rest(chat_id, self._pace.turn(chat_id))
                if row_id in self._under_way:
                    await asyncio.sleep(0.1)
                    return
                # Right before each send: another process may have taken over while this one was frozen.
                may_go = not self._lanes.is_closing and self._lease.held and self._reach.may_try(chat_id)
                if not may_go or not await self._deliver(row_id, told_with_others):
                    return
        except Exception as error:
            log_failure(self._log, "delivery failed", error, chat=chat_id)
            await asyncio.sleep(1)  # the row stays due; no busy loop over a fault of ours
        finally:
            self._reach.end_probe(chat_id)

    async def _deliver(self, row_id: int, told_with_others: set[int]) -> bool:
        """One row, and those that go into one message with it; False when the chat's next rows must wait."""
        self._under_way.add(row_id)
        try:
            return await self._deliver_alone(row_id, told_with_others)
        finally:
            self._under_way.discard(row_id)

    async def _deliver_alone(self, row_id: int, told_with_others: set[int]) -> bool:
        now = self._clock()
        token = self._lease.token
        begun = await self._database.share(lambda tx: self._begin(tx, row_id, token, now))
        if begun is None:
            return True
        row, others, rendered = begun
        shown = await self._renderer.draw(rendered)
        may_leave = isinstance(shown, Nothing) or await self._pace.depart()
        if not may_leave or not self._lease.held:
            # All pause since its turn; or frozen meanwhile, and whoever took over sends it.
            async with self._database.begin() as tx:
                for one in (row, *others):
                    await outbox.release(tx, one, lease_token=token)
            return False
        outcome = await self._send(row, shown)
        pause = self._judge(row, shown, outcome)

        async def settle(tx: Tx) -> bool:
            return [await self._settle(tx, one, shown, outcome, pause, token) for one in (row, *others)][-1]

        go_on = await self._database.share(settle)
        for one in (row, *others):
            told_with_others.add(one.id)
            self._tell(one, outcome, now)
        return go_on

    async def _begin(
        self, tx: Tx, row_id: int, token: int, now: datetime
    ) -> tuple[Outgoing, Sequence[Outgoing], Rendered] | None:
        """The row, those that go with it, and what they come to; None where there is nothing to send any more."""
        row = await outbox.begin(tx, row_id, lease_token=token, now=now)
        if row is None or await put_aside_if_past(tx, row, lease_token=token, now=now):
            return None
        others = await alerts.begin_with(tx, row, lease_token=token, now=now)
        return row, others, await self._renderer.gather(tx, row, now, others)

    def _judge(self, row: Outgoing, rendered: Rendered, outcome: Outcome | TooLate) -> Pause:
        """What an outcome says of Telegram, and until when a message waits that has to."""
        chat_id = row.place.chat_id
        if isinstance(outcome, RetryAt) and outcome.after is None:
            pause = self._reach.failed(chat_id, row.attempts + 1, self._clock())
            if self._reach.is_out:
                self._outage.note(outcome.problem)
            return replace(pause, time=max(pause.time, _MAYBE_SENT_PAUSE)) if outcome.maybe_sent else pause
        if isinstance(outcome, RetryAt) and outcome.after is not None:
            self._pace.refused(chat_id, outcome.after)
            return Pause(timedelta(seconds=outcome.after + 0.05), own=False)
        if not isinstance(outcome, TooLate) and not isinstance(rendered, Nothing):
            self._pace.went()
            if self._reach.went(chat_id):
                self._returns += 1
                self._outage.is_over()
        return Pause(timedelta(0), own=False)

    def _tell(self, row: Outgoing, outcome: Outcome | TooLate, begun_at: datetime) -> None:
        self._metrics.note_delivery(type(outcome).__name__.lower())
        if isinstance(row.fact, Paid) and isinstance(outcome, Delivered) and not row.fact.already:
            self._metrics.note_told_paid(self._clock() - row.fact.recorded_at)
        log = self._log.warning if isinstance(outcome, RetryAt | Undeliverable) else self._log.info
        if isinstance(outcome, RetryAt) and outcome.after is None and self._reach.is_no_news(row.place.chat_id):
            log = self._log.debug
        log(
            "delivered" if isinstance(outcome, Delivered) else "not delivered",
            what=type(row.fact).__name__ if row.fact else row.kind.value,
            payment=row.payment_id,
            chat=row.place.chat_id,
            message=row.id,
            outcome=None if isinstance(outcome, Delivered) else type(outcome).__name__,
            problem=getattr(outcome, "problem", None),
            after=getattr(outcome, "after", None),
            ms=round((self._clock() - begun_at).total_seconds() * 1000),
        )


def _chat(found: tuple[int, int]) -> int:
    return found[1]
