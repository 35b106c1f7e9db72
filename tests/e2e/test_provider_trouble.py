"""KiriminAja out of reach while people ask: they are answered in time, and it is completed by itself."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

from bot.sandbox import Sandbox
from bot.sandbox.people import Person
from tests.e2e.process import BotProcess, free_port

TROUBLE, WITHIN = "gangguan", 15.0


@asynccontextmanager
async def leading_to(url: str, port: int) -> AsyncIterator[None]:
    """A port behind which the server of `url` is."""
    target = urlsplit(url)
    passing: set[asyncio.Task[None]] = set()
    writers: list[asyncio.StreamWriter] = []

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await asyncio.open_connection(target.hostname, target.port)
        writers.extend((writer, there[1]))
        for one in (pass_on(reader, there[1]), pass_on(there[0], writer)):
            passing.add(asyncio.create_task(one))

    server = await asyncio.start_server(connect, "127.0.0.1", port)
    try:
        yield
    finally:
        server.close()
        for task in passing:
            task.cancel()
        await asyncio.gather(*passing, return_exceptions=True)
        for one in writers:
            one.close()
        await asyncio.gather(*(one.wait_closed() for one in writers), return_exceptions=True)


async def test_a_provider_that_refuses_connections_is_told_at_once_and_the_card_comes_by_itself(
    sandbox: Sandbox, sari: Person, tmp_path: Path, migrated_sqlite_url: str
) -> None:
    """Long enough for looks to be held back; `/status` is answered meanwhile, and readiness tells."""
    port, express = free_port(), sandbox.settings()["KIRIMINAJA_EXPRESS_URL"]
    path = urlsplit(express).path
    settings = {"KIRIMINAJA_EXPRESS_URL": f"http://127.0.0.1:{port}{path}", "POLL_FIRST": "0.1"}
    async with BotProcess.against(sandbox, tmp_path, migrated_sqlite_url, **settings) as bot:
        payment = sandbox.payments.express(65_000)
        for command in ("/pay", "/status"):
            asked_at = time.monotonic()
            await sari.send(f"{command} {payment.id}")
            assert TROUBLE in (await sari.private_chat.next_message(timeout=WITHIN)).text.lower()
            assert time.monotonic() - asked_at < WITHIN
        await bot.logged("looks held back", within=20)
        status, parts = await bot.readiness()
        assert status == 200
        assert str(parts["kiriminaja"]).startswith("no usable answer since")
        async with leading_to(express, port):
            assert (await sari.private_chat.next_message(timeout=20)).photo
            await bot.logged("looks go on")


async def test_a_provider_that_hangs_is_told_within_fifteen_seconds_and_the_card_comes_by_itself(
    bot: BotProcess, sandbox: Sandbox, sari: Person
) -> None:
    """Connections are taken and nothing is ever answered."""
    payment = sandbox.payments.express(65_000)
    held = sandbox.kiriminaja.hold(payment.id, when="before")
    asked_at = time.monotonic()
    await sari.send(f"/pay {payment.id}")
    await held.reached()
    for _ in range(3):
        sandbox.kiriminaja.hold(payment.id, when="before")
    assert TROUBLE in (await sari.private_chat.next_message(timeout=WITHIN)).text.lower()
    assert time.monotonic() - asked_at < WITHIN
    sandbox.kiriminaja.faults.clear()
    assert (await sari.private_chat.next_message(timeout=25)).photo
