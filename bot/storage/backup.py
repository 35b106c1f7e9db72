"""Copies of a SQLite database as one file, consistent while others write.

`VACUUM INTO` reads within one transaction, so a writer neither waits nor is seen half way; the copy is compact and
without a WAL beside it.
"""

import os
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Final

_BUSY_SECONDS: Final = 10.0
_KEPT: Final = 2
"""How many copies from before migrations stay."""


class BackupError(Exception):
    """A copy could not be made, or is none; the text is why, in a few words."""


def copy_file(path: Path, target: Path) -> None:
    """Writes the database at `path` to `target` (readable by its owner alone; replaced whole, or left as it was).

    Raises `BackupError`.
    """
    part = None
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)  # mode 0600
        os.close(handle)
        part = Path(name)
        with closing(_connect(path)) as source:
            source.execute("VACUUM INTO ?", (name,))
        _write_through(part)
        part.replace(target)
    except (OSError, sqlite3.Error) as error:
        raise BackupError(_reason(error)) from None
    finally:
        if part is not None:
            part.unlink(missing_ok=True)


def keep_before_migration(path: Path, revision: str) -> Path:
    """Copies a database that is about to be migrated next to it, and drops all but the last two such copies.

    Returns the copy's path. Raises `BackupError`.
    """
    kept = path.with_name(f"{path.name}.before-{revision}.bak")
    copy_file(path, kept)
    copies = [found for found in path.parent.iterdir() if _is_copy(found.name, path.name)]
    copies.sort(key=lambda found: found.stat().st_mtime_ns)
    for old in copies[:-_KEPT]:
        old.unlink(missing_ok=True)
    return kept


def revision_in(path: Path) -> str:
    """The revision of the database in a file. Raises `BackupError` where it is none of ours."""
    try:
        if not path.stat().st_size:
            raise BackupError("it is empty")
        with closing(_connect(path)) as source:
            (damage,) = source.execute("PRAGMA quick_check(1)").fetchone()
            if damage != "ok":
                raise BackupError("it is damaged")
            row = source.execute("SELECT version_num FROM alembic_version").fetchone()
    except OSError as error:
        raise BackupError(_reason(error)) from None
    except sqlite3.Error:
        raise BackupError("it is no paybot database") from None
    if row is None:
        raise BackupError("it is no paybot database")
    return str(row[0])


def _connect(path: Path) -> sqlite3.Connection:
    # As a URI, so that a file that is not there is not made.
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=_BUSY_SECONDS, isolation_level=None
    )


def _write_through(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _is_copy(name: str, of: str) -> bool:
    revision = name.removeprefix(f"{of}.before-").removesuffix(".bak")
    return name == f"{of}.before-{revision}.bak"


def _reason(error: OSError | sqlite3.Error) -> str:
    return (error.strerror or type(error).__name__) if isinstance(error, OSError) else str(error)
