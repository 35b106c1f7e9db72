"""Trouble with the database is told from mistakes of ours, and said in a line."""

import asyncio
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest
import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError, TimeoutError as PoolTimeout

from bot.storage import connecting, inbox, sqlite
from bot.storage.engine import Database, DatabaseError, is_out_of_reach
from bot.storage.inbox import Arrived
from bot.storage.trouble import DatabaseAway, Trouble, is_trouble, log_failure
from tests.storage.making import T0


@contextmanager
def locked(url: str) -> Iterator[None]:
    """Another program holds what is to be written."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
        return
    with psycopg.connect(url) as holder:
        holder.execute("LOCK TABLE inbox")
        yield
        holder.rollback()


def overwrite_page(path: Path, number: int) -> None:
    """As a bad disk does; pages are counted from 1."""
    with path.open("r+b") as file:
        file.seek((number - 1) * 4096)
        file.write(b"\xff" * 4096)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Locks are waited for shortly."""
    for each in (connecting, sqlite):
        monkeypatch.setattr(each, "BUSY_MS", 50)


@pytest.mark.usefixtures("impatient")
async def test_what_is_locked_is_given_up_and_told(migrated_url: str) -> None:
    """Also on PostgreSQL, which by itself waits without end; afterwards all goes on."""
    database = Database(migrated_url)
    await database.open()
    with structlog.testing.capture_logs() as lines:
        with locked(migrated_url):
            for _ in range(3):
                with pytest.raises(DatabaseAway, match="locked by another program"):
                    async with database.begin() as tx:
                        await inbox.store(tx, [Arrived(1, 1, {})], T0)
            assert database.trouble.problem == "locked by another program"
        async with database.begin() as tx:
            assert await inbox.waiting(tx, 9, []) == []
        assert database.trouble.problem is not None, "reading proves nothing"
        async with database.begin() as tx:
            await inbox.store(tx, [Arrived(1, 1, {})], T0)
        assert database.trouble.problem is None
    await database.close()
    assert [(line["event"], line["failed"]) for line in lines] == [("database out of reach", 1), ("database back", 3)]


@pytest.mark.usefixtures("impatient")
async def test_a_file_that_is_locked_at_the_start_is_waited_for(migrated_sqlite_url: str) -> None:
    """No setting would mend it."""
    with locked(migrated_sqlite_url), pytest.raises(DBAPIError) as refused:
        await Database(migrated_sqlite_url).open()
    assert is_out_of_reach(refused.value)
    with locked(migrated_sqlite_url), structlog.testing.capture_logs() as lines, pytest.raises(TimeoutError):
        async with asyncio.timeout(0.6):
            await Database(migrated_sqlite_url).open_patiently()
    assert [line["event"] for line in lines] == ["database out of reach"]


@pytest.mark.parametrize("become", ["deleted", "replaced"])
async def test_a_file_taken_away_takes_nothing_more(migrated_sqlite_url: str, become: str) -> None:
    """SQLite would write on into what is gone; put back in time, all goes on."""
    database = Database(migrated_sqlite_url)
    await database.open()
    assert database.path is not None
    aside = database.path.with_name("aside.db")
    database.path.rename(aside)
    if become == "replaced":
        database.path.write_bytes(aside.read_bytes())
    with pytest.raises(DatabaseAway, match="moved, deleted or replaced"):
        async with database.begin() as tx:
            await inbox.store(tx, [Arrived(1, 1, {})], T0)
    assert await database.is_current() is None
    aside.replace(database.path)
    async with database.begin() as tx:
        await inbox.store(tx, [Arrived(1, 1, {})], T0)
    assert await database.is_current() is True
    await database.close()


async def test_a_damaged_file_is_refused_with_the_mend(migrated_sqlite_url: str) -> None:
    """The first page overwritten, as a bad disk does."""
    overwrite_page(Path(migrated_sqlite_url.removeprefix("sqlite:///")), 1)
    with pytest.raises(DatabaseError, match=r"move it away and put a backup back \(`paybot db restore FILE`\)") as no:
        await Database(migrated_sqlite_url).open()
    assert "\n" not in str(no.value)


async def test_a_damage_met_at_work_is_waited_out_by_name(migrated_sqlite_url: str) -> None:
    """A page further back; nobody's log wants a trace for each try."""
    database = Database(migrated_sqlite_url)
    await database.open()
    assert database.path is not None
    with closing(sqlite3.connect(database.path)) as other:
        (page,) = other.execute("SELECT rootpage FROM sqlite_master WHERE name = 'outbox'").fetchone()
    overwrite_page(database.path, page)
    with pytest.raises(DatabaseAway, match="damaged: stop the bot"):
        async with database.begin() as tx:
            await tx.execute(text("SELECT * FROM outbox"))
    await database.close()


def test_a_mistake_of_ours_is_no_trouble() -> None:
    """SQLite calls a missing table an operational error, too."""
    with closing(sqlite3.connect(":memory:")) as connection:
        with pytest.raises(sqlite3.OperationalError) as ours:
            connection.execute("SELECT * FROM nowhere")
        connection.execute("PRAGMA max_page_count = 2")
        with pytest.raises(sqlite3.OperationalError) as full:
            connection.executescript("CREATE TABLE a (b); CREATE TABLE c (d); CREATE TABLE e (f)")
    assert not is_trouble(OperationalError("SELECT", {}, ours.value))
    assert is_trouble(OperationalError("CREATE", {}, full.value))
    trouble = Trouble()
    trouble.note(OperationalError("CREATE", {}, full.value))
    assert trouble.problem == "its disk is full: make room"


@pytest.mark.parametrize(
    ("state", "said"),
    [("53100", "disk is full"), ("25006", "takes no writes"), ("53300", "no connection"), ("57P01", "^out of reach$")],
)
def test_postgres_is_told_by_its_code(state: str, said: str) -> None:
    """Of its text, which may hold what was written, nothing is taken."""
    error = psycopg.errors.lookup(state)("Budi Santoso")
    trouble = Trouble()
    trouble.note(OperationalError("INSERT", {}, error))
    assert trouble.problem is not None
    assert re.search(said, trouble.problem)


def test_a_pool_without_a_free_connection_is_trouble() -> None:
    """Taken for a mistake, what it kept from being stored was confirmed."""
    assert is_out_of_reach(PoolTimeout())
    assert is_trouble(PoolTimeout())


def test_an_outage_is_a_line_a_minute_however_it_flaps() -> None:
    """A failure a second for five minutes, the odd success between."""
    now = 0.0
    trouble = Trouble(lambda: now)
    with structlog.testing.capture_logs() as lines:
        for second in range(300):
            now = float(second)
            trouble.note(TimeoutError())
            if second % 7 == 6:
                trouble.is_over()
    counted = [line["event"] for line in lines]
    assert counted.count("database out of reach") == 5
    assert counted.count("database back") == 5


def test_trouble_that_nobody_runs_into_any_more_is_forgotten() -> None:
    """A process that stands by writes nothing that would show that it is over."""
    now = 0.0
    trouble = Trouble(lambda: now)
    assert trouble.problem is None
    trouble.note(TimeoutError())
    assert trouble.problem == "out of reach"
    now = 25.0
    assert trouble.problem is None


def test_what_is_said_already_is_a_debug_line() -> None:
    """Anything else is an error; with the place where it happened unless it lies outside."""
    log = structlog.get_logger()
    with structlog.testing.capture_logs() as lines:
        log_failure(log, "job failed", DatabaseAway("locked"), job="look")
        log_failure(log, "job failed", OSError("disk"), job="look")
        log_failure(log, "job failed", KeyError("x"), job="look")
    assert [line["log_level"] for line in lines] == ["debug", "error", "error"]
    assert [bool(line.get("exc_info")) for line in lines] == [False, False, True]
