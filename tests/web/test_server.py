"""The HTTP side: health, a port in use, and a stop that waits for nobody."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from bot.web import health
from bot.web.listening import CannotListen
from bot.web.server import Web

PARTS = {"database": "ok", "telegram": "out of reach"}


class Readiness:
    """What the process says of itself."""

    def __init__(self) -> None:
        self.ready = True

    async def __call__(self) -> tuple[bool, Mapping[str, str]]:
        return self.ready, PARTS


@asynccontextmanager
async def serving(*routes: BaseRoute, host: str = "127.0.0.1") -> AsyncIterator[Web]:
    """A server on a free port."""
    web = Web(host, 0, routes)
    await web.start()
    try:
        yield web
    finally:
        await web.stop()


async def get(web: Web, path: str, method: str = "GET") -> httpx.Response:
    """One request over a connection of its own."""
    async with httpx.AsyncClient() as client:
        return await client.request(method, f"http://127.0.0.1:{web.port}{path}")


async def test_a_living_process_says_so() -> None:
    """Whatever else is amiss."""
    readiness = Readiness()
    readiness.ready = False
    async with serving(*health.routes(readiness)) as web:
        answer = await get(web, "/healthz")
    assert (answer.status_code, answer.text) == (200, "ok\n")


@pytest.mark.parametrize(("ready", "status"), [(True, 200), (False, 503)])
async def test_readiness_tells_the_parts(ready: bool, status: int) -> None:
    """JSON in both cases, for people and probes."""
    readiness = Readiness()
    readiness.ready = ready
    async with serving(*health.routes(readiness)) as web:
        answer = await get(web, "/readyz")
    assert answer.status_code == status
    assert answer.json() == {"ready": ready} | PARTS
    assert answer.headers["content-type"] == "application/json"
    assert "server" not in answer.headers


async def test_other_paths_and_methods_are_refused() -> None:
    """Nothing else is there."""
    async with serving(*health.routes(Readiness())) as web:
        assert (await get(web, "/")).status_code == 404
        assert (await get(web, "/readyz", "POST")).status_code == 405
        assert (await get(web, "/readyz", "HEAD")).status_code == 200


async def test_a_port_in_use_is_told_in_one_line() -> None:
    """With the variable and the mend."""
    async with serving() as first:
        second = Web("127.0.0.1", first.port, [])
        with pytest.raises(CannotListen, match=f"^HTTP_PORT: 127.0.0.1:{first.port} cannot be used") as refused:
            await second.start()
        assert "\n" not in str(refused.value)
        await second.stop()


@pytest.mark.parametrize(
    ("host", "port", "named"),
    [
        ("192.0.2.1", 0, "HTTP_HOST"),
        ("host.invalid", 0, "HTTP_HOST"),
        ("127.0.0.1", 70_000, "HTTP_PORT"),
        ("a" * 70 + ".example", 0, "HTTP_HOST"),
        ("host\0.example", 0, "HTTP_HOST"),
    ],
    ids=["not ours", "unknown", "no port", "too long", "a null"],
)
async def test_an_address_that_is_none_is_told_in_one_line(host: str, port: int, named: str) -> None:
    """Every way in which a bind fails, by the setting that is to be mended."""
    with pytest.raises(CannotListen, match=f"^{named}: ") as refused:
        await Web(host, port, []).start()
    assert "\n" not in str(refused.value)


async def test_a_port_is_free_again_after_a_stop() -> None:
    """A restart finds it, connections in TIME_WAIT or not."""
    async with serving(*health.routes(Readiness())) as first:
        assert (await get(first, "/healthz")).status_code == 200
    again = Web("127.0.0.1", first.port, [])
    await again.start()
    await again.stop()


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6 here")
async def test_it_listens_on_ipv6() -> None:
    """An address with colons is one."""
    try:
        async with serving(*health.routes(Readiness()), host="::1") as web, httpx.AsyncClient() as client:
            assert (await client.get(f"http://[::1]:{web.port}/healthz")).status_code == 200
    except CannotListen:
        pytest.skip("IPv6 is switched off here")


async def test_an_open_connection_does_not_hold_up_a_stop() -> None:
    """Clients keep theirs open."""
    async with httpx.AsyncClient() as client:
        async with serving(*health.routes(Readiness())) as web:
            await client.get(f"http://127.0.0.1:{web.port}/healthz")
            begun = time.monotonic()
        assert time.monotonic() - begun < 1


async def test_a_request_that_hangs_is_cut_off() -> None:
    """A stop is over within five seconds, whatever a request waits for."""
    inside = asyncio.Event()

    async def hang(_: Request) -> Response:
        inside.set()
        await asyncio.Event().wait()
        return PlainTextResponse("never")

    async with httpx.AsyncClient() as client:
        async with serving(Route("/hang", hang)) as web:
            asking = asyncio.create_task(client.get(f"http://127.0.0.1:{web.port}/hang", timeout=10))
            await inside.wait()
            begun = time.monotonic()
        assert time.monotonic() - begun < 2
        answers = await asyncio.gather(asking, return_exceptions=True)
    assert not (isinstance(answers[0], httpx.Response) and answers[0].status_code == 200)


async def test_a_half_sent_request_does_not_hold_up_a_stop() -> None:
    """Nor does a client that never ends its head."""
    async with serving(*health.routes(Readiness())) as web:
        _, writer = await asyncio.open_connection("127.0.0.1", web.port)
        writer.write(b"GET /healthz HTTP/1.1\r\nHost:")
        await writer.drain()
        begun = time.monotonic()
    assert time.monotonic() - begun < 2
    writer.close()


async def test_stopping_what_never_started_is_nothing() -> None:
    """An early failure stops everything."""
    await Web("127.0.0.1", 0, []).stop()
