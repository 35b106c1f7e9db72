"""A sandbox, people in it, and the real bot running against it, on a database with tables but without rows.

The bot polls; with `PAYBOT_E2E_MODE=webhook pytest tests/e2e` all of them run with Telegram pushing instead. What
matters most runs in both modes anyway (`test_webhook_mode.py`).
"""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from bot.sandbox import Sandbox
from bot.sandbox.people import Person
from tests.e2e.browsing import Demo, Visit, chromium, visiting
from tests.e2e.process import BotProcess

QUICK = "0.3"
"""POLL_FIRST in seconds, for tests that are not about timing."""


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """Telegram and KiriminAja on loopback."""
    async with Sandbox.serve() as served:
        yield served


@pytest.fixture
def sari(sandbox: Sandbox) -> Person:
    """A customer with an Indonesian phone."""
    return sandbox.person("Sari", language_code="id")


@pytest.fixture
def tom(sandbox: Sandbox) -> Person:
    """A customer with an English phone."""
    return sandbox.person("Tom", language_code="en")


@pytest.fixture
async def bot(sandbox: Sandbox, tmp_path: Path, migrated_sqlite_url: str) -> AsyncIterator[BotProcess]:
    """The bot on SQLite, looking often."""
    async with BotProcess.against(sandbox, tmp_path, migrated_sqlite_url, POLL_FIRST=QUICK) as running:
        yield running


@pytest.fixture
async def bot_on_each(sandbox: Sandbox, tmp_path: Path, migrated_url: str) -> AsyncIterator[BotProcess]:
    """The bot on SQLite and on PostgreSQL in turn."""
    async with BotProcess.against(sandbox, tmp_path, migrated_url, POLL_FIRST=QUICK) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, for a file: its loop must be gone before the next file's tests have one of their own."""
    with chromium() as opened:
        yield opened


@pytest.fixture
def demo(tmp_path: Path, migrated_sqlite: Path) -> Iterator[Demo]:
    """A demo of the test's own."""
    with Demo(tmp_path, migrated_sqlite) as running:
        yield running


@pytest.fixture
def visit(browser: Browser, demo: Demo) -> Iterator[Visit]:
    """Somebody at a desk."""
    with visiting(browser, demo) as opened:
        yield opened
