"""Lost answers at a real socket: what may have been sent is told from what surely wasn't."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager

import pytest
from telegram.request import BaseRequest, HTTPXRequest

from bot.core.message import Message
from bot.core.watch import Place
from bot.messenger import outcomes
from bot.messenger.account import close_account, open_account
from bot.messenger.aiohttp_request import AiohttpRequest
from bot.messenger.sender import Delivered, RetryAt, Sender
from bot.messenger.updates import Trouble, Updates
from tests.messenger.faking import MESSAGE, bot_at, success

Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

HERE = Place(5)
HELLO = Message("halo")
HTML = b"<html><body>An error occurred</body></html>"


async def read_request(reader: asyncio.StreamReader) -> bytes:
    """One whole HTTP request."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-len"))
    return head + await reader.readexactly(length)


@asynccontextmanager
async def served(behave: Behaviour) -> AsyncIterator[str]:
    """A server on loopback that treats every connection the same; gives its URL."""

    over: list[asyncio.Event] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        over.append(ended := asyncio.Event())
        try:
            await behave(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            ended.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for ended in over:
            await asyncio.wait_for(ended.wait(), 10)


Sending = Callable[..., AbstractAsyncContextManager[Sender]]
"""Opens a sender to a URL; `connect`, `read` and `pool` are seconds."""


@pytest.fixture(params=["aiohttp", "httpx"])
def sending(request: pytest.FixtureRequest) -> Sending:
    """A sender over the real HTTP client, impatient and with one connection: as usual, or as through a proxy."""

    @asynccontextmanager
    async def opened(url: str, *, connect: float = 5, read: float = 5, pool: float = 5) -> AsyncIterator[Sender]:
        http: BaseRequest
        if request.param == "aiohttp":
            http = AiohttpRequest(connect=connect, read=read, pool=pool, connections=1)
        else:
            http = HTTPXRequest(
                connection_pool_size=1,
                connect_timeout=connect,
                read_timeout=read,
                media_write_timeout=read,
                pool_timeout=pool,
            )
        await http.initialize()
        try:
            yield Sender(bot_at(http, url))
        finally:
            await http.shutdown()

    return opened


def assert_failed(outcome: object, *, maybe_sent: bool) -> None:
    """Tried again some time, as the one or the other."""
    assert isinstance(outcome, RetryAt)
    assert outcome == RetryAt(outcome.problem, maybe_sent=maybe_sent)


async def close_unread(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Accepts, and hangs up before reading."""
    writer.transport.abort()


async def close_after_reading(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Takes the request, and hangs up: Telegram may have acted on it."""
    await read_request(reader)


async def close_within_the_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Takes the request, and hangs up in the middle of its answer."""
    await read_request(reader)
    writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"ok":true')
    await writer.drain()


async def say_nothing(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Takes the request, and never answers; ends when the caller hangs up."""
    await read_request(reader)
    await reader.read()


async def reset_after_reading(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Takes the request, and resets the connection as a machine does that has just been restarted."""
    await read_request(reader)
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def close_within_the_head(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Takes the request, and hangs up before its answer has said what it is."""
    await read_request(reader)
    writer.write(b"HTTP/1.1 200 O")
    await writer.drain()


async def speak_no_http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Takes the request, and answers as no web server does."""
    await read_request(reader)
    writer.write(b"220 mail.example.com ready\r\n")
    await writer.drain()


async def answer_byte_by_byte(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Takes the request; its answer never ends, and each byte is in time."""
    await read_request(reader)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.02)


async def never_read(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Accepts, and reads nothing; ends when the caller hangs up."""
    writer.transport.pause_reading()  # type: ignore[attr-defined]  # a socket's has it
    await asyncio.sleep(1)


def answering(status: str, body: bytes, more: str = "") -> Behaviour:
    """Takes the request and answers it."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{more}\r\n"
        writer.write(head.encode() + body)
        await writer.drain()

    return answer


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        ("200 OK", b'{"ok":true,"result":{"message_id":4', RetryAt("JSONDecodeError", maybe_sent=True)),
        ("200 OK", HTML, RetryAt("JSONDecodeError", maybe_sent=True)),
        ("200 OK", b"", RetryAt("JSONDecodeError", maybe_sent=True)),
        ("200 OK", b"\xff\xfe\x00", RetryAt("JSONDecodeError", maybe_sent=True)),
        ("500 Internal Server Error", b'{"ok":false,"error_code":500,"description":"Internal Server Error"}',
         RetryAt("Internal Server Error", maybe_sent=True)),
        ("502 Bad Gateway", HTML, RetryAt("Bad Gateway (502)", maybe_sent=True)),
        ("504 Gateway Time-out", b"", RetryAt("Gateway Timeout (504)", maybe_sent=True)),
        ("429 Too Many Requests",
         b'{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 3","parameters":'
         b'{"retry_after":3}}', RetryAt("429", after=3.0)),
        ("429 Too Many Requests", HTML, RetryAt("Too Many Requests (429)")),
        ("403 Forbidden", HTML, RetryAt("Forbidden (403)")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
async def test_an_answer_that_came_counts_by_what_it_says(
    sending: Sending, status: str, body: bytes, outcome: RetryAt
) -> None:
    """A plain no sent nothing; trouble on the other side, or what nobody can read, may have."""
    async with served(answering(status, body)) as url, sending(url) as sender:
        assert await sender.send_text(HERE, HELLO) == outcome


async def test_an_answer_byte_by_byte_ends_some_time(sending: Sending, monkeypatch: pytest.MonkeyPatch) -> None:
    """No chat waits for it for ever."""
    monkeypatch.setattr(outcomes, "CALL_TIMEOUT", 0.2)
    async with served(answer_byte_by_byte) as url, sending(url, read=0.15) as sender:
        assert await sender.send_text(HERE, HELLO) == RetryAt("TimeoutError", maybe_sent=True)


async def test_a_request_that_nobody_reads_may_have_been_sent(
    sending: Sending, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file larger than what lies between the two."""
    monkeypatch.setattr(outcomes, "CALL_TIMEOUT", 0.3)
    async with served(never_read) as url, sending(url, read=0.2) as sender:
        assert_failed(await sender.send_document(HERE, "a.csv", bytes(30_000_000), HELLO), maybe_sent=True)


async def test_a_connection_that_nobody_accepts_surely_sent_nothing(sending: Sending) -> None:
    """A machine that drops what comes: no answer to the first knock."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, ExitStack() as crowd:
        for _ in range(4):
            waiting = crowd.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        async with sending(f"http://127.0.0.1:{full.getsockname()[1]}", connect=0.2) as sender:
            assert_failed(await sender.send_text(HERE, HELLO), maybe_sent=False)


async def test_a_server_that_goes_between_two_messages_costs_none(sending: Sending) -> None:
    """A kept connection that was closed meanwhile is noticed before the next message leaves."""
    taken: list[bytes] = []

    async def answer_and_leave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        taken.append(await read_request(reader))
        body = success(MESSAGE)[1]
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        await writer.drain()

    async with served(answer_and_leave) as url, sending(url) as sender:
        for number in (1, 2, 3):
            assert await sender.send_text(HERE, HELLO) == Delivered(41)
            assert len(taken) == number
            await asyncio.sleep(0)


@pytest.mark.parametrize(
    "behave",
    [
        close_unread,
        close_after_reading,
        reset_after_reading,
        close_within_the_head,
        close_within_the_answer,
        speak_no_http,
    ],
)
async def test_a_connection_that_breaks_may_have_sent(sending: Sending, behave: Behaviour) -> None:
    """From the first byte on nobody can know."""
    async with served(behave) as url, sending(url) as sender:
        assert_failed(await sender.send_text(HERE, HELLO), maybe_sent=True)


async def test_silence_after_the_request_may_have_sent(sending: Sending) -> None:
    """The answer may only be slow."""
    async with served(say_nothing) as url, sending(url, read=0.05) as sender:
        assert_failed(await sender.send_text(HERE, HELLO), maybe_sent=True)


async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers a byte at a time, never late with the next one."""
    await read_request(reader)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.02)


async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers without an end."""
    await read_request(reader)
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(b" " * 65_536)
        await writer.drain()


async def test_an_answer_that_drips_is_given_up(sending: Sending, monkeypatch: pytest.MonkeyPatch) -> None:
    """No single read is late; the call as a whole is."""
    monkeypatch.setattr(outcomes, "CALL_TIMEOUT", 0.2)
    async with served(drip) as url, sending(url) as sender:
        assert await sender.send_text(HERE, HELLO) == RetryAt("TimeoutError", maybe_sent=True)


@pytest.mark.parametrize("proxy", ["", "http://127.0.0.1:9"])
async def test_an_answer_without_end_is_not_read_to_it(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    """Neither where messages are sent nor where updates are fetched; with a proxy set, too."""
    monkeypatch.setenv("HTTP_PROXY", proxy)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    async with served(flood) as url:
        account, updates = open_account(url, "1:x"), Updates(url, "1:x")
        assert isinstance(account.request, HTTPXRequest if proxy else AiohttpRequest)
        try:
            assert_failed(await Sender(account).send_text(HERE, HELLO), maybe_sent=True)
            assert await updates.fetch(None) == Trouble("RemoteProtocolError")
        finally:
            await updates.close()
            await close_account(account)


async def test_a_refused_connection_surely_sent_nothing(sending: Sending) -> None:
    """Nobody listens."""
    async with served(close_unread) as url:
        pass
    async with sending(url) as sender:
        assert_failed(await sender.send_text(HERE, HELLO), maybe_sent=False)


async def test_a_failed_handshake_surely_sent_nothing(sending: Sending) -> None:
    """TLS stands before the request."""
    async with served(close_unread) as url, sending(url.replace("http:", "https:")) as sender:
        assert_failed(await sender.send_text(HERE, HELLO), maybe_sent=False)


async def test_a_full_pool_surely_sent_nothing(sending: Sending) -> None:
    """The request waited for a connection, and never got one."""
    async with served(say_nothing) as url, sending(url, pool=0.05, read=0.3) as sender:
        first = asyncio.create_task(sender.send_text(HERE, HELLO))
        await asyncio.sleep(0)
        assert_failed(await sender.send_text(HERE, HELLO), maybe_sent=False)
        assert_failed(await first, maybe_sent=True)
