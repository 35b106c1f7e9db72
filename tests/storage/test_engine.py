"""Opening a database: migrations, the lock file, one line for what the operator has to mend."""

import asyncio
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text
from sqlalchemy.engine.interfaces import ReflectedIndex
from sqlalchemy.exc import DBAPIError

from bot.storage import inbox
from bot.storage.engine import Database, DatabaseError, is_out_of_reach
from bot.storage.inbox import Arrived
from bot.storage.migrations import HEAD
from bot.storage.migrations.run import config, upgrade
from bot.storage.tables import metadata
from tests.storage.making import T0


def test_the_head_named_in_the_program_is_alembics() -> None:
    """`HEAD` spares Alembic's import at start; it must be what Alembic would find."""
    assert ScriptDirectory.from_config(config()).get_heads() == [HEAD]


def _worded(index: ReflectedIndex) -> dict[str, str]:
    return {name: str(option) for name, option in index.get("dialect_options", {}).items()}


def laid_out(connection: Connection) -> dict[str, object]:
    """Each table with its columns, keys, constraints and indexes."""
    tables = inspect(connection)
    return {
        name: (
            [{key: str(value) for key, value in column.items()} for column in tables.get_columns(name)],
            tables.get_pk_constraint(name),
            sorted(map(str, tables.get_foreign_keys(name))),
            sorted(map(str, tables.get_unique_constraints(name))),
            sorted(str(index | {"dialect_options": _worded(index)}) for index in tables.get_indexes(name)),
        )
        for name in tables.get_table_names()
    }


async def test_migrations_leave_what_a_new_database_is_made_as(database_url: str) -> None:
    """Column for column, in the same order; and no column, index or constraint of `tables.py` is missing, nor the
    other way round."""

    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    database = Database(database_url)
    await database.open()
    async with database.begin() as tx:
        made = await tx.run_sync(laid_out)
        assert await tx.run_sync(differences) == []
        await tx.run_sync(metadata.drop_all)
        await tx.execute(text("DROP TABLE alembic_version"))
        await tx.run_sync(upgrade)
        assert await tx.run_sync(laid_out) == made
        assert len(made) == len(metadata.tables) + 1
        assert (await tx.execute(text("SELECT version_num FROM alembic_version"))).scalar_one() == HEAD
    await database.close()


async def test_opening_again_migrates_nothing(database_url: str) -> None:
    """A second start finds the head and leaves everything as it is."""
    for _ in range(2):
        database = Database(database_url)
        await database.open()
        async with database.begin() as tx:
            assert (await tx.execute(text("SELECT version_num FROM alembic_version"))).scalar_one() == HEAD
        await database.close()


async def test_starts_at_the_same_moment_migrate_once(postgres_url: str) -> None:
    """Several processes may start at once on PostgreSQL: one migrates, the others wait and find it done."""
    databases = [Database(postgres_url) for _ in range(4)]
    await asyncio.gather(*(database.open() for database in databases))
    async with databases[0].begin() as tx:
        assert (await tx.execute(text("SELECT count(*) FROM alembic_version"))).scalar_one() == 1
    for database in databases:
        await database.close()


async def test_a_second_run_on_one_sqlite_file_is_refused(sqlite_url: str) -> None:
    """The lock file keeps two processes off one file, in one line that says what to do."""
    first, second = Database(sqlite_url), Database(sqlite_url)
    await first.open()
    with pytest.raises(DatabaseError, match="in use by another paybot") as refused:
        await second.open()
    assert "\n" not in str(refused.value)
    await first.close()
    await second.open()
    await second.close()


async def test_a_newer_database_is_refused(database_url: str) -> None:
    """A program older than the database must not write to it."""
    database = Database(database_url)
    await database.open()
    async with database.begin() as tx:
        await tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    await database.close()
    with pytest.raises(DatabaseError, match=r"newer.*update paybot, or restore a copy made before into an empty"):
        await Database(database_url).open()


async def test_a_file_that_is_no_database_is_refused_in_one_line(tmp_path: Path) -> None:
    """A wrong path names the variable."""
    path = tmp_path / "notes.txt"
    path.write_text("not a database at all, but long enough to look like something " * 20)
    database = Database(f"sqlite:///{path}")
    with pytest.raises(DatabaseError, match="DATABASE_URL") as refused:
        await database.open()
    assert "\n" not in str(refused.value)
    await database.close()


async def test_an_unreachable_postgres_is_not_a_mistake_of_the_operators(tmp_path: Path) -> None:
    """Out of reach is waited out by the caller, so it is no `DatabaseError`."""
    database = Database(f"postgresql://postgres@/none?host={tmp_path}")
    with pytest.raises(Exception) as failed:  # which one is the driver's business
        await database.open()
    assert is_out_of_reach(failed.value)
    assert not isinstance(failed.value, DatabaseError)


@pytest.mark.parametrize("url", ["postgresql://host:port/name", "postgresql://[::1/name", "postgresql://"])
async def test_a_url_that_is_none_is_refused_in_one_line(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiting would not mend it; an empty one means libpq's own defaults, and is tried."""
    monkeypatch.setenv("PGHOST", "/nowhere")
    with pytest.raises((DatabaseError, DBAPIError)) as refused:
        await Database(url).open()
    if isinstance(refused.value, DatabaseError):
        assert str(refused.value).startswith("DATABASE_URL: give postgresql://")
        assert "\n" not in str(refused.value)
    else:
        assert url == "postgresql://"


async def test_a_missing_driver_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL's driver is an extra."""

    def lacking(*_: object, **__: object) -> None:
        raise ModuleNotFoundError("No module named 'psycopg'")

    monkeypatch.setattr("sqlalchemy.ext.asyncio.create_async_engine", lacking)
    with pytest.raises(DatabaseError, match=r"install paybot\[postgres\]"):
        await Database("postgresql://host/name").open()


async def test_a_folder_that_cannot_be_written_is_refused_in_one_line(tmp_path: Path) -> None:
    """The lock file is the first thing written."""
    (tmp_path / "file").touch()
    with pytest.raises(DatabaseError, match="cannot be written") as refused:
        await Database(f"sqlite:///{tmp_path / 'file' / 'paybot.db'}").open()
    assert "\n" not in str(refused.value)


async def test_a_folder_in_the_place_of_the_file_gives_the_lock_back(tmp_path: Path) -> None:
    """A failed start leaves nothing behind that stops the next one."""
    url = f"sqlite:///{tmp_path / 'paybot.db'}"
    (tmp_path / "paybot.db").mkdir()
    with pytest.raises(DatabaseError, match="check the file and its rights"):
        await Database(url).open()
    (tmp_path / "paybot.db").rmdir()
    database = Database(url)
    await database.open()
    await database.close()


async def test_missing_folders_are_made(tmp_path: Path) -> None:
    """A fresh volume is empty."""
    database = Database(f"sqlite:///{tmp_path / 'a' / 'b' / 'pay%20bot.db'}")
    await database.open()
    await database.close()
    assert (tmp_path / "a" / "b" / "pay%20bot.db").exists()


async def test_whether_it_answers_is_told_and_never_raised(database: Database) -> None:
    """Before, while and after it is open."""
    assert await database.is_current() is True
    async with database.begin() as tx:
        await tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert await database.is_current() is False
    await database.close()
    assert await database.is_current() is None
    assert await Database("sqlite:///never-opened.db").is_current() is None


async def test_a_transaction_is_undone_on_any_exception(database: Database) -> None:
    """Half of what belongs together is worse than nothing."""
    with pytest.raises(RuntimeError):
        async with database.begin() as tx:
            await inbox.store(tx, [Arrived(1, 1, {})], T0)
            raise RuntimeError
    async with database.begin() as tx:
        assert await inbox.waiting(tx, 9, []) == []


async def test_an_error_does_not_tell_what_was_written(database: Database) -> None:
    """Updates hold people's names, and errors go into the log."""
    with pytest.raises(DBAPIError) as failed:
        async with database.begin() as tx:
            await tx.execute(text("SELECT :name FROM nowhere"), {"name": "Budi Santoso"})
    assert "Budi" not in str(failed.value)


async def test_sqlite_is_set_for_durability(migrated_sqlite_url: str) -> None:
    """A commit is on the disk; a reader never waits for the writer."""
    database = Database(migrated_sqlite_url)
    await database.open()
    async with database.begin() as tx:
        found = {
            name: (await tx.execute(text(f"PRAGMA {name}"))).scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    await database.close()
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


async def test_a_command_writes_beside_a_run(database_url: str) -> None:
    """Made where it is not there yet; while another holds the lock file, one short transaction is let in."""
    command, run = Database(database_url), Database(database_url)
    await command.open_beside()
    await command.close()
    await run.open()
    async with run.begin() as tx:
        await inbox.store(tx, [Arrived(1, 5, {})], T0)
    await command.open_beside()
    async with command.begin() as tx:
        await inbox.store(tx, [Arrived(2, 5, {})], T0)
    await command.close()
    async with run.begin() as tx:
        assert len(await inbox.waiting(tx, 9, [])) == 2
    await run.close()


async def test_a_command_is_refused_where_the_file_is_no_database(tmp_path: Path) -> None:
    """In one line, as a run is."""
    (tmp_path / "paybot.db").write_text("no database at all, but long enough to look like something else" * 20)
    with pytest.raises(DatabaseError, match="cannot be used"):
        await Database(f"sqlite:///{tmp_path / 'paybot.db'}").open_beside()


async def test_a_command_does_not_migrate_under_a_run(sqlite_url: str) -> None:
    """An older database that is in use is left to the process that holds it."""
    run = Database(sqlite_url)
    await run.open()
    async with run.begin() as tx:
        await tx.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    with pytest.raises(DatabaseError, match="in use by another paybot"):
        await Database(sqlite_url).open_beside()
    await run.close()
