"""The messenger's world: the bot, people, chats, and how something said reaches everyone."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from bot.sandbox.bot_api import Json, Refusal, bad_request
from bot.sandbox.changes import Changes, Clock
from bot.sandbox.chats import OUTSIDE, Chat, Message, Topic, Version
from bot.sandbox.entities import cut
from bot.sandbox.files import Files
from bot.sandbox.people import CallbackQuery, Person
from bot.sandbox.updates import UpdateQueue
from bot.sandbox.views import chat_view, message_json, message_view


class World:
    """Built once per sandbox. `privacy_mode`: in groups the bot hears only what is meant for it."""

    def __init__(self, *, token: str, username: str, clock: Clock, changes: Changes, privacy_mode: bool) -> None:
        self.clock = clock
        self.changes = changes
        self.privacy_mode = privacy_mode
        self.files = Files()
        self.updates = UpdateQueue(changes)
        self.people: dict[int, Person] = {}
        self.chats: dict[int, Chat] = {}
        self.queries: dict[str, CallbackQuery] = {}
        self.username = username
        self.bot_id = int(token.partition(":")[0])
        self._last_message_id = 100  # one counter for private chats and basic groups, as for a real account
        self._last_in: dict[int, int] = {}  # supergroups count for themselves

    @property
    def bot(self) -> Json:
        """The bot's User, without what only getMe tells."""
        return {
            "id": self.bot_id,
            "is_bot": True,
            "first_name": "Paybot (sandbox)",
            "username": self.username,
        }

    def person(
        self,
        first_name: str,
        *,
        user_id: int | None = None,
        last_name: str | None = None,
        username: str | None = None,
        language_code: str | None = None,
        started: bool = False,
    ) -> Person:
        """A new person; `started` when they have written to the bot before."""
        user_id = user_id or 5_000_000_001 + len(self.people)
        if user_id in self.people:
            raise ValueError(f"there is a person {user_id} already")
        person = Person(self, user_id, first_name, last_name, username, language_code)
        self.people[user_id] = person
        private = Chat(user_id, "private", first_name, self.changes, person=person, started=started)
        private.statuses[user_id] = "member"
        self.chats[user_id] = person.private_chat = private
        self.changes.publish("chat", chat=chat_view(private))
        return person

    def group(
        self,
        title: str,
        members: Sequence[Person] = (),
        *,
        chat_id: int | None = None,
        supergroup: bool = False,
        forum: bool = False,
        admins: Sequence[Person] = (),
        bot_status: str = "member",
    ) -> Chat:
        """A new group; the first of `admins`, else of `members`, created it. `forum` makes a supergroup."""
        big = supergroup or forum
        chat_id = chat_id or (-1_002_000_000_001 if big else -4_000_001) - len(self.chats)
        chat = Chat(chat_id, "supergroup" if big else "group", title, self.changes, forum=forum)
        chat.bot_status = bot_status
        chat.statuses = {person.id: "member" for person in members} | {p.id: "administrator" for p in admins}
        if owner := next(iter([*admins, *members]), None):
            chat.statuses[owner.id] = "creator"
        self.chats[chat_id] = chat
        self.changes.publish("chat", chat=chat_view(chat))
        return chat

    def topic(self, chat: Chat, name: str) -> Topic:
        """A new topic in a forum; its thread id is that of its service message."""
        if not chat.forum:
            raise ValueError(f"{chat.title} has no topics")
        made = {"forum_topic_created": {"name": name, "icon_color": 7322096}}
        message = self.post(chat, self._owner(chat), Version(self.clock(), ""), service=made)
        message.topic = message.message_id
        chat.topics[message.message_id] = Topic(message.message_id, name)
        self.changes.publish("chat", chat=chat_view(chat))
        self.tell_bot(message)
        return chat.topics[message.message_id]

    def _owner(self, chat: Chat) -> Person:
        for user_id, status in chat.statuses.items():
            if status == "creator":
                return self.people[user_id]
        raise ValueError(f"{chat.title} has no members")

    def post(
        self,
        chat: Chat,
        sender: Person | None,
        version: Version,
        *,
        topic: int | None = None,
        reply_to: Message | None = None,
        silent: bool = False,
        protected: bool = False,
        service: Json | None = None,
    ) -> Message:
        """Puts a message into a chat and shows it to everyone but the bot."""
        message = Message(chat, self._next_message_id(chat), sender, [version], topic, reply_to, silent)
        message.protected = protected
        message.service = service or {}
        chat.messages.append(message)
        self.changes.publish("message", message=message_view(message))
        return message

    def revise(self, message: Message, version: Version) -> None:
        """Edits a message."""
        message.versions.append(version)
        self.changes.publish("edit", message=message_view(message))

    def delete(self, message: Message) -> None:
        """Deletes a message for everyone; its history stays for the tests."""
        message.deleted = True
        self.changes.publish("delete", message=message_view(message))

    def tell_bot(self, message: Message, kind: str = "message") -> None:
        """Queues the update, where the bot may see the message."""
        if self.hears(message):
            self.updates.put(kind, message_json(message, self.bot))

    def hears(self, message: Message) -> bool:
        """The rule of privacy mode: https://core.telegram.org/bots/features#privacy-mode."""
        chat = message.chat
        if chat.bot_status in OUTSIDE:
            return False
        if chat.type == "private" or message.service or chat.bot_status == "administrator" or not self.privacy_mode:
            return True
        if message.reply_to is not None and message.reply_to.sender is None:
            return True
        return any(self._addresses_bot(message.text, entity) for entity in message.entities)

    def _addresses_bot(self, text: str, entity: Json) -> bool:
        word = cut(text, entity["offset"], entity["length"]).lower()
        if entity["type"] == "bot_command":
            return "@" not in word or word.endswith("@" + self.username.lower())
        return bool(entity["type"] == "mention" and word == "@" + self.username.lower())

    def set_bot_status(self, chat: Chat, status: str, by: Person) -> None:
        """Changes the bot's membership and queues the my_chat_member update."""
        old, chat.bot_status = chat.bot_status, status
        self.changes.publish("chat", chat=chat_view(chat))
        self.updates.put(
            "my_chat_member",
            {
                "chat": chat.as_json(),
                "from": by.as_json(),
                "date": int(self.clock()),
                "old_chat_member": self.bot_member(old),
                "new_chat_member": self.bot_member(status),
            },
        )

    def bot_member(self, status: str) -> Json:
        """The bot's own ChatMember."""
        return member_json(self.bot, status)

    def chat_for_call(self, chat_id: int | str) -> Chat:
        """The chat a method is meant for, or the `Refusal` the bot deserves."""
        # Only people carry user names here, and the real server does not resolve those for bots either.
        chat = self.chats.get(chat_id) if isinstance(chat_id, int) else None
        if chat is None:
            raise bad_request("chat not found")
        if chat.migrated_to is not None:
            moved = {"migrate_to_chat_id": chat.migrated_to}
            raise Refusal(400, "Bad Request: group chat was upgraded to a supergroup chat", moved)
        if chat.deleted:
            gone = "user is deactivated" if chat.person is not None else "the group chat was deleted"
            raise Refusal(403, f"Forbidden: {gone}")
        if chat.person is not None:
            self._check_private(chat)
        elif chat.bot_status in OUTSIDE:
            gone = "kicked from" if chat.bot_status == "kicked" else "not a member of"
            raise Refusal(403, f"Forbidden: bot {'was' if gone[0] == 'k' else 'is'} {gone} the {chat.type} chat")
        return chat

    def _check_private(self, chat: Chat) -> None:
        if chat.bot_status == "kicked":
            raise Refusal(403, "Forbidden: bot was blocked by the user")
        if not chat.started:
            if any(c.statuses.get(chat.id, "left") not in OUTSIDE for c in self.chats.values() if c is not chat):
                raise Refusal(403, "Forbidden: bot can't initiate conversation with a user")
            raise bad_request("chat not found")

    def _next_message_id(self, chat: Chat) -> int:
        if chat.type == "supergroup":
            self._last_in[chat.id] = self._last_in.get(chat.id, 0) + 1
            return self._last_in[chat.id]
        self._last_message_id += 1
        return self._last_message_id

    def chat_instance(self, chat: Chat) -> str:
        """A callback query's ``chat_instance``: opaque, the same for a chat."""
        return str(int(hashlib.sha256(str(chat.id).encode()).hexdigest()[:15], 16))


_ADMIN_RIGHTS = (
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
)


def member_json(user: Json, status: str) -> Json:
    """The Bot API's ChatMember for a status."""
    shown: Json = {"user": user, "status": status}
    if status == "creator":
        return shown | {"is_anonymous": False}
    if status == "administrator":
        rights = {right: right != "can_promote_members" for right in _ADMIN_RIGHTS}
        return shown | {"can_be_edited": False, "is_anonymous": False} | rights
    if status == "kicked":
        return shown | {"until_date": 0}
    return shown
