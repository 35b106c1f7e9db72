"""The client over a real socket: slow, cut off, reset, oversized and wrong servers on loopback."""

import asyncio
import logging
import socket
import struct
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from bot.core.answer import Answer, Missing, Refused, Statement, Throttled, Unwell
from bot.kiriminaja.answers import MAX_BODY
from bot.kiriminaja.client import KiriminAja
from bot.kiriminaja.pace import Pace
from bot.kiriminaja.wire import http_client

KEY = "canary-4f1d2c"
BODY = b'{"status":true,"data":{"payment_id":"XID-1234","status_code":"9","amount":1,"qr_content":"QR"}}'

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def response(body: bytes, status: str = "200 OK", *headers: str, length: int | None = None) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


@asynccontextmanager
async def serving(serve: Serve, *, read_head: bool = True) -> AsyncIterator[str]:
    """A server that reads each request's head, then does as told; its base URL."""
    tasks = set[asyncio.Task[None]]()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if read_head:
                await reader.readuntil(b"\r\n\r\n")
            await serve(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client went first, as it may
        finally:
            writer.close()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.ensure_future(handle(reader, writer)))

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def look(url: str, call_timeout: float = 5.0) -> Answer:
    async with KiriminAja(KEY, url, None, pace=Pace(1000), call_timeout=call_timeout) as kiriminaja:
        return await kiriminaja.fetch("XID-1234", None)


async def answer_to(serve: Serve, call_timeout: float = 5.0) -> Answer:
    async with serving(serve) as url:
        return await look(url, call_timeout)


def saying(*parts: bytes) -> Serve:
    """Sends these bytes and closes."""

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for part in parts:
            writer.write(part)
            await writer.drain()

    return serve


async def test_a_real_answer_over_a_real_socket() -> None:
    """The plain way, and chunked."""
    assert isinstance(await answer_to(saying(response(BODY))), Statement)
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
    assert isinstance(await answer_to(saying(chunked)), Statement)


BROKEN: list[tuple[bytes, Answer]] = [
    (b"", Unwell("broken")),
    (b"nonsense\r\n\r\n", Unwell("broken")),
    (b"HTTP/1.1 200 OK\r\nContent-Le", Unwell("broken")),
    (response(BODY, length=len(BODY) + 10), Unwell("broken")),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s" % (len(BODY) + 5, BODY), Unwell("broken")),
    (b"HTTP/1.1 200 OK\r\n\r\n" + BODY[:-5], Unwell("json")),
    (response(b""), Unwell("empty")),
    (response(b"<html>"), Unwell("html")),
    (response(b"x", "200 OK", f"X-Long: {'x' * 300_000}"), Unwell("broken")),
    (response(b"", length=MAX_BODY + 1), Unwell("too_large")),
    (response(b"", length=10**18), Unwell("too_large")),
    (response(zlib.compress(BODY), "200 OK", "Content-Encoding: deflate"), Unwell("encoding")),
    (response(b"", "429 Too Many Requests", "Retry-After: 3", length=50), Throttled(3)),
    (response(b"", "401 Unauthorized", length=50), Refused()),
    (response(b"", "503 Service Unavailable", length=50), Unwell("http_503")),
    (response(b'{"status":false,"code":2}', "404 Not Found"), Missing()),
]


@pytest.mark.parametrize(("sent", "meaning"), BROKEN, ids=map(str, range(len(BROKEN))))
async def test_what_a_broken_server_sends(sent: bytes, meaning: Answer) -> None:
    """Cut off anywhere it is not well; where the status says all, the body may be cut."""
    assert await answer_to(saying(sent)) == meaning


async def test_a_body_without_end_is_not_read_to_its_end() -> None:
    """Beyond 256 KiB the client hangs up, whatever the server still has."""
    sent = 0

    async def pour(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while sent < 64 * MAX_BODY:
            writer.write(b" " * 65536)
            sent += 65536
            await writer.drain()

    assert await answer_to(pour) == Unwell("too_large")
    assert sent < 64 * MAX_BODY


async def test_a_reset_is_broken() -> None:
    """RST instead of an answer."""

    async def reset(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        linger = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

    assert await answer_to(reset) == Unwell("broken")


async def test_silence_is_a_timeout() -> None:
    """The call's time is over, not ours."""

    async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()  # the request's body,
        await reader.read()  # and the end of the connection

    assert await answer_to(silent, call_timeout=0.05) == Unwell("timeout")


async def test_a_drip_of_bytes_does_not_prolong_the_call() -> None:
    """Each byte comes in time for httpx's read timeout; the whole call's still ends it."""

    async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while not writer.is_closing():
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.005)

    assert await answer_to(drip, call_timeout=0.1) == Unwell("timeout")


async def test_a_host_without_a_server_is_unreachable() -> None:
    """A closed port."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        assert await look(f"http://127.0.0.1:{bound.getsockname()[1]}") == Unwell("unreachable")


async def test_a_server_that_speaks_no_tls_is_a_matter_of_tls() -> None:
    """For the operators: a certificate or a wrong port, not a cable."""
    async with serving(saying(response(b"", "400 Bad Request")), read_head=False) as url:
        assert await look(url.replace("http:", "https:")) == Unwell("tls")


async def test_one_connection_serves_many_looks() -> None:
    """Kept alive between looks."""
    connections = 0

    async def again_and_again(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        while True:
            await reader.readuntil(b"}")
            writer.write(response(BODY))
            await reader.readuntil(b"\r\n\r\n")

    async with serving(again_and_again) as url, KiriminAja(KEY, url, None, pace=Pace(1000)) as kiriminaja:
        for _ in range(3):
            assert isinstance(await kiriminaja.fetch("XID-1234", None), Statement)
    assert connections == 1


async def test_the_key_is_in_no_log_of_the_real_stack(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All loggers at DEBUG, for an answer and for a failure; aiohttp, and through a proxy httpx and httpcore."""
    caplog.set_level(logging.DEBUG)
    await answer_to(saying(response(BODY)))
    await answer_to(saying(b""))
    async with serving(saying(response(BODY))) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy)
        await look("http://kiriminaja.test")
    assert "get_payment" in caplog.text, "the loggers were on"
    assert KEY not in caplog.text


async def test_a_proxy_from_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked for the whole address."""
    asked = b""

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked = await reader.readuntil(b"\r\n\r\n")
        writer.write(response(BODY))

    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    async with serving(proxy, read_head=False) as url:
        monkeypatch.setenv("HTTP_PROXY", url)
        assert isinstance(await look("http://kiriminaja.test"), Statement)
    assert asked.startswith(b"POST http://kiriminaja.test/api/mitra/v2/get_payment ")


async def test_a_proxy_from_the_environment_is_not_used_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """`paybot demo` works behind a company's proxy."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert isinstance(await answer_to(saying(response(BODY))), Statement)


async def test_a_redirect_is_not_followed_and_a_cookie_not_kept() -> None:
    """The key goes where it was sent and nowhere else."""
    heads: list[bytes] = []

    async def redirect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(2):
            heads.append(await reader.readuntil(b"\r\n\r\n"))
            await reader.readuntil(b"}")
            writer.write(response(b"", "307 Temporary Redirect", "Location: /elsewhere", "Set-Cookie: a=b"))

    async with (
        serving(redirect, read_head=False) as url,
        KiriminAja(KEY, url, None, pace=Pace(1000)) as kiriminaja,
    ):
        for _ in range(2):
            assert await kiriminaja.fetch("XID-1234", None) == Unwell("http_307")
    assert [head.split()[1] for head in heads] == [b"/api/mitra/v2/get_payment"] * 2
    assert b"cookie" not in heads[1].lower()


async def test_the_client_connects_within_three_seconds_and_follows_nothing() -> None:
    """The limits that were agreed."""
    async with http_client() as http:
        assert (http.timeout.connect, http.timeout.read, http.follow_redirects) == (3, 10, False)
