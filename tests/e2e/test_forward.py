"""Callbacks passed on to whoever had them before: as they came, at least once, and kept no longer than needed."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.sandbox import Sandbox
from bot.sandbox.serving import HttpServer
from tests.e2e.process import BotProcess


class Plugin:
    """A shop plugin that had the callbacks before; answers with the statuses it is given, then 200."""

    def __init__(self) -> None:
        self.url = ""
        self.statuses: list[int] = []
        self.took: asyncio.Queue[tuple[dict[str, str], bytes]] = asyncio.Queue()

    async def take(self, request: Request) -> Response:
        """One callback."""
        await self.took.put((dict(request.headers), await request.body()))
        return Response(status_code=self.statuses.pop(0) if self.statuses else 204)

    async def next(self) -> tuple[dict[str, str], bytes]:
        """Headers and body of the next callback."""
        return await asyncio.wait_for(self.took.get(), 15)


@pytest.fixture
async def plugin() -> AsyncIterator[Plugin]:
    """A plugin that is up."""
    made = Plugin()
    server = HttpServer(Starlette(routes=[Route("/hook", made.take, methods=["POST"])]))
    made.url = f"http://127.0.0.1:{await server.start('127.0.0.1', 0)}/hook"
    yield made
    await server.stop()


def kept_bodies(folder: Path) -> list[bytes]:
    """The raw callbacks in the database."""
    with closing(sqlite3.connect(folder / "paybot.db")) as connection:
        return [body for (body,) in connection.execute("SELECT body FROM callbacks WHERE body IS NOT NULL")]


def all_bytes(folder: Path) -> bytes:
    """The database's files."""
    return b"".join(path.read_bytes() for path in folder.glob("paybot.db*"))


async def test_a_callback_goes_on_as_it_came_until_it_is_taken(
    sandbox: Sandbox, plugin: Plugin, tmp_path: Path, migrated_sqlite_url: str
) -> None:
    """Raw body, documented headers; refused once and killed in between, it comes again; then its body is gone."""
    bot = BotProcess.against(sandbox, tmp_path, migrated_sqlite_url, CALLBACK_FORWARD_URL=plugin.url)
    payment = sandbox.payments.instant(54_000, packages=1)
    raw = b' {"method": "shipped_packages",\n "data": [{"order_id": "BDI-1"}], "note": "Ibu Sari, 081234567890"} '
    plugin.statuses = [503]
    async with bot:
        pushed = await sandbox.kiriminaja.push(raw, f"{bot.url}/kiriminaja")
        assert pushed.status == 200
        headers, body = await plugin.next()
        assert body == raw
        assert headers["authorization"] == f"Bearer {sandbox.kiriminaja.api_key}"
        assert headers["user-agent"] == "KiriminAja-Push-Services"
        assert headers["content-type"] == "application/json"
        await bot.logged("not passed on")
        assert kept_bodies(tmp_path) == [raw]
        bot.kill()
        await bot.ended()
        await bot.start()
        assert (await plugin.next())[1] == raw
        await bot.logged("callback passed on")
        # The same once more goes to nobody; another one does.
        again = sandbox.kiriminaja.callback(payment, "finished_packages")
        for body_pushed in (raw, again):
            assert (await sandbox.kiriminaja.push(body_pushed, f"{bot.url}/kiriminaja")).accepted
        assert b"finished_packages" in (await plugin.next())[1]
        await bot.logged("callback passed on", times=2)
        assert kept_bodies(tmp_path) == []
        assert plugin.took.empty()
        for secret in (sandbox.kiriminaja.api_key, "Ibu Sari", "081234567890"):
            assert secret not in bot.log
        assert sandbox.kiriminaja.api_key.encode() not in all_bytes(tmp_path)


async def test_without_a_forward_no_body_is_kept(bot: BotProcess, sandbox: Sandbox, tmp_path: Path) -> None:
    """What it hints at is enough; names and phones stay with KiriminAja."""
    payment = sandbox.payments.instant(54_000, packages=1)
    body = sandbox.kiriminaja.callback(payment, "shipped_packages")
    assert (await sandbox.kiriminaja.push(body, f"{bot.url}/kiriminaja")).status == 200
    assert kept_bodies(tmp_path) == []
    stored = all_bytes(tmp_path)
    for field in ("name", "phone", "address"):
        assert payment.packages[0].destination[field].encode() not in stored
