"""Copies of a SQLite file: whole, of one moment, and kept before a migration."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text

from bot.storage import inbox
from bot.storage.backup import BackupError, copy_file, keep_before_migration, revision_in
from bot.storage.engine import Database, DatabaseError, NotThereYet
from bot.storage.inbox import Arrived
from bot.storage.migrations import HEAD
from tests.storage.making import T0, keep_notice, keep_payment


def counted(path: Path) -> tuple[int, int]:
    """Payments and messages in a file."""
    with closing(sqlite3.connect(path)) as connection:
        (payments,) = connection.execute("SELECT count(*) FROM payments").fetchone()
        (messages,) = connection.execute("SELECT count(*) FROM outbox").fetchone()
    return payments, messages


def names_in(folder: Path) -> set[str]:
    """The files there."""
    return {found.name for found in folder.iterdir()}


async def test_a_copy_under_load_is_of_one_moment(migrated_sqlite_url: str, tmp_path: Path) -> None:
    """Each write makes a payment and a message together: no copy has one without the other, and nobody waits."""
    database = Database(migrated_sqlite_url)
    await database.open()
    assert database.path is not None
    enough = asyncio.Event()

    async def write() -> int:
        number = 0
        while not enough.is_set():
            async with database.begin() as tx:
                for statement in (
                    "INSERT INTO payments (id, status, asked_at, closes_at, seen, alerted, failures)"
                    " VALUES (:id, 'waiting', 0, 0, 0, '', 0)",
                    "INSERT INTO outbox (key, kind, chat_id, topic_id, locale, state, created_at, due_at)"
                    " VALUES (:id, 'notice', 1, 0, 'id', 'due', 0, 0)",
                ):
                    await tx.execute(text(statement), {"id": f"XID-{number:08}"})
            number += 1
        return number

    writing = asyncio.create_task(write())
    seen = []
    for number in range(5):
        target = tmp_path / f"copy{number}.db"
        await asyncio.to_thread(copy_file, database.path, target)
        payments, messages = counted(target)
        assert payments == messages
        assert revision_in(target) == HEAD
        seen.append(payments)
    enough.set()
    written = await writing
    await database.close()
    assert seen == sorted(seen)
    assert written >= seen[-1] > 0


async def test_a_copy_is_for_its_owner_alone_and_takes_a_files_place_whole(
    migrated_sqlite_url: str, tmp_path: Path
) -> None:
    """It holds people's messages; a failed one leaves what was there."""
    path = Path(migrated_sqlite_url.removeprefix("sqlite:///"))
    target = tmp_path / "copy.db"
    target.write_text("before")
    with pytest.raises(BackupError):
        copy_file(tmp_path / "none.db", target)
    assert target.read_text() == "before"
    copy_file(path, target)
    assert target.stat().st_mode & 0o777 == 0o600
    assert revision_in(target) == HEAD
    with pytest.raises(BackupError, match="No such file"):
        copy_file(path, tmp_path / "nowhere" / "copy.db")
    assert names_in(tmp_path) == {path.name, "copy.db"}


def test_what_is_no_backup_is_told_apart(tmp_path: Path) -> None:
    """Restoring it would empty the database."""
    empty, prose, foreign = (tmp_path / name for name in ("empty", "prose", "foreign"))
    empty.touch()
    prose.write_text("not a database " * 100)
    with closing(sqlite3.connect(foreign)) as connection:
        connection.execute("CREATE TABLE t (a)")
    unset = tmp_path / "unset"
    with closing(sqlite3.connect(unset)) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num)")
    reasons = {empty: "empty", prose: "no paybot", foreign: "no paybot", unset: "no paybot"}
    for path, reason in (reasons | {tmp_path / "none": "No such file"}).items():
        with pytest.raises(BackupError, match=reason):
            revision_in(path)


async def test_a_damaged_backup_is_told(migrated_sqlite_url: str, tmp_path: Path) -> None:
    """Half a page overwritten, as a bad disk does."""
    path = tmp_path / "copy.db"
    copy_file(Path(migrated_sqlite_url.removeprefix("sqlite:///")), path)
    with path.open("r+b") as file:
        file.seek(4096 * 3)
        file.write(b"\xff" * 4096)
    with pytest.raises(BackupError):
        revision_in(path)


def test_the_last_two_copies_from_before_migrations_stay(migrated_sqlite_url: str) -> None:
    """Other files beside them are nobody's business."""
    path = Path(migrated_sqlite_url.removeprefix("sqlite:///"))
    other = path.with_name("other.db.before-0001.bak")
    other.touch()
    kept = [keep_before_migration(path, f"000{number}") for number in range(1, 5)]
    assert [copy.exists() for copy in kept] == [False, False, True, True]
    assert kept[3].name == "paybot.db.before-0004.bak"
    assert other.exists()


@pytest.fixture
def an_older_revision(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if there had been a revision before this one, and migrating took a table away."""

    def upgrade(connection: Connection) -> None:
        connection.execute(text("DELETE FROM payments"))
        connection.execute(text(f"UPDATE alembic_version SET version_num = '{HEAD}'"))

    monkeypatch.setattr("bot.storage.migrations.run.known_revisions", lambda: frozenset({"0000", HEAD}))
    monkeypatch.setattr("bot.storage.migrations.run.upgrade", upgrade)


async def aged(url: str) -> Path:
    """A database with a payment, one revision back."""
    database = Database(url)
    await database.open()
    await keep_payment(database)
    async with database.begin() as tx:
        await tx.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    await database.close()
    assert database.path is not None
    return database.path


@pytest.mark.usefixtures("an_older_revision")
async def test_a_copy_is_kept_before_a_migration(migrated_sqlite_url: str) -> None:
    """By itself, beside the database, as it was; a new database has nothing to keep."""
    path = await aged(migrated_sqlite_url)
    database = Database(migrated_sqlite_url)
    await database.open()
    await database.close()
    kept = path.with_name(f"{path.name}.before-0000.bak")
    assert (revision_in(path), counted(path)) == (HEAD, (0, 0))
    assert (revision_in(kept), counted(kept)) == ("0000", (1, 0))


@pytest.mark.usefixtures("an_older_revision")
async def test_without_a_copy_nothing_is_migrated(migrated_sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk is told in one line, and everything is as before."""
    path = await aged(migrated_sqlite_url)

    def no_room(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("bot.storage.backup.tempfile.mkstemp", no_room)
    with pytest.raises(DatabaseError, match=r"No space left.*make room") as refused:
        await Database(migrated_sqlite_url).open()
    assert "\n" not in str(refused.value)
    assert (revision_in(path), counted(path)) == ("0000", (1, 0))


async def test_a_new_database_has_nothing_to_keep(sqlite_url: str, tmp_path: Path) -> None:
    """The first start leaves one database."""
    database = Database(sqlite_url)
    await database.open()
    await database.close()
    assert names_in(tmp_path) == {"paybot.db", "paybot.db.lock"}


async def test_a_shell_command_writes_beside_the_holder_of_the_lock_file(migrated_sqlite_url: str) -> None:
    """One short transaction, without a checkpoint of its own."""
    running, beside = Database(migrated_sqlite_url), Database(migrated_sqlite_url)
    await running.open()
    await beside.open_existing()
    await keep_notice(beside, "from the shell")
    async with beside.begin() as tx:
        assert (await tx.execute(text("PRAGMA wal_autocheckpoint"))).scalar_one() == 0
    await beside.close()
    async with running.begin() as tx:
        await inbox.store(tx, [Arrived(1, 1, {})], T0)
        assert (await tx.execute(text("SELECT count(*) FROM outbox"))).scalar_one() == 1
    await running.close()


async def test_what_is_not_there_is_not_made(sqlite_url: str, postgres_url: str, tmp_path: Path) -> None:
    """A mistyped path must not look like an empty outbox."""
    for url in (sqlite_url, postgres_url):
        with pytest.raises(NotThereYet, match="paybot db upgrade"):
            await Database(url).open_existing()
    assert names_in(tmp_path) == set()


@pytest.mark.parametrize(("revision", "mend"), [("0000", "run `paybot db upgrade`"), ("9999", "update paybot")])
async def test_another_revision_is_refused_with_the_mend(
    migrated_url: str, monkeypatch: pytest.MonkeyPatch, revision: str, mend: str
) -> None:
    """Older: a migration first. Newer: another program."""
    monkeypatch.setattr("bot.storage.migrations.run.known_revisions", lambda: frozenset({"0000", HEAD}))
    database = Database(migrated_url)
    await database.open_existing()
    async with database.begin() as tx:
        await tx.execute(text(f"UPDATE alembic_version SET version_num = '{revision}'"))
    await database.close()
    with pytest.raises(DatabaseError, match=mend):
        await Database(migrated_url).open_existing()


async def test_a_file_that_is_no_database_is_refused_beside_too(tmp_path: Path) -> None:
    """In one line that names the variable."""
    path = tmp_path / "notes.txt"
    path.write_text("not a database at all " * 100)
    with pytest.raises(DatabaseError, match=r"DATABASE_URL.*paybot db restore FILE.*mend the path"):
        await Database(f"sqlite:///{path}").open_existing()
