"""Opening a database: migrations, the lock file, one line for what the operator has to mend."""

import asyncio
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from bot.storage.engine import Database, DatabaseError
from bot.storage.migrations import HEAD
from bot.storage.migrations.run import config
from bot.storage.tables import metadata


def test_the_head_named_in_the_program_is_alembics() -> None:
    """`HEAD` spares Alembic's import at start; it must be what Alembic would find."""
    assert ScriptDirectory.from_config(config()).get_heads() == [HEAD]


async def test_migrations_leave_the_tables_the_program_expects(database: Database) -> None:
    """No column, index or constraint of `tables.py` is missing from the migrations, nor the other way round."""

    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    async with database.begin() as tx:
        assert await tx.run_sync(differences) == []


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
    with pytest.raises(DatabaseError, match="newer.*update paybot"):
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
    from bot.storage.engine import is_out_of_reach

    database = Database(f"postgresql://postgres@/none?host={tmp_path}")
    with pytest.raises(Exception) as failed:  # noqa: PT011, B017  # which one is the driver's business
        await database.open()
    assert is_out_of_reach(failed.value)
    assert not isinstance(failed.value, DatabaseError)
