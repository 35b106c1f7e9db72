"""Telegram's limits and deadlines, through the real process: the sandbox's Telegram counts as the real one does."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, select

from bot.sandbox import Sandbox
from bot.sandbox.people import Person
from bot.storage.engine import Database
from bot.storage.outbox import RowState
from bot.storage.tables import outbox as messages, watches
from tests.e2e.conftest import QUICK
from tests.e2e.kept import all_sent, keep_paid, opened
from tests.e2e.process import BotProcess
from tests.e2e.scanning import scanned

LATE = timedelta(minutes=11)
MANY = 150  # chats: five seconds at the limit


@pytest.fixture
async def database(migrated_sqlite_url: str) -> AsyncIterator[Database]:
    """The bot's own, before and after it runs."""
    async with opened(migrated_sqlite_url) as found:
        yield found


@pytest.mark.alone
async def test_to_many_chats_at_once_the_limit_is_used_and_never_crossed(
    sandbox: Sandbox, database: Database, tmp_path: Path, migrated_sqlite_url: str
) -> None:
    """More than 28.5 a second of Telegram's 30, and not one refusal. (`tests.bench rush` asks from 300 chats.)"""
    people = [sandbox.person(f"P{number}", started=True) for number in range(MANY)]
    await keep_paid(database, people)
    sandbox.telegram.flood.enabled = True
    async with BotProcess.against(sandbox, tmp_path, migrated_sqlite_url):
        times = await all_sent(sandbox, MANY, timeout=30)
    rate = (MANY - 1) / (times[-1] - times[0])
    print(f"{rate:.2f} a second, {sandbox.telegram.flood.refused} refused")
    assert sandbox.telegram.flood.refused == 0
    assert rate >= 28.5


async def make_older(database: Database, table: Table, *columns: str) -> None:
    """As if it had been long ago."""
    async with database.begin() as tx:
        for row in (await tx.execute(select(table))).all():
            earlier: dict[str, Any] = {name: getattr(row, name) - LATE for name in columns}
            await tx.execute(table.update().where(table.c.id == row.id).values(earlier))


async def test_a_code_that_comes_too_late_is_offered_and_not_sent(
    sandbox: Sandbox, sari: Person, database: Database, tmp_path: Path, migrated_sqlite_url: str
) -> None:
    """Telegram took no pictures for eleven minutes: one line with a button, and the QR when it is pressed."""
    payment = sandbox.payments.express(65_000)
    sandbox.telegram.fail("sendPhoto", 500, times=None)
    bot = BotProcess.against(sandbox, tmp_path, migrated_sqlite_url, POLL_FIRST=QUICK)
    async with bot:
        await sari.send(f"/pay {payment.id}")
        await sandbox.telegram.wait_for_call("sendPhoto")
    await make_older(database, messages, "created_at")
    await make_older(database, watches, "asked_at")
    sandbox.telegram.faults.clear()
    async with bot:
        offer = await sari.private_chat.next_message(timeout=15)
        assert offer.photo is None
        assert payment.id in offer.text
        assert "Maaf" in offer.text
        async with database.begin() as tx:
            state, problem = (
                await tx.execute(select(messages.c.state, messages.c.problem).where(messages.c.kind == "card"))
            ).one()
        assert state == RowState.DROPPED
        assert problem.startswith("too late")
        await sari.press(offer, 0)
        card = await sari.private_chat.next_message(timeout=15)
        assert card.photo
        assert scanned(card.photo) == [payment.qr_content]
        payment.pay()
        assert "✅" in (await sari.private_chat.next_message(timeout=15)).text


async def test_a_code_that_was_sent_late_or_not_is_found_and_kept(
    sandbox: Sandbox, sari: Person, database: Database, tmp_path: Path, migrated_sqlite_url: str
) -> None:
    """Telegram took the picture, its answer was lost, and eleven minutes passed: the card is there, so no offer."""
    payment = sandbox.payments.express(65_000)
    sandbox.telegram.reset("sendPhoto", "after")
    bot = BotProcess.against(sandbox, tmp_path, migrated_sqlite_url, POLL_FIRST=QUICK)
    async with bot:
        await sari.send(f"/pay {payment.id}")
        card = await sari.private_chat.next_message()
        assert card.photo
        bot.kill()
        await bot.ended()
        await make_older(database, messages, "created_at")
        await make_older(database, watches, "asked_at")
        await bot.start()
        await sandbox.telegram.wait_for_call("editMessageMedia", timeout=15)
        payment.pay()
        assert "✅" in (await sari.private_chat.next_message(timeout=15)).text
    assert sum(message.photo is not None for message in sari.private_chat.messages) == 1
