"""Sending: what goes out, and what every kind of answer comes to."""

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest
from telegram.error import NetworkError, RetryAfter, TelegramError, TimedOut

from bot.core.message import Action, ActionButton, CopyButton, LinkButton, Message, Toast
from bot.core.watch import Place
from bot.messenger.sender import (
    Delivered,
    MessageGone,
    Moved,
    Outcome,
    PictureUnknown,
    RetryAt,
    Sender,
    Undeliverable,
)
from tests.messenger.faking import MESSAGE, PHOTO, FakeTelegram, bot_at, refusal, success

HERE = Place(5)
TOPIC = Place(-100, 7)
HELLO = Message("<b>halo</b>")
HTML = b"<html><body>An error occurred</body></html>"

ANSWERS: list[tuple[str, tuple[int, bytes], Outcome]] = [
    # 200
    ("a message", success(MESSAGE), Delivered(41)),
    ("a photo, of which the largest size counts", success(MESSAGE | {"photo": PHOTO}), Delivered(41, "large")),
    ("no JSON, by somebody between", (200, HTML), RetryAt("JSONDecodeError", maybe_sent=True)),
    ("cut off", (200, b'{"ok":true,"result":{"mess'), RetryAt("JSONDecodeError", maybe_sent=True)),
    ("a message of a kind unheard of", success({"message_id": 41}), RetryAt("KeyError", maybe_sent=True)),
    ("JSON of something else", (200, b'{"status":"up"}'), RetryAt("KeyError", maybe_sent=True)),
    # 400
    ("nothing to change", refusal(400, "Bad Request: message is not modified: specified new message content and reply "
     "markup are exactly the same as a current content and reply markup of the message"), Delivered(None)),
    ("no such chat", refusal(400, "Bad Request: chat not found"), Undeliverable("Chat not found", chat_is_gone=True)),
    ("a dead account", refusal(400, "Bad Request: user is deactivated"),
     Undeliverable("User is deactivated", chat_is_gone=True)),
    ("a peer that is none", refusal(400, "Bad Request: PEER_ID_INVALID"),
     Undeliverable("Peer_id_invalid", chat_is_gone=True)),
    ("muted in the group", refusal(400, "Bad Request: not enough rights to send text messages to the chat"),
     Undeliverable("Not enough rights to send text messages to the chat", chat_is_gone=True)),
    ("no photos in the group", refusal(400, "Bad Request: not enough rights to send photos to the chat"),
     Undeliverable("Not enough rights to send photos to the chat")),
    ("a deleted topic", refusal(400, "Bad Request: message thread not found"),
     Undeliverable("Message thread not found", topic_is_gone=True)),
    ("broken HTML", refusal(400, "Bad Request: can't parse entities: unsupported start tag"),
     Undeliverable("Can't parse entities: unsupported start tag")),
    ("a file id of another bot's", refusal(400, "Bad Request: wrong file identifier/HTTP URL specified"),
     PictureUnknown()),
    ("a file id cut off", refusal(400, "Bad Request: wrong remote file identifier specified: Wrong padding length"),
     PictureUnknown()),
    ("a file id worn out", refusal(400, "Bad Request: wrong file_id or the file is temporarily unavailable"),
     PictureUnknown()),
    ("a file reference worn out", refusal(400, "Bad Request: FILE_REFERENCE_EXPIRED"), PictureUnknown()),
    ("an edit of what is not there", refusal(400, "Bad Request: message to edit not found"), MessageGone()),
    ("an edit of what is not ours", refusal(400, "Bad Request: message can't be edited"), MessageGone()),
    ("an edit of a text's picture", refusal(400, "Bad Request: there is no media in the message to edit"),
     MessageGone()),
    ("an impossible message id", refusal(400, "Bad Request: MESSAGE_ID_INVALID"), MessageGone()),
    ("a deletion of what is not there", refusal(400, "Bad Request: message to delete not found"), MessageGone()),
    ("a deletion too late", refusal(400, "Bad Request: message can't be deleted for everyone"), MessageGone()),
    ("a move", refusal(400, "Bad Request: group chat was upgraded to a supergroup chat", migrate_to_chat_id=-1005),
     Moved(-1005)),
    ("a proxy's page", (400, HTML), RetryAt("Bad Request (400)")),
    ("a proxy's JSON", (400, b'{"error":"bad gateway config"}'), RetryAt("BadRequest")),
    # 401, 404: the token
    ("a revoked token", refusal(401, "Unauthorized"), RetryAt("the token is refused")),
    ("a malformed token", refusal(404, "Not Found"), RetryAt("the token is refused")),
    # 403
    ("blocked", refusal(403, "Forbidden: bot was blocked by the user"),
     Undeliverable("Forbidden: bot was blocked by the user", chat_is_gone=True)),
    ("kicked", refusal(403, "Forbidden: bot was kicked from the supergroup chat"),
     Undeliverable("Forbidden: bot was kicked from the supergroup chat", chat_is_gone=True)),
    ("never written to", refusal(403, "Forbidden: bot can't initiate conversation with a user"),
     Undeliverable("Forbidden: bot can't initiate conversation with a user", chat_is_gone=True)),
    ("a firewall's page", (403, HTML), RetryAt("Forbidden (403)")),
    ("a firewall's JSON", (403, b'{"message":"denied"}'), RetryAt("Forbidden")),
    # 409, 413, 429
    ("another program", refusal(409, "Conflict: terminated by other getUpdates request"), RetryAt("Conflict")),
    ("too large", refusal(413, "Request Entity Too Large"), RetryAt("Request Entity Too Large", maybe_sent=True)),
    ("too fast", refusal(429, "Too Many Requests: retry after 7", retry_after=7), RetryAt("429", after=7.0)),
    ("too fast, at once", refusal(429, "Too Many Requests", retry_after=0), RetryAt("Too Many Requests")),
    ("too fast, for how long is not said", refusal(429, "Too Many Requests"), RetryAt("Too Many Requests")),
    ("too fast, says a proxy", (429, HTML), RetryAt("Too Many Requests (429)")),
    # 5xx
    ("Telegram is unwell", refusal(500, "Internal Server Error: restart"),
     RetryAt("Internal Server Error", maybe_sent=True)),
    ("Telegram is unwell awhile", refusal(500, "Internal Server Error", retry_after=3), RetryAt("429", after=3.0)),
    ("a gateway gave up", (502, HTML), RetryAt("Bad Gateway (502)", maybe_sent=True)),
    ("a gateway is overloaded", (503, b""), RetryAt("Service Unavailable (503)", maybe_sent=True)),
    ("a gateway waited too long", (504, HTML), RetryAt("Gateway Timeout (504)", maybe_sent=True)),
    ("a code nobody knows", (599, b"{}"), RetryAt("Unknown HTTPError (599)", maybe_sent=True)),
    ("a redirection", (302, b""), RetryAt("Found (302)", maybe_sent=True)),
]  # fmt: skip


def sender_at(answer: tuple[int, bytes] | Exception) -> tuple[Sender, FakeTelegram]:
    """A sender, and the Telegram it talks to."""
    telegram = FakeTelegram(answer)
    return Sender(bot_at(telegram)), telegram


@pytest.mark.parametrize(("answer", "outcome"), [row[1:] for row in ANSWERS], ids=[row[0] for row in ANSWERS])
async def test_every_answer_has_its_outcome(answer: tuple[int, bytes], outcome: Outcome) -> None:
    """The whole table: what is final, what is tried again and when, what may have gone out."""
    sender, _ = sender_at(answer)
    assert await sender.send_text(HERE, HELLO) == outcome


def caused(cause: Exception | None, error: TelegramError) -> TelegramError:
    """An error as python-telegram-bot's request raises it."""
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (caused(httpx.ConnectError(""), NetworkError("x")), RetryAt("ConnectError")),
        (caused(httpx.ConnectTimeout(""), TimedOut()), RetryAt("ConnectTimeout")),
        (caused(httpx.PoolTimeout(""), TimedOut()), RetryAt("PoolTimeout")),
        (caused(httpx.ReadTimeout(""), TimedOut()), RetryAt("ReadTimeout", maybe_sent=True)),
        (caused(httpx.WriteTimeout(""), TimedOut()), RetryAt("WriteTimeout", maybe_sent=True)),
        (caused(httpx.ReadError(""), NetworkError("x")), RetryAt("ReadError", maybe_sent=True)),
        (caused(httpx.WriteError(""), NetworkError("x")), RetryAt("WriteError", maybe_sent=True)),
        (caused(httpx.RemoteProtocolError(""), NetworkError("x")), RetryAt("RemoteProtocolError", maybe_sent=True)),
        (caused(None, TimedOut()), RetryAt("TimedOut", maybe_sent=True)),
        (caused(None, TelegramError("what it may invent")), RetryAt("what it may invent", maybe_sent=True)),
        (RuntimeError("This HTTPXRequest is not initialized!"), RetryAt("RuntimeError", maybe_sent=True)),
    ],
    ids=lambda value: value.problem if isinstance(value, RetryAt) else "",
)
async def test_every_failure_has_its_outcome(error: Exception, outcome: Outcome) -> None:
    """Surely not sent is told from maybe sent by httpx's own error."""
    sender, _ = sender_at(error)
    assert await sender.send_text(HERE, HELLO) == outcome


@pytest.mark.parametrize("pause", [7, timedelta(seconds=7)], ids=["as it is", "as it will be"])
async def test_a_pause_is_read_in_both_its_types(pause: int | timedelta, monkeypatch: pytest.MonkeyPatch) -> None:
    """python-telegram-bot announces a `timedelta` where it gives a number now."""
    error = RetryAfter(7)
    monkeypatch.setattr(RetryAfter, "retry_after", pause)
    sender, _ = sender_at(error)
    assert await sender.send_text(HERE, HELLO) == RetryAt("429", after=7.0)


async def test_an_answer_that_is_a_list_is_no_crash() -> None:
    """python-telegram-bot trips over it; the message comes again after a pause."""
    sender, _ = sender_at((502, b"[]"))
    assert await sender.send_text(HERE, HELLO) == RetryAt("AttributeError", maybe_sent=True)


# --- what goes out ---

KEYBOARD = (
    (ActionButton("Cek", Action.CHECK, "h" * 22), CopyButton("Salin", "XID-1")),
    (LinkButton("Lacak", "https://example.com/t"),),
)
MARKUP = {
    "inline_keyboard": [
        [
            {"text": "Cek", "callback_data": f"check:{'h' * 22}"},
            {"text": "Salin", "copy_text": {"text": "XID-1"}},
        ],
        [{"text": "Lacak", "url": "https://example.com/t"}],
    ]
}


def plain(params: dict[str, Any]) -> dict[str, Any]:
    """Parameters as plain JSON."""
    plain: dict[str, Any] = json.loads(json.dumps(params, default=str))
    return plain


async def test_a_text_goes_out_whole() -> None:
    """Topic, HTML, keyboard, silence, and no preview of links."""
    sender, telegram = sender_at(success(MESSAGE))
    await sender.send_text(TOPIC, Message("<b>halo</b>", KEYBOARD, silent=True))
    ((method, params),) = telegram.calls
    assert method == "sendMessage"
    assert plain(params) == {
        "chat_id": -100, "message_thread_id": 7, "text": "<b>halo</b>", "parse_mode": "HTML", "reply_markup": MARKUP,
        "disable_notification": True, "link_preview_options": {"is_disabled": True},
    }  # fmt: skip


async def test_a_plain_text_has_no_parameters_it_does_not_need() -> None:
    """No topic, no empty keyboard (it would be refused in a reply), nothing about sound."""
    sender, telegram = sender_at(success(MESSAGE))
    await sender.send_text(HERE, HELLO)
    assert set(telegram.calls[0][1]) == {"chat_id", "text", "parse_mode", "link_preview_options"}


async def test_a_picture_is_uploaded_under_a_name() -> None:
    """PNG bytes go as a file, with the caption."""
    sender, telegram = sender_at(success(MESSAGE | {"photo": PHOTO}))
    assert await sender.send_picture(TOPIC, b"\x89PNG...", Message("x", KEYBOARD, silent=True)) == Delivered(
        41, "large"
    )
    ((method, params),) = telegram.calls
    assert method == "sendPhoto"
    assert (params["chat_id"], params["message_thread_id"], params["caption"]) == (-100, 7, "x")
    assert (params["parse_mode"], params["disable_notification"]) == ("HTML", True)
    assert plain(params)["reply_markup"] == MARKUP
    ((name, content, mime),) = telegram.files.values()
    assert (name, content, mime) == ("qris.png", b"\x89PNG...", "image/png")


async def test_a_picture_telegram_has_goes_by_its_id() -> None:
    """No upload; a text is never taken for a path."""
    sender, telegram = sender_at(success(MESSAGE | {"photo": PHOTO}))
    await sender.send_picture(HERE, "AgACAgUAAx", HELLO)
    assert telegram.calls[0][1]["photo"] == "AgACAgUAAx"
    assert telegram.files == {}


async def test_a_file_goes_out_under_its_name() -> None:
    """With a caption, into its topic."""
    sender, telegram = sender_at(success(MESSAGE))
    assert await sender.send_document(TOPIC, "paybot-2026-11.csv", b"id\r\n", HELLO) == Delivered(41)
    ((method, params),) = telegram.calls
    assert method == "sendDocument"
    assert (params["chat_id"], params["message_thread_id"], params["caption"]) == (-100, 7, "<b>halo</b>")
    ((name, content, mime),) = telegram.files.values()
    assert (name, content, mime) == ("paybot-2026-11.csv", b"id\r\n", "text/csv")


@pytest.mark.parametrize("picture", [b"\x89PNG...", "AgACAgUAAx"], ids=["upload", "id"])
async def test_a_card_is_changed_in_its_place(picture: bytes | str) -> None:
    """Picture and caption together; without a keyboard the old one goes."""
    sender, telegram = sender_at(success(MESSAGE | {"photo": PHOTO}))
    assert await sender.change_picture(HERE, 41, picture, HELLO) == Delivered(41, "large")
    ((method, params),) = telegram.calls
    assert method == "editMessageMedia"
    assert (params["chat_id"], params["message_id"]) == (5, 41)
    media = plain(params)["media"]
    media = json.loads(media) if isinstance(media, str) else media
    assert (media["type"], media["caption"], media["parse_mode"]) == ("photo", "<b>halo</b>", "HTML")
    assert bool(telegram.files) == isinstance(picture, bytes)
    assert "reply_markup" not in params


async def test_texts_and_captions_are_changed_in_their_place() -> None:
    """Each by its own method."""
    sender, telegram = sender_at(success(MESSAGE))
    await sender.change_text(HERE, 41, Message("x", KEYBOARD))
    await sender.change_caption(HERE, 41, Message("y", KEYBOARD))
    (text, text_params), (caption, caption_params) = telegram.calls
    assert (text, caption) == ("editMessageText", "editMessageCaption")
    assert (text_params["text"], caption_params["caption"]) == ("x", "y")
    for params in (text_params, caption_params):
        assert (params["chat_id"], params["message_id"], params["parse_mode"]) == (5, 41, "HTML")
        assert plain(params)["reply_markup"] == MARKUP


async def test_small_calls_go_out_as_they_are() -> None:
    """Deletion, the answer to a press, "typing", menu and description: Telegram says `true`."""
    sender, telegram = sender_at(success(True))
    assert await sender.erase(HERE, 41) == Delivered(None)
    assert await sender.answer_press("press", Toast("Sudah dibayar", alert=True)) == Delivered(None)
    await sender.show_typing(TOPIC)
    assert await sender.set_menu([("pay", "Tampilkan QR")], "id") == Delivered(None)
    assert await sender.set_description("long", "short", None) == Delivered(None)
    assert [(method, plain(params)) for method, params in telegram.calls] == [
        ("deleteMessage", {"chat_id": 5, "message_id": 41}),
        ("answerCallbackQuery", {"callback_query_id": "press", "text": "Sudah dibayar", "show_alert": True}),
        ("sendChatAction", {"chat_id": -100, "action": "typing", "message_thread_id": 7}),
        ("setMyCommands", {"commands": [{"command": "pay", "description": "Tampilkan QR"}], "language_code": "id"}),
        ("setMyDescription", {"description": "long"}),
        ("setMyShortDescription", {"short_description": "short"}),
    ]


async def test_a_description_that_is_refused_is_not_gone_on_with() -> None:
    """The first no is the outcome."""
    sender, telegram = sender_at(refusal(429, "Too Many Requests", retry_after=3))
    assert await sender.set_description("long", "short", "en") == RetryAt("429", after=3.0)
    assert len(telegram.calls) == 1


async def test_typing_is_never_a_problem() -> None:
    """It has no outcome."""
    sender, _ = sender_at(refusal(403, "Forbidden: bot was blocked by the user"))
    await sender.show_typing(HERE)
