"""Telegram's HTML: values made harmless, pieces joined, lengths counted as Telegram counts them."""

import re
from typing import Final

VALUE_LIMIT: Final = 80
"""Code points of one value; what is longer came from no honest shop, id or courier."""
URL_LIMIT: Final = 1024

_TAG = re.compile(r"<[^>]*>")
_HOST = r"[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+"
_PATH = r"[/?#][A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]*"
_URL = re.compile(rf"https?://{_HOST}(?::[1-9]\d{{0,4}})?(?:{_PATH})?", re.ASCII | re.IGNORECASE)
# Marks that turn the direction of what follows: a value could rewrite the sentence around it.
_BIDI: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class Html(str):
    """Telegram HTML in which every value is escaped already."""

    __slots__ = ()


def clean(value: str, limit: int = VALUE_LIMIT) -> str:
    """A value as one line of printable text, at most `limit` code points."""
    if not value.isprintable():
        value = "".join(_harmless(character) for character in value)
    return value if len(value) <= limit else value[: limit - 1] + "…"


def _harmless(character: str) -> str:
    import unicodedata

    if character in _BIDI:
        return ""
    category = unicodedata.category(character)
    if category in {"Cc", "Zl", "Zp"}:
        return " "
    return "\N{REPLACEMENT CHARACTER}" if category == "Cs" else character


def escape(value: str) -> Html:
    """A value cleaned and escaped, with the only four entities that every Telegram client knows."""
    return quoted(clean(value))


def quoted(value: str) -> Html:
    """A value escaped as it is, in whole."""
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        value = value.replace(character, entity)
    return Html(value)


def link(url: str, label: str) -> Html:
    """An inline link; `url` has passed `sane_url`."""
    return Html(f'<a href="{quoted(url)}">{escape(label)}</a>')


def lines(*parts: Html | None) -> Html:
    """The parts that are there, a line each."""
    return _joined("\n", parts)


def paragraphs(*parts: Html | None) -> Html:
    """The parts that are there, with an empty line between."""
    return _joined("\n\n", parts)


def _joined(separator: str, parts: tuple[Html | None, ...]) -> Html:
    return Html(separator.join(part for part in parts if part))


def plain_units(text: str) -> int:
    """Length of plain text in UTF-16 code units, as Telegram counts it."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def units(html: Html) -> int:
    """Length after entity parsing, in UTF-16 code units: what Telegram's limits are about."""
    text = _TAG.sub("", html)
    for entity in ("&lt;", "&gt;", "&quot;", "&amp;"):
        text = text.replace(entity, "-")
    return plain_units(text)


def entities(html: Html) -> int:
    """How many entities the markup makes; Telegram drops those after the hundredth."""
    return len(_TAG.findall(html)) // 2


def shortened(text: str, limit: int) -> str:
    """Plain text of at most `limit` UTF-16 code units."""
    if plain_units(text) <= limit:
        return text
    return text.encode("utf-16-le")[: 2 * (limit - 1)].decode("utf-16-le", "ignore") + "…"


def sane_url(url: str | None) -> str | None:
    """The URL where it is one that Telegram takes: `http(s)`, a host with a dot, no user, nothing odd in it."""
    return url if url and len(url) <= URL_LIMIT and _URL.fullmatch(url) else None
