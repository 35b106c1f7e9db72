"""The database is locked, full, not writable, damaged or gone: refused or waited out with one clear line, nothing
confirmed that was not stored, nothing said twice. `python -m tests.storage.outage` is the long version."""

import asyncio
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import psycopg
import pytest

from bot.sandbox import Sandbox
from bot.sandbox.people import Person
from tests.e2e.process import BotProcess

SECRET = "x" * 32


@contextmanager
def locked(url: str) -> Iterator[None]:
    """Another program holds what is to be written."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"), timeout=60, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            yield
        return
    with psycopg.connect(url) as holder:
        holder.execute("LOCK TABLE inbox, callbacks, outbox, payments")
        yield
        holder.rollback()


def lines_of(bot: BotProcess, since: int = 0) -> list[str]:
    """What the bot logged but for debug lines."""
    return [line for line in bot.log[since:].splitlines() if "[debug" not in line]


async def push_update(bot: BotProcess, number: int) -> httpx.Response:
    """As Telegram pushes one."""
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.post(
            f"{bot.url}/telegram",
            json={"update_id": number, "poll": {}},
            headers={"X-Telegram-Bot-Api-Secret-Token": SECRET},
            timeout=20,
        )


async def test_a_locked_database_is_waited_out(
    sandbox: Sandbox, sari: Person, tmp_path: Path, migrated_url: str
) -> None:
    """Said once, and by `/readyz`; pushes are asked for again, polled updates stay unconfirmed; then all is told."""
    payment = sandbox.payments.express(65_000)
    async with BotProcess.against(
        sandbox, tmp_path, migrated_url, POLL_FIRST="0.3", TELEGRAM_WEBHOOK_SECRET=SECRET
    ) as bot:
        await sari.send(f"/pay {payment.id}")
        await sari.private_chat.next_message()
        begun = len(bot.log)
        with locked(migrated_url):
            payment.pay()
            await sari.send("/help")
            body = sandbox.kiriminaja.callback(payment, "processed_packages")
            refused, called = await asyncio.gather(
                push_update(bot, 990_001), sandbox.kiriminaja.push(body, f"{bot.url}/kiriminaja")
            )
            assert (refused.status_code, refused.headers["retry-after"], called.status) == (503, "2", 503)
            await bot.logged("database out of reach")
            status, parts = await bot.readiness()
            assert status == 503
            assert str(parts["database"]) in {"locked by another program", "out of reach"}
            assert sandbox.telegram.world.updates.pending
            assert len(lines_of(bot, begun)) == 1
        await sari.private_chat.wait_for(lambda _: len(sari.private_chat.from_bot) == 3, 20)
        await bot.ready()
        await bot.logged("database back")
        await sari.send("/id")
        await sari.private_chat.wait_for_text(f"{sari.id}")
        assert len(sari.private_chat.from_bot) == 4
        assert (await push_update(bot, 990_001)).status_code == 200


async def test_a_message_sent_but_not_noted_is_not_sent_again(
    sandbox: Sandbox, sari: Person, bot: BotProcess, path: Path
) -> None:
    """The storage goes away between Telegram's taking it and our noting it: it is found there."""
    held = sandbox.telegram.hold("sendMessage", "after")
    await sari.send("/help")
    await held.reached()
    with taken_away(path):
        held.release()
        await bot.logged("delivery failed")
    await bot.logged("delivered")
    await sari.send("/id")
    await sari.private_chat.wait_for_text(str(sari.id))
    assert len(sari.private_chat.from_bot) == 2


@pytest.fixture
def path(migrated_sqlite_url: str) -> Path:
    """The bot's file."""
    return Path(migrated_sqlite_url.removeprefix("sqlite:///"))


@contextmanager
def taken_away(path: Path) -> Iterator[None]:
    """Somebody moves the file, and back."""
    aside = path.rename(path.with_name("aside.db"))
    yield
    aside.rename(path)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of the test's own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", folder], capture_output=True, check=False)
    if made.returncode:
        pytest.skip("a disk can be mounted by root only")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def fill(disk: Path) -> Path:
    """Leaves no room; returns what takes it."""
    path = disk / "filling"
    with path.open("wb", buffering=0) as file:
        for size in (65_536, 4096, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue
    return path


async def test_a_full_disk_is_waited_out(sandbox: Sandbox, sari: Person, tmp_path: Path, disk: Path) -> None:
    """Nothing is confirmed meanwhile; with room again all goes on by itself."""
    async with BotProcess.against(sandbox, tmp_path, f"sqlite:///{disk / 'paybot.db'}") as bot:
        filling = fill(disk)
        # A WAL that has room left takes a few more.
        asked = 0
        while "database out of reach" not in bot.log:
            await sari.send("/id")
            asked += 1
            await sandbox.changes.pause(0.2)
            assert asked < 100
        status, parts = await bot.readiness()
        assert (status, parts["database"]) == (503, "its disk is full: make room")
        filling.unlink()
        await bot.logged("database back")
        await bot.ready()
        await sari.private_chat.wait_for(lambda _: len(sari.private_chat.from_bot) == asked, 30)
        assert len([line for line in lines_of(bot) if "out of reach" in line or "back" in line]) <= 2
        assert "Traceback" not in bot.log


async def test_a_disk_that_is_full_at_the_start_is_waited_for(sandbox: Sandbox, tmp_path: Path, disk: Path) -> None:
    """Room is made without a restart: the process stays, and begins its work then."""
    filling = fill(disk)
    bot = BotProcess.against(sandbox, tmp_path, f"sqlite:///{disk / 'paybot.db'}")
    await bot.spawn()
    try:
        await bot.logged("its disk is full: make room")
        filling.unlink()
        await bot.ready()
    finally:
        bot.kill()
        await bot.ended()


async def test_a_file_deleted_under_the_bot_is_said_and_waited_for(sari: Person, bot: BotProcess, path: Path) -> None:
    """What it would store now would be gone with it: it confirms nothing, and goes on when the file is back."""
    with taken_away(path):
        await sari.send("/id")
        await bot.logged("moved, deleted or replaced")
        assert (await bot.readiness())[0] == 503
    await sari.private_chat.wait_for_text(str(sari.id))
    await bot.ready()
    assert bot.is_running


async def refused(bot: BotProcess) -> str:
    """The one line of a bot that ends with status 2."""
    await bot.spawn()
    assert await bot.ended() == 2
    (line,) = bot.log.strip().splitlines()
    assert "DATABASE_URL" in line
    return line


@pytest.fixture
def damaged(path: Path) -> str:
    """The URL of a file that a bad disk has spoilt."""
    path.write_bytes(b"no database " * 1000)
    return f"sqlite:///{path}"


async def test_a_damaged_file_is_one_line_and_exit_2(sandbox: Sandbox, tmp_path: Path, damaged: str) -> None:
    """With the mend."""
    bot = BotProcess.against(sandbox, tmp_path, damaged, LOG_LEVEL="error")
    assert "paybot db restore FILE" in await refused(bot)


@pytest.fixture
def sealed(disk: Path, migrated_sqlite: Path) -> str:
    """The URL of a file on a disk that was mounted for reading only."""
    shutil.copy(migrated_sqlite, disk / "paybot.db")
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    return f"sqlite:///{disk / 'paybot.db'}"


async def test_a_disk_that_takes_no_writes_is_one_line_and_exit_2(
    sandbox: Sandbox, tmp_path: Path, sealed: str
) -> None:
    """With the kernel's reason."""
    bot = BotProcess.against(sandbox, tmp_path, sealed, LOG_LEVEL="error")
    assert "Read-only file system" in await refused(bot)
