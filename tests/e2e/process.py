"""The real bot as its own process, started as an operator would: by its settings alone."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from bot.sandbox import Sandbox

# What may pass from the tests' environment to the bot: what a process needs, and coverage's switch.
_PASSED_ON = ("PATH", "HOME", "LANG", "PYTHONPATH", "COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG", "TMPDIR")


def free_port() -> int:
    """A port nobody uses right now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


class BotProcess:
    """`paybot run`. `settings` are environment variables; the log is kept in `folder`."""

    def __init__(self, folder: Path, settings: Mapping[str, str]) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._folder = folder
        self.environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        self.environment |= {"HTTP_PORT": str(self.port), "LOG_LEVEL": "debug"} | dict(settings)
        self._log = folder / "bot.log"
        self._process: asyncio.subprocess.Process | None = None

    @classmethod
    def against(cls, sandbox: Sandbox, folder: Path, database_url: str, **settings: str) -> Self:
        """The bot pointed at a sandbox."""
        return cls(folder, sandbox.settings() | {"DATABASE_URL": database_url} | settings)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            print(f"--- the bot's log\n{self.log}")
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

    async def start(self, *, ready_within: float = 30.0) -> None:
        """Starts it and waits until `/readyz` answers 200."""
        await self.spawn()
        await self.ready(ready_within)

    async def spawn(self, *, stderr: int | None = None) -> None:
        """Starts it; `stderr` where its standard error goes, if not into the log."""
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot", "run", env=self.environment, cwd=self._folder,
                stdout=log, stderr=log if stderr is None else stderr,
            )  # fmt: skip

    async def ready(self, within: float = 30.0) -> None:
        """Waits until `/readyz` answers 200, or fails with what it said and the log."""
        said = "nothing"
        try:
            async with asyncio.timeout(within), httpx.AsyncClient(trust_env=False) as client:
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

    def kill(self) -> None:
        """kill -9."""
        self._signal(signal.SIGKILL)

    def terminate(self) -> None:
        """SIGTERM."""
        self._signal(signal.SIGTERM)

    async def ended(self, within: float = 10.0) -> int:
        """Waits for the end; returns the exit status."""
        assert self._process is not None
        async with asyncio.timeout(within):
            return await self._process.wait()

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)
