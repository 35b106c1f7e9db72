"""A served sandbox, a raw HTTP client, and the real python-telegram-bot against it."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import telegram
from PIL import Image

from bot.sandbox import Sandbox
from bot.sandbox.chats import Chat
from bot.sandbox.people import Person


def png(width: int = 120, height: int = 120) -> bytes:
    """A real picture of that many pixels."""
    file = io.BytesIO()
    Image.new("1", (width, height), 1).save(file, "PNG")
    return file.getvalue()


class FakeClock:
    """Time that moves when told to."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class Api:
    """Bot API calls as JSON over HTTP."""

    def __init__(self, client: httpx.AsyncClient, base: str) -> None:
        self.client = client
        self.base = base

    async def raw(self, method: str, **params: Any) -> httpx.Response:
        """The whole answer."""
        return await self.client.post(f"{self.base}/{method}", json=params)

    async def ok(self, method: str, **params: Any) -> Any:
        """The result of a call that must succeed."""
        answer = (await self.raw(method, **params)).json()
        assert answer["ok"], answer
        return answer["result"]

    async def refused(self, method: str, **params: Any) -> str:
        """``<code> <description>`` of a call that must fail."""
        response = await self.raw(method, **params)
        answer = response.json()
        assert not answer["ok"], answer
        assert response.status_code == answer["error_code"]
        return f"{answer['error_code']} {answer['description']}"

    async def updates(self, **params: Any) -> list[dict[str, Any]]:
        """getUpdates without waiting."""
        result: list[dict[str, Any]] = await self.ok("getUpdates", **params)
        return result

    async def photo(self, chat_id: int, content: bytes, **params: Any) -> httpx.Response:
        """sendPhoto as multipart."""
        data = {"chat_id": str(chat_id), **params}
        files = {"photo": ("qr.png", content, "image/png")}
        return await self.client.post(f"{self.base}/sendPhoto", data=data, files=files)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def sandbox(clock: FakeClock) -> AsyncIterator[Sandbox]:
    async with Sandbox.serve(clock=clock) as served:
        yield served


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False, verify=False) as opened:
        yield opened


@pytest.fixture
def api(sandbox: Sandbox, client: httpx.AsyncClient) -> Api:
    return Api(client, f"{sandbox.url}/bot{sandbox.telegram.token}")


@pytest.fixture
async def bot(sandbox: Sandbox) -> AsyncIterator[telegram.Bot]:
    base = sandbox.url
    async with telegram.Bot(sandbox.telegram.token, f"{base}/bot", f"{base}/file/bot") as made:
        yield made


@pytest.fixture
def sari(sandbox: Sandbox) -> Person:
    return sandbox.person("Sari", language_code="id", started=True)


@pytest.fixture
def chat(sari: Person) -> Chat:
    return sari.private_chat
