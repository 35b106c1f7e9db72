"""Which of the two languages a person or chat is spoken to in."""

from typing import Final

LOCALES: Final = ("id", "en")
# `in` is the old code of Indonesian, still sent by Android; the rest are its neighbours, set on Indonesian phones.
_INDONESIAN: Final = frozenset({"id", "in", "ms", "jv", "jw", "su", "min", "ban", "bug", "ace", "mad"})


def locale_of(language_code: str | None, default: str) -> str:
    """The catalogue for an IETF language tag: Indonesian where that is understood, English elsewhere.

    Without a tag it is `default`, itself read the same way; where that is empty too, Indonesian.
    """
    tag = (language_code or "").strip() or default.strip() or "id"
    return "id" if tag.replace("_", "-").split("-")[0].lower() in _INDONESIAN else "en"
