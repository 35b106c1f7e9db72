"""Programs that are measured: each a process of its own, while the sandbox runs in the benchmark's.

Linux only, as it reads another process's CPU clock.
"""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

from bot.sandbox import Sandbox
from bot.sandbox.people import Person
from tests.e2e.process import BotProcess

OURS: Final = ("bot", "run")
OURS_LIFTED: Final = ("tests.bench.lifted", "run")
PLAIN: Final = ("tests.bench.plain",)
BARE: Final = ("tests.bench.plain", "bare")


class Program:
    """``python -m …`` with a sandbox of its own."""

    def __init__(self, sandbox: Sandbox, process: asyncio.subprocess.Process, url: str, folder: Path) -> None:
        self.sandbox = sandbox
        self.url = url
        """The bot's HTTP side; nobody answers there where it is the baseline."""
        self.folder = folder
        self.database_url = f"sqlite:///{folder / 'paybot.db'}"
        self._process = process
        self._people: list[Person] = []

    @property
    def cpu(self) -> float:
        """Seconds of CPU it has used, all its threads together."""
        # The clock of another process's CPU, as `clock_getcpuclockid` makes its number.
        return time.clock_gettime((~self._process.pid << 3) | 2)

    @property
    def memory(self) -> float:
        """MiB it has in memory (RSS)."""
        pages = int(Path(f"/proc/{self._process.pid}/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20

    @property
    def log(self) -> str:
        """What it wrote."""
        return (self.folder / "program.log").read_text(encoding="utf-8")

    async def end(self) -> None:
        """SIGTERM, and waits."""
        if self._process.returncode is None:
            self._process.terminate()
            await self._process.wait()

    def people(self, count: int) -> Sequence[Person]:
        """So many people, the same each time."""
        while len(self._people) < count:
            number = len(self._people)
            self._people.append(self.sandbox.person(f"P{number}", started=True))
        return self._people[:count]

    async def ask(self, people: Sequence[Person]) -> None:
        """Each asks for a payment of their own, all at once."""
        for person in people:
            await person.send(f"/pay {self.sandbox.payments.express(65_000).id}")

    async def shown(self, count: int, within: float = 120.0) -> list[float]:
        """When each picture was taken, once so many were."""
        photos = self.sandbox.telegram

        def look() -> list[float] | None:
            times = [call.ended_at or 0.0 for call in photos.calls_of("sendPhoto", done=True)]
            return sorted(times) if len(times) >= count else None

        deadline = time.monotonic() + within
        while (times := look()) is None:
            if time.monotonic() > deadline:
                raise AssertionError(f"not all were shown\n{self.log[-3000:]}")
            await asyncio.sleep(0.005)
        return times


@asynccontextmanager
async def begun(
    command: Sequence[str], *, beside: Program | None = None, **settings: str
) -> AsyncIterator[tuple[Program, float]]:
    """A program that has just been started, and when: with a sandbox that knows nobody yet, or with that of another
    one, which has ended, and its database."""
    async with AsyncExitStack() as stack:
        if beside is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="paybot-bench-")))
            sandbox = await stack.enter_async_context(Sandbox.serve())
        else:
            folder, sandbox = beside.folder, beside.sandbox
        given = BotProcess.against(sandbox, folder, f"sqlite:///{folder / 'paybot.db'}").environment
        given |= {"LOG_LEVEL": "info", "PYTHONPATH": str(Path(__file__).parents[2])} | settings
        with (folder / "program.log").open("ab") as log:
            began = time.monotonic()
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", *command, env=given, cwd=folder, stdout=log, stderr=log
            )
        program = Program(sandbox, process, f"http://127.0.0.1:{given['HTTP_PORT']}", folder)
        stack.push_async_callback(program.end)
        yield program, began


@asynccontextmanager
async def running(command: Sequence[str], **settings: str) -> AsyncIterator[Program]:
    """A program that has begun to poll."""
    async with begun(command, beside=None, **settings) as (program, _):
        await program.sandbox.telegram.wait_until_polled(30)
        yield program
