"""What may be seen of a person: everything by staff in private, by anybody else a mask.

Sender, recipient and driver are read anew from KiriminAja for one message and forgotten with it. They are never
stored, and their `repr` shows nothing, so that no log line or traceback can hold them by accident.
"""

import re
import unicodedata
from dataclasses import dataclass, replace
from typing import Final

BULLET: Final = "•"
_SHOWN_DIGITS: Final = 3
_FEWEST_DIGITS: Final = 7
"""Of a shorter number three digits would be half of it."""
_MOST_DIGITS: Final = 15  # ITU E.164

_DISTRICT: Final = re.compile(r"\bkec(?:amatan\b|\.|\b)", re.IGNORECASE)
_CITY: Final = re.compile(r"\b(?:kab(?:upaten\b|\.|\b)|kota\b)", re.IGNORECASE)
# Where a district's name ends: an address often goes on without a comma.
_NEXT_PART: Final = re.compile(
    r"[^\w\s.'’-]|[\d_\r\n]|\b(?:kec|kecamatan|kab|kabupaten|kota|kel|kelurahan|desa|dusun|prov|provinsi|rt|rw|jl|jln|jalan"
    r"|gang|gg|no|nomor|blok|kode|telp|hp|wa|daerah)\b",
    re.IGNORECASE,
)
_MOST_WORDS: Final = 4  # "Ogan Komering Ulu Selatan"
_LONGEST_PART: Final = 40
_LONGEST_SHORT_FORM: Final = 4  # "Kb. Jeruk", "Kby. Baru": a full stop after a longer word ends the name


@dataclass(frozen=True, slots=True, repr=False)
class Somebody:
    """A person as KiriminAja names them, or their mask."""

    name: str | None = None
    phone: str | None = None
    address: str | None = None
    """Of a mask, the district."""

    def __repr__(self) -> str:
        return "<Somebody>"

    def masked(self) -> "Somebody":
        """What anybody may see."""
        return Somebody(
            mask_name(self.name) if self.name else None,
            mask_phone(self.phone) if self.phone else None,
            district(self.address) if self.address else None,
        )


@dataclass(frozen=True, slots=True, repr=False)
class PackagePeople:
    """The people of one package, which `order_id` and `awb` name as in `core.packages`."""

    order_id: str
    awb: str | None = None
    sender: Somebody | None = None
    recipient: Somebody | None = None
    driver: Somebody | None = None

    def __repr__(self) -> str:
        return "<PackagePeople>"

    def masked(self) -> "PackagePeople":
        """What anybody may see: the recipient's mask, to tell packages apart; sender and driver tell them nothing."""
        recipient = self.recipient.masked() if self.recipient else None
        return replace(self, sender=None, recipient=recipient, driver=None)


def mask_name(name: str) -> str:
    """`B••• S••••••`: the first letter of each word, the rest as bullets, its length kept.

    No word comes through whole: one of a single letter is a bullet, and so is a first character that is no letter of
    an alphabet with capitals, as a single one may be a word by itself there.
    """
    return "".join(_mask_word(part) if part.strip() else part for part in re.split(r"(\s+)", name))


def mask_phone(phone: str) -> str:
    """`•••••••••123`: the last three digits; none of what is too short to be a phone number."""
    digits = [str(unicodedata.decimal(character)) for character in phone if character.isdecimal()]
    if len(digits) < _FEWEST_DIGITS:
        return BULLET * len(digits)
    hidden = min(len(digits), _MOST_DIGITS) - _SHOWN_DIGITS
    return BULLET * hidden + "".join(digits[-_SHOWN_DIGITS:])


def district(address: str) -> str | None:
    """The text after `Kec.`/`Kecamatan`, else after `Kab.`/`Kota`; None where there is neither.

    Addresses go from small to large: where a street has such a word in its name, the last one is the district's.
    """
    for marker in (_DISTRICT, _CITY):
        named = [part for match in marker.finditer(address) if (part := _part(address[match.end() :]))]
        if named:
            return named[-1]
    return None


def _mask_word(word: str) -> str:
    first = word[:1] if word[:1].lower() != word[:1].upper() else BULLET
    masked = first + BULLET * (len(word) - 1)
    return masked if masked != word else BULLET * len(word)


def _part(rest: str) -> str | None:
    """The name at the beginning of the rest of an address."""
    rest = rest.lstrip(" .:")
    end = _NEXT_PART.search(rest)
    words: list[str] = []
    for word in (rest[: end.start()] if end else rest).split()[:_MOST_WORDS]:
        words.append(word)
        if word.endswith(".") and len(word) > _LONGEST_SHORT_FORM:
            break
    return " ".join(words).strip(" .'’-")[:_LONGEST_PART].rstrip() or None
