"""One process at a time works on a SQLite file: a lock beside it, which the operating system gives back by itself."""

import fcntl
from pathlib import Path
from typing import IO

from bot.storage.refusals import DatabaseError


def take_lock(path: Path) -> IO[str]:
    """The lock on a database's file, held until it is closed. Raises `DatabaseError`."""
    lock_path = path.with_name(path.name + ".lock")
    try:
        lock_path.parent.mkdir(parents=True, exist_ok=True)
        lock = lock_path.open("w", encoding="utf-8")
    except OSError as error:
        raise DatabaseError(
            f"DATABASE_URL: {lock_path} cannot be written ({error.strerror}): choose a folder that can be."
        ) from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise DatabaseError(
            f"DATABASE_URL: {path} is in use by another paybot: stop that one, or give this one its own database."
        ) from None
    return lock
