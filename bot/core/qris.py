"""QRIS payloads: EMV merchant-presented QR text, read and checked before anybody is asked to pay it.

Format: `TTLLvalue` fields (two-digit tag, two-digit length), closed by tag 63 with a CRC-16/CCITT-FALSE over
all before it. Source: EMVCo QR Code Specification for Payment Systems, merchant-presented mode.
"""

import re
from binascii import crc_hqx
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final

RUPIAH: Final = "360"  # ISO 4217 number, tag 53
_CRC_TAIL = re.compile(r"6304[0-9A-Fa-f]{4}\Z", re.ASCII)
_AMOUNT = re.compile(r"(\d{1,12})(?:\.0{0,2})?", re.ASCII)


class QrisFault(StrEnum):
    """Why a payload must not be shown."""

    NOT_EMV = "not_emv"
    CRC = "crc"
    CURRENCY = "currency"
    AMOUNT = "amount"


@dataclass(frozen=True, slots=True)
class Qris:
    """A payload taken apart: the value of each top-level tag."""

    fields: Mapping[str, str]

    @property
    def payee(self) -> str | None:
        """Merchant name (tag 59), what a bank app shows before one pays."""
        return self.fields.get("59", "").strip() or None

    @property
    def city(self) -> str | None:
        """Merchant city (tag 60)."""
        return self.fields.get("60", "").strip() or None

    @property
    def amount(self) -> int | None:
        """Amount in rupiah (tag 54); None where it is missing or no whole number of rupiah."""
        match = _AMOUNT.fullmatch(self.fields.get("54", ""))
        return int(match[1]) if match else None


def crc(text: str) -> str:
    """CRC-16/CCITT-FALSE of a text in UTF-8, four upper-case hex digits."""
    return f"{crc_hqx(text.encode(), 0xFFFF):04X}"


@lru_cache(maxsize=128)  # each look reads its payment's, several times
def parse(payload: str) -> Qris | None:
    """The payload's fields; None when it is not built as an EMV payload at all."""
    if not payload.isprintable():  # control characters, and lone surrogates that no encoding takes
        return None
    fields: dict[str, str] = {}
    at = 0
    while at < len(payload):
        head = payload[at : at + 4]
        if not (len(head) == 4 and head.isascii() and head.isdigit()):
            return None
        end = at + 4 + int(head[2:])
        if end > len(payload) or head[:2] in fields:
            return None
        fields[head[:2]] = payload[at + 4 : end]
        at = end
    if fields.get("00") != "01":
        return None
    return Qris(fields)


def fault_of(payload: str, amount: int | None) -> QrisFault | None:
    """What speaks against showing this payload for `amount` rupiah; None when it may be paid."""
    qris = parse(payload)
    if qris is None:
        # A truncated or altered payload no longer falls into fields, yet is no mere test text.
        is_altered = "000201".startswith(payload[:6]) or _CRC_TAIL.search(payload) or not payload.isprintable()
        return QrisFault.CRC if is_altered else QrisFault.NOT_EMV
    if not _CRC_TAIL.search(payload) or qris.fields.get("63") != payload[-4:]:
        return QrisFault.CRC
    if crc(payload[:-4]) != payload[-4:].upper():
        return QrisFault.CRC
    if qris.fields.get("53") != RUPIAH:
        return QrisFault.CURRENCY
    if amount is None or qris.amount != amount:
        return QrisFault.AMOUNT
    return None
