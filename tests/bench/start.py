"""From nothing to ready, and what an idle bot costs: memory and CPU.

Run by hand: ``python -m tests.bench start``. Beside it a bare python-telegram-bot that polls and knows no command.
Ready is, for ours, the first 200 of ``/readyz``; for the bare one, its first poll. Idle is a bot some of whose watches
are closed; nothing is open, so nobody is asked anything.
"""

import asyncio
import time
from collections.abc import Mapping
from statistics import median
from typing import Any, Final

import httpx
from sqlalchemy import update

from bot.storage.engine import Database
from bot.storage.tables import payments
from tests.bench.programs import BARE, OURS, Program, begun, running

STARTS: Final = 3
IDLE_SECONDS: Final = 20.0
CLOSED: Final = 5


async def is_ready(program: Program) -> None:
    """Returns at the first 200 of `/readyz`."""
    async with httpx.AsyncClient(trust_env=False) as client:
        while True:
            try:
                if (await client.get(f"{program.url}/readyz", timeout=5)).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.005)


async def start() -> tuple[float, float, float]:
    """Seconds to ready: ours the first time, ours on a database that is there, the bare one."""
    async with begun(OURS) as (program, began):
        await is_ready(program)
        first = time.monotonic() - began
        await program.end()
        async with begun(OURS, beside=program) as (again, began_again):
            await is_ready(again)
            second = time.monotonic() - began_again
    async with begun(BARE) as (bare, began):
        await bare.sandbox.telegram.wait_until_polled(30)
        return first, second, time.monotonic() - began


async def idle() -> Mapping[str, float]:
    """MiB and the share of a core, in percent, of both; MiB also where the first start made the database."""
    async with running(OURS) as first, running(BARE) as bare:
        await first.ask(first.people(CLOSED))
        await first.shown(CLOSED)
        first_mib = first.memory
        await first.end()
        await close_all(first)
        async with begun(OURS, beside=first) as (ours, _):
            await is_ready(ours)
            await ours.ask(ours.people(1))
            await ours.shown(CLOSED + 1)
            await close_all(ours)
            await asyncio.sleep(6)  # past the greeting and what it had to say
            before = [program.cpu for program in (ours, bare)]
            await asyncio.sleep(IDLE_SECONDS)
            used = [program.cpu - at for program, at in zip((ours, bare), before, strict=True)]
            return {
                "first_mib": round(first_mib, 1),
                "mib": round(ours.memory, 1),
                "bare_mib": round(bare.memory, 1),
                "cpu_percent": round(used[0] / IDLE_SECONDS * 100, 2),
                "bare_cpu_percent": round(used[1] / IDLE_SECONDS * 100, 2),
            }


async def close_all(program: Program) -> None:
    """Nothing is looked at any more."""
    database = Database(program.database_url)
    await database.open_beside()
    async with database.begin() as tx:
        await tx.execute(update(payments).values(status="dropped", look_at=None))
    await database.close()


async def measure() -> dict[str, Any]:
    """All of it: the medians of the starts, and one stretch of idleness."""
    starts = [await start() for _ in range(STARTS)]
    first, again, bare = (round(median(times), 2) for times in zip(*starts, strict=True))
    return {"first_s": first, "again_s": again, "bare_s": bare, **await idle()}


def main() -> dict[str, Any]:
    """Measures and prints; returns what the line of JSON says."""
    found = asyncio.run(measure())
    print(f"{'':28} {'ours':>9} {'bare':>9} {'ratio':>7} {'at most':>8}")
    for name, key, other, unit, must in (
        ("to ready, first time", "first_s", "bare_s", "s", 1.5),
        ("to ready, database there", "again_s", "bare_s", "s", 1.5),
        ("memory, idle", "mib", "bare_mib", "MiB", 130.0),
        ("memory, having migrated", "first_mib", "bare_mib", "MiB", 130.0),
        ("CPU, idle", "cpu_percent", "bare_cpu_percent", "%", 1.0),
    ):
        ratio = f"{found[key] / found[other]:.2f}x" if found[other] else "-"
        print(f"{name:28} {found[key]:6.2f} {unit:3}{found[other]:6.2f} {unit:3}{ratio:>7} {must:6.1f} {unit}")
    return found
