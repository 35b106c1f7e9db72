"""Takes in Telegram's updates, polled or pushed: once this returns they are stored, and may be confirmed."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeGuard

from bot.metrics import Metrics
from bot.storage import chats, inbox, notify
from bot.storage.engine import Database
from bot.storage.inbox import Arrived
from bot.storage.notify import Bell

# No database takes a greater number, nor every text: one odd update must not spoil its batch.
_TOO_GREAT: Final = 2**63
_KINDS: Final = frozenset({"private", "group", "supergroup", "channel"})


class TakeIn:
    """Stores updates in any process, and wakes whoever handles them."""

    def __init__(
        self, database: Database, *, clock: Callable[[], datetime], wake: Callable[[], None], metrics: Metrics
    ) -> None:
        """`wake` sets handling going in this process; where another one does the work, it hears the bell."""
        self._database = database
        self._clock = clock
        self._wake = wake
        self._metrics = metrics

    async def __call__(self, updates: Sequence[Mapping[str, Any]]) -> None:
        """Stores updates, each a JSON object with an integer `update_id`; those that are there stay as they are."""
        if not updates:
            return
        now = self._clock()
        arrived = [Arrived(update["update_id"], chat_of(update), update) for update in updates]
        async with self._database.begin() as tx:
            await inbox.store(tx, arrived, now)
            await chats.meet_all(tx, _chats_in(updates), now)
            await notify.ring(tx, Bell.HANDLE)
        for update in updates:
            self._metrics.note_update(next((name for name in update if name != "update_id"), ""))
        self._wake()


def chat_of(update: Mapping[str, Any]) -> int | None:
    """The chat whose order an update keeps; None for a press, which is answered at once."""
    chat = None if "callback_query" in update else chat_in(update)
    return chat["id"] if chat else None


def chat_in(update: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The chat an update is about, a JSON object with an integer `id`."""
    for name in ("message", "edited_message", "my_chat_member"):
        found = update.get(name)
        if isinstance(found, dict) and isinstance(found.get("chat"), dict):
            return _numbered(found["chat"])
    press = update.get("callback_query")
    message = press.get("message") if isinstance(press, dict) else None
    chat = message.get("chat") if isinstance(message, dict) else None
    return _numbered(chat) if isinstance(chat, dict) else None


def _numbered(chat: Mapping[str, Any]) -> Mapping[str, Any] | None:
    return chat if _fits(chat.get("id")) else None


def _fits(number: object) -> TypeGuard[int]:
    return isinstance(number, int) and not isinstance(number, bool) and abs(number) < _TOO_GREAT


def _chats_in(updates: Sequence[Mapping[str, Any]]) -> dict[int, tuple[str, int | None]]:
    """Each chat's kind, and its newest message's id."""
    found: dict[int, tuple[str, int | None]] = {}
    for update in updates:
        if chat := chat_in(update):
            message = update.get("message")
            message_id = message.get("message_id") if isinstance(message, dict) else None
            before = found.get(chat["id"], ("", None))[1]
            newest = message_id if _fits(message_id) else before
            kind = chat.get("type")
            found[chat["id"]] = (kind if isinstance(kind, str) and kind in _KINDS else "", newest)
    return found
