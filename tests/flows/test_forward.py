"""Passing callbacks on: pauses that grow over a day, then it is given up, and the operators hear it once."""

import asyncio
from datetime import datetime, timedelta
from itertools import pairwise
from typing import cast

import pytest
import structlog

from bot.core.callbacks import Callback
from bot.core.connections import AlertNotForwarded
from bot.core.watch import Place
from bot.flows.announce import Operators
from bot.flows.forward import GIVEN_UP_AFTER, PassOn
from bot.kiriminaja.push import Push
from bot.metrics import Metrics
from bot.storage import callbacks
from bot.storage.callbacks import Arrived
from bot.storage.engine import Database
from bot.storage.notation import from_json
from bot.storage.tables import callbacks as table, outbox
from tests.storage.making import T0, rows_of

URL = "https://shop.example.com/hook"


class Receiver:
    """Whom callbacks go to: answers as it is told, at a time of its own."""

    def __init__(self) -> None:
        self.now = T0
        self.outcome: int | str = 503
        self.took: list[tuple[datetime, str, bytes, str | None]] = []
        self.wakes = 0

    async def __call__(self, url: str, body: bytes, content_type: str | None) -> int | str:
        """One push."""
        self.took.append((self.now, url, body, content_type))
        return self.outcome

    async def aclose(self) -> None:
        """Nothing to close."""

    def wake(self) -> None:
        """Counts."""
        self.wakes += 1


@pytest.fixture
def receiver() -> Receiver:
    """Down."""
    return Receiver()


@pytest.fixture
def pass_on(database: Database, receiver: Receiver) -> PassOn:
    """The flow, with one ops chat."""
    return PassOn(
        database,
        cast("Push", receiver),
        URL,
        operators=Operators((Place(9),), "en"),
        clock=lambda: receiver.now,
        wake_deliver=receiver.wake,
        metrics=Metrics("0"),
    )


async def keep(database: Database, *digests: str) -> None:
    """Callbacks to pass on."""
    async with database.begin() as tx:
        arrived = [Arrived(Callback("shipped_packages", digest), digest.encode(), "a/b") for digest in digests]
        await callbacks.store(tx, arrived, T0)


async def one_round(database: Database, pass_on: PassOn) -> datetime | None:
    """Runs the job and lets all it began end; returns when more is due."""
    await pass_on.run_due(lambda: None)
    await asyncio.gather(*(task for task in asyncio.all_tasks() if task.get_name().startswith("forward ")))
    async with database.begin() as tx:
        return await callbacks.next_forward_at(tx, [])


async def test_it_is_tried_for_a_day_then_given_up(database: Database, pass_on: PassOn, receiver: Receiver) -> None:
    """Each pause at least as long as the one before, up to an hour; then the body is gone."""
    await keep(database, "a", "b")
    with structlog.testing.capture_logs() as lines:
        while next_at := await one_round(database, pass_on):
            receiver.now = next_at
    told = [(line["event"], line.get("given_up")) for line in lines if line["log_level"] == "warning"]
    assert told == [("callbacks not passed on", None), *[("callback not passed on", True)] * 2], "not each try of each"
    assert {body for _, _, body, _ in receiver.took} == {b"a", b"b"}
    assert {(url, content_type) for _, url, _, content_type in receiver.took} == {(URL, "a/b")}
    times = [at for at, _, body, _ in receiver.took if body == b"a"]
    pauses = [later - earlier for earlier, later in pairwise(times)]
    assert pauses[:-1] == sorted(pauses[:-1])
    assert pauses[0] <= timedelta(seconds=10)
    assert max(pauses) == timedelta(hours=1)
    assert 20 < len(times) < 50
    assert times[-1] == T0 + GIVEN_UP_AFTER
    assert [(row.body, row.problem) for row in await rows_of(database, table)] == [(None, "http_503")] * 2
    alerts = [from_json(row.fact) for row in await rows_of(database, outbox)]
    assert alerts == [AlertNotForwarded("http_503")]
    assert receiver.wakes == 2


@pytest.mark.parametrize("outcome", [200, 202, 204])
async def test_what_is_taken_does_not_come_again(
    database: Database, pass_on: PassOn, receiver: Receiver, outcome: int
) -> None:
    """Any 2xx is a yes; a redirect or a lost connection is none."""
    await keep(database, "a")
    for receiver.outcome in (302, "timeout"):
        next_at = await one_round(database, pass_on)
        assert next_at is not None
        receiver.now = next_at
    receiver.outcome = outcome
    with structlog.testing.capture_logs() as lines:
        assert await one_round(database, pass_on) is None
    assert lines[0] == {"event": "callbacks passed on again", "log_level": "warning", "seconds": lines[0]["seconds"],
                        "failed": 2}  # fmt: skip
    assert len(receiver.took) == 3
    assert [row.body for row in await rows_of(database, table)] == [None]
    assert await rows_of(database, outbox) == []
