"""Sending, editing and deleting by Telegram's rules."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.sandbox import Sandbox
from bot.sandbox.changes import NothingHappened
from bot.sandbox.chats import Chat
from bot.sandbox.people import CallbackAnswer, Person
from tests.sandbox.conftest import Api, FakeClock


def keyboard(*buttons: dict[str, Any]) -> dict[str, Any]:
    """One row of buttons."""
    return {"inline_keyboard": [list(buttons)]}


GO = {"text": "Check now", "callback_data": "go"}


async def test_a_message_reaches_the_screen(api: Api, chat: Chat) -> None:
    """Text, entities, buttons and silence are as sent."""
    await api.ok(
        "sendMessage",
        chat_id=chat.id,
        text="<b>Lunas</b>",
        parse_mode="HTML",
        disable_notification=True,
        reply_markup=keyboard(GO),
    )
    message = await chat.next_message()
    assert (message.text, message.silent, message.buttons[0].value) == ("Lunas", True, "go")
    assert message.entities == [{"type": "bold", "offset": 0, "length": 5}]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "message text is empty"),
        ("<b> </b>", "message text is empty"),
        ("x" * 4097, "message is too long"),
        ("💸" * 2049, "message is too long"),
    ],
)
async def test_length_counts_utf16_after_parsing(api: Api, chat: Chat, text: str, why: str) -> None:
    """1 to 4096 code units once the markup is gone."""
    assert await api.refused("sendMessage", chat_id=chat.id, text=text, parse_mode="HTML") == f"400 Bad Request: {why}"


async def test_markup_does_not_count(api: Api, chat: Chat) -> None:
    """4096 characters within tags are fine."""
    await api.ok("sendMessage", chat_id=chat.id, text=f"<b>{'x' * 4096}</b>", parse_mode="HTML")


@pytest.mark.parametrize(
    ("button", "why"),
    [
        ({"text": "a"}, "Text buttons are unallowed"),
        ({"text": " ", "callback_data": "x"}, "Text must be non-empty"),
        ({"text": "a", "callback_data": "x" * 65}, "BUTTON_DATA_INVALID"),
        ({"text": "a", "callback_data": "é" * 33}, "BUTTON_DATA_INVALID"),
        ({"text": "a", "callback_data": ""}, "BUTTON_DATA_INVALID"),
        ({"text": "a", "callback_data": "x", "url": "https://a.id"}, "exactly one action"),
        ({"text": "a", "url": "http://localhost:8080/x"}, "Wrong HTTP URL"),
        ({"text": "a", "url": "ftp://a.id"}, "Unsupported URL protocol"),
        ({"text": "a", "copy_text": {"text": ""}}, "BUTTON_COPY_TEXT_INVALID"),
        ({"text": "a", "copy_text": {"text": "x" * 257}}, "BUTTON_COPY_TEXT_INVALID"),
    ],
)
async def test_a_wrong_button_is_refused(api: Api, chat: Chat, button: dict[str, Any], why: str) -> None:
    """Each rule of inline buttons, with Telegram's words where known."""
    assert why in await api.refused("sendMessage", chat_id=chat.id, text="x", reply_markup=keyboard(button))


@pytest.mark.parametrize("url", ["https://track.example.com/a", "http://10.0.0.1:80/x", "tg://user?id=5", "t.me/x"])
async def test_real_urls_are_fine(api: Api, chat: Chat, url: str) -> None:
    """Hosts with a dot, addresses, and tg links."""
    markup = keyboard({"text": "a", "url": url})
    await api.ok("sendMessage", chat_id=chat.id, text="x", reply_markup=markup)


async def test_more_than_a_hundred_buttons_are_refused(api: Api, chat: Chat) -> None:
    """The limit is on the whole keyboard."""
    markup = {"inline_keyboard": [[GO] * 8] * 13}
    assert "reply markup is too long" in await api.refused(
        "sendMessage", chat_id=chat.id, text="x", reply_markup=markup
    )


async def test_reply_needs_its_message(api: Api, chat: Chat, sari: Person) -> None:
    """A missing one is an error, unless the bot allows for it."""
    asked = await sari.send("/pay")
    await api.ok("sendMessage", chat_id=chat.id, text="x", reply_parameters={"message_id": asked.message_id})
    assert chat.from_bot[-1].reply_to is asked
    missing: dict[str, Any] = {"message_id": 999}
    why = await api.refused("sendMessage", chat_id=chat.id, text="x", reply_parameters=missing)
    assert why == "400 Bad Request: message to be replied not found"
    missing["allow_sending_without_reply"] = True
    await api.ok("sendMessage", chat_id=chat.id, text="x", reply_parameters=missing)


async def test_topics_must_exist_and_be_open(api: Api, sandbox: Sandbox, sari: Person) -> None:
    """A message goes to a topic of a forum; a closed one takes administrators only."""
    forum = sandbox.supergroup("Ops", [sari], forum=True)
    topic = sandbox.topic(forum, "Payments")
    where = {"chat_id": forum.id, "text": "x"}
    sent = await api.ok("sendMessage", **where, message_thread_id=topic.thread_id)
    assert (sent["message_thread_id"], sent["is_topic_message"]) == (topic.thread_id, True)
    assert "message thread not found" in await api.refused("sendMessage", **where, message_thread_id=999)
    assert "message thread not found" in await api.refused(
        "sendMessage", chat_id=sandbox.group("G", [sari]).id, text="x", message_thread_id=topic.thread_id
    )
    topic.closed = True
    assert "TOPIC_CLOSED" in await api.refused("sendMessage", **where, message_thread_id=topic.thread_id)


async def test_an_edit_replaces_text_and_buttons(api: Api, chat: Chat) -> None:
    """An edit without a markup takes the buttons away; the history stays."""
    sent = await api.ok("sendMessage", chat_id=chat.id, text="one", reply_markup=keyboard(GO))
    edited = await api.ok("editMessageText", chat_id=chat.id, message_id=sent["message_id"], text="two")
    assert (edited["text"], "reply_markup" in edited, "edit_date" in edited) == ("two", False, True)
    message = chat.from_bot[0]
    assert [version.text for version in message.versions] == ["one", "two"]
    assert message.edits == 1


async def test_the_same_again_is_not_modified(api: Api, chat: Chat) -> None:
    """Text, entities and buttons alike is an error; one of them different is none."""
    sent = await api.ok("sendMessage", chat_id=chat.id, text="one", reply_markup=keyboard(GO))
    where = {"chat_id": chat.id, "message_id": sent["message_id"]}
    same = {"text": "one", "reply_markup": keyboard(GO)}
    assert (await api.refused("editMessageText", **where, **same)).startswith(
        "400 Bad Request: message is not modified: specified new message content and reply markup are exactly"
    )
    assert "not modified" in await api.refused("editMessageReplyMarkup", **where, reply_markup=keyboard(GO))
    await api.ok("editMessageText", **where, text="<b>one</b>", parse_mode="HTML", reply_markup=keyboard(GO))
    await api.ok("editMessageReplyMarkup", **where)
    assert chat.from_bot[0].buttons == []


async def test_only_its_own_messages_can_be_edited(api: Api, chat: Chat, sari: Person) -> None:
    """Others' are refused, missing ones named, and a text has no caption."""
    theirs = await sari.send("hello")
    own = await api.ok("sendMessage", chat_id=chat.id, text="x")
    edit = {"chat_id": chat.id, "text": "y"}
    assert "message can't be edited" in await api.refused("editMessageText", **edit, message_id=theirs.message_id)
    assert "message to edit not found" in await api.refused("editMessageText", **edit, message_id=999)
    assert "message identifier is not specified" in await api.refused("editMessageText", **edit)
    assert "there is no caption" in await api.refused(
        "editMessageCaption", chat_id=chat.id, message_id=own["message_id"], caption="y"
    )


async def test_deleting_has_its_limits(api: Api, sandbox: Sandbox, chat: Chat, sari: Person, clock: FakeClock) -> None:
    """Own messages, others' in private, nobody's after two days, and none twice."""
    group = sandbox.group("Shop", [sari])
    theirs, in_group = await sari.send("hello"), await sari.send("hello", group)
    where = {"chat_id": chat.id, "message_id": theirs.message_id}
    await api.ok("deleteMessage", **where)
    assert theirs.deleted
    assert "message to delete not found" in await api.refused("deleteMessage", **where)
    refusal = await api.refused("deleteMessage", chat_id=group.id, message_id=in_group.message_id)
    assert "message can't be deleted" in refusal
    old = await api.ok("sendMessage", chat_id=chat.id, text="x")
    clock.now += 49 * 3600
    assert "can't be deleted" in await api.refused("deleteMessage", chat_id=chat.id, message_id=old["message_id"])


async def test_a_press_waits_for_its_answer(api: Api, sandbox: Sandbox, chat: Chat, sari: Person) -> None:
    """The person sees the answer; the query can be answered once."""
    await api.ok(
        "sendMessage", chat_id=chat.id, text="x", reply_markup=keyboard(GO, {"text": "Stop", "callback_data": "s"})
    )
    press = asyncio.create_task(sari.press(chat.from_bot[0], "check"))
    [update] = await api.updates(timeout=5)
    query = update["callback_query"]
    assert (query["data"], query["message"]["text"], query["from"]["id"]) == ("go", "x", sari.id)
    answer = {"callback_query_id": query["id"], "text": "Still unpaid", "show_alert": True}
    assert "MESSAGE_TOO_LONG" in await api.refused("answerCallbackQuery", **{**answer, "text": "x" * 201})
    await api.ok("answerCallbackQuery", **answer)
    assert await press == CallbackAnswer("Still unpaid", show_alert=True)
    assert "query is too old" in await api.refused("answerCallbackQuery", **answer)


async def test_an_answer_can_be_too_late(api: Api, chat: Chat, sari: Person, clock: FakeClock) -> None:
    """After a minute the query is gone."""
    await api.ok("sendMessage", chat_id=chat.id, text="x", reply_markup=keyboard(GO))
    query = await sari.tap(chat.from_bot[0])
    clock.now += 61
    assert "query is too old" in await api.refused("answerCallbackQuery", callback_query_id=query.query_id)


async def test_an_unanswered_press_fails_with_the_chat(api: Api, chat: Chat, sari: Person) -> None:
    """The failure shows what was pressed and how the chat looks."""
    await api.ok("sendMessage", chat_id=chat.id, text="Pay up", reply_markup=keyboard(GO))
    with pytest.raises(NothingHappened, match=r"(?s)'go' was not answered.*bot: 'Pay up' \[Check now\]"):
        await sari.press(chat.from_bot[0], 0, timeout=0)


async def test_forged_data_and_vague_buttons(api: Api, chat: Chat, sari: Person) -> None:
    """A press can carry any data; a text that fits two buttons is the test's mistake."""
    await api.ok("sendMessage", chat_id=chat.id, text="x", reply_markup=keyboard(GO, {**GO, "text": "Check all"}))
    assert (await sari.tap(chat.from_bot[0], data="forged")).data == "forged"
    with pytest.raises(ValueError, match="2 buttons fit 'check'"):
        await sari.tap(chat.from_bot[0], "check")


async def test_chat_actions_are_known_ones(api: Api, chat: Chat) -> None:
    """An action outside the list is refused."""
    await api.ok("sendChatAction", chat_id=chat.id, action="upload_photo")
    assert [action for _, action in chat.actions] == ["upload_photo"]
    assert "400" in await api.refused("sendChatAction", chat_id=chat.id, action="thinking")


async def test_waiting_fails_with_a_transcript(api: Api, chat: Chat, sari: Person) -> None:
    """What was said is in the failure."""
    await sari.send("hello")
    with pytest.raises(NothingHappened, match="Sari: 'hello'"):
        await chat.wait_for_text("paid", timeout=0)


async def test_next_message_goes_forward(api: Api, chat: Chat) -> None:
    """Each call returns the next message of the bot, also one still to come."""
    await api.ok("sendMessage", chat_id=chat.id, text="one")
    await api.ok("sendMessage", chat_id=chat.id, text="two")
    assert [(await chat.next_message()).text for _ in range(2)] == ["one", "two"]
    waiting = asyncio.create_task(chat.next_message())
    await api.ok("sendMessage", chat_id=chat.id, text="three")
    assert (await waiting).text == "three"


async def test_menus_are_kept_by_scope_and_language(api: Api, sandbox: Sandbox) -> None:
    """What is set for one scope and language does not show in another; names have their alphabet."""
    pay = [{"command": "pay", "description": "Bayar"}]
    scope = {"type": "all_group_chats"}
    await api.ok("setMyCommands", commands=pay, scope=scope, language_code="id")
    assert await api.ok("getMyCommands", scope=scope, language_code="id") == pay
    assert await api.ok("getMyCommands", scope=scope) == []
    assert sandbox.telegram.menus.commands_of("all_group_chats", "id") == pay
    await api.ok("deleteMyCommands", scope=scope, language_code="id")
    assert await api.ok("getMyCommands", scope=scope, language_code="id") == []
    for name in ("Pay", "pay-now", "x" * 33, ""):
        wrong = [{"command": name, "description": "x"}]
        assert "BOT_COMMAND_INVALID" in await api.refused("setMyCommands", commands=wrong)
    assert "DESCRIPTION_INVALID" in await api.refused("setMyCommands", commands=[{"command": "a", "description": ""}])


async def test_descriptions_have_limits(api: Api, sandbox: Sandbox) -> None:
    """512 and 120 characters."""
    await api.ok("setMyDescription", description="x" * 512, language_code="en")
    assert await api.ok("getMyDescription", language_code="en") == {"description": "x" * 512}
    assert "400" in await api.refused("setMyDescription", description="x" * 513)
    assert "400" in await api.refused("setMyShortDescription", short_description="x" * 121)
    assert sandbox.telegram.menus.texts["description", "en"] == "x" * 512
