"""Sending, editing and deleting messages, and answering presses, by the Bot API's rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bot.sandbox.bot_api import Json, Upload, bad_request
from bot.sandbox.chats import Chat, Message, Version
from bot.sandbox.entities import formatted, utf16_length
from bot.sandbox.files import Kind, StoredFile
from bot.sandbox.flood import Flood
from bot.sandbox.keyboards import check_markup, refusal_for_text
from bot.sandbox.people import CallbackAnswer
from bot.sandbox.views import message_json
from bot.sandbox.world import World

Uploads = Mapping[str, Upload]
Handler = Callable[[Json, Uploads], Any]

_CHAT_ACTIONS = (
    "typing",
    "upload_photo",
    "record_video",
    "upload_video",
    "record_voice",
    "upload_voice",
    "upload_document",
    "choose_sticker",
    "find_location",
    "record_video_note",
    "upload_video_note",
)
_NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current "
    "content and reply markup of the message"
)
_DELETABLE_SECONDS = 48 * 3600  # https://core.telegram.org/bots/api#deletemessage


class Messages:
    """The methods about messages. `query_lifetime`: seconds in which a press can be answered."""

    def __init__(self, world: World, flood: Flood, *, query_lifetime: float = 60.0) -> None:
        self._world = world
        self._flood = flood
        self.query_lifetime = query_lifetime

    def methods(self) -> dict[str, Handler]:
        """The Bot API's names."""
        return {
            "sendMessage": self.send_message,
            "sendPhoto": self.send_photo,
            "sendDocument": self.send_document,
            "editMessageText": self.edit_text,
            "editMessageCaption": self.edit_caption,
            "editMessageMedia": self.edit_media,
            "editMessageReplyMarkup": self.edit_markup,
            "deleteMessage": self.delete_message,
            "answerCallbackQuery": self.answer_callback_query,
            "sendChatAction": self.send_chat_action,
            "getFile": self.get_file,
        }

    def send_message(self, params: Json, uploads: Uploads) -> Json:
        """sendMessage."""
        return self._send(params, self._version(params, "text", "entities"))

    def send_photo(self, params: Json, uploads: Uploads) -> Json:
        """sendPhoto: an upload or a known file_id; the sandbox fetches nothing from the web."""
        return self._send_file(params, uploads, "photo")

    def send_document(self, params: Json, uploads: Uploads) -> Json:
        """sendDocument, likewise."""
        return self._send_file(params, uploads, "document")

    def edit_text(self, params: Json, uploads: Uploads) -> Json:
        """editMessageText."""
        if "rich_message" in params:
            raise bad_request("sandbox: rich_message is not supported by the sandbox")
        version = self._version(params, "text", "entities")
        message = self._own(params)
        if message.now.file is not None:
            raise bad_request("there is no text in the message to edit")
        return self._revise(message, version)

    def edit_caption(self, params: Json, uploads: Uploads) -> Json:
        """editMessageCaption."""
        message = self._own(params)
        if message.now.file is None:
            raise bad_request("there is no caption in the message to edit")
        return self._revise(message, self._version(params, "caption", "caption_entities", file=message.now.file))

    def edit_media(self, params: Json, uploads: Uploads) -> Json:
        """editMessageMedia: another picture or document, also in place of a text."""
        media: Json = params["media"]
        kind = media["type"]
        if kind not in ("photo", "document"):
            raise bad_request(f"sandbox: media of type {kind} is not supported by the sandbox")
        message = self._own(params)
        file = self._file(media["media"], uploads, kind)
        words = {"reply_markup": params["reply_markup"]} if "reply_markup" in params else {}
        return self._revise(message, self._version({**media, **words}, "caption", "caption_entities", file=file))

    def edit_markup(self, params: Json, uploads: Uploads) -> Json:
        """editMessageReplyMarkup; without a markup the buttons go."""
        message = self._own(params)
        check_markup(markup := params.get("reply_markup"))
        now = message.now
        return self._revise(message, Version(self._world.clock(), now.text, now.entities, now.file, markup))

    def delete_message(self, params: Json, uploads: Uploads) -> bool:
        """deleteMessage: its own, in private chats anyone's, in groups anyone's as an administrator."""
        chat = self._world.chat_for_call(params["chat_id"])
        message = chat.message(params["message_id"])
        if message is None:
            raise bad_request("message to delete not found")
        if not (message.sender is None or chat.type == "private" or chat.bot_status == "administrator"):
            raise bad_request("message can't be deleted")
        if self._world.clock() - message.at > _DELETABLE_SECONDS:
            raise bad_request("message can't be deleted for everyone")
        self._world.delete(message)
        return True

    def answer_callback_query(self, params: Json, uploads: Uploads) -> bool:
        """answerCallbackQuery, once a query."""
        query = self._world.queries.get(params["callback_query_id"])
        text = params.get("text", "")
        if utf16_length(text) > 200:
            raise bad_request("MESSAGE_TOO_LONG")
        if query is None or query.answer is not None or self._world.clock() - query.at > self.query_lifetime:
            raise bad_request("query is too old and response timeout expired or query ID is invalid")
        query.answer = CallbackAnswer(text, bool(params.get("show_alert")), params.get("url", ""))
        self._world.changes.publish(
            "callback_answer",
            query_id=query.query_id,
            chat_id=query.message.chat.id,
            text=text,
            show_alert=query.answer.show_alert,
            url=query.answer.url,
        )
        return True

    def send_chat_action(self, params: Json, uploads: Uploads) -> bool:
        """sendChatAction."""
        if params["action"] not in _CHAT_ACTIONS:
            raise bad_request("wrong parameter action in request")
        chat = self._world.chat_for_call(params["chat_id"])
        self._topic(chat, params.get("message_thread_id"))
        chat.actions.append((self._world.clock(), params["action"]))
        self._world.changes.publish("chat_action", chat_id=chat.id, action=params["action"])
        return True

    def get_file(self, params: Json, uploads: Uploads) -> Json:
        """getFile."""
        stored = self._world.files.by_id(params["file_id"])
        return {
            "file_id": stored.file_id,
            "file_unique_id": stored.unique_id,
            "file_size": len(stored.content),
            "file_path": stored.path,
        }

    def _version(self, params: Json, words: str, entities: str, *, file: StoredFile | None = None) -> Version:
        text, found = formatted(params.get(words, ""), params.get("parse_mode"), params.get(entities))
        if refusal := refusal_for_text(utf16_length(text), caption=words == "caption"):
            raise refusal
        check_markup(markup := params.get("reply_markup"))
        return Version(self._world.clock(), text, found, file, markup)

    def _send_file(self, params: Json, uploads: Uploads, kind: Kind) -> Json:
        file = self._file(params[kind], uploads, kind)
        return self._send(params, self._version(params, "caption", "caption_entities", file=file))

    def _file(self, given: Upload | str, uploads: Uploads, kind: Kind) -> StoredFile:
        if isinstance(given, Upload):
            return self._world.files.store(kind, given)
        if given.startswith("attach://"):
            if (upload := uploads.get(given.removeprefix("attach://"))) is None:
                raise bad_request(f"sandbox: there is no part {given} in the request")
            return self._world.files.store(kind, upload)
        if given.startswith(("http://", "https://")):
            raise bad_request("failed to get HTTP URL content")
        return self._world.files.by_id(given, kind)

    def _send(self, params: Json, version: Version) -> Json:
        chat = self._world.chat_for_call(params["chat_id"])
        reply_to = self._reply(chat, params.get("reply_parameters"))
        topic = self._topic(chat, params.get("message_thread_id"))
        if reply_to is not None and reply_to.topic is not None:
            topic = reply_to.topic  # an answer stands where the question does, whatever was asked for
        self._flood.check(chat.id, group=chat.type != "private")
        message = self._world.post(
            chat,
            None,
            version,
            topic=topic,
            reply_to=reply_to,
            silent=bool(params.get("disable_notification")),
            protected=bool(params.get("protect_content")),
        )
        return message_json(message, self._world.bot)

    def _topic(self, chat: Chat, thread_id: int | None) -> int | None:
        if not thread_id:
            return None
        topic = chat.topics.get(thread_id)
        if topic is None:
            raise bad_request("message thread not found")
        if topic.closed and chat.bot_status != "administrator":
            raise bad_request("TOPIC_CLOSED")
        return thread_id

    def _reply(self, chat: Chat, wanted: Json | None) -> Message | None:
        if wanted is None:
            return None
        if wanted.get("chat_id", chat.id) != chat.id:
            raise bad_request("sandbox: replies across chats are not supported by the sandbox")
        message = chat.message(wanted["message_id"])
        if message is None and not wanted.get("allow_sending_without_reply"):
            raise bad_request("message to be replied not found")
        return message

    def _own(self, params: Json) -> Message:
        """The bot's message an edit is meant for."""
        if "inline_message_id" in params:
            raise bad_request("sandbox: inline messages are not supported by the sandbox")
        if "chat_id" not in params:
            raise bad_request("chat_id is empty")
        if "message_id" not in params:
            raise bad_request("message identifier is not specified")
        chat = self._world.chat_for_call(params["chat_id"])
        message = chat.message(params["message_id"])
        if message is None:
            raise bad_request("message to edit not found")
        if not message.from_bot:
            raise bad_request("message can't be edited")
        return message

    def _revise(self, message: Message, version: Version) -> Json:
        self._flood.check(message.chat.id, group=message.chat.type != "private")
        if version.same_as(message.now):
            raise bad_request(_NOT_MODIFIED)
        self._world.revise(message, version)
        return message_json(message, self._world.bot)
