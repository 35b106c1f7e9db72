"""The CPU of a look, from "due" to committed, beside the straightforward program with the same libraries.

Run by hand: ``python -m tests.bench look``. Both look at so many open payments at a time, again and again, at a
KiriminAja that lives in another process; the CPU is this process's, threads and system time included.

The baseline: httpx's default client, one APScheduler job a watch at a fixed interval, a transaction a look through
SQLAlchemy and aiosqlite, on one connection as that is its best. Both write to SQLite with WAL, ``synchronous=FULL``.
Ours is all there is of it in the bot: job, pace, breaker, reading, deciding, metrics. Another process makes all due at
once, as often, and says so once it has: the bot knows when what it watches is due, and does not look in vain.
"""

import asyncio
import os
import sqlite3
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from typing import Any, Final

import httpx
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Integer,
    MetaData,
    String,
    Table,
    event,
    func,
    insert,
    select,
)
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bot import logs
from bot.core.cadence import Cadence
from bot.flows.announce import Operators
from bot.flows.look import Look
from bot.flows.outages import Outages
from bot.jobs import Jobs
from bot.kiriminaja.client import KiriminAja
from bot.kiriminaja.pace import Pace
from bot.metrics import Metrics
from bot.storage import tables
from bot.storage.engine import Database
from tests.bench.provider import AMOUNT, provider
from tests.core.making import qr_for

AT_ONCE: Final = (10, 50)
PAIRS: Final = 3
LATENCY: Final = 0.02  # s
EVERY: Final = 0.25  # s
SECONDS: Final = 3.0
BUDGET: Final = 100_000.0  # calls a second: the most that can be set, so that nobody waits for a turn

PLAIN: Final = Table(
    "payments",
    MetaData(),
    Column("id", String(64), primary_key=True),
    Column("status", String(10), nullable=False),
    Column("amount", Integer),
    Column("qr", String),
    Column("looked_at", DateTime),
    Column("looks", BigInteger, nullable=False),
)


async def baseline(folder: Path, url: str, count: int) -> float:
    """Seconds of CPU a look."""
    engine = create_async_engine(f"sqlite+aiosqlite:///{folder / 'plain.db'}", pool_size=1, max_overflow=0)

    @event.listens_for(engine.sync_engine, "connect")
    def _configure(connection: Any, _entry: Any) -> None:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")

    ids = [f"XID-{number:010}" for number in range(count)]
    async with engine.begin() as tx:
        await tx.run_sync(PLAIN.metadata.create_all)
        await tx.execute(insert(PLAIN), [{"id": one, "status": "waiting", "looks": 0} for one in ids])
    async with httpx.AsyncClient(headers={"Authorization": "Bearer key"}) as client:
        scheduler = AsyncIOScheduler()
        for one in ids:
            scheduler.add_job(
                _plain_look,
                "interval",
                seconds=EVERY,
                args=[engine, client, url, one],
                next_run_time=datetime.now(UTC),
            )
        scheduler.start()

        async def looks() -> int:
            async with engine.begin() as tx:
                return int((await tx.execute(select(func.sum(PLAIN.c.looks)))).scalar_one())

        spent = await _spent(looks, count)
        scheduler.pause()
        await asyncio.sleep(1)  # what is under way ends
        scheduler.shutdown()
    await engine.dispose()
    return spent


async def _plain_look(engine: AsyncEngine, client: httpx.AsyncClient, url: str, payment_id: str) -> None:
    response = await client.post(f"{url}/api/mitra/v2/get_payment", json={"payment_id": payment_id})
    told = response.json()["data"]
    async with engine.begin() as tx:
        row = (await tx.execute(select(PLAIN).where(PLAIN.c.id == payment_id))).one()
        status = "paid" if told["status_code"] == 0 else row.status
        values = {"status": status, "amount": told["amount"], "qr": told["qr_content"], "looks": row.looks + 1}
        await tx.execute(
            PLAIN.update().where(PLAIN.c.id == payment_id).values(values | {"looked_at": datetime.now(UTC)})
        )


async def ours(folder: Path, url: str, count: int) -> float:
    """Seconds of CPU a look."""
    path = folder / "paybot.db"
    database = Database(f"sqlite:///{path}")
    await database.open()
    now = datetime.now(UTC)
    shown = {
        "kind": "express", "status": "waiting", "asked_at": now, "closes_at": now + timedelta(days=1), "look_at": now,
        "seen": True, "alerted": "", "failures": 0, "amount": AMOUNT, "qr": qr_for(AMOUNT), "shown_qr": qr_for(AMOUNT),
        "issued_at": datetime(2026, 1, 1, 3, tzinfo=UTC),
    }  # fmt: skip
    async with database.begin() as tx:
        await tx.execute(insert(tables.payments), [shown | {"id": f"XID-{number:010}"} for number in range(count)])
    metrics, operators, jobs = Metrics("bench"), Operators((), "id"), Jobs(_now)
    made = 0

    def observe(endpoint: str, outcome: str, seconds: float) -> None:
        nonlocal made
        assert outcome == "unpaid", outcome
        made += 1
        metrics.note_call(endpoint, outcome, seconds)

    async with KiriminAja("key", url, None, pace=Pace(BUDGET), observe=observe) as client:
        look = Look(
            database, client, cadence=Cadence(timedelta(hours=1), BUDGET), test_codes=False, operators=operators,
            outages=Outages(operators, client.sides), clock=_now, wake_deliver=lambda: None, metrics=metrics,
            may_write=lambda: True,
        )  # fmt: skip
        jobs.add("look", look.run_due)
        jobs.start()

        async def looks() -> int:
            return made

        with _made_due(path, jobs):
            spent = await _spent(looks, count)
        await jobs.stop()
        await look.drain(1)
    await database.close()
    return spent


@contextmanager
def _made_due(path: Path, jobs: Jobs) -> Iterator[None]:
    """Another process makes all due, and each time wakes the job."""
    spawn = get_context("spawn")
    told, tells = spawn.Pipe(duplex=False)
    making_due = spawn.Process(target=_make_due, args=(path, tells), daemon=True)
    making_due.start()

    def wake() -> None:
        told.recv_bytes()
        jobs.wake("look")

    asyncio.get_running_loop().add_reader(told.fileno(), wake)
    try:
        yield
    finally:
        asyncio.get_running_loop().remove_reader(told.fileno())
        making_due.kill()


def _make_due(path: Path, tells: Connection) -> None:
    """Makes all due at once, again and again, and tells of it."""
    with closing(sqlite3.connect(path, timeout=10, isolation_level=None)) as connection:
        while True:
            time.sleep(EVERY)
            connection.execute("UPDATE payments SET look_at = ?", (time.time_ns() // 1000,))
            tells.send_bytes(b"due")


async def _spent(looks: Callable[[], Awaitable[int]], count: int) -> float:
    """CPU a look over some seconds, after the first of each and one second for warming up."""
    while await looks() < count:  # noqa: ASYNC110  # a table is what counts them
        await asyncio.sleep(0.1)
    await asyncio.sleep(1)
    before, began = await looks(), time.process_time()
    await asyncio.sleep(SECONDS)
    return (time.process_time() - began) / (await looks() - before)


def _now() -> datetime:
    return datetime.now(UTC)


def _run(program: Callable[[Path, str, int], Awaitable[float]], url: str, count: int) -> float:
    async def run(folder: str) -> float:
        return await program(Path(folder), url, count)

    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(run(folder))


def main() -> dict[str, Any]:
    """Measures and prints; returns what the line of JSON says."""
    result: dict[str, Any] = {"look": []}
    print(f"{'at once':>8} {'plain':>9} {'ours':>9} {'ratio':>7}   CPU a look, the median of {PAIRS} pairs")
    # Not closed: whatever is measured after this in the same run logs there.
    nowhere = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
    with provider(LATENCY) as url:
        logs.set_up(level="info", form="json", secrets=["key"], stream=nowhere)
        for count in AT_ONCE:
            pairs = [(_run(baseline, url, count), _run(ours, url, count)) for _ in range(PAIRS)]
            plain, mine = (median(side) * 1000 for side in zip(*pairs, strict=True))
            ratio = median(one / other for one, other in pairs)
            row = {"at_once": count, "plain_ms": round(plain, 3), "ours_ms": round(mine, 3), "ratio": round(ratio, 2)}
            result["look"].append(row)
            print(f"{count:8} {plain:6.3f} ms {mine:6.3f} ms {ratio:6.2f}x")
    return result
