"""The languages there are, and in which of them a person or chat is spoken to."""

from typing import Final, Literal, get_args

Locale = Literal["id", "en"]
LOCALES: Final[tuple[Locale, ...]] = get_args(Locale)
"""The first one is Telegram's default for people whose language has no menu of its own."""
# `in` is the old code of Indonesian, still sent by Android; the rest are its neighbours, set on Indonesian phones.
_INDONESIAN: Final = frozenset({"id", "in", "ms", "jv", "jw", "su", "min", "ban", "bug", "ace", "mad"})


def locale_of(language_code: str | None, default: str) -> Locale:
    """The catalogue for an IETF language tag: Indonesian where that is understood, else its own, else English.

    Without a tag it is `default`, itself read the same way; where that is empty too, Indonesian.
    """
    tag = (language_code or "").strip() or default.strip() or "id"
    language = tag.replace("_", "-").split("-")[0].lower()
    if language in _INDONESIAN:
        return "id"
    return next((locale for locale in LOCALES if locale == language), "en")
