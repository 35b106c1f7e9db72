"""Chats and their messages: what everyone would see on their screens, with its whole history."""

# ruff: noqa: ASYNC109 - callers say timeout=, as with every other thing one waits for

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, TypeVar

from bot.sandbox.bot_api import Json
from bot.sandbox.changes import Changes
from bot.sandbox.files import StoredFile

if TYPE_CHECKING:
    from bot.sandbox.people import Person

T = TypeVar("T")
ChatType = Literal["private", "group", "supergroup"]

OUTSIDE = ("left", "kicked")
"""Statuses of somebody who is not in a chat."""


@dataclass(frozen=True)
class Button:
    """An inline button: the visible text and its one action, as ``callback_data``, ``url`` or ``copy_text``."""

    text: str
    action: str
    value: str


@dataclass(frozen=True)
class Version:
    """What a message said from `at` on. `text` is the text, or the caption under a `file`."""

    at: float
    text: str
    entities: list[Json] = field(default_factory=list)
    file: StoredFile | None = None
    markup: Json | None = None

    def same_as(self, other: Version) -> bool:
        """Whether an edit from one to the other would change nothing."""
        return (self.text, self.entities, self.file, self.markup or None) == (
            other.text,
            other.entities,
            other.file,
            other.markup or None,
        )


@dataclass(eq=False, repr=False)
class Message:
    """A message in a chat; `sender` is None for the bot. `service` holds a service message's own fields."""

    chat: Chat
    message_id: int
    sender: Person | None
    versions: list[Version]
    topic: int | None = None
    reply_to: Message | None = None
    silent: bool = False
    deleted: bool = False
    protected: bool = False
    service: Json = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<Message{self.line().rstrip()}>"

    @property
    def now(self) -> Version:
        """The current version."""
        return self.versions[-1]

    @property
    def at(self) -> float:
        """When it was sent, in seconds since the epoch."""
        return self.versions[0].at

    @property
    def text(self) -> str:
        """The current text, or caption."""
        return self.now.text

    @property
    def entities(self) -> list[Json]:
        """The current entities, of the text or the caption."""
        return self.now.entities

    @property
    def photo(self) -> bytes | None:
        """The current picture's bytes."""
        return self._file("photo")

    @property
    def document(self) -> bytes | None:
        """The current document's bytes."""
        return self._file("document")

    @property
    def rows(self) -> list[list[Button]]:
        """The inline buttons, row by row."""
        rows = (self.now.markup or {}).get("inline_keyboard", [])
        return [[_button(button) for button in row] for row in rows]

    @property
    def buttons(self) -> list[Button]:
        """The inline buttons, in reading order."""
        return [button for row in self.rows for button in row]

    @property
    def edits(self) -> int:
        """How often it was edited."""
        return len(self.versions) - 1

    @property
    def from_bot(self) -> bool:
        """Whether the bot sent it."""
        return self.sender is None and not self.service

    def _file(self, kind: str) -> bytes | None:
        return self.now.file.content if self.now.file is not None and self.now.file.kind == kind else None

    def line(self) -> str:
        """One line of a transcript."""
        when = datetime.fromtimestamp(self.at, UTC).strftime("%H:%M:%S")
        who = "bot" if self.sender is None else self.sender.first_name
        kind = f"[{self.now.file.kind}] " if self.now.file else ""
        marks = [f"edited {self.edits}x"] * bool(self.edits) + ["deleted"] * self.deleted + ["silent"] * self.silent
        buttons = "".join(f" [{button.text}]" for button in self.buttons)
        notes = f" ({', '.join(marks)})" if marks else ""
        return f"  #{self.message_id} {when} {who}: {kind}{self.text or self.service!r}{buttons}{notes}"


def _button(raw: Json) -> Button:
    action = next((key for key in raw if key not in ("text", "style", "icon_custom_emoji_id")), "")
    value = raw.get(action, "")
    return Button(raw["text"], action, value["text"] if action == "copy_text" else str(value))


@dataclass
class Topic:
    """A topic of a forum; its thread id is the id of the message that made it."""

    thread_id: int
    name: str
    closed: bool = False


@dataclass(eq=False, repr=False)
class Chat:
    """A chat. `statuses` maps a person's id to ``creator``, ``administrator``, ``member``, ``left``, ``kicked``."""

    id: int
    type: ChatType
    title: str
    changes: Changes
    person: Person | None = None
    forum: bool = False
    statuses: dict[int, str] = field(default_factory=dict)
    bot_status: str = "member"
    started: bool = False
    migrated_to: int | None = None
    deleted: bool = False
    topics: dict[int, Topic] = field(default_factory=dict)
    messages: list[Message] = field(default_factory=list)
    actions: list[tuple[float, str]] = field(default_factory=list)
    _taken: int = 0

    def __repr__(self) -> str:
        return f"<Chat {self.id} {self.title}>"

    def as_json(self) -> Json:
        """The Bot API's Chat."""
        if self.person is not None:
            names = {"first_name": self.person.first_name, "last_name": self.person.last_name}
            given = names | {"username": self.person.username}
            return {"id": self.id, "type": self.type} | {key: value for key, value in given.items() if value}
        return {"id": self.id, "type": self.type, "title": self.title} | ({"is_forum": True} if self.forum else {})

    @property
    def from_bot(self) -> list[Message]:
        """Everything the bot sent here and that is not deleted, oldest first."""
        return [message for message in self.messages if message.from_bot and not message.deleted]

    def message(self, message_id: int) -> Message | None:
        """By id, unless deleted."""
        return next((m for m in self.messages if m.message_id == message_id and not m.deleted), None)

    def transcript(self) -> str:
        """The chat as text, for a failing test."""
        head = f"{self.type} {self.id} ({self.title})"
        return "\n".join([head, *(message.line() for message in self.messages)])

    async def wait_for(self, look: Callable[[list[Message]], T | None], timeout: float = 10.0) -> T:
        """The first truthy thing `look` returns, given every message of the chat (deleted ones too).

        `NothingHappened` with the transcript when `timeout` real seconds are over.
        """
        return await self.changes.until(lambda: look(self.messages), timeout, self.transcript)

    async def wait_for_message(self, fits: Callable[[Message], bool], timeout: float = 10.0) -> Message:
        """The oldest message of the bot that `fits`, now or after a later change."""
        return await self.wait_for(lambda _: next(filter(fits, self.from_bot), None), timeout)

    async def wait_for_text(self, part: str, timeout: float = 10.0) -> Message:
        """The oldest message of the bot whose current text or caption holds `part`, in any case."""
        return await self.wait_for_message(lambda message: part.casefold() in message.text.casefold(), timeout)

    async def next_message(self, timeout: float = 10.0) -> Message:
        """The oldest message of the bot that this method has not returned yet; deleted ones are passed over."""

        def look() -> Message | None:
            for index, message in enumerate(self.messages[self._taken :], self._taken + 1):
                if message.from_bot and not message.deleted:
                    self._taken = index
                    return message
            return None

        return await self.changes.until(look, timeout, self.transcript)

    def skip(self) -> None:
        """`next_message` shall begin after what is here now."""
        self._taken = len(self.messages)
