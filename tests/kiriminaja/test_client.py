"""The client against a scripted transport: which calls it makes, and what their answers add up to."""

import asyncio
import json
import logging
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from bot.core.answer import Answer, Missing, Refused, Statement, Throttled, Unwell
from bot.core.ids import Kind
from bot.kiriminaja.client import Endpoint, KiriminAja
from bot.kiriminaja.pace import Pace
from bot.kiriminaja.wire import HttpxWire
from tests.kiriminaja.virtual import VirtualTime

RECORDED = Path(__file__).parent.parent / "recorded"
KEY = "canary-4f1d2c"
EXPRESS, INSTANT = "https://express.test", "https://instant.test/base/"
NOW = datetime(2025, 8, 5, 7, 0, tzinfo=UTC)

Handler = Callable[[httpx.Request], httpx.Response] | Callable[[httpx.Request], Coroutine[None, None, httpx.Response]]

MISSING = httpx.Response(200, json={"status": False, "text": "data not found", "code": 2, "data": None})
PAGE, PAGE_404, PAGE_502 = (httpx.Response(code, html="<html>") for code in (200, 404, 502))
JSON_404 = httpx.Response(404, json={"status": False, "text": "data not found", "result": None})
ERROR_500 = httpx.Response(500, json={"message": "Server Error"})
TOO_MANY = httpx.Response(429, headers={"Retry-After": "7"})
WRONG_KEY = httpx.Response(401, json={"message": "Unauthenticated."})


def told(place: str, payment_id: str) -> httpx.Response:
    fields = {"payment_id": payment_id, "status_code": 9, "amount": 1, "qr_content": "QR"}
    return httpx.Response(200, json={"status": True, "text": "Success", place: fields})


class Script:
    """A transport that answers Express POSTs and Instant GETs from two lists, and keeps what was asked."""

    def __init__(self, posts: list[httpx.Response], gets: list[httpx.Response]) -> None:
        self.requests: list[httpx.Request] = []
        self._answers = {"POST": iter(posts), "GET": iter(gets)}

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        scripted = next(self._answers[request.method])
        return httpx.Response(scripted.status_code, headers=scripted.headers, content=scripted.content)

    @property
    def methods(self) -> list[str]:
        return [request.method for request in self.requests]


Observed = list[tuple[Endpoint, str, float]]


def client(
    handler: Handler, *, instant: str | None = INSTANT, observed: Observed | None = None, pace: Pace | None = None
) -> KiriminAja:
    calls = [] if observed is None else observed
    return KiriminAja(
        KEY,
        EXPRESS,
        instant,
        pace=pace or Pace(1000),
        wire=lambda: HttpxWire(httpx.AsyncClient(transport=httpx.MockTransport(handler))),
        observe=lambda endpoint, outcome, seconds: calls.append((endpoint, outcome, seconds)),
        now=lambda: NOW,
    )


async def look(script: Script, payment_id: str, *, instant: str | None = INSTANT) -> Answer:
    async with client(script, instant=instant) as kiriminaja:
        return await kiriminaja.fetch(payment_id, None)


async def test_an_express_look_is_the_documented_call() -> None:
    """POST with a JSON body, and the documented headers."""
    script = Script([told("data", "XID-1234")], [])
    answer = await look(script, "XID-1234")
    assert isinstance(answer, Statement)
    assert answer.kind is Kind.EXPRESS
    (request,) = script.requests
    assert str(request.url) == "https://express.test/api/mitra/v2/get_payment"
    assert json.loads(request.content) == {"payment_id": "XID-1234"}
    assert request.headers["accept"] == "application/json"
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.headers["content-type"] == "application/json"


async def test_an_instant_look_is_the_documented_call() -> None:
    """GET with the id in the path, under the base URL's own path."""
    script = Script([], [told("result", "PID-1234")])
    answer = await look(script, "PID-1234")
    assert isinstance(answer, Statement)
    assert answer.kind is Kind.INSTANT
    (request,) = script.requests
    assert str(request.url) == "https://instant.test/base/open-api/v1/instants/payment/PID-1234"
    assert request.content == b""
    assert request.headers["accept"] == "application/json"
    assert request.headers["authorization"] == f"Bearer {KEY}"


S, M = Statement, Missing()
TABLE: list[tuple[str, str | None, list[httpx.Response], list[httpx.Response], object]] = [
    # id, instant host, answers to POSTs, answers to GETs, what they add up to; all answers are used up
    ("XID-1234", INSTANT, [MISSING], [], M),
    ("XID-1234", INSTANT, [ERROR_500], [], Unwell("http_500")),
    ("PID-1234", None, [told("result", "PID-1234")], [], S),
    ("PID-1234", None, [PAGE], [], Unwell("html")),
    ("PID-1234", INSTANT, [], [MISSING], M),
    ("PID-1234", INSTANT, [], [ERROR_500], Unwell("http_500")),
    ("PID-1234", INSTANT, [], [TOO_MANY], Throttled(7)),
    ("PID-1234", INSTANT, [], [WRONG_KEY], Refused()),
    ("PID-1234", INSTANT, [told("result", "PID-1234")], [JSON_404], S),
    ("PID-1234", INSTANT, [told("result", "PID-1234")], [PAGE_404], S),
    ("PID-1234", INSTANT, [told("result", "PID-1234")], [PAGE], S),
    ("PID-1234", INSTANT, [told("result", "PID-1234")], [PAGE_502], S),
    ("PID-1234", INSTANT, [MISSING], [JSON_404], M),
    ("PID-1234", INSTANT, [MISSING], [PAGE], M),
    ("PID-1234", INSTANT, [MISSING], [PAGE_502], Unwell("http_502")),
    ("PID-1234", INSTANT, [ERROR_500], [JSON_404], Unwell("http_500")),
    ("PID-1234", INSTANT, [PAGE], [PAGE_404], Unwell("html")),
    ("PID-1234", INSTANT, [TOO_MANY], [PAGE_404], Throttled(7)),
    ("PICK-1234", INSTANT, [told("data", "PICK-1234")], [], S),
    ("PICK-1234", INSTANT, [MISSING], [told("result", "PICK-1234")], S),
    ("PICK-1234", INSTANT, [ERROR_500], [told("result", "PICK-1234")], S),
    ("PICK-1234", INSTANT, [MISSING], [MISSING], M),
    ("PICK-1234", INSTANT, [MISSING], [JSON_404], M),
    ("PICK-1234", INSTANT, [MISSING], [PAGE_404], M),
    ("PICK-1234", INSTANT, [MISSING], [ERROR_500], Unwell("http_500")),
    ("PICK-1234", INSTANT, [MISSING], [PAGE_502], Unwell("http_502")),
    ("PICK-1234", INSTANT, [ERROR_500], [MISSING], Unwell("http_500")),
    ("PICK-1234", INSTANT, [ERROR_500], [PAGE_404], Unwell("http_500")),
    ("PICK-1234", INSTANT, [MISSING], [TOO_MANY], Throttled(7)),
    ("PICK-1234", INSTANT, [TOO_MANY], [], Throttled(7)),
    ("PICK-1234", INSTANT, [WRONG_KEY], [], Refused()),
    ("PICK-1234", None, [MISSING], [], M),
    ("PICK-1234", None, [ERROR_500], [], Unwell("http_500")),
]


@pytest.mark.parametrize(("payment_id", "instant", "posts", "gets", "meaning"), TABLE, ids=map(str, range(len(TABLE))))
async def test_what_the_calls_add_up_to(
    payment_id: str,
    instant: str | None,
    posts: list[httpx.Response],
    gets: list[httpx.Response],
    meaning: object,
) -> None:
    """Missing only where every side that can know says so; each call at most once."""
    script = Script(posts, gets)
    answer = await look(script, payment_id, instant=instant)
    assert answer == meaning or (meaning is S and isinstance(answer, Statement))
    assert sorted(script.methods) == ["GET"] * len(gets) + ["POST"] * len(posts)


@pytest.mark.parametrize(("place", "kind"), [("data", Kind.EXPRESS), ("result", Kind.INSTANT)])
async def test_an_unknown_prefix_learns_its_kind_from_the_answer(place: str, kind: Kind) -> None:
    """Without an Instant host one call asks both."""
    answer = await look(Script([told(place, "PICK-1234")], []), "PICK-1234", instant=None)
    assert isinstance(answer, Statement)
    assert answer.kind is kind


@pytest.mark.parametrize(
    "text", ["", "XID", "../../etc", "XID-1/2", "XID-1?x", "XID 1234", "XID-１２３４", "-XID-1", "x" * 65]
)
async def test_what_is_no_id_is_refused_before_any_call(text: str) -> None:
    """It would go into a URL path."""
    script = Script([], [])
    async with client(script) as kiriminaja:
        with pytest.raises(ValueError, match="not a payment id"):
            await kiriminaja.fetch(text, None)
    assert not script.requests


async def test_a_redirect_is_not_followed() -> None:
    """The key goes nowhere else."""
    script = Script([httpx.Response(302, headers={"Location": "https://evil.test/"})], [])
    assert await look(script, "XID-1234") == Unwell("http_302")
    assert len(script.requests) == 1


async def test_a_429_pauses_the_whole_account() -> None:
    """The next look of anybody is Throttled without a call."""
    time = VirtualTime()
    script = Script([TOO_MANY, told("data", "XID-5678")], [])
    async with client(script, pace=Pace(5, clock=time.clock, sleep=time.sleep)) as kiriminaja:
        assert await kiriminaja.fetch("XID-1234", None) == Throttled(7)
        assert await kiriminaja.fetch("XID-5678", None, urgent=True) == Throttled(7)
        assert len(script.requests) == 1
        time.now += 7
        assert isinstance(await kiriminaja.fetch("XID-5678", None), Statement)


async def test_each_call_is_observed_once() -> None:
    """Endpoint and outcome from closed sets, without ids."""
    observed: Observed = []
    script = Script(
        [told("data", "XID-1234"), told("result", "PID-1234"), httpx.Response(200, json={"status": True})], [PAGE]
    )
    async with client(script, observed=observed) as kiriminaja:
        await kiriminaja.fetch("XID-1234", None)
        await kiriminaja.fetch("PID-1234", None)
        assert await kiriminaja.set_callback("https://bot.test/kiriminaja") is None
    assert [call[:2] for call in observed] == [
        (Endpoint.EXPRESS, "unpaid"),
        (Endpoint.INSTANT, "html"),
        (Endpoint.INSTANT_SDK, "unpaid"),
        (Endpoint.CALLBACK, "accepted"),
    ]
    assert all(seconds >= 0 for *_, seconds in observed)


class Gate:
    """A handler that holds every answer back until it is opened."""

    def __init__(self) -> None:
        self.opened = asyncio.Event()
        self.arrived = asyncio.Semaphore(0)
        self.requests = 0
        self.cancelled = 0

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests += 1
        self.arrived.release()
        try:
            await self.opened.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return told("data", json.loads(request.content)["payment_id"])


async def test_looks_at_the_same_payment_share_a_call() -> None:
    """Ten at once are one call; the next one is fresh."""
    gate = Gate()
    async with client(gate) as kiriminaja:
        looks = [asyncio.ensure_future(kiriminaja.fetch("XID-1234", None)) for _ in range(10)]
        other = asyncio.ensure_future(kiriminaja.fetch("XID-5678", None))
        await VirtualTime().settle()
        gate.opened.set()
        answers = await asyncio.gather(*looks, other)
        assert gate.requests == 2
        assert len({id(answer) for answer in answers}) == 2
        await kiriminaja.fetch("XID-1234", None)
        assert gate.requests == 3


async def test_a_cancelled_waiter_does_not_cancel_the_others() -> None:
    """Not even the one who asked first; with the last one gone the call ends."""
    gate = Gate()
    async with client(gate) as kiriminaja:
        first, second = (asyncio.ensure_future(kiriminaja.fetch("XID-1234", None)) for _ in range(2))
        await gate.arrived.acquire()
        first.cancel()
        await VirtualTime().settle()
        gate.opened.set()
        assert isinstance(await second, Statement)
        gate.opened.clear()
        await VirtualTime().settle()
        alone = asyncio.ensure_future(kiriminaja.fetch("XID-1234", None))
        await gate.arrived.acquire()
        alone.cancel()
        await VirtualTime().settle()
        assert (gate.requests, gate.cancelled) == (2, 1)


async def test_a_persons_ask_hurries_the_look_it_joins() -> None:
    """A plain look deep in the queue goes first once somebody waits for it, and is still one call."""
    time = VirtualTime()
    script = Script([told("data", f"XID-100{n}") for n in range(5)], [])
    async with client(script, pace=Pace(0.5, clock=time.clock, sleep=time.sleep)) as kiriminaja:
        looks = [asyncio.ensure_future(kiriminaja.fetch(f"XID-100{n}", None)) for n in range(4)]
        await time.settle()
        asked = await kiriminaja.fetch("XID-1003", None, urgent=True)
        asked_ids = [json.loads(request.content)["payment_id"] for request in script.requests]
        assert asked_ids == ["XID-1000", "XID-1003"]
        assert looks[3].done()
        assert looks[3].result() is asked
        await time.run(asyncio.gather(*looks))
        assert len(script.requests) == 4


async def test_closing_answers_those_who_wait() -> None:
    """Nobody hangs on a client that is gone."""
    gate = Gate()
    kiriminaja = client(gate)
    waiting = asyncio.ensure_future(kiriminaja.fetch("XID-1234", None))
    await VirtualTime().settle()
    await kiriminaja.aclose()
    assert await waiting == Unwell("closed")
    assert gate.cancelled == 1


@pytest.mark.parametrize("url", ["", "bot.test", "ftp://bot.test", "https://", "https://bot.test:x/", "http://[::1"])
async def test_a_callback_url_is_a_web_address(url: str) -> None:
    """Anything else is refused before any call."""
    script = Script([], [])
    async with client(script) as kiriminaja:
        with pytest.raises(ValueError, match="URL"):
            await kiriminaja.set_callback(url)
    assert not script.requests


async def test_setting_the_callback_is_the_documented_call() -> None:
    """POST of the URL to the Express host."""
    script = Script([httpx.Response(200, json={"status": False, "text": "no"})], [])
    async with client(script) as kiriminaja:
        assert await kiriminaja.set_callback("https://bot.test/kiriminaja") == Unwell("declined")
    assert str(script.requests[0].url) == "https://express.test/api/mitra/set_callback"
    assert json.loads(script.requests[0].content) == {"url": "https://bot.test/kiriminaja"}


ERRORS = [
    (httpx.ConnectError("x"), "unreachable"), (httpx.ConnectTimeout("x"), "unreachable"),
    (httpx.ReadTimeout("x"), "timeout"), (httpx.PoolTimeout("x"), "timeout"), (httpx.ReadError("x"), "broken"),
    (httpx.RemoteProtocolError("x"), "broken"), (httpx.UnsupportedProtocol("x"), "error"),
    (httpx.InvalidURL("x"), "error"), (RuntimeError("x"), "error"), (OSError("x"), "error"),
]  # fmt: skip


@pytest.mark.parametrize(("error", "reason"), ERRORS, ids=[type(error).__name__ for error, _ in ERRORS])
async def test_every_failure_of_a_call_is_a_word(error: Exception, reason: str) -> None:
    """A look never raises."""

    def fail(_: httpx.Request) -> httpx.Response:
        raise error

    async with client(fail) as kiriminaja:
        assert await kiriminaja.fetch("XID-1234", None) == Unwell(reason)


async def test_the_key_is_nowhere_to_be_seen(caplog: pytest.LogCaptureFixture) -> None:
    """Neither in logs at their loudest, nor in `repr`, nor in an answer, even where KiriminAja echoes it."""
    caplog.set_level(logging.DEBUG)
    echo = httpx.Response(200, json={"status": False, "text": f"bad key {KEY}", "code": 4001})
    script = Script([echo, httpx.Response(200, html=f"<p>{KEY}")], [])
    async with client(script) as kiriminaja:
        answers = [await kiriminaja.fetch("XID-1234", None) for _ in range(2)]
        assert KEY not in repr(answers) + repr(kiriminaja)
    assert KEY not in caplog.text


@pytest.mark.parametrize("key", [f"{KEY}\n", f"{KEY} x", f"{KEY}é", f"\r{KEY}", ""])
def test_a_key_no_header_can_carry_is_refused_without_naming_it(key: str) -> None:
    """h11 would quote it in its error at the first call."""
    with pytest.raises(ValueError, match="API key") as raised:
        KiriminAja(key, EXPRESS, None, pace=Pace(1))
    assert "canary" not in str(raised.value)


@pytest.mark.parametrize("url", ["", "express.test", "https://x.test/?a=1", "https://x.test/#a", "https://u:p@x.test"])
def test_a_base_url_is_checked_at_once(url: str) -> None:
    """A wrong setting shows at the start, not at the first look."""
    with pytest.raises(ValueError, match="URL"):
        KiriminAja(KEY, url, None, pace=Pace(1))
