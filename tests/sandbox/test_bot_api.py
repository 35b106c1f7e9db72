"""Every call is held against the Bot API's specification."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from bot.sandbox import Sandbox
from bot.sandbox.bot_api import BotApi
from bot.sandbox.chats import Chat
from tests.sandbox.conftest import Api, png


async def test_wrong_token_is_401(sandbox: Sandbox, client: httpx.AsyncClient) -> None:
    """A token that is not the bot's opens nothing."""
    answer = await client.get(f"{sandbox.url}/bot1:other/getMe")
    assert (answer.status_code, answer.json()["description"]) == (401, "Unauthorized")


async def test_unknown_method_is_404(api: Api) -> None:
    """A method the specification does not have is not found."""
    assert await api.refused("sendPayment") == "404 Not Found"


async def test_method_names_ignore_case(api: Api) -> None:
    """The real server takes any case."""
    assert (await api.ok("GETME"))["is_bot"] is True


async def test_method_without_behaviour_says_so(api: Api, chat: Chat) -> None:
    """A valid call of something the sandbox cannot do is refused in so many words."""
    assert "not supported by the sandbox" in await api.refused("sendDice", chat_id=chat.id)


@pytest.mark.parametrize(
    ("params", "why"),
    [
        ({"txt": "hi", "text": "hi"}, 'no parameter "txt"'),
        ({}, "message text is empty"),
        ({"text": 5}, "text: must be String"),
        ({"text": "hi", "disable_notification": "maybe"}, "must be Boolean"),
        ({"text": "hi", "message_thread_id": 1.5}, "must be Integer"),
        ({"text": "hi", "reply_markup": "{"}, "must be JSON"),
        ({"text": "hi", "reply_markup": {"inline_keyboard": [{}]}}, "inline_keyboard[0]: must be an Array"),
        ({"text": "hi", "reply_markup": {"inline_keyboard": [[{"text": "a", "uri": "x"}]]}}, "uri"),
        ({"text": "hi", "reply_markup": {"inline_keyboard": [[{"url": "https://a.id"}]]}}, "requires it"),
        ({"text": "hi", "reply_parameters": {"message_id": "5"}}, "reply_parameters.message_id: must be Integer"),
        ({"text": "hi", "entities": {"type": "bold"}}, "must be an Array of MessageEntity"),
    ],
)
async def test_wrong_parameter_is_named(api: Api, chat: Chat, params: dict[str, Any], why: str) -> None:
    """The refusal names the parameter, down to the field within it."""
    refusal = await api.refused("sendMessage", chat_id=chat.id, **params)
    assert refusal.startswith("400 Bad Request: ")
    assert why in refusal


async def test_missing_chat_id_reads_as_telegrams(api: Api) -> None:
    """Where Telegram's own words are known they are used."""
    assert await api.refused("sendMessage", text="hi") == "400 Bad Request: chat_id is empty"


async def test_a_union_is_told_by_its_type(api: Api) -> None:
    """A scope's fields are those of its own type, not of another scope."""
    commands = [{"command": "pay", "description": "Pay"}]
    await api.ok("setMyCommands", commands=commands, scope={"type": "all_private_chats"})
    wrong = {"type": "all_private_chats", "chat_id": 5}
    assert "has no such field" in await api.refused("setMyCommands", commands=commands, scope=wrong)


@pytest.mark.parametrize("way", ["query", "form", "multipart", "json"])
async def test_every_encoding_is_taken(sandbox: Sandbox, api: Api, chat: Chat, way: str) -> None:
    """Query, form, multipart and JSON all carry parameters, objects as JSON text where they must."""
    markup = {"inline_keyboard": [[{"text": "Go", "callback_data": "go"}]]}
    params = {"chat_id": str(chat.id), "text": way, "reply_markup": json.dumps(markup)}
    url = f"{api.base}/sendMessage"
    if way == "query":
        answer = await api.client.get(url, params=params)
    elif way == "form":
        answer = await api.client.post(url, data=params)
    elif way == "multipart":
        answer = await api.client.post(url, files={name: (None, value) for name, value in params.items()})
    else:
        answer = await api.client.post(url, json={**params, "reply_markup": markup})
    assert answer.json()["ok"], answer.text
    assert (chat.from_bot[0].text, chat.from_bot[0].buttons[0].text) == (way, "Go")


async def test_an_upload_no_one_refers_to_is_refused(api: Api, chat: Chat) -> None:
    """A file part must be a parameter or be named by attach://."""
    data = {"chat_id": str(chat.id), "text": "hi"}
    answer = await api.client.post(f"{api.base}/sendMessage", data=data, files={"extra": png()})
    assert 'no parameter "extra"' in answer.json()["description"]


async def test_calls_are_recorded(sandbox: Sandbox, api: Api, chat: Chat) -> None:
    """Method, parameters, outcome and time of every call are kept."""
    await api.ok("sendMessage", chat_id=chat.id, text="hi")
    await api.refused("sendMessage", chat_id=chat.id, text="")
    good, bad = sandbox.telegram.calls_of("sendMessage")
    assert (good.params["text"], good.done, good.answered, good.status, good.at) == ("hi", True, True, 200, 1.8e9)
    assert (bad.done, bad.answered, bad.status) == (False, True, 400)
    assert good.chat_id == chat.id


def test_facts_are_those_of_bot_api_10_1() -> None:
    """The package carries the specification the project is written to."""
    assert BotApi.load().version == "Bot API 10.1"
