"""The real bot as its own process, started as an operator would: by its settings alone."""

import asyncio
import os
import random
import signal
import socket
import sys
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from bot.sandbox import Sandbox
from tests.e2e.nursery import Hatched

_MEASURED = {"COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG"}
"""Coverage's switches."""
# What may pass from the tests' environment to the bot.
_PASSED_ON = ("PATH", "HOME", "LANG", "PYTHONPATH", "TMPDIR", *_MEASURED)

_ANY = random.SystemRandom()

WEBHOOK = os.environ.get("PAYBOT_E2E_MODE") == "webhook"
"""Whether tests that don't say so themselves run the bot behind a webhook."""


def free_port() -> int:
    """A port nobody uses right now, nor will by chance: higher ones go to whoever connects somewhere, and a bot that
    is killed needs its own again."""
    while True:
        port = _ANY.randrange(15_000, 32_000)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


def zone_at(hour: int) -> str:
    """A time zone in which that hour runs now. From nine in the evening operators get a digest."""
    east = (hour - datetime.now(UTC).hour + 12) % 24 - 12
    return f"Etc/GMT{-east:+d}" if east else "Etc/GMT"


class BotProcess:
    """`paybot run`. `settings` are environment variables; the log is kept in `folder`."""

    def __init__(self, folder: Path, settings: Mapping[str, str]) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._folder = folder
        self.environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        self.environment |= {"HTTP_PORT": str(self.port), "LOG_LEVEL": "debug"} | dict(settings)
        self._log = folder / "bot.log"
        self._hatched = True
        self.failpoint: tuple[str, int] | None = None
        """Where it dies at its next start, and the how manieth time it gets there (`tests.crash.failpoints`)."""
        self._process: asyncio.subprocess.Process | Hatched | None = None

    @classmethod
    def against(cls, sandbox: Sandbox, folder: Path, database_url: str, **settings: str) -> Self:
        """The bot pointed at a sandbox. Where operators listen it is noon, and so not yet time for the digest."""
        noon = {"TIMEZONE": zone_at(12)} if "OPS_CHAT_IDS" in settings else {}
        made = cls(folder, sandbox.settings() | {"DATABASE_URL": database_url} | noon | settings)
        return made.behind_webhook() if WEBHOOK and "TELEGRAM_WEBHOOK_URL" not in settings else made

    def from_nothing(self) -> Self:
        """Starts as in a terminal from now on, and not by the nursery, which is quicker."""
        self._hatched = False
        return self

    def behind_webhook(self, *, is_on: bool = True) -> Self:
        """Whether, from its next start on, it has updates pushed instead of polling for them."""
        self.environment["TELEGRAM_WEBHOOK_URL"] = self.url if is_on else ""
        return self

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            print(f"--- the bot's log\n{self.log}")
        if self.is_running and _MEASURED & self.environment.keys():
            self.terminate()  # what is killed tells nothing of what it ran
            with suppress(TimeoutError):
                await self.ended()
        if self.is_running:
            self.kill()
            await self.ended()

    @property
    def log(self) -> str:
        """Everything the bot wrote, of all its lives."""
        return self._log.read_text(encoding="utf-8") if self._log.exists() else ""

    @property
    def is_running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int:
        """The process's number, in this life."""
        assert self._process is not None
        return self._process.pid

    async def start(self, *, ready_within: float = 30.0) -> None:
        """Starts it and waits until `/readyz` answers 200."""
        await self.spawn()
        await self.ready(ready_within)

    async def spawn(self, *, stderr: int | None = None) -> None:
        """Starts it; `stderr` where its standard error goes, if not into the log."""
        if self._hatched and stderr is None:
            with self._log.open("ab") as log:
                self._process = await Hatched.hatch(
                    "run", env=self.environment, cwd=self._folder, out=log, err=log, failpoint=self.failpoint
                )
            return
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot", "run", env=self.environment, cwd=self._folder,
                stdout=log, stderr=log if stderr is None else stderr,
            )  # fmt: skip

    async def ready(self, within: float = 30.0) -> None:
        """Waits until `/readyz` answers 200, or fails with what it said and the log."""
        said = "nothing"
        try:
            async with asyncio.timeout(within), httpx.AsyncClient(verify=False, trust_env=False) as client:
                while self.is_running:
                    try:
                        response = await client.get(f"{self.url}/readyz", timeout=2)
                        if response.status_code == 200:
                            return
                        said = response.text
                    except httpx.TransportError:
                        pass
                    await asyncio.sleep(0.01)
        except TimeoutError:
            pass
        raise AssertionError(f"not ready: {said}\n{self.log}")

    async def logged(self, text: str, times: int = 1, within: float = 10.0) -> None:
        """Waits until the log holds a text that often."""
        try:
            async with asyncio.timeout(within):
                while self.log.count(text) < times:  # noqa: ASYNC110  # a file tells nobody that it grew
                    await asyncio.sleep(0.01)
        except TimeoutError:
            raise AssertionError(f"not logged {times} times: {text}\n{self.log}") from None

    def kill(self) -> None:
        """kill -9."""
        self._signal(signal.SIGKILL)

    def terminate(self) -> None:
        """SIGTERM."""
        self._signal(signal.SIGTERM)

    def freeze(self) -> None:
        """Not a step more until it is thawed."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Goes on as if nothing had been."""
        self._signal(signal.SIGCONT)

    async def readiness(self) -> tuple[int, dict[str, object]]:
        """What `/readyz` says: the status and the parts."""
        async with httpx.AsyncClient(verify=False, trust_env=False) as client:
            answer = await client.get(f"{self.url}/readyz", timeout=5)
        return answer.status_code, answer.json()

    async def ended(self, within: float = 10.0) -> int:
        """Waits for the end; returns the exit status."""
        assert self._process is not None
        async with asyncio.timeout(within):
            return await self._process.wait()

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)
