"""Flood limits, scripted faults, and stopping."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import httpx
import pytest
import telegram

from bot.sandbox import Sandbox
from bot.sandbox.chats import Chat
from bot.sandbox.people import Person
from tests.sandbox.conftest import Api, FakeClock


async def test_a_chat_takes_one_a_second(api: Api, sandbox: Sandbox, chat: Chat, clock: FakeClock) -> None:
    """After a small burst 429 with retry_after, which is enough to wait."""
    sandbox.telegram.flood.enabled = True
    for _ in range(3):
        await api.ok("sendMessage", chat_id=chat.id, text="x")
    response = await api.raw("sendMessage", chat_id=chat.id, text="x")
    assert response.status_code == 429
    assert response.json() == {
        "ok": False,
        "error_code": 429,
        "description": "Too Many Requests: retry after 1",
        "parameters": {"retry_after": 1},
    }
    clock.now += 1
    await api.ok("sendMessage", chat_id=chat.id, text="x")


async def test_a_group_takes_twenty_a_minute(api: Api, sandbox: Sandbox, sari: Person, clock: FakeClock) -> None:
    """At one a second the twenty are used up before the minute is."""
    sandbox.telegram.flood.enabled = True
    group = sandbox.group("Shop", [sari])
    answers = []
    for _ in range(40):
        clock.now += 1
        answers.append((await api.raw("sendMessage", chat_id=group.id, text="x")).status_code)
    assert answers.index(429) in range(20, 32)


async def test_all_chats_together_take_thirty_a_second(api: Api, sandbox: Sandbox) -> None:
    """The thirty-first in the same second is refused, whatever the chat."""
    sandbox.telegram.flood.enabled = True
    people = [sandbox.person(f"P{i}", started=True) for i in range(31)]
    answers = [(await api.raw("sendMessage", chat_id=person.id, text="x")).status_code for person in people]
    assert answers == [200] * 30 + [429]


async def test_limits_are_off_by_default(api: Api, chat: Chat) -> None:
    """Tests of other things do not wait."""
    for _ in range(5):
        await api.ok("sendMessage", chat_id=chat.id, text="x")


async def test_a_refusal_on_order_reaches_the_client(
    bot: telegram.Bot, sandbox: Sandbox, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    """python-telegram-bot sees RetryAfter, then the call goes through."""
    # Without it the exception's own constructor warns, and warnings are errors here.
    monkeypatch.setenv("PTB_TIMEDELTA", "true")
    sandbox.telegram.fail("sendMessage", 429, retry_after=7)
    with pytest.raises(telegram.error.RetryAfter) as caught:
        await bot.send_message(chat.id, "x")
    assert caught.value.retry_after == timedelta(seconds=7)
    await bot.send_message(chat.id, "x")
    assert [call.status for call in sandbox.telegram.calls_of("sendMessage")] == [429, 200]


@pytest.mark.parametrize(("when", "arrived"), [("before", 0), ("after", 1)])
async def test_a_reset_loses_the_call_or_its_answer(
    bot: telegram.Bot, sandbox: Sandbox, chat: Chat, when: str, arrived: int
) -> None:
    """Before the work nothing happened; after it the message is there and the client cannot know."""
    sandbox.telegram.reset("sendMessage", "before" if when == "before" else "after")
    with pytest.raises(telegram.error.NetworkError) as caught:
        await bot.send_message(chat.id, "x")
    assert isinstance(caught.value.__cause__, httpx.ReadError)
    [call] = sandbox.telegram.calls_of("sendMessage")
    assert (len(chat.from_bot), call.done, call.answered, call.status) == (arrived, bool(arrived), False, 0)


async def test_a_hold_freezes_a_call_midway(api: Api, sandbox: Sandbox, chat: Chat) -> None:
    """The work is done, the answer is not given until released."""
    hold = sandbox.telegram.hold("sendMessage", "after")
    sending = asyncio.create_task(api.ok("sendMessage", chat_id=chat.id, text="x"))
    await hold.reached()
    assert (len(chat.from_bot), sending.done()) == (1, False)
    hold.release()
    await sending


async def test_an_outage_lasts_until_told(api: Api, sandbox: Sandbox, chat: Chat) -> None:
    """Connections closed, or a gateway's page."""
    sandbox.telegram.outage()
    with pytest.raises(httpx.HTTPError):
        await api.raw("getMe")
    sandbox.telegram.outage(status=502)
    assert (await api.raw("getMe")).status_code == 502
    sandbox.telegram.outage(on=False)
    await api.ok("getMe")


async def test_a_fault_counts_down(api: Api, sandbox: Sandbox) -> None:
    """Only the next N calls of that method meet it."""
    sandbox.telegram.fail("getMe", 500, times=2)
    assert [(await api.raw("getMe")).status_code for _ in range(3)] == [500, 500, 200]


async def test_stopping_waits_for_no_poll(client: httpx.AsyncClient) -> None:
    """A long poll, a stream and a delay under way end with the server."""
    async with Sandbox.serve() as sandbox:
        api = Api(client, f"{sandbox.url}/bot{sandbox.telegram.token}")
        sandbox.telegram.delay("getMe", 60)
        under_way = [
            asyncio.create_task(api.raw("getUpdates", timeout=50)),
            asyncio.create_task(api.raw("getMe")),
            asyncio.create_task(client.get(f"{sandbox.url}/sandbox/events")),
        ]
        await sandbox.telegram.wait_until_polled()
        await sandbox.telegram.wait_for_call("getMe", lambda call: True)
        async with asyncio.timeout(1):
            await sandbox.stop()
        await asyncio.wait(under_way, timeout=1)
        assert all(task.done() for task in under_way)
        for task in under_way:
            task.exception()


async def test_a_sandbox_can_go_away_and_come_back(client: httpx.AsyncClient) -> None:
    """Its state outlives a restart on the same port."""
    sandbox = Sandbox()
    sari = sandbox.person("Sari", started=True)
    await sandbox.start()
    port = int(sandbox.url.rpartition(":")[2])
    await sandbox.stop()
    with pytest.raises(httpx.ConnectError):
        await client.get(sandbox.url)
    await sandbox.start(port)
    await sari.send("hello")
    api = Api(client, f"{sandbox.url}/bot{sandbox.telegram.token}")
    assert len(await api.updates()) == 1
    await sandbox.stop()


async def test_a_port_in_use_is_an_error(sandbox: Sandbox) -> None:
    """Two demos on one port: the second is told."""
    with pytest.raises(OSError, match="in use"):
        await Sandbox().start(int(sandbox.url.rpartition(":")[2]))
