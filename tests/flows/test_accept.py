"""Accepting callbacks: one commit for many, and each hears whether its own is stored."""

import asyncio
from collections.abc import Sequence
from functools import partial

import pytest

from bot.core.callbacks import Callback
from bot.flows.accept import TEST_METHOD, Accept
from bot.metrics import Metrics
from bot.storage import callbacks
from bot.storage.callbacks import Arrived
from bot.storage.engine import Database, DatabaseError
from bot.storage.tables import callbacks as table
from tests.metering import samples
from tests.storage.making import T0, rows_of


def accepting(database: Database, metrics: Metrics, *, forwards: bool = True) -> tuple[Accept, list[str]]:
    """The flow, and a list that grows with each wake."""
    woken: list[str] = []
    wake = partial(woken.append, "!")
    return Accept(database, forwards=forwards, clock=lambda: T0, wake=wake, metrics=metrics), woken


def a_callback(number: int, method: str = "shipped_packages") -> Callback:
    """One that says something of its own."""
    return Callback(method, f"{number:064}")


async def test_many_at_once_are_stored_in_few_commits(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that come while one is made wait for the next; repeats are counted, and are hints all the same."""
    sizes: list[int] = []
    store = callbacks.store

    async def counting(tx: object, arrived: Sequence[Arrived], now: object) -> frozenset[str]:
        sizes.append(len(arrived))
        return await store(tx, arrived, now)  # type: ignore[arg-type]  # passed on

    monkeypatch.setattr(callbacks, "store", counting)
    metrics = Metrics("0")
    accept, woken = accepting(database, metrics)
    await asyncio.gather(*(accept(a_callback(number % 150), b"x", "a/b") for number in range(250)))
    assert sizes == [100, 100, 50]
    assert len(woken) == 3
    assert samples(metrics)["paybot_callbacks_total"] == {
        ("shipped_packages", "stored"): 150,
        ("shipped_packages", "repeated"): 100,
    }
    assert len(await rows_of(database, table)) == 150


async def test_bodies_are_kept_to_be_passed_on_alone(database: Database) -> None:
    """Not of our own sample, and not where nobody else wants them; a type that no header takes is left out."""
    metrics = Metrics("0")
    accept, _ = accepting(database, metrics)
    await accept(a_callback(1), b"raw", "application/json")
    await accept(a_callback(2), b"raw", "é\n")
    await accept(a_callback(3, TEST_METHOD), b"raw", "application/json")
    accept_alone, _ = accepting(database, metrics, forwards=False)
    await accept_alone(a_callback(4), b"raw", "application/json")
    found = [(row.body, row.content_type) for row in await rows_of(database, table)]
    assert found == [(b"raw", "application/json"), (b"raw", None), (None, None), (None, None)]
    assert samples(metrics)["paybot_callbacks_total"]["unknown", "stored"] == 1


async def test_one_that_is_not_stored_is_told_so_and_the_next_is(tmp_path: object, sqlite_url: str) -> None:
    """The database is away; then it is back."""
    database = Database(sqlite_url)
    metrics = Metrics("0")
    accept, woken = accepting(database, metrics)
    outcomes = await asyncio.gather(
        *(accept(a_callback(number), b"", "") for number in range(3)), return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes] == [DatabaseError] * 3
    await database.open()
    await accept(a_callback(1), b"", "")
    assert len(woken) == 1
    assert samples(metrics)["paybot_callbacks_total"] == {("shipped_packages", "stored"): 1}
    await database.close()
