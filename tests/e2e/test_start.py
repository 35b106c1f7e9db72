"""The start: quick, and honest about what is missing."""

import time
from pathlib import Path

import httpx
import pytest

from bot.sandbox import Sandbox
from tests.e2e.process import BotProcess


@pytest.mark.alone
async def test_ready_within_a_second_and_a_half(sandbox: Sandbox, tmp_path: Path, sqlite_url: str) -> None:
    """From starting the process to `/readyz` 200, migrations included the first time; the best of three starts counts,
    as other work on the machine only ever adds."""
    spent = []
    # Measuring coverage takes longer than the imports it measures.
    unmeasured = {"COVERAGE_PROCESS_START": "", "COVERAGE_PROCESS_CONFIG": ""}
    for _ in range(3):
        started = time.monotonic()
        async with BotProcess.against(sandbox, tmp_path, sqlite_url, **unmeasured).from_nothing() as bot:
            spent.append(time.monotonic() - started)
            bot.terminate()
            assert await bot.ended() == 0
    assert min(spent) < 1.5, spent


async def test_readiness_names_the_part_that_is_amiss(sandbox: Sandbox, tmp_path: Path, sqlite_url: str) -> None:
    """With Telegram away the process lives, is not ready, and says why; no secret, no id."""
    sandbox.telegram.outage()
    bot = BotProcess.against(sandbox, tmp_path, sqlite_url).from_nothing()
    await bot.spawn()
    try:
        await sandbox.changes.until(lambda: sandbox.telegram.calls, 10, lambda: bot.log)
        # The port answers a moment after the first call, or before it.
        patient = httpx.AsyncHTTPTransport(retries=6)
        async with httpx.AsyncClient(transport=patient, trust_env=False) as client:
            assert (await client.get(f"{bot.url}/healthz")).status_code == 200
            answer = await client.get(f"{bot.url}/readyz")
        assert answer.status_code == 503
        assert answer.json()["telegram"] == "out of reach"
        assert sandbox.telegram.token not in answer.text
        await sandbox.changes.until(lambda: len(sandbox.telegram.calls) > 2, 10, lambda: bot.log)
        assert bot.log.count("Telegram out of reach") == 1, "it tries every few seconds, for hours maybe"
        sandbox.telegram.outage(on=False)
        await bot.logged("Telegram back", within=20)
    finally:
        bot.terminate()
        await bot.ended()


async def test_kiriminaja_away_is_no_reason_not_to_be_ready(sandbox: Sandbox, tmp_path: Path, sqlite_url: str) -> None:
    """Its state is not ours to be judged by."""
    sandbox.kiriminaja.set_mode("down")
    async with BotProcess.against(sandbox, tmp_path, sqlite_url).from_nothing():
        pass
