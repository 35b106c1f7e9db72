"""The Bot API's facts, and holding a call against them.

``bot_api.json`` is the Bot API 10.1 as data: ``methods`` and ``types`` map a name to its fields, a field to its
types joined by ``|`` with a leading ``!`` where it is required; ``unions`` map a type to its subtypes.

The real server ignores what it does not know. The sandbox refuses it, so that a misspelt parameter shows in a
test instead of in a customer's chat.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources
from typing import Any

Json = dict[str, Any]

_INTEGER = re.compile(r"-?[0-9]{1,20}")
_FLOAT = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_BOOLEANS = {"true": True, "True": True, "1": True, "false": False, "False": False, "0": False}
# A union's member is told by one of these fields, whose value resembles the end of the member's name.
_DISCRIMINATORS = ("type", "status", "source")


class Refusal(Exception):
    """An answer with ``ok: false``: the HTTP status, the description, and perhaps ``parameters``."""

    def __init__(self, code: int, description: str, parameters: Json | None = None) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters

    def as_json(self) -> Json:
        """The body as Telegram sends it."""
        body: Json = {"ok": False, "error_code": self.code, "description": self.description}
        if self.parameters is not None:
            body["parameters"] = self.parameters
        return body


def bad_request(why: str) -> Refusal:
    """400, worded as Telegram words it: ``Bad Request: why``."""
    return Refusal(400, f"Bad Request: {why}")


@dataclass(frozen=True)
class Upload:
    """A file that came in a multipart body."""

    name: str
    content: bytes
    media_type: str


class Mismatch(Exception):
    """A value is not of its type; ``where`` is the path to it, as in ``reply_markup.inline_keyboard[0]``."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"{where}: {why}")
        self.where = where


class BotApi:
    """What a call may look like, by the specification."""

    def __init__(self, facts: Json) -> None:
        self.version: str = facts["version"]
        self._methods: dict[str, dict[str, str]] = facts["methods"]
        self._types: dict[str, dict[str, str]] = facts["types"]
        self._unions: dict[str, list[str]] = facts["unions"]
        self._spelling: dict[str, str] = {name.lower(): name for name in self._methods}

    @classmethod
    def load(cls) -> BotApi:
        """Reads the facts that ship with the package."""
        return cls(json.loads(resources.files(__package__).joinpath("bot_api.json").read_text("utf-8")))

    def method_named(self, name: str) -> str:
        """The method's own spelling (the real server ignores case); `Refusal` 404 where there is none."""
        spelling = self._spelling.get(name.lower())
        if spelling is None:
            raise Refusal(404, "Not Found")
        return spelling

    def check_call(self, method: str, given: Json) -> Json:
        """The parameters as Python values, or `Refusal` 400 that names what is wrong.

        `given` holds strings (query, form), JSON values (JSON body) and `Upload`s.
        """
        fields = self._methods[method]
        taken: Json = {}
        for name, value in given.items():
            if name not in fields:
                raise bad_request(f'sandbox: {method} has no parameter "{name}"')
            try:
                taken[name] = self._any_of(fields[name], value, name, top=True)
            except Mismatch as wrong:
                raise bad_request(f"sandbox: {method}: {wrong}") from None
        for name, spec in fields.items():
            if spec.startswith("!") and name not in taken:
                raise bad_request(_missing(method, name))
        return taken

    def check_object(self, type_name: str, value: Any) -> None:
        """Raises `Mismatch` where `value`, something we answered, is not a `type_name`: the tests' yardstick."""
        self._any_of(type_name, value, type_name, top=False)

    def _any_of(self, spec: str, value: Any, where: str, *, top: bool) -> Any:
        problems: list[Mismatch] = []
        for type_name in spec.removeprefix("!").split("|"):
            try:
                return self._one(type_name, value, where, top=top)
            except Mismatch as wrong:
                problems.append(wrong)
        raise _most_telling(problems)

    def _one(self, type_name: str, value: Any, where: str, *, top: bool) -> Any:
        if type_name in ("Integer", "Float", "Boolean", "String", "True", "InputFile"):
            return _scalar(type_name, value, where, top=top)
        if top and isinstance(value, str):
            value = _from_json(value, where)
        if inner := type_name.removeprefix("Array of ") if type_name.startswith("Array of ") else "":
            if not isinstance(value, list):
                raise Mismatch(where, f"must be an {type_name}")
            return [self._any_of(inner, item, f"{where}[{i}]", top=False) for i, item in enumerate(value)]
        if type_name in self._unions:
            return self._member(type_name, value, where)
        return self._object(type_name, value, where)

    def _member(self, union: str, value: Any, where: str) -> Any:
        members = self._unions[union]
        if isinstance(value, dict):
            members = _resembling(members, value) or members
        problems: list[Mismatch] = []
        for member in sorted(members, key=len):
            try:
                return self._one(member, value, where, top=False)
            except Mismatch as wrong:
                problems.append(wrong)
        raise problems[0]

    def _object(self, type_name: str, value: Any, where: str) -> Json:
        if not isinstance(value, dict):
            raise Mismatch(where, f"must be a JSON object, {type_name}")
        fields = self._types[type_name]
        taken: Json = {}
        for name, item in value.items():
            if name not in fields:
                raise Mismatch(f"{where}.{name}", f"{type_name} has no such field")
            taken[name] = self._any_of(fields[name], item, f"{where}.{name}", top=False)
        for name, spec in fields.items():
            if spec.startswith("!") and name not in taken:
                raise Mismatch(f"{where}.{name}", f"{type_name} requires it")
        return taken


def _missing(method: str, name: str) -> str:
    # Telegram's own words where they are known; bots match on them.
    known = {
        "chat_id": "chat_id is empty",
        "text": "message text is empty",
        "photo": "there is no photo in the request",
    }
    return known.get(name, f'sandbox: {method} requires the parameter "{name}"')


def _most_telling(problems: list[Mismatch]) -> Mismatch:
    # The alternative that matched deepest is the one that was meant.
    return max(problems, key=lambda wrong: len(wrong.where))


def _resembling(members: Iterable[str], value: Json) -> list[str]:
    for field in _DISCRIMINATORS:
        if isinstance(kind := value.get(field), str):
            wanted = kind.replace("_", "").lower()
            return [name for name in members if name.lower().endswith(wanted)]
    return []


def _from_json(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise Mismatch(where, "must be JSON") from None


def _scalar(type_name: str, value: Any, where: str, *, top: bool) -> Any:
    """Within JSON the type must be exact; as a parameter a number or a Boolean may come as text."""
    text = value if top and isinstance(value, str) else None
    if type_name == "Integer":
        if text is not None and _INTEGER.fullmatch(text):
            return int(text)
        fits = isinstance(value, int) and not isinstance(value, bool)
    elif type_name == "Float":
        if text is not None and _FLOAT.fullmatch(text):
            return float(text)
        fits = isinstance(value, int | float) and not isinstance(value, bool)
    elif type_name == "Boolean":
        if text is not None and text in _BOOLEANS:
            return _BOOLEANS[text]
        fits = isinstance(value, bool)
    elif type_name == "InputFile":
        fits = isinstance(value, Upload)
    else:
        fits = isinstance(value, str)
    if not fits:
        raise Mismatch(where, f"must be {type_name}")
    return value
