"""Payment ids: which texts can be one, and how forgivingly they are read.

The alphabet is KiriminAja's (`[A-Za-z0-9][A-Za-z0-9._-]{3,63}`, ASCII only); an id goes into a URL path, so
nothing outside it ever reaches a call.
"""

import re
from enum import StrEnum
from typing import Final

MAX_IDS_AT_ONCE: Final = 5
LONGEST_TEXT: Final = 4096
"""Characters in a message of Telegram's, at most. In a longer text nothing is looked for, as to cut it might cut an id
and name somebody else's payment."""

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{3,63}", re.ASCII)
# Within pasted text only the two documented prefixes are recognised; both are followed by digits. The cases are spelt
# out, as IGNORECASE would let a Turkish dotted or dotless i through. An id that goes on in digits of another script is
# no id; cutting it there would name somebody else's payment.
_KNOWN = re.compile(r"(?<![A-Za-z0-9._-])([XxPp][Ii][Dd])\s?-\s?([0-9]{1,60})(?![A-Za-z0-9_-]|\d|\.\w)")


# Beside a documented id another one shows by its letters, hyphen and digits: not an amount, a date or a word alone.
_OF_A_LIST = re.compile(r"(?=.*\d)(?=.*-)(?=.*[A-Za-z])[A-Za-z0-9][A-Za-z0-9._-]{3,63}", re.ASCII)


class Kind(StrEnum):
    """Which of KiriminAja's two products a payment belongs to."""

    EXPRESS = "express"
    INSTANT = "instant"


def kind_of(payment_id: str) -> Kind | None:
    """The product an id's prefix names; None where the prefix is not one of the documented two."""
    if re.fullmatch(r"XID-\d+", payment_id, re.ASCII):
        return Kind.EXPRESS
    if re.fullmatch(r"PID-\d+", payment_id, re.ASCII):
        return Kind.INSTANT
    return None


def ids_within(text: str) -> list[str]:
    """`XID-…`/`PID-…` ids anywhere in a text, upper-cased, each once, in their order."""
    if len(text) > LONGEST_TEXT:
        return []
    found = (f"{prefix.upper()}-{digits}" for prefix, digits in _KNOWN.findall(text))
    return list(dict.fromkeys(found))


def ids_after_command(text: str) -> list[str] | None:
    """The ids a command was given; None when something there cannot be an id.

    A list is taken word by word, as typed, documented ids within any text; other words must all be ids by themselves.
    An empty list means that nothing was given at all.
    """
    if len(text) > LONGEST_TEXT:
        return None
    words = [word for raw in text.split() if (word := raw.strip(",;"))]
    known = ids_within(text)
    if known and not all(ids_within(word) == [word.upper()] or _OF_A_LIST.fullmatch(word) for word in words):
        return known
    if not all(_ID.fullmatch(word) for word in words):
        return None
    return list(dict.fromkeys((ids_within(word) or [word])[0] for word in words))


def may_be_number(text: str) -> bool:
    """Whether a text could be meant as an AWB or an order id: one word with a digit in it. A shop numbers its orders
    as it likes (`INV-7`), and the shorter they are, the easier they are guessed."""
    return is_id(text) and any(character.isdigit() for character in text)


def is_id(text: str) -> bool:
    """Whether a text may stand in a call to KiriminAja."""
    return _ID.fullmatch(text) is not None
