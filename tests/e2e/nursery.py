"""Starts the bot from a Python that has imported it already: a third of the time a start takes otherwise.

What runs is `paybot run` in a process of its own, killed and ended as any other. How it starts from nothing is what
`test_start`, `test_cli` and the demo's tests are about. Run as a program, this file is that Python: it takes one
request a connection, and answers with the process's number and, when it has ended, with its status.
"""

import asyncio
import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Self


class Hatched:
    """A process of the nursery's, with what asyncio's own subprocesses offer."""

    def __init__(self, pid: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._writer = writer
        self._ending = asyncio.create_task(self._end(reader))

    @classmethod
    async def hatch(
        cls, *, env: Mapping[str, str], cwd: Path, log: Path, failpoint: tuple[str, int] | None = None
    ) -> Self:
        """`paybot run` in that environment and folder; what it writes is added to `log`. It dies at the `failpoint`
        (`tests.crash.failpoints`) the n-th time it gets there."""
        reader, writer = await asyncio.open_unix_connection(_nursery())
        request = {"env": dict(env), "cwd": str(cwd), "log": str(log), "failpoint": failpoint}
        writer.write(json.dumps(request).encode() + b"\n")
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


@cache
def _nursery() -> str:
    """The socket of this test run's nursery, which is started the first time; it ends with the run."""
    path = str(Path(tempfile.mkdtemp(prefix="nursery-")) / "socket")
    process = subprocess.Popen([sys.executable, __file__, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout and process.stdout.readline() == b"open\n"
    atexit.register(process.communicate)
    return path


def _serve(path: str) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        print("open", flush=True)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the keepers
        while True:
            ready, _, _ = select.select([listener, sys.stdin], [], [])
            if sys.stdin in ready:
                return  # the test run is over
            connection, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                _keep(connection)
            connection.close()


def _keep(connection: socket.socket) -> None:
    """Starts one bot and waits for its end."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    line = connection.makefile("rw")
    request = json.loads(line.readline())
    pid = os.fork()
    if pid == 0:
        connection.detach()
        line.detach()
        _become(request)
    print(pid, file=line, flush=True)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    print(status, file=line, flush=True)
    os._exit(0)


def _become(request: dict[str, Any]) -> None:
    """From here on this process is the bot."""
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.closerange(3, 256)
    if request["failpoint"]:
        from tests.crash.failpoints import arm

        arm(*request["failpoint"])
    sys.argv = ["paybot", "run"]
    from bot.cli import main

    main()


if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).parents[2])
    import bot.app
    import bot.logs  # noqa: F401  # both are what a start takes its time for

    _serve(sys.argv[1])
