"""Starts paybot from a Python that has imported it already: a tenth of the CPU time a start takes otherwise.

What runs is `paybot` in a process of its own, killed and ended as any other. How it starts from nothing is what
`test_start`, `test_cli` and `test_demo` begin with. Run as a program, this file is that Python: it takes one request a
connection, with the descriptors of the three standard streams, and answers with the process's number and, when it has
ended, with its status.
"""

import asyncio
import atexit
import contextlib
import fcntl
import gc
import importlib
import json
import os
import pkgutil
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import IO, Any, Final, Self

_LATE: Final = (
    *("_strptime", "aiohttp", "anyio._backends._asyncio", "babel.messages.pofile", "babel.numbers", "certifi"),
    *("email.policy", "encodings.ascii", "encodings.utf_16_le", "h11", "httpcore"),
    *("PIL.BmpImagePlugin", "PIL.GifImagePlugin", "PIL.ImageDraw", "PIL.ImageFont", "PIL.JpegImagePlugin"),
    *("PIL.PngImagePlugin", "PIL.PpmImagePlugin", "psycopg", "segno", "tzdata.zoneinfo"),
    *("typer._adapters", "typer._click.decorators", "uvicorn.lifespan.off", "uvicorn.protocols.http.auto"),
    *("uvicorn.protocols.http.h11_impl", "uvicorn.protocols.websockets.auto"),
)
"""What a bot imports of others only when it comes to need it."""


class Hatched:
    """A process of the nursery's, with what asyncio's own subprocesses offer."""

    def __init__(self, pid: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._writer = writer
        self._ending = asyncio.create_task(self._end(reader))

    @classmethod
    async def hatch(
        cls, *arguments: str, env: Mapping[str, str], cwd: Path, out: IO[Any] | int, err: IO[Any] | int,
        failpoint: tuple[str, int] | None = None, tables: Path | None = None,
    ) -> Self:  # fmt: skip
        """`paybot` with these arguments, environment and folder; what it writes goes to `out` and `err`.

        It dies at the `failpoint` (`tests.crash.failpoints`) the n-th time it gets there. A demo has a session of its
        own, and a bot that begins with the database `tables`.
        """
        with open(os.devnull) as nothing:  # noqa: ASYNC230, PTH123  # a device
            asked = _ask(arguments, env, cwd, (nothing, out, err), failpoint, tables)
        reader, writer = await asyncio.open_unix_connection(sock=asked)
        return cls(int(await reader.readline()), reader, writer)

    def send_signal(self, number: signal.Signals) -> None:
        """As `kill` does."""
        if self.returncode is None:
            os.kill(self.pid, number)

    async def wait(self) -> int:
        """Waits for the end; the exit status, negative for a signal."""
        return await asyncio.shield(self._ending)

    async def _end(self, reader: asyncio.StreamReader) -> int:
        self.returncode = int(await reader.readline())
        self._writer.close()
        return self.returncode


class Demo:
    """`paybot demo` for who does not wait with asyncio: in a session of its own, its bot on the database `tables`."""

    def __init__(self, port: int, *, env: Mapping[str, str], cwd: Path, tables: Path) -> None:
        ours, theirs = os.pipe()
        with open(os.devnull, "r+") as nothing:  # noqa: PTH123  # a device
            arguments = ("demo", "--port", str(port))
            self._asked = _ask(arguments, env, cwd, (nothing, theirs, nothing), tables=tables)
        os.close(theirs)
        self.stdout = os.fdopen(ours)
        self._told = self._asked.makefile()
        self.pid = int(self._told.readline())
        self.returncode: int | None = None

    def send_signal(self, number: signal.Signals) -> None:
        """As `kill` does."""
        if self.returncode is None:
            os.kill(self.pid, number)

    def wait(self, within: float) -> int:
        """Waits for the end; the exit status. Raises `TimeoutError`."""
        if self.returncode is None:
            self._asked.settimeout(within)
            self.returncode = int(self._told.readline())
            for connection in (self._told, self._asked, self.stdout):
                connection.close()
        return self.returncode


def run(
    *arguments: str, env: Mapping[str, str], cwd: Path, stdin: str = "", within: float = 30.0
) -> subprocess.CompletedProcess[str]:
    """`paybot` with these arguments to its end, as `subprocess.run`. Raises `TimeoutError`, and kills it."""
    with (
        tempfile.TemporaryFile("w+") as given,
        tempfile.TemporaryFile("w+") as out,
        tempfile.TemporaryFile("w+") as err,
    ):
        given.write(stdin)
        given.seek(0)
        with _ask(arguments, env, cwd, (given, out, err)) as asked, asked.makefile() as told:
            pid = int(told.readline())
            asked.settimeout(within)
            try:
                status = int(told.readline())
            except TimeoutError:
                os.kill(pid, signal.SIGKILL)
                raise
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess(arguments, status, out.read(), err.read())


def _ask(
    arguments: Sequence[str], env: Mapping[str, str], cwd: Path, streams: Sequence[IO[Any] | int],
    failpoint: tuple[str, int] | None = None, tables: Path | None = None,
) -> socket.socket:  # fmt: skip
    """Has the nursery start one; the connection that tells of it."""
    request = {
        "arguments": arguments, "env": dict(env), "cwd": str(cwd), "failpoint": failpoint,
        "tables": tables and str(tables),
    }  # fmt: skip
    asked = socket.socket(socket.AF_UNIX)
    asked.connect(_nursery())
    descriptors = [stream if isinstance(stream, int) else stream.fileno() for stream in streams]
    socket.send_fds(asked, [b"\n"], descriptors)
    asked.sendall(json.dumps(request).encode() + b"\n")
    return asked


@cache
def _nursery() -> str:
    """The socket of the test run's nursery. The first worker that needs one starts it; it ends with the last."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", f"{os.getpid()}-{time.monotonic_ns()}")
    folder = Path(tempfile.gettempdir()) / f"nursery-{run}"
    folder.mkdir(mode=0o700, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stays = socket.socket(socket.AF_UNIX)
        try:
            stays.connect(str(folder / "stays"))
        except OSError:
            _start(folder)
            stays.connect(str(folder / "stays"))
    atexit.register(stays.close)
    return str(folder / "socket")


def _start(folder: Path) -> None:
    """Returns once it listens."""
    told, tells = os.pipe()
    program = [sys.executable, __file__, str(folder)]
    os.posix_spawn(program[0], program, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, tells, 1)])
    os.close(tells)
    with open(told) as output:  # noqa: PTH123  # a descriptor
        assert output.readline() == "open\n"


def _serve(folder: Path) -> None:
    """Until all have gone who said that they would stay a while."""
    asking, staying = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
    for listener, name in ((asking, "socket"), (staying, "stays")):
        listener.bind(str(folder / name))
        listener.listen()
    print("open", flush=True)
    os.close(1)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the keepers
    users = [staying.accept()[0]]
    while users:
        ready, _, _ = select.select([asking, staying, *users], [], [])
        for one in ready:
            if one is asking:
                connection, _ = asking.accept()
                if os.fork() == 0:
                    for inherited in (asking, staying, *users):
                        inherited.close()
                    _keep(connection)
                connection.close()
            elif one is staying:
                users.append(staying.accept()[0])
            else:
                users.remove(one)
                one.close()
    shutil.rmtree(folder, ignore_errors=True)


def _keep(connection: socket.socket) -> None:
    """Starts one and waits for its end."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    _, streams, _, _ = socket.recv_fds(connection, 1, 3)
    line = connection.makefile("rw")
    request = json.loads(line.readline())
    pid = os.fork()
    if pid == 0:
        connection.detach()
        line.detach()
        if request["tables"]:
            from tests.e2e.offspring import arm_demo

            os.setsid()
            arm_demo(Path(request["tables"]))
        if request["failpoint"]:
            from tests.crash.failpoints import arm

            arm(*request["failpoint"])
        become(request["arguments"], request["env"], request["cwd"], streams)
    for stream in streams:
        os.close(stream)
    print(pid, file=line, flush=True)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    print(status, file=line, flush=True)
    os._exit(0)


def become(arguments: Sequence[str], env: Mapping[str, str], cwd: str | Path, streams: Sequence[int]) -> None:
    """From here on this process is `paybot`. It ends with it."""
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    os.closerange(3, 256)
    sys.argv = ["paybot", *arguments]
    from bot.cli import main

    main()


def _learn() -> None:
    """Imports what any of its children may need."""
    import bot

    for module in pkgutil.walk_packages(bot.__path__, "bot."):
        if "migrations" not in module.name and not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    for name in _LATE:
        with contextlib.suppress(ModuleNotFoundError):  # a part of its own that not every version has
            importlib.import_module(name)
    _read_authorities()
    _read_words()
    gc.collect()
    gc.freeze()  # what all have in common is looked through by none


def _read_authorities() -> None:
    """Reads whom to trust, which is asked for by either service's client."""
    import httpx

    from bot.messenger.bounds import trusted

    httpx.create_ssl_context = cache(httpx.create_ssl_context)
    trusted()


def _read_words() -> None:
    """Reads the catalogues, and how each language writes numbers and dates: half of what a bot reads at its start."""
    from babel.dates import format_datetime, format_timedelta
    from babel.numbers import format_compact_decimal, format_decimal

    from bot.core.locales import LOCALES
    from bot.words import catalogue

    catalogue.load = cache(catalogue.load)
    for locale in LOCALES:
        catalogue.load(locale)
        format_decimal(1, locale=locale)
        format_compact_decimal(1, locale=locale)
        format_datetime(locale=locale)
        format_timedelta(1, locale=locale)


if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).parents[2])
    _learn()
    _serve(Path(sys.argv[1]))
