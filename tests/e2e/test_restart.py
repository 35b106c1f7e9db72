"""The process ends, politely or not: nothing asked is forgotten, nothing answered is answered again."""

import asyncio
import time
from pathlib import Path

import pytest

from bot.sandbox import Sandbox
from bot.sandbox.people import Person
from tests.e2e.process import WEBHOOK, BotProcess


@pytest.mark.patient
async def test_sigterm_ends_with_status_zero_within_five_seconds(
    bot_on_each: BotProcess, sandbox: Sandbox, sari: Person
) -> None:
    """Also in the middle of a look, a long poll and a watch."""
    payment = sandbox.payments.express(65_000)
    await sari.send(f"/pay {payment.id}")
    await sari.private_chat.next_message()
    held = sandbox.kiriminaja.hold(payment.id)
    await held.reached()
    asked_at = time.monotonic()
    bot_on_each.terminate()
    assert await bot_on_each.ended() == 0
    assert time.monotonic() - asked_at < 5
    assert "Traceback" not in bot_on_each.log, bot_on_each.log


@pytest.mark.patient
async def test_sigterm_while_telegram_and_kiriminaja_are_gone(bot: BotProcess, sandbox: Sandbox, sari: Person) -> None:
    """An outage on both sides does not hold the stop up."""
    sandbox.kiriminaja.set_mode("slow", delay=30)
    await sari.send("/pay XID-1234567890")
    await sandbox.kiriminaja.changes.until(lambda: sandbox.kiriminaja.requests, 5, lambda: "no request")
    sandbox.telegram.outage()
    asked_at = time.monotonic()
    bot.terminate()
    assert await bot.ended() == 0
    assert time.monotonic() - asked_at < 5


@pytest.mark.skipif(WEBHOOK, reason="who is pushed to confirms by answering: test_webhook_mode")
async def test_an_update_not_confirmed_at_kill_9_is_handled_once(
    bot: BotProcess, sandbox: Sandbox, sari: Person
) -> None:
    """The poll's answer was stored but not confirmed: Telegram hands it over again, and it is known."""
    await sandbox.telegram.wait_until_polled()
    held = sandbox.telegram.hold("getUpdates", "before")
    await sari.send("/help")
    await held.reached()
    await sari.private_chat.next_message()
    bot.kill()
    await bot.ended()
    held.release()
    assert sandbox.telegram.world.updates.pending
    await bot.start()
    await sandbox.telegram.wait_until_confirmed()
    await sari.send("/start")
    await sari.private_chat.next_message()
    assert len(sari.private_chat.from_bot) == 2


@pytest.mark.parametrize("moment", range(0, 8, 2))
async def test_kill_9_at_any_moment_loses_nothing(
    sandbox: Sandbox, sari: Person, tom: Person, tmp_path: Path, sqlite_url: str, moment: int
) -> None:
    """Two asks and a payment, the process killed a little later each time: all is told in the end."""
    async with BotProcess.against(sandbox, tmp_path, sqlite_url, POLL_FIRST="0.2") as bot:
        express, instant = sandbox.payments.express(65_000), sandbox.payments.instant(54_000, packages=1)
        await asyncio.gather(sari.send(f"/pay {express.id}"), tom.send(f"/pay {instant.id}"))
        if moment:
            # The world's own events pace the kill: no clock is trusted. Polls are among them.
            seen = sandbox.changes.last_id + (3 if WEBHOOK else 6) * moment
            await sandbox.changes.until(lambda: sandbox.changes.last_id >= seen, 10, lambda: "nothing happens")
        express.pay()
        bot.kill()
        await bot.ended()
        instant.pay()
        await bot.start()
        for person, payment in ((sari, express), (tom, instant)):
            told = await person.private_chat.wait_for_text("✅", timeout=15)
            assert payment.id in told.text
        assert sum("✅" in m.text and m.photo is None for m in sari.private_chat.from_bot) <= 2


async def test_telegram_away_at_the_start_is_waited_out(
    sandbox: Sandbox, sari: Person, tmp_path: Path, migrated_sqlite_url: str
) -> None:
    """The process stays, `/readyz` says which, and the work begins when Telegram is back."""
    sandbox.telegram.outage()
    bot = BotProcess.against(sandbox, tmp_path, migrated_sqlite_url)
    await bot.spawn()
    try:
        await sandbox.changes.until(lambda: len(sandbox.telegram.calls) >= 2, 10, lambda: bot.log)
        assert bot.is_running
        sandbox.telegram.outage(on=False)
        await bot.ready()
        await sari.send("/help")
        await sari.private_chat.next_message()
    finally:
        bot.kill()
        await bot.ended()


async def test_a_token_telegram_refuses_is_one_line_and_exit_2(
    sandbox: Sandbox, tmp_path: Path, migrated_sqlite_url: str
) -> None:
    """The operator's mistake: named, with its mend, without a traceback."""
    bot = BotProcess.against(sandbox, tmp_path, migrated_sqlite_url, TELEGRAM_BOT_TOKEN="1:wrong", LOG_LEVEL="error")
    await bot.spawn()
    assert await bot.ended() == 2
    lines = bot.log.strip().splitlines()
    assert len(lines) == 1
    assert "TELEGRAM_BOT_TOKEN" in lines[0]
    assert "BotFather" in lines[0]


async def test_a_database_that_refuses_us_is_one_line_and_exit_2(
    sandbox: Sandbox, tmp_path: Path, migrated_postgres_url: str
) -> None:
    """No outage to wait for: a user that PostgreSQL does not know."""
    url = migrated_postgres_url.replace("postgres:@", "nobody:very-secret@")
    bot = BotProcess.against(sandbox, tmp_path, url, LOG_LEVEL="error")
    await bot.spawn()
    assert await bot.ended() == 2
    lines = bot.log.strip().splitlines()
    assert len(lines) == 1
    assert "DATABASE_URL" in lines[0]
    assert "very-secret" not in lines[0]


async def test_a_second_run_on_the_same_file_is_refused(
    bot: BotProcess, sandbox: Sandbox, tmp_path: Path, migrated_sqlite_url: str
) -> None:
    """SQLite serves one process: one line, exit 2, and the first goes on."""
    folder = tmp_path / "second"
    folder.mkdir()
    second = BotProcess.against(sandbox, folder, migrated_sqlite_url, LOG_LEVEL="error")
    await second.spawn()
    assert await second.ended() == 2
    assert "in use by another paybot" in second.log
    assert bot.is_running
