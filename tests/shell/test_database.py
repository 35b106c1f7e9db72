"""`paybot db`: what is saved comes back, moves to the other kind, and tells nobody old news."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.core.watch import Place
from bot.sandbox import Sandbox
from bot.shell import ShellError
from bot.shell.database import Backup, Copy, Restore, purge_now, upgrade
from bot.storage import copying
from bot.storage.backup import revision_in
from bot.storage.engine import Database, DatabaseError
from bot.storage.lease import Lease
from bot.storage.migrations import HEAD
from tests.e2e.process import BotProcess
from tests.shell.conftest import MakeSettings
from tests.shell.running import paybot
from tests.storage.making import DAY, keep_notice, keep_payment, keep_watch


async def fill(url: str, count: int = 3) -> None:
    """Payments watched just now, and a message to deliver."""
    database = Database(url)
    await database.open()
    for number in range(count):
        await keep_payment(database, f"XID-000{number}", asked_at=datetime.now(UTC))
        await keep_watch(database, f"XID-000{number}", Place(number + 1))
    await keep_notice(database, "news", now=datetime.now(UTC))
    await database.close()


async def rows_at(url: str) -> dict[str, int]:
    """How many rows there are, by table."""
    database = Database(url)
    await database.open_existing()
    async with database.begin() as tx:
        found = await copying.rows_in(tx)
    await database.close()
    return found


FILLED = {"payments": 3, "watches": 3, "outbox": 1}


async def test_a_backup_comes_back_into_either_kind(
    make_settings: MakeSettings, migrated_url: str, make_postgres_url: Callable[[str], str], tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """A file of its owner's alone, from SQLite or PostgreSQL; restored into new databases of both."""
    await fill(migrated_url)
    file = tmp_path / "saved.db"
    assert await Backup(file, force=False)(make_settings(DATABASE_URL=migrated_url)) == 0
    assert file.stat().st_mode & 0o777 == 0o600  # nothing waits
    assert revision_in(file) == HEAD
    for url in (f"sqlite:///{tmp_path / 'other.db'}", make_postgres_url("template1")):
        assert await Restore(file, yes=False)(make_settings(DATABASE_URL=url)) == 0
        assert await rows_at(url) == FILLED
    assert "payments: 3" in capsys.readouterr().out


async def test_nothing_is_overwritten_unasked(
    make_settings: MakeSettings, migrated_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither a file nor a database; with a word it is, and SQLite keeps what was there before."""
    await fill(migrated_url)
    settings = make_settings(DATABASE_URL=migrated_url)
    file = tmp_path / "saved.db"
    await Backup(file, force=False)(settings)
    with pytest.raises(ShellError, match="--force"):
        await Backup(file, force=False)(settings)
    await fill_more(migrated_url)
    with pytest.raises(ShellError, match=r"not empty \(8 rows\).*--yes"):
        await Restore(file, yes=False)(settings)
    assert (await rows_at(migrated_url))["outbox"] == 2
    await Restore(file, yes=True)(settings)
    assert await rows_at(migrated_url) == FILLED
    if migrated_url.startswith("sqlite"):
        assert revision_in(tmp_path / "paybot.db.before-restore.bak") == HEAD
        assert "before-restore.bak" in capsys.readouterr().out
    assert await Backup(file, force=True)(settings) == 0


async def fill_more(url: str) -> None:
    """One message more."""
    database = Database(url)
    await database.open()
    await keep_notice(database, "more", now=datetime.now(UTC))
    await database.close()


async def test_an_old_backup_puts_old_news_aside(
    make_settings: MakeSettings, migrated_sqlite_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was done is said."""
    database = Database(migrated_sqlite_url)
    await database.open()
    now = datetime.now(UTC)
    await keep_payment(database, asked_at=now - 2 * DAY)
    await keep_notice(database, "old", now=now - timedelta(hours=3))
    await database.close()
    settings = make_settings(DATABASE_URL=migrated_sqlite_url)
    file = tmp_path / "saved.db"
    await Backup(file, force=False)(settings)
    await Restore(file, yes=True)(settings)
    assert "1 messages, 0 asks, 1 watches" in capsys.readouterr().out


@pytest.mark.parametrize("content", [b"", b"no database " * 400])
async def test_what_is_no_backup_is_refused(
    make_settings: MakeSettings, migrated_sqlite_url: str, tmp_path: Path, content: bytes
) -> None:
    """And the database stays as it is."""
    await fill(migrated_sqlite_url)
    file = tmp_path / "notes.txt"
    file.write_bytes(content)  # nothing waits
    settings = make_settings(DATABASE_URL=migrated_sqlite_url)
    for wrong in (file, tmp_path / "none", tmp_path / "paybot.db"):
        with pytest.raises(ShellError, match="give a"):
            await Restore(wrong, yes=True)(settings)
    with pytest.raises(ShellError, match="the database itself"):
        await Backup(tmp_path / "paybot.db", force=True)(settings)
    for nowhere in (tmp_path / "nowhere" / "saved.db", file / "saved.db"):
        with pytest.raises(ShellError, match="cannot be written"):
            await Backup(nowhere, force=False)(settings)
    assert await rows_at(migrated_sqlite_url) == FILLED


async def test_a_backup_of_a_newer_paybot_is_refused(
    make_settings: MakeSettings, migrated_sqlite_url: str, tmp_path: Path
) -> None:
    """Its rows might not fit."""
    settings = make_settings(DATABASE_URL=migrated_sqlite_url)
    file = tmp_path / "saved.db"
    await Backup(file, force=False)(settings)
    newer = Database(f"sqlite:///{file}")
    await newer.open()
    async with newer.begin() as tx:
        await tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    await newer.close()
    with pytest.raises(ShellError, match=r"newer.*update paybot"):
        await Restore(file, yes=True)(settings)


async def test_the_way_back_to_an_older_paybot_is_as_the_readme_says(
    make_settings: MakeSettings, migrated_sqlite_url: str, tmp_path: Path
) -> None:
    """Over the newer database nothing is restored; with that one moved away, the copy made before the update is."""
    await fill(migrated_sqlite_url)
    settings = make_settings(DATABASE_URL=migrated_sqlite_url)
    path, kept = tmp_path / "paybot.db", tmp_path / f"paybot.db.before-{HEAD}.bak"
    await Backup(kept, force=False)(settings)
    newer = Database(migrated_sqlite_url)
    await newer.open()
    async with newer.begin() as tx:
        await tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    await newer.close()
    with pytest.raises(DatabaseError, match="into an empty database"):
        await Restore(kept, yes=True)(settings)
    path.rename(tmp_path / "newer.db")  # nothing waits
    assert await Restore(kept, yes=False)(settings) == 0
    assert await rows_at(migrated_sqlite_url) == FILLED
    readme = (Path(__file__).parents[2] / "deploy" / "README.md").read_text(encoding="utf-8")
    assert "`paybot.db.before-REVISION.bak`" in readme


async def test_everything_moves_to_an_empty_database(
    make_settings: MakeSettings, migrated_sqlite_url: str, make_postgres_url: Callable[[str], str],
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """And on from there; a second time it is not empty."""
    await fill(migrated_sqlite_url)
    postgres = make_postgres_url("template1")
    settings = make_settings(DATABASE_URL=migrated_sqlite_url)
    assert await Copy(postgres)(settings) == 0
    assert "watches: 3" in capsys.readouterr().out
    assert await rows_at(postgres) == FILLED
    with pytest.raises(ShellError, match=r"not empty \(7 rows\)"):
        await Copy(postgres)(settings)
    assert await Copy(make_postgres_url("template1"))(make_settings(DATABASE_URL=postgres)) == 0
    for wrong, why in ((migrated_sqlite_url, "itself"), ("mysql://x", "give sqlite")):
        with pytest.raises(ShellError, match=why):
            await Copy(wrong)(settings)
    with pytest.raises(DatabaseError, match="there is no"):
        await Copy(postgres)(make_settings(DATABASE_URL=f"{migrated_sqlite_url}-mistyped"))


async def test_nothing_is_put_under_a_bot_that_works(
    make_settings: MakeSettings, migrated_url: str, tmp_path: Path
) -> None:
    """By the lock file, or by the lease: what it did meanwhile would be lost."""
    settings = make_settings(DATABASE_URL=migrated_url)
    file = tmp_path / "saved.db"
    await Backup(file, force=False)(settings)
    database = Database(migrated_url)
    await database.open()
    lease = Lease(database, "a bot")
    assert await lease.take()
    for task in (Restore(file, yes=True), Copy(f"sqlite:///{tmp_path / 'other.db'}")):
        with pytest.raises((ShellError, DatabaseError), match="stop"):
            await task(settings)
    assert await upgrade(settings) == 0
    await lease.release()
    await database.close()
    assert await Restore(file, yes=True)(settings) == 0


async def test_upgrading_and_purging_say_what_they_did(
    make_settings: MakeSettings, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """An empty database is set up; what is past its retention goes."""
    settings = make_settings(DATABASE_URL=database_url)
    await upgrade(settings)
    await upgrade(settings)
    database = Database(database_url)
    await database.open()
    async with database.begin() as tx:
        await tx.execute(text("INSERT INTO guesses (guesser, digest, at) VALUES (1, 'x', :at)"), {"at": old(database)})
    await database.close()
    await purge_now(settings)
    first, second, third = (line for line in capsys.readouterr().out.splitlines() if line.startswith("✓"))
    assert f"now at revision {HEAD}" in first
    assert "already" in second
    assert third == "✓ 1 rows past their retention dropped."


def old(database: Database) -> object:
    """A time long ago, as the database keeps it."""
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    return 0 if database.is_sqlite else moment


async def test_a_bot_goes_on_where_a_backup_of_its_running_self_left_off(
    sandbox: Sandbox, tmp_path: Path, sqlite_url: str
) -> None:
    """Under load: asks come in while it is made; the restored bot still watches, and tells "paid" once a chat."""
    people = [sandbox.person(f"P{number}", language_code="id") for number in range(6)]
    asked = [sandbox.payments.express(10_000 + number) for number in range(6)]
    settings = sandbox.settings() | {"DATABASE_URL": sqlite_url}
    async with BotProcess.against(sandbox, tmp_path, sqlite_url, POLL_FIRST="0.3") as bot:
        for person, payment in zip(people[:3], asked[:3], strict=True):
            await person.send(f"/pay {payment.id}")
        for person in people[:3]:
            assert (await person.private_chat.next_message()).photo
        # A copy of the moment between Telegram's taking a card and our noting it would have it sent again.
        await bot.logged("what=card", times=3)
        saving = asyncio.create_task(paybot(tmp_path, settings, "db", "backup", "saved.db"))
        for person, payment in zip(people[3:], asked[3:], strict=True):
            await person.send(f"/pay {payment.id}")
        for person in people[3:]:
            assert (await person.private_chat.next_message()).photo
        saved = await saving
        assert (saved.status, saved.err) == (0, "")
        bot.terminate()
        assert await bot.ended() == 0
    restored = await paybot(tmp_path, settings, "db", "restore", "saved.db", "--yes")
    assert (restored.status, restored.err) == (0, "")
    async with BotProcess.against(sandbox, tmp_path, sqlite_url, POLL_FIRST="0.3"):
        for payment in asked[:3]:
            payment.pay()
        for person in people[:3]:
            assert "✅" in (await person.private_chat.next_message()).text
    assert [len(person.private_chat.from_bot) for person in people[:3]] == [2, 2, 2]
