"""The control routes: what the demo's page lives on."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest

from bot.sandbox import Sandbox
from bot.sandbox.cast import raise_curtain
from bot.sandbox.chats import Chat
from bot.sandbox.people import Person
from tests.sandbox.conftest import Api, png


class Page:
    """What a browser page would do."""

    def __init__(self, sandbox: Sandbox, client: httpx.AsyncClient) -> None:
        self.base = f"{sandbox.url}/sandbox"
        self.client = client

    async def get(self, path: str) -> Any:
        """A GET that must succeed."""
        answer = await self.client.get(f"{self.base}/{path}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, expect: int = 200, **body: Any) -> Any:
        """A POST that must end with the status `expect`."""
        answer = await self.client.post(f"{self.base}/{path}", json=body, timeout=10)
        assert answer.status_code == expect, answer.text
        return answer.json()


@pytest.fixture
def page(sandbox: Sandbox, client: httpx.AsyncClient) -> Page:
    return Page(sandbox, client)


async def test_the_state_lists_the_cast(page: Page, sandbox: Sandbox) -> None:
    """People, chats, payments and the provider in one answer."""
    cast = raise_curtain(sandbox)
    state = await page.get("state")
    assert [person["first_name"] for person in state["people"]] == ["Sari", "Tom", "Rina"]
    assert {chat["id"] for chat in state["chats"]} == set(cast.labels)
    assert [payment["state"] for payment in state["payments"]] == ["unpaid", "unpaid", "unpaid", "paid", "unpaid"]
    assert state["provider"]["mode"] == "up"


async def test_a_conversation_over_http(page: Page, api: Api, chat: Chat, sari: Person) -> None:
    """Send, see the answer with its picture, press, and get what the bot says to the press."""
    await page.post("send", person_id=sari.id, text="/pay XID-1")
    [update] = await api.updates()
    markup = {"inline_keyboard": [[{"text": "Check", "callback_data": "go"}]]}
    sent = await api.photo(chat.id, png(), caption="Bayar", reply_markup=json.dumps(markup))
    asked, shown = (await page.get(f"chats/{chat.id}/messages"))["messages"]
    assert (asked["text"], asked["from_bot"], shown["from_bot"]) == ("/pay XID-1", False, True)
    assert (await page.client.get(page.base.removesuffix("/sandbox") + shown["photo_url"])).content == png()
    assert shown["message_id"] == sent.json()["result"]["message_id"]
    press = asyncio.create_task(
        page.post("press", person_id=sari.id, chat_id=chat.id, message_id=shown["message_id"], button="Check")
    )
    [query] = await api.updates(offset=update["update_id"] + 1, timeout=5)
    await api.ok("answerCallbackQuery", callback_query_id=query["callback_query"]["id"], text="Belum")
    assert await press == {"text": "Belum", "show_alert": False, "url": ""}


async def test_a_payment_goes_its_way_over_http(page: Page, sandbox: Sandbox) -> None:
    """New, pay, driver, delivered: each answers with the payment as it now is."""
    made = await page.post("payments", kind="instant", amount=54_000, packages=2)
    path = f"payments/{made['payment_id']}"
    assert (await page.post(f"{path}/pay"))["state"] == "paid"
    assert (await page.post(f"{path}/assign_driver"))["state"] == "driver"
    assert (await page.post(f"{path}/pick_up"))["state"] == "picked up"
    assert (await page.post(f"{path}/deliver", package=1))["packages"][1]["status"] == 200
    assert (await page.post("provider", mode="slow", delay=1))["mode"] == "slow"
    assert sandbox.kiriminaja.mode == "slow"


async def test_groups_and_membership_over_http(page: Page, sandbox: Sandbox, sari: Person) -> None:
    """A forum with topics, the bot added as administrator and removed, a block."""
    made = await page.post("chats", title="Ops", members=[sari.id], forum=True, topics=["Payments"])
    assert (made["forum"], made["topics"][0]["name"]) == (True, "Payments")
    where = {"person_id": sari.id, "chat_id": made["id"]}
    assert (await page.post("membership", **where, action="add_bot", as_admin=True))["bot_status"] == "administrator"
    assert (await page.post("membership", **where, action="remove_bot"))["bot_status"] == "kicked"
    assert (await page.post("membership", person_id=sari.id, action="block"))["bot_status"] == "kicked"


async def test_mistakes_are_told(page: Page, sari: Person) -> None:
    """Unknown ids are 404, wrong bodies 400, other content types 415."""
    await page.post("send", 404, person_id=1, text="x")
    await page.post("payments/XID-0/pay", 404)
    await page.post("membership", 400, person_id=sari.id, action="dance")
    await page.post("people", 400, first_name="X", shoe_size=44)
    answer = await page.client.post(f"{page.base}/send", data={"text": "x"})
    assert answer.status_code == 415


async def test_events_stream_as_they_happen(page: Page, api: Api, sandbox: Sandbox, chat: Chat, sari: Person) -> None:
    """Message, edit, delete, chat action, payment and provider, in order, each with an id."""
    before = sandbox.changes.last_id
    sent = await api.ok("sendMessage", chat_id=chat.id, text="one")
    where = {"chat_id": chat.id, "message_id": sent["message_id"]}
    await api.ok("editMessageText", **where, text="two")
    await api.ok("sendChatAction", chat_id=chat.id, action="typing")
    payment = sandbox.payments.express()
    events: list[dict[str, Any]] = []
    async with page.client.stream("GET", f"{page.base}/events?after={before}") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        payment.pay()
        await api.ok("deleteMessage", **where)
        async for line in stream.aiter_lines():
            if line.startswith("data: "):
                events.append(json.loads(line.removeprefix("data: ")))
            if events and events[-1]["type"] == "delete":
                break
    assert [event["type"] for event in events] == ["message", "edit", "chat_action", "payment", "payment", "delete"]
    assert [event["id"] for event in events] == sorted(event["id"] for event in events)
    assert events[1]["message"]["text"] == "two"
    assert events[4]["payment"]["state"] == "paid"


async def test_calls_and_requests_are_listed(page: Page, api: Api, chat: Chat) -> None:
    """The oracle, for another process."""
    await api.photo(chat.id, png())
    [call] = (await page.get("calls"))["calls"]
    assert (call["method"], call["params"]["photo"]["file"], call["status"]) == ("sendPhoto", "qr.png", 200)
    assert (await page.get("requests"))["requests"] == []


async def test_trouble_is_made_over_http(page: Page, api: Api, sandbox: Sandbox) -> None:
    """A scripted refusal, an outage, and a door that shuts."""
    await page.post("telegram", fail="getMe", status=429, retry_after=3)
    assert await api.refused("getMe") == "429 Too Many Requests: retry after 3"
    await page.post("telegram", outage=True, status=502)
    assert (await api.raw("getMe")).status_code == 502
    assert sandbox.telegram_door.is_open
    await page.post("telegram", away=30)
    await asyncio.wait_for(shut(sandbox), 5)


async def shut(sandbox: Sandbox) -> None:
    """Returns once the bot would not reach Telegram."""
    while sandbox.telegram_door.is_open:  # noqa: ASYNC110  # a door tells nobody
        await asyncio.sleep(0)
