"""The database: opening it, bringing it up to date, transactions.

SQLite: one connection that writes (WAL, `synchronous=FULL`, `BEGIN IMMEDIATE`) behind a lock file, as deferred
upgrades fail at once and old versions can corrupt a WAL with two writers. PostgreSQL: a small pool.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

import structlog
from sqlalchemy import text
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, SQLAlchemyError, TimeoutError as PoolTimeout

from bot.storage.backup import BackupError, keep_before_migration
from bot.storage.connecting import postgres_engine
from bot.storage.lock_file import take_lock
from bot.storage.migrations import HEAD
from bot.storage.migrations.fresh import create_all
from bot.storage.refusals import DatabaseError, NotThereYet, mend_of
from bot.storage.sharing import Sharing
from bot.storage.sqlite import SqliteEngine
from bot.storage.trouble import FILE_GONE, DatabaseAway, Trouble, is_trouble, mend_of_file, problem_of
from bot.storage.tx import WROTE, Tx

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

__all__ = ["Database", "DatabaseError", "NotThereYet", "Tx", "is_out_of_reach"]

# Any constant will do; it only has to be the same in every process.
_MIGRATION_LOCK: Final = 7_095_104


def is_out_of_reach(error: BaseException) -> bool:
    """Whether an error means "not now" rather than a mistake of ours, or a value that no try will make fit."""
    away = isinstance(error, DatabaseAway | DBAPIError | PoolTimeout | OSError | TimeoutError)
    return away and not isinstance(error, DataError)


class Database:
    """One database, opened once. Nothing happens before `open`."""

    def __init__(self, url: str) -> None:
        """`url`: `sqlite:///file` or `postgresql://…`, as DATABASE_URL has it."""
        self._url = url
        self._path = Path(url.removeprefix("sqlite:///")) if url.startswith("sqlite:") else None
        self._lock: IO[str] | None = None
        self._engine: AsyncEngine | SqliteEngine | None = None
        self._file: tuple[int, int] | None = None
        self._asking: asyncio.Task[bool | None] | None = None
        self.trouble = Trouble()
        """What is the matter with it, if anything."""
        self.share = Sharing(self.begin, one_writer=self.is_sqlite)
        """For a short transaction that others of the same moment may be part of."""

    @property
    def is_sqlite(self) -> bool:
        """Whether only one process can work on it."""
        return self._path is not None

    @property
    def path(self) -> Path | None:
        """The file (SQLite)."""
        return self._path

    @property
    def engine(self) -> "AsyncEngine | SqliteEngine":
        """What transactions begin with. Raises `DatabaseError` before `open`."""
        if self._engine is None:
            raise DatabaseError("DATABASE_URL: the database is not open.")
        return self._engine

    @property
    def postgres(self) -> "AsyncEngine":
        """SQLAlchemy's engine, for connections of one's own. Raises `DatabaseError` before `open`, and on SQLite."""
        if isinstance(self.engine, SqliteEngine):
            raise DatabaseError("DATABASE_URL: SQLite has one connection.")
        return self.engine

    async def open(self) -> None:
        """Takes the lock file (SQLite), connects and migrates. Raises `DatabaseError`, or an error for which
        `is_out_of_reach` holds where PostgreSQL does not answer yet."""
        try:
            if self._path is not None:
                self._lock = take_lock(self._path)
            self._engine = self._connect()
            await self._migrate()
            self._file = self._file_there()
        except DBAPIError as error:
            await self.close()
            raise self._refusal(error) or error from None
        except BaseException:
            await self.close()
            raise

    async def open_patiently(self) -> None:
        """As `open`, but waits where it is only away, and logs that. Raises `DatabaseError`."""
        pause = 0.2
        while True:
            try:
                return await self.open()
            except Exception as error:
                if isinstance(error, DatabaseError) or not is_out_of_reach(error):
                    raise
                self.trouble.note(error)
            await asyncio.sleep(pause)
            pause = min(pause * 2, 5)

    async def open_existing(self) -> None:
        """As `open_beside`, but makes and migrates nothing. Raises `NotThereYet` where there is no database of ours,
        `DatabaseError` where it is of another revision than this program's."""
        if self._path is not None and not self._path.exists():
            raise NotThereYet(
                f"DATABASE_URL: there is no {self._path} yet: `paybot run` or `paybot db upgrade` makes it."
            )
        try:
            self._engine = self._connect(checkpoints=False)
            async with self.engine.begin() as tx:
                self._expect_head(await self._revision(tx))
        except DBAPIError as error:
            await self.close()
            raise self._refusal(error) or error from None
        except BaseException:
            await self.close()
            raise

    async def open_beside(self) -> None:
        """For a shell command that writes one short transaction, also while `run` holds the lock file (SQLite). What
        is not there yet is made, or brought up to date, as by `open`. Raises what `open` raises."""
        if self._path is None or not self._path.exists():
            await self.open()
            return
        self._engine = self._connect(checkpoints=False)
        try:
            async with self.engine.begin() as tx:
                is_up_to_date = await self._revision(tx) == HEAD
        except DBAPIError as error:
            await self.close()
            raise self._refusal(error) or error from None
        if not is_up_to_date:
            await self.close()
            await self.open()

    async def close(self) -> None:
        """Closes all connections and gives the lock file back."""
        if self._engine is not None:
            await self._engine.dispose()
            self._engine = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Tx]:
        """A transaction: committed at the end, rolled back on any exception. Never hold it over outside I/O.

        Raises `DatabaseAway` where the database is at fault, and logs that, once for all that run into it.
        """
        try:
            self._expect_our_file()
            async with self.engine.begin() as tx:
                tx.info.pop(WROTE, None)
                yield tx
                wrote = tx.info.pop(WROTE, False)
        except Exception as error:
            if not is_trouble(error):
                raise
            self.trouble.note(error)
            raise DatabaseAway(problem_of(error)) from error
        if wrote:
            self.trouble.is_over()

    async def is_current(self) -> bool | None:
        """Whether it has this program's revision; None where it does not answer within two seconds."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask_whether_current())
        # One that is stuck is left alone, and is what the next one waits for.
        await asyncio.wait([self._asking], timeout=2)
        return self._asking.result() if self._asking.done() else None

    async def _ask_whether_current(self) -> bool | None:
        try:
            self._expect_our_file()
            async with self.engine.begin() as tx:
                return await self._revision(tx) == HEAD
        except (SQLAlchemyError, OSError, TimeoutError, DatabaseError, DatabaseAway):
            return None

    def _file_there(self) -> tuple[int, int] | None:
        """Which file lies at our path (SQLite)."""
        if self._path is None:
            return None
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def _expect_our_file(self) -> None:
        # SQLite writes on into a file that was deleted, and all of it is gone at the end.
        if self._file is not None and self._file_there() != self._file:
            raise DatabaseAway(FILE_GONE)

    def _refusal(self, error: DBAPIError) -> DatabaseError | None:
        """What the operator has to mend; None where the database is only away."""
        if self._path is not None:
            mend, name = mend_of_file(error), f"{self._path} cannot be used ({error.orig}):"
        else:
            mend, name = mend_of(str(error.orig), getattr(error.orig, "sqlstate", None)), "PostgreSQL"
        return DatabaseError(f"DATABASE_URL: {name} {mend}") if mend else None

    def _connect(self, *, checkpoints: bool = True) -> "AsyncEngine | SqliteEngine":
        if self._path is not None:
            return SqliteEngine(self._path, checkpoints=checkpoints)
        try:
            return postgres_engine(self._url)
        except (ArgumentError, ValueError):
            raise DatabaseError(
                "DATABASE_URL: give postgresql://user:password@host:5432/database, with %40 for an @ in the password."
            ) from None
        except ModuleNotFoundError:
            raise DatabaseError(
                "DATABASE_URL: PostgreSQL needs its driver: install paybot[postgres] (pip install 'paybot[postgres]')."
            ) from None

    async def _migrate(self) -> None:
        """Up to `HEAD`, one process at a time. Alembic and its 18 MB are only for what is older."""
        async with self.engine.begin() as tx:
            if not self.is_sqlite:
                # Another process may be at it for a while.
                await tx.execute(text("SET LOCAL lock_timeout = '1min'"))
                await tx.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
            current = await self._revision(tx)
            if current == HEAD:
                return
            if current is None:
                await tx.run_sync(create_all)
            else:
                await self._upgrade(tx, current)
        structlog.get_logger("storage").info("database migrated", before=current, now=HEAD)

    async def _upgrade(self, tx: Tx, current: str) -> None:
        from bot.storage.migrations.run import known_revisions, upgrade

        if current not in known_revisions():
            raise _newer(current)
        if self._path is not None:
            await self._keep_copy(self._path, current)
        await tx.run_sync(upgrade)

    async def _keep_copy(self, path: Path, revision: str) -> None:
        try:
            # A reader beside our open transaction: it sees what was committed before.
            kept = await asyncio.to_thread(keep_before_migration, path, revision)
        except BackupError as error:
            raise DatabaseError(
                f"DATABASE_URL: no copy of {path} can be kept before the migration ({error}): make room beside it."
            ) from None
        structlog.get_logger("storage").info("copy kept", file=str(kept))

    def _expect_head(self, current: str | None) -> None:
        if current is None:
            raise NotThereYet("DATABASE_URL: the database is empty: `paybot run` or `paybot db upgrade` sets it up.")
        if current == HEAD:
            return
        from bot.storage.migrations.run import known_revisions

        if current not in known_revisions():
            raise _newer(current)
        raise DatabaseError(
            f"DATABASE_URL: the database is at revision {current}, this paybot needs {HEAD}: run `paybot db upgrade`."
        )

    async def _revision(self, tx: Tx) -> str | None:
        there = (
            "SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'"
            if self.is_sqlite
            else "SELECT 1 WHERE to_regclass('alembic_version') IS NOT NULL"
        )
        if (await tx.execute(text(there))).first() is None:
            return None
        return (await tx.execute(text("SELECT version_num FROM alembic_version"))).scalar_one_or_none()


def _newer(revision: str) -> DatabaseError:
    return DatabaseError(
        f"DATABASE_URL: the database is newer (revision {revision}) than this paybot: "
        "update paybot, or restore a copy made before into an empty database."
    )
