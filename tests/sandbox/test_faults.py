"""Every kind of trouble, as a plain HTTP client meets it on either side."""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable
from typing import Literal

import httpx
import pytest

from bot.sandbox import Sandbox
from bot.sandbox.faults import KINDS, Fault
from bot.sandbox.payment import Payment
from bot.sandbox.people import Person

Side = Literal["telegram", "kiriminaja"]
Ask = Callable[[], Awaitable[httpx.Response]]

ANSWERED = {
    "error_500": (500, "Internal Server Error"),
    "error_502": (502, "<!doctype html>"),
    "error_503": (503, ""),
    "worked_but_504": (504, "<!doctype html>"),
    "too_many": (429, "Too Many"),
    "too_many_for_1_s": (429, '"retry_after": 1'),
    "wrong_types": (200, '"result": "none"'),
    "html": (200, "<!doctype html>"),
}
RESET = {"reset_before", "answer_lost", "refused"}
SILENT = {"no_answer", "worked_in_silence"}
UNFINISHED = {"reset_midway", "slow_loris", "truncated", "huge"}
DONE = {"reset_midway", "answer_lost", "worked_in_silence", "slow_loris", "worked_but_504", "truncated"}
"""Those in which the work is done all the same."""


@pytest.fixture(params=["telegram", "kiriminaja"])
def side(request: pytest.FixtureRequest) -> Side:
    """Both sides in turn."""
    found: Side = request.param
    return found


@pytest.fixture
def payment(sandbox: Sandbox) -> Payment:
    """Something to ask for."""
    return sandbox.payments.express()


@pytest.fixture
def ask(client: httpx.AsyncClient, sandbox: Sandbox, sari: Person, payment: Payment, side: Side) -> Ask:
    """A request whose work leaves a trace, by the side's own door."""
    sari.private_chat.started = True
    if side == "telegram":
        url = f"{sandbox.telegram_door.url}/bot{sandbox.telegram.token}/sendMessage"
        return lambda: client.post(url, json={"chat_id": sari.id, "text": "x"}, timeout=0.3)
    url = f"{sandbox.kiriminaja_door.url}/api/mitra/set_callback"
    headers = {"Authorization": f"Bearer {sandbox.kiriminaja.api_key}"}
    return lambda: client.post(url, json={"url": "https://shop.example"}, headers=headers, timeout=0.3)


def plan(sandbox: Sandbox, side: Side, fault: Fault) -> None:
    """Has the next request meet it."""
    (sandbox.telegram if side == "telegram" else sandbox.kiriminaja).faults.add("*", fault)


def is_done(sandbox: Sandbox, sari: Person, side: Side) -> bool:
    """Whether a request's work was done."""
    return bool(sari.private_chat.from_bot) if side == "telegram" else sandbox.kiriminaja.callback_url is not None


def test_every_kind_is_looked_at() -> None:
    """A new one wants its place in the lists above."""
    assert KINDS.keys() == ANSWERED.keys() | RESET | SILENT | UNFINISHED


@pytest.mark.parametrize("kind", sorted(KINDS))
async def test_work_is_done_or_not_as_the_kind_says(
    ask: Ask, sandbox: Sandbox, sari: Person, side: Side, kind: str
) -> None:
    """Whatever the client sees of it; and the next request fares well."""
    plan(sandbox, side, KINDS[kind])
    with contextlib.suppress(httpx.TransportError):
        await ask()
    assert is_done(sandbox, sari, side) is (kind in DONE)
    if kind == "refused":
        await sandbox.changes.pause(KINDS[kind].away + 0.3)
    assert (await ask()).status_code == 200


@pytest.mark.parametrize("kind", sorted(ANSWERED))
async def test_an_answer_instead_is_as_the_kind_says(ask: Ask, sandbox: Sandbox, side: Side, kind: str) -> None:
    """Status and body."""
    plan(sandbox, side, KINDS[kind])
    answer = await ask()
    status, part = ANSWERED[kind]
    assert answer.status_code == status
    assert part in answer.text
    assert answer.headers.get("retry-after") == ("1" if kind == "too_many_for_1_s" else None)


@pytest.mark.parametrize("kind", sorted(RESET))
async def test_a_reset_is_a_reset(ask: Ask, sandbox: Sandbox, side: Side, kind: str) -> None:
    """Not an end of stream, and not an answer."""
    plan(sandbox, side, KINDS[kind])
    with pytest.raises(httpx.ReadError):
        await ask()


@pytest.mark.parametrize("kind", sorted(SILENT))
async def test_silence_lasts_as_long_as_the_client(ask: Ask, sandbox: Sandbox, side: Side, kind: str) -> None:
    """It is the client that gives up."""
    plan(sandbox, side, KINDS[kind])
    with pytest.raises(httpx.ReadTimeout):
        await ask()


async def test_a_reset_midway_comes_after_the_head(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    """Status and half a body were there."""
    sandbox.telegram.faults.add("getMe", KINDS["reset_midway"])
    got = b""
    with pytest.raises(httpx.ReadError):
        async with client.stream("GET", f"{sandbox.telegram_door.url}/bot{sandbox.telegram.token}/getMe") as answer:
            assert answer.status_code == 200
            async for chunk in answer.aiter_bytes():
                got += chunk
    assert got.startswith(b'{"ok": true')
    assert not got.endswith(b"}")


async def test_half_an_answer_is_whole_http_and_no_json(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    """Truncated where it was made, not on the way."""
    sandbox.telegram.faults.add("getMe", KINDS["truncated"])
    answer = await client.get(f"{sandbox.telegram_door.url}/bot{sandbox.telegram.token}/getMe")
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        answer.json()


async def test_a_slow_loris_keeps_each_wait_short(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    """No single read takes long; the whole would."""
    sandbox.telegram.faults.add("getMe", Fault(drip=0.05))
    async with client.stream(
        "GET", f"{sandbox.telegram_door.url}/bot{sandbox.telegram.token}/getMe", timeout=2
    ) as answer:
        chunks = answer.aiter_raw()
        assert [await anext(chunks) for _ in range(3)] == [b"{", b'"', b"o"]


async def test_fifty_megabytes_come_in_small_pieces(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    """As a stream without a length."""
    sandbox.kiriminaja.faults.add("*", KINDS["huge"])
    got = 0
    url = f"{sandbox.kiriminaja_door.url}/api/mitra/set_callback"
    async with client.stream("POST", url, json={}) as answer:
        assert "content-length" not in answer.headers
        async for chunk in answer.aiter_raw():
            got += len(chunk)
    assert 50_000_000 <= got < 51_000_000


async def test_a_shut_door_refuses_and_opens_on_the_same_port(ask: Ask, sandbox: Sandbox, side: Side) -> None:
    """The other side does not notice."""
    doors = {"telegram": sandbox.telegram_door, "kiriminaja": sandbox.kiriminaja_door}
    door, other = doors.pop(side), doors.popitem()[1]
    url = door.url
    await door.shut()
    with pytest.raises(httpx.ConnectError):
        await ask()
    assert (door.is_open, other.is_open) == (False, True)
    await door.open()
    assert (await ask()).status_code == 200
    assert door.url == url


async def test_a_refusal_for_a_while_ends_by_itself(ask: Ask, sandbox: Sandbox, side: Side) -> None:
    """The first loses its connection, those after it get none."""
    plan(sandbox, side, Fault(away=0.2))
    with pytest.raises(httpx.ReadError):
        await ask()
    with pytest.raises(httpx.ConnectError):
        await ask()
    async with asyncio.timeout(5):
        while True:
            try:
                assert (await ask()).status_code == 200
                break
            except httpx.ConnectError:
                await asyncio.sleep(0.02)


async def test_a_rate_is_met_and_a_seed_repeats_it(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    """One in five, the same ones each time."""

    async def seen() -> list[int]:
        sandbox.telegram.faults.add_at_rate("getMe", KINDS["error_500"], 0.2, random.Random(7))
        url = f"{sandbox.telegram_door.url}/bot{sandbox.telegram.token}/getMe"
        found = [(await client.get(url)).status_code for _ in range(100)]
        sandbox.telegram.faults.clear()
        return found

    first = await seen()
    assert first == await seen()
    assert 10 <= first.count(500) <= 30
    assert set(first) == {200, 500}


async def test_a_call_tells_what_it_met(ask: Ask, sandbox: Sandbox, sari: Person) -> None:
    """So that a test may count lost answers."""
    sandbox.telegram.faults.add("sendMessage", KINDS["truncated"])
    sandbox.telegram.faults.add("sendMessage", KINDS["answer_lost"])
    url = f"{sandbox.telegram_door.url}/bot{sandbox.telegram.token}/sendMessage"
    async with httpx.AsyncClient() as client:
        for _ in range(2):
            with contextlib.suppress(httpx.ReadError):
                await client.post(url, json={"chat_id": sari.id, "text": "x"})
    met = [(call.fault, call.done, call.answered) for call in sandbox.telegram.calls_of("sendMessage")]
    assert met == [(KINDS["truncated"], True, True), (KINDS["answer_lost"], True, False)]
