"""`paybot demo` as somebody at a terminal has it before them."""

import asyncio
import contextlib
import json
import os
import re
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from tests.e2e.nursery import Hatched


class Demo:
    """One `paybot demo`, in a folder with a foreign `.env`; its temporary files go to `temporary`.

    With `tables`, a database for its bot to begin with, it comes out of the nursery; without, from nothing.
    """

    def __init__(self, folder: Path, tables: Path | None = None, *, port: int = 0) -> None:
        self.temporary = folder / "tmp"
        self.temporary.mkdir(exist_ok=True)
        self.port = port
        self.url = ""
        self.told: list[str] = []
        self._folder = folder
        self._tables = tables
        self.process: asyncio.subprocess.Process | Hatched
        (folder / ".env").write_text("LOG_LEVEL=nonsense\n")

    async def __aenter__(self) -> Self:
        await self.spawn()
        try:
            await self.hears("ready")
        except BaseException:
            await self._put_down()
            raise
        self.url = re.findall(r"http://[^ ]+", self.told[0])[0]
        self.client = httpx.AsyncClient(base_url=self.url, trust_env=False, timeout=15)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.client.aclose()
        await self._put_down()

    async def _put_down(self) -> None:
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
            await self.ended()

    async def spawn(self) -> None:
        """Starts it, as a terminal does: in a process group of its own."""
        environment = os.environ | {
            "TMPDIR": str(self.temporary),
            "TELEGRAM_BOT_TOKEN": "1:somebody-elses",
            "HTTP_PORT_FILE": "/nowhere",
            "HTTP_PROXY": "http://127.0.0.1:9",
        }
        (self._out, out), (self._err, err) = await _pipe(), await _pipe()
        arguments = ("demo", "--port", str(self.port))
        try:
            if self._tables:
                self.process = await Hatched.hatch(
                    *arguments, env=environment, cwd=self._folder, out=out, err=err, tables=self._tables
                )
            else:
                self.process = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-m", "bot", *arguments),
                    cwd=self._folder, env=environment, stdout=out, stderr=err, start_new_session=True,
                )  # fmt: skip
        finally:
            os.close(out)
            os.close(err)

    async def hears(self, part: str) -> str:
        """The next line on the terminal that holds `part`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(15):
                async for raw in self._out:
                    self.told.append(raw.decode().rstrip("\n"))
                    if part in self.told[-1]:
                        return self.told[-1]
        raise AssertionError(f"never said {part!r}, but {self.told}")

    async def ended(self, within: float = 10) -> int:
        """The exit status."""
        async with asyncio.timeout(within):
            return await self.process.wait()

    async def errors(self) -> str:
        """Everything on standard error, at the end."""
        return (await self._err.read()).decode()

    async def rest(self) -> str:
        """Everything on standard output that was not heard yet, at the end."""
        return (await self._out.read()).decode()

    async def get(self, path: str) -> Any:
        """A GET under /sandbox."""
        answer = await self.client.get(f"/sandbox/{path}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, **body: Any) -> Any:
        """A POST under /sandbox."""
        answer = await self.client.post(f"/sandbox/{path}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def pid(self) -> int:
        """The bot's process id."""
        number: int = (await self.get("state"))["process"]["pid"]
        return number

    async def until(self, fits: Callable[[dict[str, Any]], bool], *, after: int) -> dict[str, Any]:
        """The first event after `after` that fits."""
        async with asyncio.timeout(15), self.client.stream("GET", f"/sandbox/events?after={after}") as stream:
            async for line in stream.aiter_lines():
                if line.startswith("data: ") and fits(event := json.loads(line.removeprefix("data: "))):
                    return dict(event)
        raise AssertionError("the stream ended")

    async def answers(self, chat_id: int) -> list[dict[str, Any]]:
        """What the bot said in a chat."""
        messages = (await self.get(f"chats/{chat_id}/messages"))["messages"]
        return [message for message in messages if message["from_bot"]]


async def _pipe() -> tuple[asyncio.StreamReader, int]:
    """What is read at one end of a pipe, and the other end."""
    ours, theirs = os.pipe()
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(ours, "rb", buffering=0)
    )
    return reader, theirs
