"""The CPU of one update: ``/pay`` in, QR picture out, whole processes side by side.

Run by hand: ``python -m tests.bench update``. Ours with inbox, outbox and watch; the baseline (`plain`) with none. At
1, 16 and 256 at once: so many people ask in the same moment, and when all have their picture the next round begins.
Ours draws the whole card with its lettering, the baseline the bare code. Flood limits are off in the sandbox, and our
pace is lifted (`lifted`); the baseline has none. No look by itself falls into the time measured.
"""

import asyncio
import time
from statistics import median
from typing import Any, Final

from tests.bench.programs import OURS_LIFTED, PLAIN, Program, running

ROUNDS: Final = {1: 20, 16: 4, 256: 1}
_MUST: Final = {1: 2.0, 16: 1.0, 256: 0.25}


async def measure(program: Program, at_once: int, rounds: int) -> tuple[float, float]:
    """Milliseconds of CPU an update, and the median of the seconds a round took."""
    people, took = program.people(at_once), []
    cpu = program.cpu
    for _ in range(rounds):
        shown = len(program.sandbox.telegram.calls_of("sendPhoto", done=True))
        began = time.time()
        await program.ask(people)
        took.append((await program.shown(shown + at_once))[-1] - began)
    await asyncio.sleep(0.3)  # what is noted once the picture is out counts too
    return (program.cpu - cpu) / (rounds * at_once) * 1000, median(took)


async def compare(passes: int = 2) -> list[dict[str, Any]]:
    """A row for each number at once; the passes of both programs take turns."""
    rows: list[dict[str, Any]] = []
    async with running(OURS_LIFTED, POLL_FIRST="3600", POLL_BUDGET="1000") as ours, running(PLAIN) as plain:
        for program in (ours, plain):
            await measure(program, 16, 1)
        for at_once, rounds in ROUNDS.items():
            found = [[await measure(program, at_once, rounds) for program in (ours, plain)] for _ in range(passes)]
            (our_cpu, our_time), (cpu, seconds) = (
                (min(one[which][0] for one in found), min(one[which][1] for one in found)) for which in (0, 1)
            )
            rows.append(
                {
                    "at_once": at_once,
                    "cpu_ms": round(our_cpu, 2),
                    "plain_cpu_ms": round(cpu, 2),
                    "ratio": round(our_cpu / cpu, 2),
                    "seconds": round(our_time, 3),
                    "plain_seconds": round(seconds, 3),
                    "must": _MUST[at_once],
                }
            )
    return rows


def main() -> dict[str, Any]:
    """Measures and prints; returns what the line of JSON says."""
    rows = asyncio.run(compare())
    print(f"{'at once':>8} {'ours':>9} {'plain':>9} {'ratio':>7} {'at most':>8} {'ours took':>10} {'plain took':>11}")
    for row in rows:
        print(
            f"{row['at_once']:8} {row['cpu_ms']:6.2f} ms {row['plain_cpu_ms']:6.2f} ms {row['ratio']:6.2f}x"
            f" {row['must']:7.2f}x {row['seconds']:8.2f} s {row['plain_seconds']:9.2f} s"
        )
    return {"updates": rows}
