"""Command menus and descriptions (https://core.telegram.org/bots/api#setmycommands)."""

from __future__ import annotations

import json
import re

from bot.sandbox.bot_api import Json, bad_request
from bot.sandbox.messages import Handler, Uploads
from bot.sandbox.world import World

_LIMITS = {"description": 512, "short_description": 120}


class Menus:
    """`commands` maps (scope as JSON, language or "") to the list; `texts` (kind, language) to a description."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.commands: dict[tuple[str, str], list[Json]] = {}
        self.texts: dict[tuple[str, str], str] = {}

    def methods(self) -> dict[str, Handler]:
        """The Bot API's names."""
        return {
            "setMyCommands": self.set_commands,
            "getMyCommands": self.get_commands,
            "deleteMyCommands": self.delete_commands,
            "setMyDescription": lambda params, _: self._set_text("description", params),
            "getMyDescription": lambda params, _: self._get_text("description", params),
            "setMyShortDescription": lambda params, _: self._set_text("short_description", params),
            "getMyShortDescription": lambda params, _: self._get_text("short_description", params),
        }

    def commands_of(self, scope: str = "default", language: str = "", **where: int) -> list[Json]:
        """What was set for exactly this scope type and language; ``chat_id`` and ``user_id`` where it has them."""
        return self.commands.get((json.dumps({"type": scope, **where}, sort_keys=True), language), [])

    def set_commands(self, params: Json, uploads: Uploads) -> bool:
        """setMyCommands: up to 100, names ``[a-z0-9_]{1,32}``, descriptions of 1 to 256 characters."""
        if len(params["commands"]) > 100:
            raise bad_request("BOT_COMMANDS_TOO_MUCH")
        for command in params["commands"]:
            if not re.fullmatch(r"[a-z0-9_]{1,32}", command["command"].removeprefix("/")):
                raise bad_request("BOT_COMMAND_INVALID")
            if not 1 <= len(command["description"].strip()) <= 256:
                raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
        self.commands[self._key(params)] = params["commands"]
        return True

    def get_commands(self, params: Json, uploads: Uploads) -> list[Json]:
        """getMyCommands: of exactly this scope and language."""
        return self.commands.get(self._key(params), [])

    def delete_commands(self, params: Json, uploads: Uploads) -> bool:
        """deleteMyCommands."""
        self.commands.pop(self._key(params), None)
        return True

    def _key(self, params: Json) -> tuple[str, str]:
        scope = params.get("scope", {"type": "default"})
        if "chat_id" in scope:
            self._world.chat_for_call(scope["chat_id"])
        return json.dumps(scope, sort_keys=True), _language(params)

    def _set_text(self, kind: str, params: Json) -> bool:
        text = params.get(kind, "")
        if len(text) > _LIMITS[kind]:
            raise bad_request(f"{kind} is too long")
        self.texts[kind, _language(params)] = text
        return True

    def _get_text(self, kind: str, params: Json) -> Json:
        return {kind: self.texts.get((kind, _language(params)), "")}


def _language(params: Json) -> str:
    language: str = params.get("language_code", "")
    if not re.fullmatch(r"([a-z]{2})?", language):
        raise bad_request("LANGUAGE_CODE_INVALID")
    return language
