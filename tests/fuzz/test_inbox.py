"""Odd updates on their way through the real inbox: each is handled or put aside, and holds up none behind it."""

import asyncio
import json
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.flows.announce import Operators
from bot.flows.receive import Handle
from bot.flows.take_in import TakeIn
from bot.messenger.updates import is_update
from bot.metrics import Metrics
from bot.storage.engine import Database
from bot.storage.tables import inbox
from tests.fuzz.telegram_side import a_chat, make_update
from tests.storage.making import T0, rows_of


def odd_updates(count: int) -> list[dict[str, Any]]:
    """Updates that can be read at all, each with a number of its own."""
    found: list[dict[str, Any]] = []
    for number in range(2 * count):
        try:
            update = json.loads(make_update(Random(f"inbox:{number}")))
        except (ValueError, RecursionError):
            continue
        if is_update(update):
            found.append({**update, "update_id": number})
    return found[:count]


def nested(depth: int) -> dict[str, Any]:
    """An update as deep as this."""
    deep: Any = []
    for _ in range(depth):
        deep = [deep]
    return {"update_id": 10_000 + depth, "message": {"odd": deep}}


async def test_every_odd_update_is_handled_or_put_aside(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing stays for ever at the head of the line; what cannot be stored is refused, one by one."""

    async def no_pause(_seconds: float) -> None:
        return

    monkeypatch.setattr(asyncio, "sleep", no_pause)
    chat, _ = a_chat()
    await chat.start()
    operators = Operators((), "id", gather=timedelta(0))
    take_in = TakeIn(database, clock=lambda: T0, wake=lambda: None, metrics=Metrics("0"))
    refused = 0
    for update in [*odd_updates(150), *map(nested, (100, 500, 800, 900, 940, 960, 980))]:
        try:
            await take_in([update])
        except RecursionError:
            refused += 1
    assert refused < 7
    with capture_logs():  # each failure with its trace
        handle = Handle(database, chat.handle, operators=operators, clock=lambda: T0, wake_deliver=lambda: None)
        turn = asyncio.Event()
        for _ in range(1000):
            turn.clear()
            await handle.run_due(turn.set)
            if not [row for row in await rows_of(database, inbox) if row.state == "new"]:
                break
            if handle._lanes.busy:
                async with asyncio.timeout(10):
                    await turn.wait()
        await handle.drain(5)
    assert {row.state for row in await rows_of(database, inbox)} == {"done", "failed"}
    await chat.stop()
