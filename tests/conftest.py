"""How tests are shared out, and real databases: a SQLite file, and a PostgreSQL server that lives for the run."""

import asyncio
import fcntl
import gc
import os
import shutil
import signal
import sys
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from pathlib import Path
from typing import IO, Any

import hypothesis
import psycopg
import pytest

from bot.storage.engine import Database
from tests.databases import emptied, own_folder, start_postgres

# What is compiled is kept, whatever the environment says: each worker and each process would do it anew.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# Nothing here outlives the run, and to wait for a disk costs time: what is written goes into memory, where the machine
# has room for it.
_IN_MEMORY = Path("/dev/shm")
if "TMPDIR" not in os.environ and os.access(_IN_MEMORY, os.W_OK) and shutil.disk_usage(_IN_MEMORY).free > 4 * 2**30:
    os.environ["TMPDIR"] = str(_IN_MEMORY)
    tempfile.tempdir = None  # looked up anew

# A busy machine is no bug; what must be quick is measured by its own tests.
hypothesis.settings.register_profile("any machine", deadline=None)
hypothesis.settings.load_profile("any machine")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is collected stays: nobody looks through it for what may go, neither then nor later."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


MOST_WORKERS = 12
"""Each has a PostgreSQL server."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Three for each core, as most tests wait; for files or tests that are named, this process alone."""
    named = any(".py" in argument for argument in config.invocation_params.args if isinstance(argument, str))
    return 0 if named else min(3 * (os.cpu_count() or 1), MOST_WORKERS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What measures time comes last. What waits for processes and browsers comes evenly among the rest, which uses the
    cores meanwhile, but sooner, lest a worker end with it."""
    waiting: list[pytest.Item] = []
    busy: list[pytest.Item] = []
    for item in items:
        if not _turn_of(item):
            (waiting if "/e2e/" in item.path.as_posix() else busy).append(item)
    places = {item: place * 0.7 / len(waiting) for place, item in enumerate(waiting)}
    places |= {item: place / len(busy) for place, item in enumerate(busy)}
    items.sort(key=lambda item: (_turn_of(item), places.get(item, 0)))


def _turn_of(item: pytest.Item) -> int:
    """0 for most tests, 1 for `patient` ones, 2 for `alone`."""
    return 2 if item.get_closest_marker("alone") else 1 if item.get_closest_marker("patient") else 0


@pytest.fixture(autouse=True)
def _beside_others(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A test marked `alone` waits until the other workers' tests are over, and they wait for it. A `patient` one does
    so too, but for other patient ones."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        yield
        return
    common, turn = tmp_path_factory.getbasetemp().parent, _turn_of(request.node)
    with (common / "alone.lock").open("a") as lock:
        if turn == 1:
            _wait_for_quiet(lock, common / "quiet")
        fcntl.flock(lock, fcntl.LOCK_EX if turn == 2 else fcntl.LOCK_SH)
        yield


def _wait_for_quiet(lock: IO[str], quiet: Path) -> None:
    """Until nobody runs a test: found out once, as only patient and lonely tests come after that."""
    while not quiet.exists():
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.02)  # a lock that all of them waited for would let in one at a time
        else:
            quiet.touch()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Any]:
    """A PostgreSQL server of our own, on a socket in a temporary folder."""
    with own_folder() as folder:
        server = start_postgres(folder)
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET fsync = off")  # nothing here outlives the run
            connection.execute("SELECT pg_reload_conf()")
        yield server
        # Without the checkpoint of an orderly stop, which takes seconds.
        process = server.get_postmaster_info().process
        assert process is not None
        process.send_signal(signal.SIGQUIT)
        process.wait(10)
        server.cleanup()


@pytest.fixture(scope="session")
def make_postgres_url(postgres: Any) -> Callable[[str], str]:
    """Makes a database like another one (`template1` is empty); returns its URL."""
    uri: str = postgres.get_uri()

    def make(template: str) -> str:
        name = f"t{uuid.uuid4().hex[:12]}"
        with psycopg.connect(uri, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())
        return uri.replace("/postgres?", f"/{name}?", 1)

    return make


@pytest.fixture
def postgres_url(make_postgres_url: Callable[[str], str]) -> str:
    """An empty PostgreSQL database of this test's own."""
    return make_postgres_url("template1")


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A SQLite file of this test's own."""
    return f"sqlite:///{tmp_path / 'paybot.db'}"


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Both databases in turn, empty."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture(scope="session")
def migrated_postgres(make_postgres_url: Callable[[str], str]) -> str:
    """The name of a PostgreSQL database with all tables: a template, to be connected to by nobody."""
    url = make_postgres_url("template1")
    asyncio.run(_migrate(url))
    return url.partition("?")[0].rpartition("/")[2]


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with all tables, to be copied."""
    path = tmp_path_factory.mktemp("sqlite") / "migrated.db"
    asyncio.run(_migrate(f"sqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def postgres_urls() -> list[str]:
    """The PostgreSQL database with all tables that the last test had, if any."""
    return []


@pytest.fixture
def migrated_postgres_url(
    make_postgres_url: Callable[[str], str], migrated_postgres: str, postgres_urls: list[str]
) -> str:
    """A PostgreSQL database of this test's own, with all tables: the last test's without its rows, where that will
    do."""
    if not (postgres_urls and emptied(postgres_urls[0])):
        postgres_urls[:] = [make_postgres_url(migrated_postgres)]
    return postgres_urls[0]


@pytest.fixture
def migrated_sqlite_url(migrated_sqlite: Path, sqlite_url: str) -> str:
    """A SQLite file of this test's own, with all tables."""
    shutil.copy(migrated_sqlite, sqlite_url.removeprefix("sqlite:///"))
    return sqlite_url


@pytest.fixture(params=["sqlite", "postgres"])
def migrated_url(request: pytest.FixtureRequest) -> str:
    """Both databases in turn, with all tables."""
    url: str = request.getfixturevalue(f"migrated_{request.param}_url")
    return url


@pytest.fixture
async def database(migrated_url: str) -> AsyncIterator[Database]:
    """An opened database without rows, both kinds in turn."""
    opened = Database(migrated_url)
    await opened.open()
    yield opened
    await opened.close()


async def _migrate(url: str) -> None:
    database = Database(url)
    await database.open()
    await database.close()
