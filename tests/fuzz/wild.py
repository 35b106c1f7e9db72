"""What no honest sender sends: odd texts, values and bytes, made from good samples by a seeded dice.

The same dice makes the same input again. Tokens such as `@deep@` stand in a tree for what `json.dumps` can't write;
the bytes get it in their place.
"""

import json
import unicodedata
from collections.abc import Callable, Sequence
from copy import deepcopy
from random import Random
from typing import Any, Final

MEGABYTE: Final = 1_000_000
ODD_TEXTS: Final = (
    "", " ", "\0", "\ud800", "\udfff\ud83d", "\u202egnp.exe\u2066", "\ufeff", "\r\n", "\x85\u2028", "0", "-0", "9",
    "null", "NaN", "true", "1e999", "0x10", "٠", "９", "²", "½", "{0}{}", "%s%(x)n", "${HOME}", "'; --", "<b>",
    "</a>&#0;", "../../etc/passwd", "XID-0", "PID-1754377171",
    "xid - 1", "XİD-123", "pıd-123", "@", "/", "/pay", "😀",
    "e\u0301" * 9, "65.000", "65000.00", "65,000", "-1", "1_000", "+5", "٦٥٠٠٠", "0000-00-00 00:00:00",
    "9999-12-31T23:59:59+14:00",
    "20250805065931", "Pembayaran berhasil", "PAID", "Billing siap dibayar", "http://", "https://a:b@c:99999/[",
    "https://t.me/paybot?start=x", "\x1b[31m", "\\ud800", "=1+1", "\u3000", "İ", "ß", "ﬁ", "Ω", "中" * 50,
)  # fmt: skip
BAITS: Final = (
    "a", "0", "9", " ", "-", "XID-",
    "XID -", "PID-1 ", "t.me/", "https://t.me/a?start=", "kec ", "kec. ", "Kota ", "(",
    "[", '{"a":', '"', "\\", "\t\n", "bearer ", "+62 812 ", "081234567", "12345:", "a@", "/pay ", "0001", "5999", "é",
    "😀", "\0", "Mon, ", ";", ":", "a=", "${A", "\u202e", "1.", "٣", ",;", "İ",
)  # fmt: skip
"""Repeated a million times, what makes an expression look at everything again and again."""
SPLICES: Final[dict[str, Callable[[Random], str]]] = {
    "@deep@": lambda dice: (n := dice.choice((50, 400, 970, 5000, 90_000))) * "[" + n * "]",
    "@deeper@": lambda dice: (n := dice.choice((50, 480, 900, 3000, 30_000))) * '{"a":' + "1" + n * "}",
    "@unclosed@": lambda dice: dice.choice((900, 100_000)) * "[",
    "@digits@": lambda dice: dice.choice("-1") + dice.choice((20, 400, 4400, 100_000)) * "9",
    "@fraction@": lambda dice: "1." + dice.choice((20, 4400, 100_000)) * "7" + dice.choice(("", "e9", "e999999999")),
    "@nan@": lambda dice: dice.choice(("NaN", "Infinity", "-Infinity", "nul", "'x'", "")),
}


def text(dice: Random) -> str:
    """Any text, as a rule a short one."""
    match dice.randrange(8):
        case 0 | 1 | 2:
            return dice.choice(ODD_TEXTS)
        case 3:
            return dice.choice(ODD_TEXTS) + dice.choice(BAITS) * dice.randrange(9) + dice.choice(ODD_TEXTS)
        case 4:
            return "".join(chr(dice.randrange(32, 127)) for _ in range(dice.randrange(1, 60)))
        case 5:
            return "".join(chr(dice.randrange(0x11_0000)) for _ in range(dice.randrange(1, 30)))
        case 6:
            return bait(dice, dice.choice((100, 1000, 5000)))
        case _:
            return bait(dice, MEGABYTE) if dice.randrange(20) == 0 else bait(dice, 300)


def bait(dice: Random, length: int) -> str:
    """One thing again and again, and something else at the end."""
    part = dice.choice(BAITS)
    return (part * (length // len(part) + 1))[:length] + dice.choice(ODD_TEXTS)


def bent(dice: Random, good: str) -> str:
    """A good text with something wrong with it, or none."""
    for _ in range(dice.choice((0, 1, 1, 2, 4))):
        at = dice.randrange(len(good) + 1)
        to = min(len(good), at + dice.randrange(6))
        match dice.randrange(8):
            case 0:
                good = good[:at] + good[to:]
            case 1:
                good = good[:at] + dice.choice(ODD_TEXTS) + good[to:]
            case 2:
                good = good[:to] + good[at:]
            case 3:
                good = good[:at]
            case 4:
                good = dice.choice((good.swapcase, good.upper, good.lower, good.casefold))()
            case 5:
                good = good[:at] + dice.choice(BAITS) * dice.randrange(40) + good[at:]
            case 6:
                good = unicodedata.normalize(dice.choice(("NFD", "NFKC")), good)
            case _:
                zero = dice.choice((0x660, 0x966, 0xFF10, 0x1D7CE))
                good = "".join(chr(zero + int(one)) if one in "0123456789" else one for one in good)
    return good


def value(dice: Random) -> Any:
    """Anything JSON has, and some things it hasn't."""
    match dice.randrange(9):
        case 0 | 1:
            return text(dice)
        case 2:
            return dice.choice((None, True, False, [], {}, [[]], [None], {"": None}))
        case 3 | 4:
            return dice.choice((0, -1, 1, 9, 2**31, 2**53 + 1, 2**63 - 1, 2**63, -(2**63), 10**18, 10**400))
        case 5:
            return dice.choice((0.0, -0.0, 0.5, 9.0, 1e300, -1e18, 65000.0, 1.7e9, float("inf"), float("nan")))
        case 6:
            return dice.choice(tuple(SPLICES))
        case 7:
            return [value(dice) for _ in range(dice.randrange(4))]
        case _:
            return {text(dice)[:50]: value(dice) for _ in range(dice.randrange(4))}


def mutated(dice: Random, good: Any) -> Any:
    """A good tree, and up to four things wrong with it."""
    tree = [deepcopy(good)]
    for _ in range(dice.choice((0, 1, 1, 1, 2, 2, 4))):
        places = list(_places(tree))
        holder, key = dice.choice(places)
        match dice.randrange(8):
            case 0 if isinstance(holder, dict):
                del holder[key]
            case 1 | 2:
                holder[key] = value(dice)
            case 3:
                other, its_key = dice.choice(places)
                holder[key], other[its_key] = other[its_key], deepcopy(holder[key])
            case 4 if isinstance(holder[key], str):
                holder[key] = bent(dice, holder[key])
            case 5 if isinstance(holder, dict):
                holder[text(dice)[:50]] = holder.pop(key)
            case 6 if isinstance(holder[key], list) and holder[key]:
                holder[key] *= dice.choice((2, 300))
            case _:
                holder[key] = _another(dice, holder[key])
    return tree[0]


def _another(dice: Random, one: Any) -> Any:
    """The same in another type."""
    return dice.choice((lambda: str(one)[:999], lambda: [one], lambda: {"a": one}, lambda: bool(one), lambda: None))()


def _places(tree: Any) -> Sequence[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    waiting = [tree]
    while waiting and len(found) < 500:
        holder = waiting.pop()
        keys = holder if isinstance(holder, dict) else range(len(holder))
        for key in keys:
            found.append((holder, key))
            if isinstance(holder[key], dict | list):
                waiting.append(holder[key])
    return found


def as_json(dice: Random, tree: Any) -> bytes:
    """A tree as JSON, not always quite."""
    try:
        written = json.dumps(tree, ensure_ascii=dice.random() < 0.8)
    except (ValueError, RecursionError):
        written = "[]"
    for token, made in SPLICES.items():
        if token in written:
            written = written.replace(f'"{token}"', made(dice), 1)
    if dice.random() < 0.1 and written.startswith("{"):  # the same key again
        written = written[:-1] + ', "status": true, "update_id": 7, "data": null' + written[-1:]
    body = written.encode("utf-8", "surrogatepass")
    match dice.randrange(25):
        case 0:
            return body[: dice.randrange(len(body) + 1)]
        case 1:
            at = dice.randrange(len(body) + 1)
            return body[:at] + dice.randbytes(dice.randrange(9)) + body[at:]
        case 2:
            return b"\xef\xbb\xbf" + body
        case 3:
            return dice.choice((b"", b"<html>", b" " * 200_000, b"[" * 200_000, b'"' + b"\\u0000" * 40_000 + b'"'))
        case 4:
            return body.decode("utf-8", "surrogatepass").encode("utf-16", "surrogatepass")
        case _:
            return body
