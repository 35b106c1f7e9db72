"""People, and what they can do with their thumbs."""

# ruff: noqa: ASYNC109 - callers say timeout=, as with every other thing one waits for

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.sandbox.bot_api import Json
from bot.sandbox.changes import NothingHappened
from bot.sandbox.chats import OUTSIDE, Button, Chat, Message, Version
from bot.sandbox.entities import formatted
from bot.sandbox.views import chat_view, message_json

if TYPE_CHECKING:
    from bot.sandbox.world import World


@dataclass(frozen=True)
class CallbackAnswer:
    """What the bot answered to a press: a line at the top, or an alert; `text` may be empty."""

    text: str = ""
    show_alert: bool = False
    url: str = ""


@dataclass(eq=False)
class CallbackQuery:
    """A press, and its answer once there is one. `at` in seconds since the epoch."""

    query_id: str
    message: Message
    data: str
    at: float
    answer: CallbackAnswer | None = None


@dataclass(eq=False, repr=False)
class Person:
    """Somebody with a phone. Actions that make no sense (writing to a bot one has blocked) raise ValueError."""

    world: World
    id: int
    first_name: str
    last_name: str | None = None
    username: str | None = None
    language_code: str | None = None
    private_chat: Chat = field(init=False)

    def __repr__(self) -> str:
        return f"<Person {self.id} {self.first_name}>"

    def as_json(self) -> Json:
        """The Bot API's User."""
        optional = {
            "last_name": self.last_name,
            "username": self.username,
            "language_code": self.language_code,
        }
        known = {key: value for key, value in optional.items() if value}
        return {"id": self.id, "is_bot": False, "first_name": self.first_name} | known

    async def send(
        self,
        text: str,
        chat: Chat | None = None,
        *,
        topic: int | None = None,
        reply_to: Message | None = None,
    ) -> Message:
        """Writes to the bot, or into a group; the bot hears it as privacy mode allows."""
        chat = chat or self.private_chat
        self._must_be_in(chat)
        if topic is not None and (topic not in chat.topics or chat.topics[topic].closed):
            raise ValueError(f"{chat.title} has no open topic {topic}")
        plain, entities = formatted(text, None, None)
        version = Version(self.world.clock(), plain, entities)
        message = self.world.post(chat, self, version, topic=topic, reply_to=reply_to)
        chat.started = True
        self.world.tell_bot(message)
        return message

    async def start(self, payload: str = "") -> Message:
        """Opens the bot, or a ``t.me/bot?start=payload`` link."""
        return await self.send(f"/start {payload}".strip())

    async def edit(self, message: Message, text: str) -> None:
        """Edits an own message."""
        if message.sender is not self:
            raise ValueError("people edit only their own messages")
        plain, entities = formatted(text, None, None)
        self.world.revise(message, Version(self.world.clock(), plain, entities))
        self.world.tell_bot(message, "edited_message")

    async def press(
        self, message: Message, button: str | int = 0, *, data: str | None = None, timeout: float = 10.0
    ) -> CallbackAnswer:
        """Presses an inline button, by its text (whole, or a part that fits one only) or index; waits for the answer.

        `data` forges the callback data, as from a changed client or a keyboard since replaced.
        `NothingHappened` when the bot has not answered after `timeout` real seconds: the client shows a spinner.
        """
        query = await self.tap(message, button, data=data)
        try:
            return await self.world.changes.until(lambda: query.answer, timeout, message.chat.transcript)
        except NothingHappened as late:
            raise NothingHappened(f"the press {query.data!r} was not answered: {late}") from None

    async def tap(self, message: Message, button: str | int = 0, *, data: str | None = None) -> CallbackQuery:
        """Like `press`, without waiting for the answer."""
        self._must_be_in(message.chat)
        if message.deleted:
            raise ValueError("the message is deleted")
        if data is None:
            chosen = _button(message, button)
            if chosen.action != "callback_data":
                raise ValueError(f"the button {chosen.text!r} acts on the phone only: {chosen.action}")
            data = chosen.value
        number = str(4_382_000_000_000_000_000 + len(self.world.queries) + 1)
        query = CallbackQuery(number, message, data, self.world.clock())
        self.world.queries[number] = query
        self.world.changes.publish("press", query_id=number, person_id=self.id, chat_id=message.chat.id, data=data)
        pressed: Json = {
            "id": number,
            "from": self.as_json(),
            "chat_instance": self.world.chat_instance(message.chat),
        }
        shown = message_json(message, self.world.bot)
        self.world.updates.put("callback_query", pressed | {"message": shown, "data": data})
        return query

    async def delete(self, message: Message) -> None:
        """Deletes a message for both sides; bots are not told."""
        self.world.delete(message)

    async def block(self) -> None:
        """Blocks the bot."""
        self.world.set_bot_status(self.private_chat, "kicked", self)

    async def unblock(self) -> None:
        """Unblocks the bot."""
        self.world.set_bot_status(self.private_chat, "member", self)

    async def add_bot(self, chat: Chat, *, as_admin: bool = False) -> None:
        """Adds the bot to a group, or raises it to administrator (or lowers it to a member) there."""
        self._must_be_in(chat)
        was_outside = chat.bot_status in OUTSIDE
        self.world.set_bot_status(chat, "administrator" if as_admin else "member", self)
        if was_outside:
            joined = {"new_chat_members": [self.world.bot]}
            self.world.tell_bot(self.world.post(chat, self, Version(self.world.clock(), ""), service=joined))

    async def remove_bot(self, chat: Chat) -> None:
        """Removes the bot from a group."""
        self._must_be_in(chat)
        self.world.set_bot_status(chat, "kicked", self)

    async def delete_chat(self, chat: Chat | None = None) -> None:
        """Deletes a group for everybody, or else the own account; bots are not told."""
        gone = chat or self.private_chat
        self._must_be_in(gone)
        gone.deleted = True

    async def upgrade(self, group: Chat, *, forum: bool = False) -> Chat:
        """Turns a basic group into a supergroup with a new id; returns it."""
        if group.type != "group":
            raise ValueError(f"{group.title} is no basic group")
        bigger = self.world.group(group.title, supergroup=True, forum=forum, bot_status=group.bot_status)
        bigger.statuses = dict(group.statuses)
        now = self.world.clock()
        left = self.world.post(group, self, Version(now, ""), service={"migrate_to_chat_id": bigger.id})
        group.migrated_to = bigger.id
        arrived = self.world.post(bigger, self, Version(now, ""), service={"migrate_from_chat_id": group.id})
        self.world.changes.publish("chat", chat=chat_view(group))
        self.world.tell_bot(left)
        self.world.tell_bot(arrived)
        return bigger

    def _must_be_in(self, chat: Chat) -> None:
        if chat.deleted:
            raise ValueError(f"{chat.title} is deleted")
        if chat.migrated_to is not None:
            raise ValueError(f"{chat.title} became the supergroup {chat.migrated_to}")
        if chat.statuses.get(self.id, "left") in OUTSIDE:
            raise ValueError(f"{self.first_name} is not in {chat.title}")
        if chat is self.private_chat and chat.bot_status == "kicked":
            raise ValueError(f"{self.first_name} has blocked the bot")


def _button(message: Message, wanted: str | int) -> Button:
    buttons = message.buttons
    texts = [button.text for button in buttons]
    if isinstance(wanted, int):
        if wanted < len(buttons):
            return buttons[wanted]
        raise ValueError(f"no button {wanted} among {texts}")
    fitting = [b for b in buttons if b.text == wanted] or [
        b for b in buttons if wanted.casefold() in b.text.casefold()
    ]
    if len(fitting) != 1:
        raise ValueError(f"{len(fitting)} buttons fit {wanted!r} among {texts}")
    return fitting[0]
