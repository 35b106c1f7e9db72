"""Delivers the outbox: in order within a chat, side by side across chats, at Telegram's pace.

Each row is begun in one transaction, sent outside of any, and its outcome noted in another: whatever happens in
between, the row is there and says so.
"""

import asyncio
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final, assert_never

import structlog

from bot.core.alerts import Alert
from bot.core.connections import AlertUndeliverable
from bot.core.facts import Paid
from bot.core.watch import Face, Place
from bot.flows.announce import Operators, alert_operators
from bot.flows.lanes import Lanes
from bot.flows.recover import Recover
from bot.flows.render import Renderer
from bot.flows.rendered import CardMessage, Erasure, Nothing, Rendered, TextMessage
from bot.flows.report import DocumentMessage, PictureMessage
from bot.messenger.pace import Pace
from bot.messenger.sender import (
    Delivered,
    MessageGone,
    Moved,
    Outcome,
    PictureUnknown,
    RetryAt,
    Sender,
    Undeliverable,
)
from bot.metrics import Metrics
from bot.storage import alerts, chats, lists, outbox, uploads, watches
from bot.storage.engine import Database, Tx, is_worth_a_trace
from bot.storage.lease import Lease
from bot.storage.outbox import Outgoing

CHATS_AT_ONCE: Final = 64
# Where an answer was lost, Telegram gets a while to show the message before it is said again.
_MAYBE_SENT_PAUSE: Final = timedelta(seconds=5)
_LONGEST_PAUSE: Final = timedelta(minutes=1)


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
        self._sender = sender
        self._recover = Recover(database, sender)
        self._renderer = renderer
        self._lease = lease
        self._pace = pace
        self._operators = operators
        self._clock = clock
        self._metrics = metrics
        self._lanes = Lanes[int]("deliver", CHATS_AT_ONCE)
        self._under_way: set[int] = set()
        """Rows that are being sent: where a group moves meanwhile, two lanes come to have its rows."""
        self._log = structlog.get_logger("deliver")

    async def run_due(self, wake: Callable[[], None]) -> datetime | None:
        """Starts delivering to chats for which something is due; returns when more will be."""
        free = self._lanes.free
        if not free:
            return None
        now = self._clock()
        async with self._database.begin() as tx:
            found = await outbox.due(tx, now, limit=free * 4, except_for=self._lanes.busy)
            by_chat = {chat: [row for row, _ in rows] for chat, rows in groupby(sorted(found, key=_chat), key=_chat)}
            begun = dict(list(by_chat.items())[:free])
            next_at = await outbox.next_due_at(tx, [*self._lanes.busy, *begun])
        for chat_id, rows in begun.items():
            self._lanes.begin(chat_id, self._serve(chat_id, rows), wake)
        return next_at if self._lanes.free else None

    async def drain(self, seconds: float) -> None:
        """Begins nothing more, and lets what is being sent come to its end."""
        await self._lanes.drain(seconds)

    async def _serve(self, chat_id: int, row_ids: list[int]) -> None:
        told_with_others: set[int] = set()
        try:
            for row_id in row_ids:
                if row_id in told_with_others:
                    continue
                await self._pace.turn(chat_id)
                if row_id in self._under_way:
                    await asyncio.sleep(0.1)
                    return
                # Right before each send: another process may have taken over while this one was frozen.
                if self._lanes.is_closing or not self._lease.held:
                    return
                self._under_way.add(row_id)
                try:
                    if not await self._deliver(row_id, told_with_others):
                        return
                finally:
                    self._under_way.discard(row_id)
        except Exception as error:
            trace = is_worth_a_trace(error)
            self._log.error("delivery failed", chat=chat_id, problem=type(error).__name__, exc_info=trace)
            await asyncio.sleep(1)  # the row stays due; no busy loop over a fault of ours

    async def _deliver(self, row_id: int, told_with_others: set[int]) -> bool:
        """One row, and those that go into one message with it; False when the chat's next rows must wait."""
        now = self._clock()
        token = self._lease.token
        async with self._database.begin() as tx:
            row = await outbox.begin(tx, row_id, lease_token=token, now=now)
            if row is None:
                return True
            others = await alerts.begin_with(tx, row, lease_token=token, now=now)
            rendered = await self._renderer.gather(tx, row, now, others)
        shown = await self._renderer.draw(rendered)
        if not self._lease.held:
            # Frozen over the drawing: whoever took over sends it.
            async with self._database.begin() as tx:
                for one in (row, *others):
                    await outbox.release(tx, one, lease_token=token)
            return False
        outcome = await self._send(row, shown)
        go_on = True
        async with self._database.begin() as tx:
            for one in (row, *others):
                go_on = await self._note(tx, one, shown, outcome, token)
        for one in (row, *others):
            told_with_others.add(one.id)
            self._tell(one, outcome, now)
        return go_on

    async def _send(self, row: Outgoing, rendered: Rendered) -> Outcome:
        match rendered:
            case Nothing():
                return Delivered(row.message_id)
            case TextMessage(message_id=int() as message_id):
                return await self._sender.change_text(row.place, message_id, rendered.message)
            case TextMessage():
                found = await self._recover.text(row, rendered.message)
                return found or await self._send_text(row, rendered)
            case CardMessage():
                return await self._send_card(row, rendered)
            case PictureMessage():
                found = await self._recover.card(row, rendered.message)
                return found or await self._sender.send_picture(row.place, rendered.png, rendered.message)
            case DocumentMessage(name=name, content=content):
                found = await self._recover.card(row, rendered.message)
                return found or await self._sender.send_document(row.place, name, content, rendered.message)
            case Erasure():
                outcome = await self._sender.erase(row.place, rendered.message_id)
                # Too old to delete: its code must not stay behind either.
                refused = isinstance(outcome, MessageGone | Undeliverable)
                return await self._change(row, rendered.instead, rendered.message_id) if refused else outcome
            case _:
                assert_never(rendered)

    async def _send_text(self, row: Outgoing, text: TextMessage) -> Outcome:
        outcome = await self._sender.send_text(row.place, text.message, reply_to=text.reply_to)
        if isinstance(outcome, Undeliverable) and outcome.topic_is_gone and isinstance(row.fact, Paid | Alert):
            # Better beside its topic than unheard.
            return await self._sender.send_text(Place(row.place.chat_id), text.message)
        return outcome

    async def _send_card(self, row: Outgoing, card: CardMessage) -> Outcome:
        if card.message_id is not None:
            return await self._change(row, card, card.message_id)
        found = await self._recover.card(row, card.message)
        if isinstance(found, Delivered) and found.message_id is not None:
            outcome = await self._change(row, card, found.message_id)
            if isinstance(outcome, RetryAt):
                return replace(outcome, maybe_sent=True)  # its number is not noted yet: it has to be found again
            return Delivered(found.message_id, outcome.file_id) if isinstance(outcome, Delivered) else outcome
        if found is not None:
            return found
        if card.picture.face is not Face.QR:
            return Delivered(None)  # a receipt only ever takes a code's place
        return await self._sender.send_picture(row.place, card.picture.source, card.message)

    async def _change(self, row: Outgoing, card: CardMessage, message_id: int) -> Outcome:
        return await self._sender.change_picture(row.place, message_id, card.picture.source, card.message)

    async def _note(self, tx: Tx, row: Outgoing, rendered: Rendered, outcome: Outcome, token: int) -> bool:
        now = self._clock()
        match outcome:
            case Delivered():
                await self._note_delivered(tx, row, rendered, outcome, now)
                await outbox.sent(tx, row, lease_token=token, message_id=outcome.message_id, now=now)
                return True
            case RetryAt():
                await outbox.put_off(
                    tx,
                    row,
                    lease_token=token,
                    until=now + _pause(row, outcome),
                    problem=outcome.problem,
                    counts=outcome.after is None,
                    maybe_sent=outcome.maybe_sent,
                )
                return False
            case Moved(chat_id=chat_id):
                await outbox.release(tx, row, lease_token=token, forget_tries=True)
                await chats.move(tx, row.place.chat_id, chat_id)
                return False
            case PictureUnknown():
                if card := _card_of(rendered):
                    await uploads.forget(tx, card.picture.digest)
                await outbox.release(tx, row, lease_token=token)
                return False
            case MessageGone():
                await self._note_gone(tx, row, rendered, token, now)
                return True
            case Undeliverable(chat_is_gone=True):
                await self._report(tx, row, now)
                await chats.silence(tx, row.place.chat_id, outcome.problem, now)
                return True
            case Undeliverable():
                await self._report(tx, row, now)
                await outbox.bury(tx, row, lease_token=token, problem=outcome.problem, now=now)
                return True
            case _:
                assert_never(outcome)

    async def _report(self, tx: Tx, row: Outgoing, now: datetime) -> None:
        """Somebody who paid does not hear so: the operators do, elsewhere."""
        if isinstance(row.fact, Paid):
            alert = AlertUndeliverable(row.place.chat_id)
            await alert_operators(tx, alert, now, self._operators, payment_id=row.payment_id)

    async def _note_gone(self, tx: Tx, row: Outgoing, rendered: Rendered, token: int, now: datetime) -> None:
        """Somebody deleted the message. A code to pay comes anew; a receipt or a list is not worth a new message."""
        card = _card_of(rendered)
        if card and card.picture.face is Face.QR and row.watch_id and card.message_id:
            await watches.forget_card(tx, row.watch_id, card.message_id)
            await outbox.release(tx, row, lease_token=token)
            return
        if isinstance(rendered, TextMessage) and rendered.message_id is not None:
            await lists.forget_message(tx, row.place.chat_id, rendered.message_id)
        await outbox.sent(tx, row, lease_token=token, message_id=None, now=now)

    async def _note_delivered(
        self, tx: Tx, row: Outgoing, rendered: Rendered, outcome: Delivered, now: datetime
    ) -> None:
        card = _card_of(rendered)
        if card is None:
            return
        if outcome.file_id and card.picture.file_id is None:
            await uploads.note(tx, card.picture.digest, outcome.file_id, now)
        message_id = outcome.message_id or card.message_id
        if isinstance(rendered, CardMessage) and row.watch_id is not None and message_id is not None:
            await watches.note_card(tx, row.watch_id, message_id, card.face_digest)

    def _tell(self, row: Outgoing, outcome: Outcome, begun_at: datetime) -> None:
        self._metrics.note_delivery(type(outcome).__name__.lower())
        if isinstance(row.fact, Paid) and isinstance(outcome, Delivered) and not row.fact.already:
            self._metrics.note_told_paid(self._clock() - row.fact.recorded_at)
        log = self._log.warning if isinstance(outcome, RetryAt | Undeliverable) else self._log.info
        log(
            "delivered" if isinstance(outcome, Delivered) else "not delivered",
            what=type(row.fact).__name__ if row.fact else row.kind.value,
            payment=row.payment_id,
            chat=row.place.chat_id,
            outcome=type(outcome).__name__,
            problem=getattr(outcome, "problem", None),
            ms=round((self._clock() - begun_at).total_seconds() * 1000),
        )


def _card_of(rendered: Rendered) -> CardMessage | None:
    if isinstance(rendered, Erasure):
        return rendered.instead
    return rendered if isinstance(rendered, CardMessage) else None


def _chat(found: tuple[int, int]) -> int:
    return found[1]


def _pause(row: Outgoing, outcome: RetryAt) -> timedelta:
    """Until the next try: what Telegram says, else from one second doubling to a minute, with jitter."""
    if outcome.after is not None:
        return timedelta(seconds=outcome.after + 0.05)
    pause = min(timedelta(seconds=2 ** min(row.attempts, 6)), _LONGEST_PAUSE) * random.uniform(0.8, 1.2)  # noqa: S311  # no secret
    return max(pause, _MAYBE_SENT_PAUSE) if outcome.maybe_sent else pause
