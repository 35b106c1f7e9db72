"""Receiving from Telegram: what is asked for next, and the webhook that is looked after."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, cast

import pytest
import structlog
from sqlalchemy.exc import TimeoutError as PoolTimeout

from bot.flows import register
from bot.flows.announce import Operators
from bot.flows.receive import Poll
from bot.flows.register import Register
from bot.flows.take_in import TakeIn
from bot.messenger.updates import ALLOWED, Batch, Conflict, Fetched, TokenRefused, Trouble, Updates, Webhook
from bot.metrics import Metrics
from bot.storage.engine import Database
from bot.storage.tables import inbox
from bot.storage.trouble import DatabaseAway
from tests.storage.making import DAY, SECOND, T0, rows_of

URL = "https://bot.example.com/telegram"
GOOD = Webhook(URL, ALLOWED, 0)


class Over(Exception):
    """Telegram has said all it has to say."""


class Telegram:
    """Answers one after the other, and a clock that goes on by itself."""

    def __init__(self, *answers: Fetched | Webhook, step: timedelta = SECOND) -> None:
        self.now = T0
        self.calls: list[tuple[Any, ...]] = []
        self.kept: list[int] = []
        self.fails = 0
        self.failure: Exception = OSError()
        self.poison = -1
        self._answers = list(answers)
        self._step = step

    def clock(self) -> datetime:
        """The time."""
        return self.now

    async def fetch(self, offset: int | None, *, wait: int) -> Any:
        """getUpdates."""
        return self._next("fetch", offset, wait > 0)

    async def drop_webhook(self) -> Any:
        """deleteWebhook."""
        return self._next("drop")

    async def set_webhook(self, url: str, secret: str) -> Any:
        """setWebhook."""
        return self._next("set", url, secret)

    async def webhook(self) -> Any:
        """getWebhookInfo."""
        return self._next("info")

    async def take_in(self, updates: Sequence[dict[str, Any]]) -> None:
        """Stores."""
        if updates and self.fails:
            self.fails -= 1
            raise self.failure
        if self.poison in {update["update_id"] for update in updates}:
            raise OverflowError
        self.kept += [update["update_id"] for update in updates]

    def _next(self, *call: Any) -> Any:
        self.calls.append(call)
        self.now += self._step
        if not self._answers:
            raise Over
        return self._answers.pop(0)


@pytest.mark.parametrize("odd", [{"type": "\0group"}, {"type": "x" * 99}, {"type": 7}, {}])
async def test_an_odd_update_spoils_no_batch(database: Database, odd: dict[str, Any]) -> None:
    """Numbers no database takes, and texts PostgreSQL refuses, are not taken from it."""
    take_in = TakeIn(database, clock=lambda: T0, wake=lambda: None, metrics=Metrics("0"))
    await take_in([
        {"update_id": 1, "message": {"message_id": 2**70, "chat": {"id": 5, **odd}, "text": "\0"}},
        {"update_id": 2, "message": {"message_id": 3, "chat": {"id": 2**70}}},
        {"update_id": 3, "message": {"message_id": True, "chat": {"id": 5}}},
        {"update_id": 4, "message": {"message_id": 3, "chat": {"id": True}}},
    ])  # fmt: skip
    assert [row.update_id for row in await rows_of(database, inbox)] == [1, 2, 3, 4]


class Away:
    """A database out of reach."""

    def begin(self) -> None:
        """Fails."""
        raise OSError


def batch(*numbers: int) -> Batch:
    """Updates of these numbers."""
    return Batch([{"update_id": number} for number in numbers])


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Pauses are noted, not made."""
    made: list[float] = []

    async def pause(seconds: float) -> None:
        made.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", pause)
    return made


async def polled(telegram: Telegram, doubts: list[datetime] | None = None) -> list[tuple[Any, ...]]:
    """What is called until Telegram has nothing more to say; a database that is away is told of other programs."""

    def doubt() -> None:
        if doubts is not None:
            doubts.append(telegram.now)

    poll = Poll(
        cast("Database", Away()),  # only for what is told of another program that polls
        cast("Updates", telegram),
        cast("TakeIn", telegram.take_in),
        operators=Operators((), "id"),
        clock=telegram.clock,
        wake_deliver=lambda: None,
        doubt=doubt,
    )
    with pytest.raises(Over):
        await poll.run()
    return telegram.calls


async def test_polling_begins_with_all_that_is_not_confirmed() -> None:
    """The highest number stored may lie above one that a webhook did not get through; each batch confirms itself."""
    telegram = Telegram(batch(9, 8, 20), batch(), batch(21))
    assert await polled(telegram) == [
        ("fetch", None, False), ("fetch", 21, True), ("fetch", 21, True), ("fetch", 22, True)
    ]  # fmt: skip
    assert telegram.kept == [9, 8, 20, 21]


async def test_the_offset_is_forgotten_after_a_day_without_updates() -> None:
    """Telegram may number anew."""
    telegram = Telegram(batch(900), batch(), batch(12), step=DAY)
    assert [call[1] for call in await polled(telegram)] == [None, 901, None, 13]


@pytest.mark.parametrize(
    "failure", [OSError(), DatabaseAway("locked"), PoolTimeout()], ids=lambda one: type(one).__name__
)
async def test_what_could_not_be_stored_is_asked_for_again(failure: Exception) -> None:
    """Nothing is confirmed that is not safe; a connection that never came free is no fault of the updates, either."""
    telegram = Telegram(batch(5), batch(5, 6))
    telegram.fails, telegram.failure = 1, failure
    assert [call[1] for call in await polled(telegram)] == [None, None, 7]
    assert telegram.kept == [5, 6]


async def test_storing_is_tried_again_after_growing_pauses(no_pauses: list[float]) -> None:
    """Up to five seconds; and from the beginning once it went well."""
    telegram = Telegram(*(batch(5) for _ in range(6)), *(batch(6) for _ in range(2)))
    telegram.fails = 5
    await polled(telegram)
    assert no_pauses == [1, 2, 4, 5, 5]


async def test_what_can_never_be_stored_holds_up_nothing() -> None:
    """It is left out; and an outage in the middle of that still confirms nothing."""
    telegram = Telegram(batch(5, 6, 7), batch(8))
    telegram.poison = 6
    assert [call[1] for call in await polled(telegram)] == [None, 8, 9]
    assert telegram.kept == [5, 7, 8]


async def test_another_poller_is_noticed_while_the_database_is_away() -> None:
    """Polling goes on: the word can wait."""
    telegram = Telegram(Conflict(webhook=False), Conflict(webhook=False), batch(5))
    await polled(telegram)
    assert telegram.kept == [5]


async def test_a_webhook_in_the_way_is_removed_at_once(no_pauses: list[float]) -> None:
    """Once without a pause; where it comes back, with growing ones."""
    conflict = Conflict(webhook=True)
    telegram = Telegram(conflict, Batch([]), conflict, Batch([]), batch())
    assert [call[0] for call in await polled(telegram)] == ["fetch", "drop", "fetch", "drop", "fetch", "fetch"]
    assert no_pauses == [2.0]


async def test_another_poller_raises_doubts_and_ends_nothing(no_pauses: list[float]) -> None:
    """It may be ours, that took over; and where the database is away, operators can't be told, yet it polls on."""
    doubts: list[datetime] = []
    conflict = Conflict(webhook=False)
    telegram = Telegram(conflict, conflict, conflict, batch(4))
    assert len(await polled(telegram, doubts)) == 5
    assert len(doubts) == 3
    assert telegram.kept == [4]


async def test_a_webhook_is_registered_and_looked_after(
    no_pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tried until it is taken; what another program changed is set again; not fresh before the first yes."""
    telegram = Telegram(
        Trouble("unwell"), Trouble("error 429", 7.0), TokenRefused(), Conflict(webhook=False), Batch([]),
        GOOD, Webhook("https://other", ALLOWED, 0), Batch([]), Webhook(URL, [], 0), Batch([]), Trouble("x"),
        Webhook(URL, ALLOWED, 3, (5, "Connection refused")),
    )  # fmt: skip
    kept = Register(cast("Updates", telegram), URL, "s3cret", clock=telegram.clock)
    assert not kept.is_fresh(T0)
    with pytest.raises(Over):
        await kept.run()
    assert [call[0] for call in telegram.calls] == [
        "set", "set", "set", "set", "set", "info", "info", "set", "info", "set", "info", "info", "info"
    ]  # fmt: skip
    assert telegram.calls[0] == ("set", URL, "s3cret")
    every = register.CHECK_EVERY.total_seconds()
    assert no_pauses == [1.0, 7.0, 4.0, 8.0, every, every, every, every, 1.0, every]
    assert kept.is_fresh(telegram.now)
    assert not kept.is_fresh(telegram.now + 4 * register.CHECK_EVERY)
    assert kept.last_failed_push == "1970-01-01T00:00:05Z Connection refused"
    assert Register(cast("Updates", telegram), URL, "s3cret", clock=telegram.clock).last_failed_push is None


async def test_hours_without_telegram_fill_no_log() -> None:
    """Polling or behind a webhook: what is the matter is told once, and that it is over."""
    polling = Telegram(*[Trouble("unwell")] * 99, batch(5))
    with structlog.testing.capture_logs() as lines:
        await polled(polling)
    assert [(line["event"], line["failed"]) for line in lines] == [("no updates", 1), ("updates again", 99)]
    pushed = Telegram(*[Trouble("unwell")] * 99, Batch([]), GOOD, *[Trouble("unwell")] * 99, GOOD)
    with structlog.testing.capture_logs() as lines, pytest.raises(Over):
        await Register(cast("Updates", pushed), URL, "s3cret", clock=pushed.clock).run()
    away, back = ("webhook not looked after", 1), ("webhook looked after again", 99)
    found = [(line["event"], line["failed"]) for line in lines if "failed" in line]
    assert found == [away, back, away, back]
