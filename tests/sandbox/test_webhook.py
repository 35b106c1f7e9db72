"""Webhooks: delivered in order, again until accepted, with the secret."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.sandbox import Sandbox
from bot.sandbox.people import Person
from bot.sandbox.serving import HttpServer
from tests.sandbox.conftest import Api


class Receiver:
    """Takes POSTs; answers with the statuses it is given, then 200."""

    def __init__(self) -> None:
        self.url = ""
        self.statuses: list[int] = []
        self.received: asyncio.Queue[tuple[dict[str, str], Any]] = asyncio.Queue()

    async def take(self, request: Request) -> Response:
        """One POST."""
        await self.received.put((dict(request.headers), await request.json()))
        return Response(status_code=self.statuses.pop(0) if self.statuses else 200)

    async def next(self) -> tuple[dict[str, str], Any]:
        """Headers and body of the next POST."""
        return await asyncio.wait_for(self.received.get(), 5)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    server = HttpServer(Starlette(routes=[Route("/hook", made.take, methods=["POST"])]))
    made.url = f"http://127.0.0.1:{await server.start('127.0.0.1', 0)}/hook"
    yield made
    await server.stop()


async def test_updates_are_pushed_with_the_secret(
    api: Api, sandbox: Sandbox, sari: Person, receiver: Receiver
) -> None:
    """Those that waited first, then the new ones; accepted ones are gone."""
    await sari.send("before")
    await api.ok("setWebhook", url=receiver.url, secret_token="s3cret")
    await sari.send("after")
    headers, first = await receiver.next()
    _, second = await receiver.next()
    assert headers["x-telegram-bot-api-secret-token"] == "s3cret"
    assert [update["message"]["text"] for update in (first, second)] == ["before", "after"]
    await sandbox.telegram.wait_until_confirmed()
    assert (await api.ok("getWebhookInfo"))["pending_update_count"] == 0


async def test_a_refused_update_comes_again_first(
    api: Api, sandbox: Sandbox, sari: Person, receiver: Receiver
) -> None:
    """Order within a chat holds over failures, and the failure is told."""
    sandbox.telegram.webhook.retry_delay = 0.01
    receiver.statuses = [503, 500]
    await api.ok("setWebhook", url=receiver.url)
    await sari.send("one")
    await sari.send("two")
    texts = [(await receiver.next())[1]["message"]["text"] for _ in range(4)]
    assert texts == ["one", "one", "one", "two"]
    await sandbox.telegram.wait_until_confirmed()
    assert "500" in (await api.ok("getWebhookInfo"))["last_error_message"]


async def test_polling_and_webhook_exclude_each_other(
    api: Api, sandbox: Sandbox, receiver: Receiver, sari: Person
) -> None:
    """A waiting poll ends, later ones are refused, until the webhook is deleted."""
    poll = asyncio.create_task(api.refused("getUpdates", timeout=30))
    await sandbox.telegram.wait_until_polled()
    await api.ok("setWebhook", url=receiver.url)
    assert await poll == "409 Conflict: terminated by setWebhook request"
    assert (await api.refused("getUpdates")).startswith("409 Conflict: can't use getUpdates method while webhook")
    await api.ok("deleteWebhook")
    await sari.send("hello")
    assert len(await api.updates()) == 1
    assert receiver.received.empty()


async def test_a_webhook_outlives_a_restart(api: Api, sandbox: Sandbox, sari: Person, receiver: Receiver) -> None:
    """What came while the sandbox was away is delivered when it is back."""
    await api.ok("setWebhook", url=receiver.url)
    await sandbox.stop()
    await sari.send("hello")
    await sandbox.start()
    assert (await receiver.next())[1]["message"]["text"] == "hello"


async def test_pending_updates_are_dropped_when_asked(api: Api, sari: Person) -> None:
    """drop_pending_updates forgets the queue."""
    await sari.send("hello")
    await api.ok("deleteWebhook", drop_pending_updates=True)
    assert await api.updates() == []


@pytest.mark.parametrize("url", ["http://example.com/hook", "ftp://127.0.0.1/", "nonsense"])
async def test_a_webhook_needs_https_beyond_loopback(api: Api, url: str) -> None:
    """Plain http is a courtesy to tests on the same machine."""
    assert "An HTTPS URL must be provided" in await api.refused("setWebhook", url=url)


async def test_a_receiver_that_is_gone_is_told_in_the_info(api: Api, sandbox: Sandbox, sari: Person) -> None:
    """The update stays, the reason shows."""
    await api.ok("setWebhook", url="http://127.0.0.1:9/hook", max_connections=1, allowed_updates=["message"])
    await sari.send("hello")
    await sandbox.changes.until(lambda: sandbox.telegram.webhook.last_error, 5, lambda: "no error")
    info = await api.ok("getWebhookInfo")
    assert (info["pending_update_count"], info["max_connections"], info["allowed_updates"]) == (1, 1, ["message"])
    assert info["last_error_message"]
