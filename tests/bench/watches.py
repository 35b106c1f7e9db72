"""A hundred thousand open payments: what a run of the job costs, a row that is taken and moved on, and the memory.

Run by hand: ``python -m tests.bench watches``, on SQLite (a file, ``synchronous=FULL``) and on PostgreSQL (a server of
its own). All are open; then none is due, or all are. The times are the CPU of this process, and beside it the time on
the clock, as PostgreSQL's own CPU is in another process.

The baseline: one APScheduler job a watch, in memory, and a transaction a row.
"""

import asyncio
import gc
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import mean, median
from types import SimpleNamespace
from typing import Any, Final

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from sqlalchemy import bindparam, insert, select, text, update

from bot.core.cadence import AGES, Cadence
from bot.core.payment import LATE_FOR
from bot.flows.announce import Operators
from bot.flows.look import Look
from bot.flows.outages import Outages
from bot.kiriminaja.client import KiriminAja
from bot.kiriminaja.pace import Pace
from bot.metrics import Metrics
from bot.storage import looks, payments, tables
from bot.storage.engine import Database
from tests.core.making import qr_for
from tests.databases import empty_database

OPEN: Final = 100_000
RUNS: Final = 100
IN_A_BATCH: Final = 64
BATCHES: Final = 100
ONE_BY_ONE: Final = 200
JOBS: Final = 5_000
"""Of APScheduler's: each that is added costs the more the more there are."""


async def fill(database: Database, now: datetime) -> None:
    """All waiting, of all ages up to a day, none due for an hour."""
    shown = {
        "kind": "express", "status": "waiting", "closes_at": now + LATE_FOR, "seen": True, "alerted": "",
        "failures": 0, "amount": 65_000, "qr": qr_for(65_000), "shown_qr": qr_for(65_000), "looked_at": now,
    }  # fmt: skip
    for first in range(0, OPEN, 10_000):
        rows = [
            shown
            | {
                "id": f"XID-{number:010}",
                "asked_at": now - timedelta(days=number / OPEN),
                "look_at": now + timedelta(hours=1, seconds=number / 10),
            }
            for number in range(first, first + 10_000)
        ]
        async with database.begin() as tx:
            await tx.execute(insert(tables.payments), rows)
    async with database.begin() as tx:
        await tx.execute(text("ANALYZE"))


async def nothing_due(look: Look, clock: SimpleNamespace) -> dict[str, float]:
    """Milliseconds of a run, two seconds after the one before: the usual one, the mean of all, and the slowest, which
    counts how old all are (CPU, but for the slowest)."""
    spent, slowest = [], 0.0
    for _ in range(RUNS):
        clock.now += timedelta(seconds=2)
        cpu, began = time.process_time(), time.perf_counter()
        await look.run_due(lambda: None)
        spent.append(1000 * (time.process_time() - cpu))
        slowest = max(slowest, 1000 * (time.perf_counter() - began))
    return {"nothing_due_ms": median(spent), "nothing_due_mean_ms": mean(spent), "slowest_on_clock_ms": slowest}


async def in_batches(database: Database, now: datetime) -> tuple[float, float]:
    """Microseconds a row that is taken as due and moved on, as the job and its conclusions do it: CPU, clock."""

    async def work() -> int:
        async with database.begin() as tx:
            found, _ = await payments.due(tx, now + timedelta(days=1), IN_A_BATCH, [])
        async with database.begin() as tx:
            known = await looks.load_free(tx, [one.payment_id for one in found])
            await looks.move_on(tx, [(payment, now + timedelta(days=2)) for payment in known.values()])
        return len(known)

    return await _each(work, BATCHES)


async def moved_together(database: Database, now: datetime) -> tuple[float, float]:
    """The same for the part that grows with the rows: the batched UPDATE alone."""
    async with database.begin() as tx:
        found, _ = await payments.due(tx, now + timedelta(days=3), OPEN // 10, [])
        known = await looks.load_free(tx, [one.payment_id for one in found])

        async def work() -> int:
            await looks.move_on(tx, [(payment, now + timedelta(days=2)) for payment in known.values()])
            return len(known)

        return await _each(work, 1)


async def one_by_one(database: Database, now: datetime) -> tuple[float, float]:
    """The same with a transaction a row."""
    find = select(tables.payments.c.id).where(tables.payments.c.look_at <= now + timedelta(days=1))
    find = find.order_by(tables.payments.c.look_at).limit(1).with_for_update(skip_locked=True)
    write = update(tables.payments).where(tables.payments.c.id == bindparam("which"))

    async def work() -> int:
        async with database.begin() as tx:
            found = (await tx.execute(find)).scalar_one()
            await tx.execute(write, {"which": found, "look_at": now + timedelta(days=2), "looked_at": now})
        return 1

    return await _each(work, ONE_BY_ONE)


async def _each(work: Callable[[], Awaitable[int]], times: int) -> tuple[float, float]:
    cpu, began, count = time.process_time(), time.perf_counter(), 0
    for _ in range(times):
        count += await work()
    return 1e6 * (time.process_time() - cpu) / count, 1e6 * (time.perf_counter() - began) / count


async def jobs_in_memory() -> tuple[float, float]:
    """One job a watch: bytes each, and microseconds of CPU to add one."""

    async def look(_: str) -> None:
        """Looks."""

    scheduler = AsyncIOScheduler(timezone="UTC")
    scheduler.start(paused=True)
    later = datetime.now(UTC) + timedelta(hours=1)
    before, began = resident(), time.process_time()
    for number in range(JOBS):
        at = later + timedelta(seconds=number)
        scheduler.add_job(look, "interval", seconds=5, args=[f"XID-{number:010}"], next_run_time=at)
    spent, grown = time.process_time() - began, resident() - before
    scheduler.shutdown()
    return grown / JOBS, 1e6 * spent / JOBS


def resident() -> int:
    """Bytes of memory this process has."""
    gc.collect()
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return 1024 * next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))


async def measure(url: str) -> dict[str, float]:
    """All of it on one database."""
    database = Database(url)
    await database.open()
    clock = SimpleNamespace(now=datetime.now(UTC))
    operators = Operators((), "id")
    async with KiriminAja("key", "http://127.0.0.1:9", None, pace=Pace(5.0)) as client:
        look = Look(
            database, client, cadence=Cadence(timedelta(seconds=2), 5.0), test_codes=False, operators=operators,
            outages=Outages(operators, client.sides), clock=lambda: clock.now, wake_deliver=lambda: None,
            metrics=Metrics("bench"), may_write=lambda: True,
        )  # fmt: skip
        for _ in range(RUNS):
            clock.now += timedelta(seconds=2)
            await look.run_due(lambda: None)
        before = resident()
        await fill(database, clock.now)
        filled = resident()
        found = await nothing_due(look, clock)
        grown = resident() - before
    now = clock.now
    async with database.begin() as tx:
        cpu = time.process_time()
        await looks.by_age(tx, now, AGES)
        counting = 1000 * (time.process_time() - cpu)
    found |= {
        "counting_ms": counting,
        "bytes_a_watch": max(0, min(grown, resident() - filled)) / OPEN,
    }  # fmt: skip
    for name, way in (("batches", in_batches), ("together", moved_together), ("one_by_one", one_by_one)):
        found[f"{name}_cpu_us"], found[f"{name}_us"] = await way(database, now)
    await database.close()
    return {name: round(value, 2) for name, value in found.items()}


def main() -> dict[str, Any]:
    """Measures and prints; returns what the line of JSON says."""
    size, cpu = asyncio.run(jobs_in_memory())  # first: later its memory is what others gave back
    with tempfile.TemporaryDirectory() as folder:
        result: dict[str, Any] = {"open": OPEN, "sqlite": asyncio.run(measure(f"sqlite:///{folder}/paybot.db"))}
    with tempfile.TemporaryDirectory() as folder, empty_database("postgres", Path(folder)) as url:
        result["postgres"] = asyncio.run(measure(url))
    print(f"{'':22} {'SQLite':>10} {'PostgreSQL':>10}   {OPEN:,} open")
    for name in result["sqlite"]:
        print(f"{name:22} {result['sqlite'][name]:10} {result['postgres'][name]:10}")
    result |= {"job_bytes": round(size), "job_add_us": round(cpu)}
    print(f"one APScheduler job each: {size:,.0f} bytes and {cpu:,.0f} µs to add one, with up to {JOBS:,} of them")
    return result
