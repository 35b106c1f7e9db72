"""One crash run: the bot's lives and deaths, the weather on both sides, and the end in peace."""

import asyncio
import contextlib
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bot.sandbox import Sandbox
from bot.sandbox.changes import NothingHappened
from bot.sandbox.faults import KINDS
from tests.crash.failpoints import PASSED_BY, WHILE_WORKING
from tests.crash.oracle import Verdict, judge, owed
from tests.crash.world import World
from tests.e2e.process import BotProcess

HAND: Final = 3
"""How many kinds of trouble there are at a time on each side; the hand is dealt anew for each life."""
LIFE: Final = (0.1, 4.0)
"""Seconds a life lasts that ends at a random moment."""
_SETTINGS: Final = {"POLL_FIRST": "0.3", "POLL_BUDGET": "100", "LOG_LEVEL": "info"}

Say = Callable[[str], None]


@dataclass
class Ran:
    """What came of a run."""

    verdict: Verdict
    kills: Counter[str] = field(default_factory=Counter)
    met: Counter[str] = field(default_factory=Counter)
    slowest_end: float = 0.0
    seconds: float = 0.0


async def crash(
    folder: Path, database_url: str, *, kills: int, payments: int, share: float, seed: int, patience: float, say: Say
) -> Ran:
    """Kills the bot so often, then lets it finish within `patience` seconds."""
    began, dice, ran = time.monotonic(), random.Random(seed), Ran(Verdict())
    async with Sandbox.serve() as sandbox:
        sandbox.telegram.flood.enabled = True
        world = World(sandbox, payments, dice)
        bot = BotProcess.against(sandbox, folder, database_url, **_SETTINGS)
        while (number := ran.kills.total()) < kills:
            if number < max(2, kills // 50):
                where = "during_migration"
            else:
                where = dice.choice(WHILE_WORKING) if dice.random() < 0.6 else "at random"
                _deal(sandbox, share, dice)
            ran.kills[await _live(world, bot, where, lives_left=kills - number, dice=dice)] += 1
            if number % 50 == 49:
                say(f"{number + 1} kills, {time.monotonic() - began:.0f} s, {len(owed(world))} things owed")
        _make_peace(sandbox)
        bot.failpoint = None
        async with bot:
            await _finish(world, patience)
        ran.met = _met(sandbox)
    ran.verdict = judge(world, kills=kills)
    ran.seconds = time.monotonic() - began
    return ran


async def stop_politely(
    folder: Path, database_url: str, *, stops: int, payments: int, seed: int, patience: float
) -> Ran:
    """SIGTERM so often under load, without any trouble: each end is timed and must have status 0."""
    began, dice, ran, broken = time.monotonic(), random.Random(seed), Ran(Verdict()), []
    async with Sandbox.serve() as sandbox:
        world = World(sandbox, payments, dice)
        bot = BotProcess.against(sandbox, folder, database_url, **_SETTINGS)
        for number in range(stops):
            await bot.start()
            life = asyncio.create_task(_events(world, stops - number, dice))
            await asyncio.sleep(dice.uniform(0, 1.0))
            asked_at = time.monotonic()
            bot.terminate()
            status = await bot.ended(30)
            took = time.monotonic() - asked_at
            await life
            ran.kills["SIGTERM"] += 1
            ran.slowest_end = max(ran.slowest_end, took)
            if status != 0 or took > 5:
                broken.append(f"end {number + 1}: status {status} after {took:.1f} s")
        async with bot:
            await _finish(world, patience)
    ran.verdict = judge(world, kills=0)
    ran.verdict.broken += broken
    ran.seconds = time.monotonic() - began
    return ran


async def _live(world: World, bot: BotProcess, where: str, *, lives_left: int, dice: random.Random) -> str:
    """One life; returns where it ended."""
    bot.failpoint = None if where == "at random" else (where, dice.randint(1, PASSED_BY[where]))
    lasts = dice.uniform(*LIFE)
    await bot.spawn()
    events = asyncio.create_task(_events(world, lives_left, dice, lasts))
    with contextlib.suppress(TimeoutError):
        await bot.ended(lasts if bot.failpoint is None else 2 * LIFE[1])
    # Killed at its failpoint, or by the clock where it has not come by there often enough.
    reached = not bot.is_running
    if bot.is_running:
        bot.kill()
    status = await bot.ended()
    assert status == -9, f"ended by itself with status {status}\n{bot.log[-4000:]}"
    await events
    return where if reached else "at random"


async def _events(world: World, lives_left: int, dice: random.Random, lasts: float = 1.0) -> None:
    part = list(world.part(lives_left))
    moments = sorted(dice.uniform(0, lasts) for _ in part)
    passed = 0.0
    for moment, event in zip(moments, part, strict=True):
        await asyncio.sleep(moment - passed)
        passed = moment
        await world.play(event)


def _deal(sandbox: Sandbox, share: float, dice: random.Random) -> None:
    """Other kinds of trouble on both sides, each for that share of the requests."""
    for faults in (sandbox.telegram.faults, sandbox.kiriminaja.faults):
        faults.clear()
        for kind in dice.sample(sorted(KINDS), HAND):
            faults.add_at_rate("*", KINDS[kind], share, random.Random(dice.random()))


def _make_peace(sandbox: Sandbox) -> None:
    sandbox.telegram.faults.clear()
    sandbox.kiriminaja.faults.clear()


async def _finish(world: World, patience: float) -> None:
    """Returns when all is said; after `patience` seconds the judge finds what is not."""
    for event in world.part(1):
        await world.play(event)
    with contextlib.suppress(NothingHappened):
        await world.sandbox.changes.until(lambda: not owed(world), patience, lambda: "")
        await world.ask_everywhere()
        await world.sandbox.changes.until(lambda: not owed(world), patience, lambda: "")


def _met(sandbox: Sandbox) -> Counter[str]:
    """How often each kind was met."""
    names = {id(fault): kind for kind, fault in KINDS.items()}
    met = [call.fault for call in sandbox.telegram.calls] + [request.fault for request in sandbox.kiriminaja.requests]
    return Counter(names[id(fault)] for fault in met if fault is not None)
