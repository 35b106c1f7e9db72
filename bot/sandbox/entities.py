"""Telegram's HTML to text and entities, as strict as the real server, and the entities it finds by itself.

The rules and the wording of the errors follow TDLib's ``MessageEntity.cpp`` (``parse_html``); offsets and
lengths count UTF-16 code units (https://core.telegram.org/bots/api#html-style).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from bot.sandbox.bot_api import Json, bad_request

_TAGS = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline",
    "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough", "tg-spoiler": "spoiler",
    "span": "spoiler", "a": "text_link", "code": "code", "pre": "pre", "blockquote": "blockquote",
    "tg-emoji": "custom_emoji",
}  # fmt: skip
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_REFERENCE = re.compile(r"&(?:#x([0-9a-fA-F]{1,6})|#([0-9]{1,7})|([a-z]{2,4}));?")
_ATTRIBUTE = re.compile(r"""([^\s=>]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([A-Za-z0-9.\-]+)))?""")
_FOUND = re.compile(
    r"(?P<url>https?://[^\s<>\"]+[^\s<>\".,!?:;)])"
    r"|(?P<email>(?<![\w.])[\w.+-]+@[\w-]+\.[a-zA-Z]{2,})"
    r"|(?P<mention>(?<![\w@])@[A-Za-z]\w{2,31})"
    r"|(?P<bot_command>(?<![\w/@])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z]\w{2,31})?(?![\w/]))"
    r"|(?P<hashtag>(?<![\w#])#\w*[A-Za-z_]\w*)",
    re.ASCII,
)
_EXCLUSIVE = {"code", "pre", "text_link"}


def utf16_length(text: str) -> int:
    """The length as Telegram counts it: UTF-16 code units."""
    return len(text.encode("utf-16-le")) // 2


@dataclass
class _Open:
    tag: str
    kind: str
    start: int
    at: int
    extra: Json = field(default_factory=dict)


class _Html:
    """One pass over the text; `text` and `entities` are the result of `run`."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.text = ""
        self.length = 0
        self.entities: list[Json] = []
        self._open: list[_Open] = []

    def run(self) -> None:
        position = 0
        while position < len(self.source):
            character = self.source[position]
            if character == "<":
                position = self._tag(position)
            elif character == "&" and (found := _REFERENCE.match(self.source, position)) and _decoded(found):
                self._add(_decoded(found))
                position = found.end()
            else:
                self._add(character)
                position += 1
        if self._open:
            raise self._error(f'Can\'t find end tag corresponding to start tag "{self._open[-1].tag}"')

    def _add(self, characters: str) -> None:
        self.text += characters
        self.length += utf16_length(characters)

    def _offset(self, position: int) -> int:
        return len(self.source[:position].encode())

    def _error(self, why: str) -> Exception:
        return bad_request(f"can't parse entities: {why}")

    def _tag(self, start: int) -> int:
        end = self.source.find(">", start)
        closing = self.source.startswith("</", start)
        if end < 0:
            which = "end" if closing else "start"
            raise self._error(f"Unclosed {which} tag at byte offset {self._offset(start)}")
        inside = self.source[start + 1 : end]
        if closing:
            self._close(inside[1:].strip().lower(), start)
        else:
            self._begin(inside, start)
        return end + 1

    def _begin(self, inside: str, start: int) -> None:
        name, rest = (*re.split(r"\s", inside, maxsplit=1), "")[:2]
        name = name.lower()
        if name not in _TAGS:
            raise self._error(f'Unsupported start tag "{name}" at byte offset {self._offset(start)}')
        attributes = self._attributes(rest, name, start)
        opened = _Open(name, _TAGS[name], self.length, start)
        if name == "span" and attributes.get("class") != "tg-spoiler":
            where = self._offset(start)
            raise self._error(f'Tag "span" must have class "tg-spoiler" at byte offset {where}')
        if name == "a":
            opened.extra["url"] = attributes.get("href", "")
        elif name == "code" and attributes.get("class", "").startswith("language-"):
            opened.extra["language"] = attributes["class"].removeprefix("language-")
        elif name == "blockquote" and "expandable" in attributes:
            opened.kind = "expandable_blockquote"
        elif name == "tg-emoji":
            opened.extra["custom_emoji_id"] = attributes.get("emoji-id", "")
        self._open.append(opened)

    def _attributes(self, rest: str, tag: str, start: int) -> dict[str, str]:
        found: dict[str, str] = {}
        position = 0
        while position < len(rest):
            if rest[position].isspace():
                position += 1
                continue
            match = _ATTRIBUTE.match(rest, position)
            if match is None:
                where = self._offset(start)
                raise self._error(f'Empty attribute name in the tag "{tag}" at byte offset {where}')
            value = next((part for part in match.groups()[1:] if part is not None), "")
            found[match.group(1).lower()] = _REFERENCE.sub(lambda ref: _decoded(ref) or ref.group(), value)
            position = match.end()
        return found

    def _close(self, name: str, start: int) -> None:
        if not self._open:
            raise self._error(f"Unexpected end tag at byte offset {self._offset(start)}")
        opened = self._open.pop()
        if name and name != opened.tag:
            raise self._error(
                f'Unmatched end tag at byte offset {self._offset(start)}, expected "</{opened.tag}>", '
                f'found "</{name}>"'
            )
        length = self.length - opened.start
        if length == 0:
            return
        if opened.kind == "text_link" and not self._linked(opened, length):
            return
        entity: Json = {"type": opened.kind, "offset": opened.start, "length": length} | opened.extra
        if opened.tag == "code" and self._open and self._open[-1].tag == "pre" and "language" in opened.extra:
            # <pre><code class="language-x">: one entity, the pre, takes the language.
            self._open[-1].extra |= opened.extra
            return
        if opened.kind == "code":
            entity.pop("language", None)
        self.entities.append(entity)

    def _linked(self, opened: _Open, length: int) -> bool:
        url = opened.extra["url"] or cut(self.text, opened.start, length)
        opened.extra["url"] = url
        # Telegram drops a link it cannot use and keeps the words.
        return bool(re.match(r"(https?|tg|ton|mailto|tel):", url)) or "." in url


def _decoded(reference: re.Match[str]) -> str:
    hexadecimal, decimal, name = reference.groups()
    if name is not None:
        return _NAMED.get(name, "")
    code = int(hexadecimal, 16) if hexadecimal else int(decimal)
    return chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else ""


def cut(text: str, offset: int, length: int) -> str:
    """The part of `text` an entity covers."""
    units = text.encode("utf-16-le")
    return units[offset * 2 : (offset + length) * 2].decode("utf-16-le", "replace")


def detect(text: str, present: list[Json]) -> list[Json]:
    """`present` and the mentions, commands, links, addresses and hashtags Telegram finds by itself, sorted."""
    blocked = [(e["offset"], e["offset"] + e["length"]) for e in present if e["type"] in _EXCLUSIVE]
    found = list(present)
    for match in _FOUND.finditer(text):
        offset, length = utf16_length(text[: match.start()]), utf16_length(match.group())
        if not any(offset < end and start < offset + length for start, end in blocked):
            found.append({"type": match.lastgroup, "offset": offset, "length": length})
    return sorted(found, key=lambda e: (e["offset"], -e["length"]))


def trim(text: str, entities: list[Json]) -> tuple[str, list[Json]]:
    """Without the white space at both ends, which Telegram drops; entities moved and shortened with it."""
    kept = text.strip()
    lead = utf16_length(text[: len(text) - len(text.lstrip())])
    total = utf16_length(kept)
    moved: list[Json] = []
    for entity in entities:
        start = max(entity["offset"] - lead, 0)
        end = min(entity["offset"] - lead + entity["length"], total)
        if end > start:
            moved.append({**entity, "offset": start, "length": end - start})
    return kept, moved


def formatted(text: str, parse_mode: str | None, given: list[Json] | None) -> tuple[str, list[Json]]:
    """What Telegram shows for a text: its plain words and all entities.

    `Refusal` 400 for HTML that Telegram would not take, and for parse modes other than HTML, which the sandbox
    does not speak.
    """
    entities = list(given or [])
    if parse_mode:
        if parse_mode.lower() != "html":
            raise bad_request(f'sandbox: parse_mode "{parse_mode}" is not supported by the sandbox, HTML is')
        page = _Html(text)
        page.run()
        text, entities = page.text, page.entities
    for entity in entities:
        if entity["offset"] < 0 or entity["length"] < 1:
            raise bad_request("sandbox: an entity lies outside the text")
    text, entities = trim(text, entities)
    return text, detect(text, entities)
