"""How a message looks to the bot (the Bot API's Message) and to a page (the control routes' JSON)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.sandbox.bot_api import Json, Upload
from bot.sandbox.chats import Chat, Message
from bot.sandbox.files import StoredFile

if TYPE_CHECKING:
    from bot.sandbox.people import Person


def message_json(message: Message, bot: Json, *, with_reply: bool = True) -> Json:
    """The Bot API's Message; the message replied to is included one level deep, as the real server does."""
    now = message.now
    shown: Json = {
        "message_id": message.message_id,
        "from": bot if message.sender is None else message.sender.as_json(),
        "chat": message.chat.as_json(),
        "date": int(message.at),
    }
    if message.edits:
        shown["edit_date"] = int(now.at)
    if message.topic is not None:
        shown |= {"message_thread_id": message.topic, "is_topic_message": True}
    if with_reply and message.reply_to is not None and not message.reply_to.deleted:
        shown["reply_to_message"] = message_json(message.reply_to, bot, with_reply=False)
    if message.protected:
        shown["has_protected_content"] = True
    if now.file is not None:
        shown[now.file.kind] = _sizes(now.file) if now.file.kind == "photo" else now.file.size_json()
    words, entities = ("caption", "caption_entities") if now.file is not None else ("text", "entities")
    if now.text:
        shown[words] = now.text
    if now.entities:
        shown[entities] = now.entities
    if now.markup and "inline_keyboard" in now.markup:
        shown["reply_markup"] = now.markup
    return shown | message.service


def _sizes(photo: StoredFile) -> list[Json]:
    """Ascending, as Telegram lists them: a thumbnail, and the picture itself last."""
    sizes = [photo.thumbnail, photo] if photo.thumbnail is not None else [photo]
    return [size.size_json() for size in sizes]


def person_view(person: Person) -> Json:
    """A person on the control routes."""
    return {**person.as_json(), "private_chat": person.private_chat.id}


def chat_view(chat: Chat) -> Json:
    """A chat on the control routes."""
    return {
        "id": chat.id,
        "type": chat.type,
        "title": chat.title,
        "person_id": chat.person.id if chat.person is not None else None,
        "forum": chat.forum,
        "bot_status": chat.bot_status,
        "members": chat.statuses,
        "topics": [
            {"thread_id": topic.thread_id, "name": topic.name, "closed": topic.closed}
            for topic in chat.topics.values()
        ],
        "migrated_to": chat.migrated_to,
        "messages": len(chat.messages),
    }


def message_view(message: Message) -> Json:
    """A message on the control routes and in the events; ``photo_url`` and ``document`` link to the bytes."""
    file = message.now.file
    url = f"/sandbox/files/{file.unique_id}" if file is not None else None
    return {
        "chat_id": message.chat.id,
        "message_id": message.message_id,
        "from_bot": message.from_bot,
        "from": None if message.sender is None else {"id": message.sender.id, "name": message.sender.first_name},
        "date": message.at,
        "text": message.text,
        "entities": message.entities,
        "photo_url": url if file is not None and file.kind == "photo" else None,
        "document": {"name": file.name, "url": url} if file is not None and file.kind == "document" else None,
        "buttons": [[{"text": b.text, "action": b.action, "value": b.value} for b in row] for row in message.rows],
        "topic": message.topic,
        "reply_to": message.reply_to.message_id if message.reply_to is not None else None,
        "silent": message.silent,
        "deleted": message.deleted,
        "edits": message.edits,
        "service": message.service,
    }


def argument_view(value: Any) -> Any:
    """An argument of a call, with a file as its name and size."""
    return {"file": value.name, "bytes": len(value.content)} if isinstance(value, Upload) else value
