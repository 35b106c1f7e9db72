"""`paybot db`: bringing the database up to date, copies of it, moving it, dropping what is past its retention."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import typer

from bot.settings import Settings, checked_database_url
from bot.shell import ShellError, ToBeMended
from bot.shell.session import database_beside
from bot.storage import copying, restoring
from bot.storage.backup import BackupError, copy_file, revision_in
from bot.storage.engine import Database, DatabaseError
from bot.storage.lease import RENEW_EVERY, Lease
from bot.storage.migrations import HEAD
from bot.storage.purge import purge_all


async def upgrade(settings: Settings) -> int:
    """Migrates, unless that is done: then a running bot is not in the way."""
    database = Database(settings.database_url)
    try:
        await database.open_existing()
    except DatabaseError:
        await database.open()
        typer.echo(f"✓ The database is now at revision {HEAD}.")
    else:
        typer.echo(f"✓ The database is at revision {HEAD} already.")
    finally:
        await database.close()
    return 0


async def purge_now(settings: Settings) -> int:
    """The hourly job's work."""
    async with database_beside(settings) as database:
        dropped = await purge_all(database, datetime.now(UTC))
    typer.echo(f"✓ {dropped} rows past their retention dropped.")
    return 0


@dataclass(frozen=True, slots=True)
class Backup:
    """`paybot db backup`."""

    file: Path
    force: bool

    async def __call__(self, settings: Settings) -> int:
        """Writes the file (mode 0600) whole or not at all, while the bot runs."""
        target = self.file
        if target.exists() and not self.force:
            raise ShellError(f"{target} is there already: give another name, or --force to replace it.")
        path = Database(settings.database_url).path
        if path is not None:
            _expect_there(path)
            _expect_another(target, path)
        try:
            if path is not None:
                await asyncio.to_thread(copy_file, path, target)
            else:
                async with database_beside(settings) as database:
                    await _write_file(database, target)
        except (BackupError, OSError) as error:
            raise ShellError(f"{target} cannot be written ({error}): choose a folder with room and rights.") from None
        typer.echo(f"✓ {target} holds the database ({_size(target)}). It holds people's messages: keep it safe.")
        return 0


@dataclass(frozen=True, slots=True)
class Restore:
    """`paybot db restore`."""

    file: Path
    yes: bool

    async def __call__(self, settings: Settings) -> int:
        """Puts a backup in the place of all that is there, in one transaction; old news is put aside."""
        _expect_backup(self.file, settings)
        with tempfile.TemporaryDirectory(prefix="paybot-restore-") as folder:
            # On a copy: a backup of an older paybot is migrated first, and stays as it is.
            copy = Path(folder) / "backup.db"
            await _attempt(self.file, copy)
            async with _opened_backup(copy, self.file) as source, held(settings.database_url) as target:
                async with target.begin() as tx:
                    found = await copying.rows_in(tx)
                if found and not self.yes:
                    raise ShellError(f"the database is not empty ({_sum(found)} rows): --yes puts the backup over it.")
                kept = await _keep(target) if found else None
                async with copying.snapshot(source) as reading, target.begin() as writing:
                    rows = await copying.replace_all(reading, writing)
                    aside = await restoring.put_old_aside(writing, datetime.now(UTC))
        _tell(rows)
        typer.echo(f"✓ {self.file} is restored. Put aside, so that nobody hears old news: {aside.messages} messages, "
                   f"{aside.asks} asks, {aside.watches} watches that were over.")  # fmt: skip
        if kept:
            typer.echo(f"What was there before is kept in {kept}.")
        return 0


@dataclass(frozen=True, slots=True)
class Copy:
    """`paybot db copy`."""

    url: str

    async def __call__(self, settings: Settings) -> int:
        """Copies everything to another, empty database; the bot must not run meanwhile, or what it does is lost."""
        try:
            url = checked_database_url(self.url)
        except ValueError as error:
            raise ToBeMended(f"{error}.") from None
        if url == settings.database_url:
            raise ToBeMended("that is DATABASE_URL itself: give the URL of another, empty database.")
        if path := Database(settings.database_url).path:
            _expect_there(path)
        async with held(settings.database_url) as source, held(url, name="the new database") as target:
            async with target.begin() as tx:
                if found := await copying.rows_in(tx):
                    raise ShellError(f"the new database is not empty ({_sum(found)} rows): give an empty one.")
            async with copying.snapshot(source) as reading:
                expected = await copying.rows_in(reading)
                async with target.begin() as writing:
                    rows = await copying.replace_all(reading, writing)
                    if rows != expected:
                        raise ShellError("the counts of rows differ after copying: nothing was kept, try again.")
        _tell(rows)
        typer.echo("✓ Copied, and counted on both sides. Set DATABASE_URL to the new database and start the bot.")
        return 0


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    """A database, migrated and ours alone (SQLite)."""
    database = Database(url)
    await database.open()
    try:
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def held(url: str, *, name: str = "the database") -> AsyncIterator[Database]:
    """A database on which no bot works, nor begins to: by the lock file, or by the lease (PostgreSQL)."""
    async with opened(url) as database:
        lease = Lease(database, "paybot db")
        if not await lease.take():
            await lease.disconnect()
            raise ShellError(f"a bot is working on {name}: stop every `paybot run`, wait ten seconds, try again.")
        renewing = asyncio.create_task(_renew(lease))
        try:
            yield database
        finally:
            renewing.cancel()
            await asyncio.gather(renewing, return_exceptions=True)
            with suppress(Exception):
                await lease.release()


@asynccontextmanager
async def _opened_backup(copy: Path, file: Path) -> AsyncIterator[Database]:
    """A copy of the backup `file`, brought up to date."""
    database = Database(f"sqlite:///{copy}")
    try:
        await database.open()
    except DatabaseError as error:
        raise ShellError(f"{file}: {str(error).removeprefix('DATABASE_URL: ')}") from None
    try:
        yield database
    finally:
        await database.close()


async def _renew(lease: Lease) -> None:
    while await lease.renew():  # noqa: ASYNC110  # a pulse, not a wait
        await asyncio.sleep(RENEW_EVERY.total_seconds())


async def _write_file(database: Database, target: Path) -> None:
    """A PostgreSQL database as a SQLite file, of one moment."""
    with tempfile.TemporaryDirectory(prefix=".paybot-backup-", dir=target.parent) as folder:
        part = Path(folder) / "backup.db"
        async with opened(f"sqlite:///{part}") as copy, copying.snapshot(database) as reading, copy.begin() as writing:
            await copying.replace_all(reading, writing)
        await asyncio.to_thread(copy_file, part, target)


async def _keep(database: Database) -> Path | None:
    """What a restore is going to replace (SQLite)."""
    if database.path is None:
        return None
    kept = database.path.with_name(f"{database.path.name}.before-restore.bak")
    await _attempt(database.path, kept)
    return kept


async def _attempt(path: Path, target: Path) -> None:
    try:
        await asyncio.to_thread(copy_file, path, target)
    except BackupError as error:
        raise ShellError(f"{path} cannot be copied to {target} ({error}): make room, and mend its rights.") from None


def _expect_backup(file: Path, settings: Settings) -> None:
    try:
        revision_in(file)
    except BackupError as error:
        raise ShellError(f"{file} is no backup that can be restored ({error}): give a file of `db backup`.") from None
    path = Database(settings.database_url).path
    if path is not None:
        _expect_another(file, path)


def _expect_there(path: Path) -> None:
    """Raises `DatabaseError` where there is no database to copy; opening it would make an empty one."""
    if not path.exists():
        raise DatabaseError(f"DATABASE_URL: there is no {path}: mend the path.")


def _expect_another(file: Path, path: Path) -> None:
    if file.exists() and path.exists() and file.samefile(path):
        raise ToBeMended(f"{file} is the database itself: give another file.")


def _tell(rows: Mapping[str, int]) -> None:
    for table, count in rows.items():
        typer.echo(f"  {table}: {count}")


def _sum(rows: Mapping[str, int]) -> int:
    return sum(rows.values())


def _size(file: Path) -> str:
    return f"{max(file.stat().st_size // 1024, 1)} KiB"
