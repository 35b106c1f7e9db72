"""Receiving: one malformed update spoils no other, and no answer is an exception."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from bot.messenger.updates import (
    ALLOWED,
    LONG_POLL,
    PUSHES_AT_ONCE,
    Batch,
    Conflict,
    Fetched,
    TokenRefused,
    Trouble,
    Updates,
    Webhook,
    read,
)
from tests.messenger.faking import TOKEN
from tests.messenger.test_sockets import read_request, say_nothing, served

GOOD = {"update_id": 7, "message": {"text": "halo"}}
LATER = {"update_id": 9, "message": 5}


def ok(result: Any) -> dict[str, Any]:
    """A yes of Telegram's."""
    return {"ok": True, "result": result}


def no(code: Any, description: str = "", **more: Any) -> dict[str, Any]:
    """A no of Telegram's."""
    return {"ok": False, "error_code": code, "description": description} | more


ANSWERS: list[tuple[str, object, Fetched]] = [
    ("nothing new", ok([]), Batch([])),
    ("updates", ok([GOOD, LATER]), Batch([GOOD, LATER])),
    ("a webhook dropped", ok(True), Batch([])),
    # An update that cannot be stored is left out...
    ("no number", ok([GOOD, {"message": {}}, LATER]), Batch([GOOD, LATER])),
    ("a text for a number", ok([GOOD, {"update_id": "8"}]), Batch([GOOD])),
    ("a truth for a number", ok([GOOD, {"update_id": True}]), Batch([GOOD])),
    ("a fraction for a number", ok([GOOD, {"update_id": 8.0}]), Batch([GOOD])),
    ("a negative number", ok([GOOD, {"update_id": -1}]), Batch([GOOD])),
    ("a number no database takes", ok([GOOD, {"update_id": 2**63}]), Batch([GOOD])),
    ("no object", ok([None, 5, "x", [], GOOD]), Batch([GOOD])),
    # ...but where there is nothing else, it would come again at once.
    ("nothing readable", ok([{"update_id": "8"}, None]), Trouble("unreadable updates")),
    ("no list", ok({"update_id": 7}), Trouble("no list of updates")),
    ("nothing at all", {"ok": True}, Trouble("no list of updates")),
    ("another program", no(409, "Conflict: terminated by other getUpdates request"), Conflict(webhook=False)),
    ("a webhook", no(409, "Conflict: can't use getUpdates method while webhook is active"), Conflict(webhook=True)),
    ("a conflict without words", no(409, description=None), Conflict(webhook=False)),  # type: ignore[arg-type]  # Telegram's
    ("a revoked token", no(401, "Unauthorized"), TokenRefused()),
    ("a malformed token", no(404, "Not Found"), TokenRefused()),
    ("too fast", no(429, "Too Many Requests", parameters={"retry_after": 7}), Trouble("error 429", 7.0)),
    ("no pause", no(429, parameters={"retry_after": None}), Trouble("error 429")),
    ("a pause that is none", no(429, parameters={"retry_after": "7"}), Trouble("error 429")),
    ("a pause backwards", no(429, parameters={"retry_after": -7}), Trouble("error 429")),
    ("a pause beyond all measure", no(429, parameters={"retry_after": 10**18}), Trouble("error 429", 900.0)),
    ("parameters that are none", no(429, parameters=[1]), Trouble("error 429")),
    ("a webhook it won't have", no(400, "bad webhook: HTTPS"), Trouble("refused: bad webhook: HTTPS")),
    ("unwell", no(500, "Internal Server Error"), Trouble("error 500")),
    ("no code", {"ok": False}, Trouble("error None")),
    ("an object for a code", no({}), Trouble("error {}")),
    ("a code that is none", no("x" * 100), Trouble(("error " + "x" * 100)[:40])),
    ("ok that is no truth", {"ok": "true", "result": []}, Trouble("error None")),
    ("a list", [], Trouble("no object")),
    ("null", None, Trouble("no object")),
    ("a text", "ok", Trouble("no object")),
]


@pytest.mark.parametrize(("answer", "fetched"), [row[1:] for row in ANSWERS], ids=[row[0] for row in ANSWERS])
def test_every_answer_is_read(answer: object, fetched: Fetched) -> None:
    """The whole table."""
    assert read(answer) == fetched


def updates_over(handler: Any) -> Updates:
    """Updates over a transport of ours."""
    updates = Updates("https://api.telegram.org", TOKEN)
    updates._http = httpx.AsyncClient(transport=httpx.MockTransport(handler))
    return updates


async def ask(content: bytes | Exception, status: int = 200) -> Fetched:
    """What fetching makes of an answer, or of none."""

    def handler(_request: httpx.Request) -> httpx.Response:
        if isinstance(content, Exception):
            raise content
        return httpx.Response(status, content=content)

    updates = updates_over(handler)
    fetched = await updates.fetch(None)
    await updates.close()
    return fetched


@pytest.mark.parametrize(
    ("content", "fetched"),
    [
        (json.dumps(ok([GOOD])).encode(), Batch([GOOD])),
        (b"<html>", Trouble("no JSON")),
        (b"", Trouble("no JSON")),
        (b"\xff\xfe\x00", Trouble("no JSON")),
        (b'{"ok":true,"result":[{"upd', Trouble("no JSON")),
        (b"[" * 100_000, Trouble("no JSON")),
        (httpx.ConnectError("no route to bot123:secret"), Trouble("ConnectError")),
        (httpx.ReadTimeout(""), Trouble("ReadTimeout")),
        (httpx.RemoteProtocolError(""), Trouble("RemoteProtocolError")),
        (httpx.InvalidURL(""), Trouble("InvalidURL")),
    ],
    ids=["batch", "page", "empty", "binary", "cut off", "nested", "connect", "timeout", "protocol", "url"],
)
async def test_no_answer_is_an_exception(content: bytes | Exception, fetched: Fetched) -> None:
    """What came back is trouble at worst, told without URL and token."""
    assert await ask(content) == fetched


async def test_a_no_is_read_whatever_its_status() -> None:
    """Telegram's codes stand in the body."""
    assert await ask(json.dumps(no(401)).encode(), 401) == TokenRefused()
    assert await ask(json.dumps(no(409)).encode(), 409) == Conflict(webhook=False)
    assert await ask(b"<html>", 404) == Trouble("error 404"), "a web page of whatever is in between"


@pytest.mark.parametrize("offset", [None, 12])
async def test_it_asks_for_what_the_bot_handles(offset: int | None) -> None:
    """An offset confirms all below it; without one nothing is confirmed."""
    asked: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json=ok([]))

    updates = updates_over(handler)
    assert await updates.fetch(offset) == Batch([])
    assert await updates.fetch(offset, wait=0) == Batch([])
    assert await updates.drop_webhook() == Batch([])
    await updates.close()
    assert [request.url.path for request in asked] == [f"/bot{TOKEN}/getUpdates"] * 2 + [f"/bot{TOKEN}/deleteWebhook"]
    first, second, drop = (parse_qs(request.content.decode()) for request in asked)
    assert json.loads(first.pop("allowed_updates")[0]) == list(ALLOWED)
    assert first == {"timeout": [str(LONG_POLL)], "limit": ["100"]} | ({"offset": ["12"]} if offset else {})
    assert second["timeout"] == ["0"]
    assert drop == {"drop_pending_updates": ["false"]}


async def test_a_poll_is_more_patient_than_telegram() -> None:
    """Telegram may answer at the very end of its wait."""
    updates = Updates("https://api.telegram.org", TOKEN)
    assert updates._http.timeout.read is not None
    assert updates._http.timeout.read > LONG_POLL
    await updates.close()


async def test_a_poll_over_a_real_connection() -> None:
    """The request is whole, and so is the answer."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await read_request(reader)
        assert request.startswith(f"POST /bot{TOKEN}/getUpdates HTTP/1.1".encode())
        body = json.dumps(ok([GOOD])).encode()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        await writer.drain()
        await reader.read()

    async with served(answer) as url:
        updates = Updates(url, TOKEN)
        assert await updates.fetch(7) == Batch([GOOD])
        await updates.close()


async def test_a_cancelled_poll_ends_at_once() -> None:
    """A stop does not wait for the long poll."""
    reached = asyncio.Event()

    async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.set()
        await say_nothing(reader, writer)

    async with served(wait) as url:
        updates = Updates(url, TOKEN)
        poll = asyncio.create_task(updates.fetch(None))
        await reached.wait()
        poll.cancel()
        with pytest.raises(asyncio.CancelledError):
            await poll
        await updates.close()


@pytest.mark.parametrize(
    ("date", "known"),
    [
        ("Tue, 03 Feb 2026 03:42:07 GMT", True),
        ("Tue, 03 Feb 2026 03:42:07", False),
        ("yesterday", False),
        ("Tue, 03 Feb 2026 03:42:07 +99999999999999", False),
        ("Tue, 99999999999 Feb 2026 03:42:07 GMT", False),
        ("Fri, 31 Dec 9999 23:59:59 GMT", False),
        (None, False),
    ],
)
async def test_telegrams_time_is_what_its_answers_say(date: str | None, known: bool) -> None:
    """However wrong our own clock is; until an answer tells, our own time has to do."""
    headers = {"date": date} if date else {}
    updates = updates_over(lambda _: httpx.Response(200, json=ok([]), headers=headers))
    assert abs(updates.telegram_time - datetime.now(UTC)) < timedelta(seconds=5)
    await updates.fetch(None)
    await updates.close()
    told = datetime(2026, 2, 3, 3, 42, 7, tzinfo=UTC) if known else datetime.now(UTC)
    assert abs(updates.telegram_time - told) < timedelta(seconds=5)


async def test_a_webhook_is_set_with_all_that_matters() -> None:
    """Named by what is pushed, how many at once, and the secret; what waits is kept."""
    asked: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json=ok(True))

    updates = updates_over(handler)
    assert await updates.set_webhook("https://bot.example.com/telegram", "s3cret") == Batch([])
    await updates.close()
    assert asked[0].url.path == f"/bot{TOKEN}/setWebhook"
    assert parse_qs(asked[0].content.decode()) == {
        "url": ["https://bot.example.com/telegram"],
        "secret_token": ["s3cret"],
        "allowed_updates": [json.dumps(ALLOWED)],
        "max_connections": [str(PUSHES_AT_ONCE)],
        "drop_pending_updates": ["false"],
    }


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (ok({"url": "", "pending_update_count": 0}), Webhook("", [], 0)),
        (
            ok({"url": "https://x/telegram", "allowed_updates": ["message"], "pending_update_count": 3,
                "last_error_date": 5, "last_error_message": "Connection refused"}),
            Webhook("https://x/telegram", ["message"], 3, (5, "Connection refused")),
        ),
        (ok({"url": 5, "allowed_updates": {}, "pending_update_count": "x", "last_error_date": "x"}),
         Webhook("5", [], 0)),
        (ok({}), Webhook("", [], 0)),
        (ok(5), Trouble("no list of updates")),
        (no(401), TokenRefused()),
        (5, Trouble("no object")),
    ],
)  # fmt: skip
async def test_what_is_registered_is_read(answer: object, told: object) -> None:
    """Whatever Telegram says of it."""
    updates = updates_over(lambda _request: httpx.Response(200, json=answer))
    assert await updates.webhook() == told
    await updates.close()
