"""A strict reader of Telegram's HTML: what it takes is what every Bot API server takes."""

import re

TAGS = {"b", "i", "u", "s", "code", "pre", "a", "blockquote", "tg-spoiler"}
_TOKEN = re.compile(r"<(?P<close>/?)(?P<tag>[a-z-]+)(?: href=\"(?P<href>[^\"<>]*)\")?>|&(?P<entity>lt|gt|amp|quot);")
_ENTITIES = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}


class NotTelegramHtml(AssertionError):
    """The text would be refused, or shown otherwise than meant."""


def read(html: str) -> tuple[str, list[str]]:
    """The text a reader sees, and the tags of its entities. Raises NotTelegramHtml."""
    text, found, opened, at = "", [], list[str](), 0
    while at < len(html):
        if html[at] not in "<>&":
            text, at = text + html[at], at + 1
            continue
        match = _TOKEN.match(html, at)
        if match is None:
            raise NotTelegramHtml(f"not markup: {html[at : at + 30]!r}")
        if match["entity"]:
            text += _ENTITIES[match["entity"]]
        elif match["close"]:
            if not opened or opened.pop() != match["tag"]:
                raise NotTelegramHtml(f"closed out of turn: {match[0]}")
        else:
            if match["tag"] not in TAGS or (match["tag"] == "a") != bool(match["href"]):
                raise NotTelegramHtml(f"not a tag of Telegram's: {match[0]}")
            if "code" in opened or match["tag"] in opened:
                raise NotTelegramHtml(f"{match[0]} within {opened}")
            opened.append(match["tag"])
            found.append(match["tag"])
        at = match.end()
    if opened:
        raise NotTelegramHtml(f"left open: {opened}")
    return text, found


def units(text: str) -> int:
    """Length as Telegram counts it."""
    return len(text.encode("utf-16-le")) // 2
