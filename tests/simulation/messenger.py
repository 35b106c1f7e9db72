"""Telegram as a model: chats with their messages, updates until they are confirmed, and what goes wrong on the way."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from bot.core.message import ActionButton, Keyboard, Toast
from bot.core.watch import Place
from bot.messenger.outcomes import Delivered, MessageGone, Moved, Outcome, PictureUnknown, RetryAt, Undeliverable
from bot.messenger.updates import Batch, Trouble
from tests.simulation.process import Process

if TYPE_CHECKING:
    from tests.simulation.world import World

SUPERGROUPS: Final = -1_000_000_000_000
"""Their ids are at or below it."""
_NOT_NOW: Final = RetryAt("ConnectError")


@dataclass(slots=True)
class Standing:
    """A message as it stands in a chat."""

    text: str
    topic: int | None
    keyboard: Keyboard = ()
    picture: str | None = None
    is_ours: bool = True


@dataclass(frozen=True, slots=True)
class Sent:
    """A message, or a change of one, that Telegram took."""

    begun: float
    at: float
    chat: int
    """The chat's first id: a group keeps it here when it becomes a supergroup."""
    topic: int | None
    message_id: int
    text: str
    picture: str | None
    is_new: bool
    answered: bool
    process: int


@dataclass(slots=True)
class Chat:
    """A chat with its history."""

    id: int
    first_id: int
    person: int
    numbers: Iterator[int]
    """Of messages to come: a supergroup's own, else shared by all chats of the bot."""
    is_blocked: bool = False
    moved_to: int | None = None
    flooded_until: float = 0.0
    messages: dict[int, Standing] = field(default_factory=dict)

    def write(self, message: Standing) -> int:
        """Adds a message; returns its number."""
        number = next(self.numbers)
        self.messages[number] = message
        return number


class Messenger:
    """What lasts when processes die."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self.chats: dict[int, Chat] = {}
        self.sent: list[Sent] = []
        self.presses: dict[str, tuple[int, int | None, float, str]] = {}
        """Each press: in which chat and topic, when, and under which text."""
        self.toasts: list[tuple[str, float, str]] = []
        self._files: dict[str, str] = {}
        self._updates: list[dict[str, Any]] = []
        self._last_update = 100
        self._news = asyncio.Event()
        self._numbers = count(1)

    def add(self, chat_id: int, person: int) -> None:
        """A chat that is there from the beginning."""
        self._begin(chat_id, chat_id, person)

    def _begin(self, chat_id: int, first_id: int, person: int) -> Chat:
        numbers = count(1) if chat_id <= SUPERGROUPS else self._numbers
        chat = self.chats[chat_id] = Chat(chat_id, first_id, person, numbers)
        return chat

    def chat(self, first_id: int) -> Chat:
        """The chat as it is now, under its first id."""
        chat = self.chats[first_id]
        return chat if chat.moved_to is None else self.chats[chat.moved_to]

    def say(self, chat: Chat, text: str, topic: int | None) -> int:
        """A person writes; returns the update's number."""
        message_id = chat.write(Standing(text, topic, is_ours=False))
        return self._push(message=self._about(chat, message_id, topic) | {"text": text})

    def press(self, chat: Chat, message_id: int, button: ActionButton) -> int:
        """A person presses a button; returns the update's number."""
        press_id = f"press{self._last_update + 1}"
        pressed = chat.messages[message_id]
        self.presses[press_id] = (chat.first_id, pressed.topic, self._world.now, pressed.text)
        message = self._about(chat, message_id, pressed.topic)
        return self._push(
            callback_query={"id": press_id, "from": chat.person, "data": button.data, "message": message}
        )

    def block(self, chat: Chat, *, is_there: bool) -> None:
        """A person blocks the bot, or takes it back."""
        chat.is_blocked = not is_there
        about = {"chat": _kind(chat), "is_there": is_there, "was_there": not is_there}
        self._push(my_chat_member=about)

    def migrate(self, chat: Chat, new_id: int) -> None:
        """A group becomes a supergroup: both tell, in no certain order."""
        chat.moved_to = new_id
        new = self._begin(new_id, chat.first_id, chat.person)
        of_old = self._about(chat, chat.write(Standing("moved", None, is_ours=False)), None) | {
            "migrate_to_chat_id": new_id
        }
        of_new = self._about(new, new.write(Standing("moved", None, is_ours=False)), None) | {
            "migrate_from_chat_id": chat.id
        }
        told = [of_old, of_new]
        self._world.chance.shuffle(told)
        for message in told:
            self._push(message=message)

    def forget_files(self) -> None:
        """Telegram no longer takes the ids of pictures it has."""
        self._files.clear()

    def _about(self, chat: Chat, message_id: int, topic: int | None) -> dict[str, Any]:
        known = {"chat": _kind(chat), "message_id": message_id, "from": chat.person, "date": self._world.now}
        return known | ({"topic": topic} if topic else {})

    def _push(self, **update: Any) -> int:
        self._last_update += 1
        self._updates.append({"update_id": self._last_update} | update)
        self._news.set()
        return self._last_update

    async def fetch(self, offset: int | None, process: Process, *, wait: bool) -> Batch | Trouble:
        """`getUpdates`: what lies below the offset is confirmed, and gone."""
        world = self._world
        await process.reach("fetch")
        if world.is_telegram_out():
            return Trouble("ConnectError")
        if offset is not None:
            self._updates = [update for update in self._updates if update["update_id"] >= offset]
        if not self._updates and wait:
            self._news.clear()
            await self._news.wait()
        await asyncio.sleep(0.02)
        await process.reach("fetched")
        if world.is_telegram_out() or world.happens(world.weather.fetch_failed):
            return Trouble("ReadTimeout")
        return Batch([*self._updates[:100]])

    # --- what a process sends ---

    async def send(self, process: Process, place: Place, text: str, keyboard: Keyboard, picture: Any) -> Outcome:
        """A new message."""

        def write(chat: Chat) -> tuple[int, str | None]:
            shown = self._upload(picture)
            return chat.write(Standing(text, place.topic_id, keyboard, shown)), shown

        def take(chat: Chat) -> Outcome:
            if isinstance(picture, str) and picture not in self._files:
                return PictureUnknown()
            return self._sent(process, place, chat, write, text)

        return await self._call(process, place, take)

    async def change(
        self,
        process: Process,
        place: Place,
        number: int,
        text: str | None,
        keyboard: Keyboard,
        picture: Any,
        kind: str,
    ) -> Outcome:
        """Another text, caption or picture in a message."""

        def judge(chat: Chat) -> Outcome | None:
            message = chat.messages.get(number)
            if message is None or not message.is_ours or (kind == "picture" and message.picture is None):
                return MessageGone()
            if (kind == "text" and message.picture is not None) or (kind == "caption" and message.picture is None):
                return Undeliverable("there is no such thing in the message to edit")
            if isinstance(picture, str) and picture not in self._files:
                return PictureUnknown()
            return None

        def write(chat: Chat) -> tuple[int, str | None]:
            message = chat.messages[number]
            message.text, message.keyboard = text or "", keyboard
            message.picture = self._upload(picture) if kind == "picture" else message.picture
            return number, message.picture

        def take(chat: Chat) -> Outcome:
            refusal = judge(chat)
            return refusal or self._sent(process, place, chat, write, text or "", is_new=False)

        return await self._call(process, place, take)

    async def erase(self, process: Process, place: Place, number: int) -> Outcome:
        """Deletes a message."""

        def take(chat: Chat) -> Outcome:
            message = chat.messages.get(number)
            if message is None or not message.is_ours:
                return MessageGone()
            if self._world.happens(self._world.weather.too_old):
                return Undeliverable("message can't be deleted for everyone")
            del chat.messages[number]
            return Delivered(None)

        return await self._call(process, place, take)

    async def answer_press(self, process: Process, press_id: str, toast: Toast) -> Outcome:
        """Answers a press, if it is the first answer."""
        await process.reach("toast")
        await asyncio.sleep(0.05)
        self.toasts.append((press_id, self._world.now, toast.text))
        self._world.note("toast", f"{press_id}: {toast.text}")
        await process.reach("toasted")
        return Delivered(None)

    def _upload(self, picture: Any) -> str | None:
        if picture is None:
            return None
        if isinstance(picture, bytes):
            self._files[f"file {picture.decode()}"] = picture.decode()
            return picture.decode()
        return self._files[picture]

    def _sent(
        self, process: Process, place: Place, chat: Chat, write: Callable[[Chat], tuple[int, str | None]], text: str,
        *, is_new: bool = True,
    ) -> Outcome:  # fmt: skip
        world = self._world
        number, picture = write(chat)
        answered = not world.happens(world.weather.answer_lost)
        begun, place_told = self._begun, place.topic_id
        self.sent.append(
            Sent(begun, world.now, chat.first_id, place_told, number, text, picture, is_new, answered, process.number)
        )
        what = ("sent" if is_new else "changed") + ("" if answered else ", answer lost")
        world.note(what, f"{chat.id} #{number}: {text}" + (f" [{picture[:40]}]" if picture else ""))
        if not answered:
            return RetryAt("ReadTimeout", maybe_sent=True)
        return Delivered(number, f"file {picture}" if picture else None)

    _begun = 0.0

    async def _call(self, process: Process, place: Place, take: Callable[[Chat], Outcome]) -> Outcome:
        """A call, and what goes wrong with any."""
        world, begun = self._world, self._world.now
        await process.reach("send")
        await asyncio.sleep(world.telegram_latency())
        chat, weather = self.chats[place.chat_id], world.weather
        if world.is_telegram_out() or world.happens(weather.refused):
            outcome: Outcome = _NOT_NOW
        elif chat.is_blocked:
            outcome = Undeliverable("Forbidden: bot was blocked by the user", chat_is_gone=True)
        elif chat.moved_to is not None:
            outcome = Moved(chat.moved_to)
        elif world.now < chat.flooded_until:
            world.flooded(chat, process)
            outcome = RetryAt("429", after=chat.flooded_until - world.now)
        elif world.happens(weather.flood):
            chat.flooded_until = world.now + world.chance.randint(1, 20)
            outcome = RetryAt("429", after=chat.flooded_until - world.now)
            world.note("429", f"{chat.id} until {chat.flooded_until:.1f}")
        elif world.happens(weather.unsure):
            outcome = RetryAt("ReadTimeout", maybe_sent=True)
        else:
            self._begun = begun
            outcome = take(chat)
        if not isinstance(outcome, Delivered):
            world.note("not sent", f"{place.chat_id}: {outcome}")
        await process.reach("sent")
        return outcome


def _kind(chat: Chat) -> Mapping[str, Any]:
    return {"id": chat.id, "type": "private" if chat.id > 0 else "group"}
