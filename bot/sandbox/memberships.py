"""Who is in a chat, as a bot may ask (https://core.telegram.org/bots/api#getchatmember)."""

from __future__ import annotations

from bot.sandbox.bot_api import Json, bad_request
from bot.sandbox.chats import Chat
from bot.sandbox.messages import Handler, Uploads
from bot.sandbox.world import World, member_json


class Memberships:
    """getMe, getChat and the members."""

    def __init__(self, world: World) -> None:
        self._world = world

    def methods(self) -> dict[str, Handler]:
        """The Bot API's names."""
        return {
            "getMe": self.get_me,
            "getChat": self.get_chat,
            "getChatMember": self.get_member,
            "getChatMemberCount": self.count,
            "getChatAdministrators": self.administrators,
            "leaveChat": self.leave,
        }

    def get_me(self, params: Json, uploads: Uploads) -> Json:
        """getMe: the bot's User with its abilities."""
        return self._world.bot | {
            "can_join_groups": True,
            "can_read_all_group_messages": not self._world.privacy_mode,
            "supports_inline_queries": False,
            "can_connect_to_business": False,
            "has_main_web_app": False,
        }

    def get_chat(self, params: Json, uploads: Uploads) -> Json:
        """getChat: a ChatFullInfo with what it must have."""
        gifts = "unlimited_gifts limited_gifts unique_gifts premium_subscription gifts_from_channels"
        return self._world.chat_for_call(params["chat_id"]).as_json() | {
            "accent_color_id": 0,
            "max_reaction_count": 11,
            "accepted_gift_types": dict.fromkeys(gifts.split(), False),
        }

    def get_member(self, params: Json, uploads: Uploads) -> Json:
        """getChatMember: ``left`` for somebody known who was never in, `Refusal` 400 for an unknown id."""
        chat = self._world.chat_for_call(params["chat_id"])
        return self._member(chat, params["user_id"])

    def count(self, params: Json, uploads: Uploads) -> int:
        """getChatMemberCount: people and the bot."""
        chat = self._world.chat_for_call(params["chat_id"])
        return 1 + sum(status not in ("left", "kicked") for status in chat.statuses.values())

    def administrators(self, params: Json, uploads: Uploads) -> list[Json]:
        """getChatAdministrators: bots are not listed, but for the asking one."""
        chat = self._world.chat_for_call(params["chat_id"])
        if chat.type == "private":
            raise bad_request("there are no administrators in the private chat")
        leading = [user_id for user_id, status in chat.statuses.items() if status in ("creator", "administrator")]
        if chat.bot_status == "administrator":
            leading.append(self._world.bot_id)
        return [self._member(chat, user_id) for user_id in leading]

    def leave(self, params: Json, uploads: Uploads) -> bool:
        """leaveChat."""
        chat = self._world.chat_for_call(params["chat_id"])
        if chat.type == "private":
            raise bad_request("chat member status can't be changed in private chats")
        chat.bot_status = "left"
        return True

    def _member(self, chat: Chat, user_id: int) -> Json:
        if user_id == self._world.bot_id:
            return self._world.bot_member(chat.bot_status)
        person = self._world.people.get(user_id)
        if person is None:
            raise bad_request("user not found")
        return member_json(person.as_json(), chat.statuses.get(user_id, "left"))
