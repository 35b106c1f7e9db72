"""A short crash run, and polite ends; the long ones go by command (`python -m tests.crash`)."""

from pathlib import Path

import pytest

from bot.sandbox import Sandbox
from tests.crash.failpoints import FAILPOINTS
from tests.crash.run import crash, stop_politely
from tests.e2e.process import BotProcess


async def test_each_failpoint_is_come_by(tmp_path: Path, sqlite_url: str) -> None:
    """On an empty database first, then while a payment is asked for: the process is killed there each time."""
    async with Sandbox.serve() as sandbox:
        sari = sandbox.person("Sari")
        bot = BotProcess.against(sandbox, tmp_path, sqlite_url, POLL_FIRST="0.3")
        for name in sorted(FAILPOINTS, key=lambda name: name != "during_migration"):
            bot.failpoint = (name, 1)
            await bot.spawn()
            await sari.send(f"/pay {sandbox.payments.express().id}")
            assert await bot.ended(20) == -9, name


async def test_nothing_is_lost_or_false_over_many_deaths(tmp_path: Path, sqlite_url: str) -> None:
    """Killed at random and at failpoints under 5 % faults; what is said twice is within what kills and lost answers
    explain."""
    ran = await crash(
        tmp_path, sqlite_url, kills=10, payments=10, share=0.05, seed=1, patience=60, say=lambda words: None
    )
    assert ran.verdict.broken == []
    assert ran.verdict.told > 5
    assert ran.kills.total() == 10


@pytest.mark.patient
async def test_polite_ends_are_quick_and_double_nothing(tmp_path: Path, migrated_sqlite_url: str) -> None:
    """SIGTERM in the middle of the work: within five seconds, with status 0, and all that was under way is noted."""
    ran = await stop_politely(tmp_path, migrated_sqlite_url, stops=5, payments=12, seed=1, patience=60)
    assert ran.verdict.broken == []
    assert ran.verdict.told > 5
