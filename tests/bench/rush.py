"""A rush: three hundred ask in the same moment, and one asks while ten thousand looks are due.

Run by hand: ``python -m tests.bench rush``. Flood limits are on in the sandbox, KiriminAja takes 20 ms. The baseline
(`plain`) sends as soon as it can and leaves a refused message at that, as python-telegram-bot does in stock settings.
"""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from bot.core.ids import Kind
from bot.core.payment import Payment, Status
from bot.storage import payments
from bot.storage.engine import Database
from bot.storage.tables import payments as payments_table, watches
from tests.bench.programs import OURS, PLAIN, Program, begun, running

PEOPLE: Final = 300
DUE: Final = 10_000
ASKS: Final = 10
LATENCY: Final = 0.02  # s
_PER_SECOND: Final = 30.0  # Telegram's


async def crowd(program: Program) -> dict[str, Any]:
    """All ask at once; how many got their picture, how fast, and what was refused."""
    sandbox, people = program.sandbox, program.people(PEOPLE)
    sandbox.kiriminaja.delay(LATENCY, times=None)
    sandbox.telegram.flood.enabled = True
    asked_at = time.time()
    await program.ask(people)
    while len(ended := [call for call in sandbox.telegram.calls_of("sendPhoto") if call.ended_at]) < PEOPLE:
        if time.time() > asked_at + 60:
            break
        await asyncio.sleep(0.02)
    times = sorted(call.ended_at for call in ended if call.done and call.ended_at)
    return {
        "served": len(times),
        "refused": sandbox.telegram.flood.refused,
        "per_second": round((len(times) - 1) / (times[-1] - times[0]), 2),
        "last_after_s": round(times[-1] - asked_at, 2),
    }


async def keep_due(program: Program) -> None:
    """So many watches whose next look is due now, of payments that KiriminAja knows."""
    database = Database(program.database_url)
    await database.open()
    now = datetime.now(UTC)
    ids = [program.sandbox.payments.express(65_000).id for _ in range(DUE)]
    kept = Payment(ids[0], Kind.EXPRESS, Status.WAITING, now, now + timedelta(days=1))
    async with database.begin() as tx:
        # One is saved as the bot does, the others are copies of its row.
        await payments.save(tx, kept, now)
        row = (await tx.execute(payments_table.select())).mappings().one()
        await tx.execute(payments_table.insert(), [dict(row) | {"id": one} for one in ids[1:]])
        watch = {"topic_id": 0, "state": "active", "locale": "id", "asked_at": now}
        of_each = [watch | {"payment_id": one, "chat_id": 9, "handle": f"h{number}"} for number, one in enumerate(ids)]
        await tx.execute(watches.insert(), of_each)
    await database.close()


async def among_due() -> list[float]:
    """Seconds each of some asks, one after another, waited for its picture."""
    waited = []
    # A life before this one, only for its sandbox and its database.
    async with begun(OURS) as (before, _):
        await before.sandbox.telegram.wait_until_polled(30)
        await before.end()
        await keep_due(before)
        async with begun(OURS, beside=before, POLL_BUDGET="10") as (program, _):
            await program.sandbox.telegram.wait_until_polled(30)
            await asyncio.sleep(1)
            for number, person in enumerate(program.people(ASKS)):
                asked_at = time.time()
                await program.ask([person])
                waited.append((await program.shown(number + 1))[-1] - asked_at)
    return waited


async def measure() -> dict[str, Any]:
    """Both crowds, then the asks."""
    found: dict[str, Any] = {}
    for name, command in (("ours", OURS), ("plain", PLAIN)):
        async with running(command, POLL_BUDGET="200", POLL_FIRST="60") as program:
            found[name] = await crowd(program)
    waited = await among_due()
    found["asks_s"] = {"most": round(max(waited), 2), "mean": round(sum(waited) / len(waited), 2)}
    return found


def main() -> dict[str, Any]:
    """Measures and prints; returns what the line of JSON says."""
    found = asyncio.run(measure())
    print(f"{PEOPLE} at once {'served':>8} {'refused':>8} {'a second':>9} {'of the limit':>13} {'last after':>11}")
    for name in ("ours", "plain"):
        row = found[name]
        print(
            f"{name:>11} {row['served']:8} {row['refused']:8} {row['per_second']:9.2f}"
            f" {row['per_second'] / _PER_SECOND:13.1%} {row['last_after_s']:9.2f} s"
        )
    print(f"{ASKS} asks, {DUE:,} due: {found['asks_s']['mean']} s on average, {found['asks_s']['most']} s at most")
    return found
