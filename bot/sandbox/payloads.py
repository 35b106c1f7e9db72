"""QRIS payloads as KiriminAja's bank issues them: EMV merchant-presented mode with a CRC.

The shape follows the recorded sample (``express_unpaid.json``): Shopee as acquirer, the issue time within tag 62.
"""

from __future__ import annotations

from binascii import crc_hqx


def tag(number: str, value: str) -> str:
    """One field: two digits of tag, two of length, the value (1 to 99 characters)."""
    if not 1 <= len(value) <= 99:
        raise ValueError(f"tag {number} cannot hold {len(value)} characters")
    return f"{number}{len(value):02d}{value}"


def crc(payload: str) -> str:
    """CRC-16/CCITT-FALSE over the payload up to and including ``6304``, four upper-case hexadecimal digits."""
    return f"{crc_hqx(payload.encode(), 0xFFFF):04X}"


def build(*, amount: int, issued: str, serial: int, payee: str = "KIRIMINAJA", city: str = "KAB. SLEMAN") -> str:
    """A payload for `amount` rupiah, issued at `issued` (``YYYYMMDDHHMMSS``, WIB); `serial` makes it unique."""
    acquirer = tag("00", "ID.CO.SHOPEE.WWW") + tag("01", "936009180001228938") + tag("02", "1228938")
    national = tag("00", "ID.CO.QRIS.WWW") + tag("02", "ID2021072418118")
    reference = tag("05", f"08{issued}{serial % 10_000:04d}") + tag("07", "AA160621")
    body = (
        tag("00", "01")
        + tag("01", "12")
        + tag("26", acquirer + tag("03", "UME"))
        + tag("51", national + tag("03", "UME"))
        + tag("52", "5399")
        + tag("53", "360")
        + tag("54", f"{amount}.00")
        + tag("58", "ID")
        + tag("59", payee)
        + tag("60", city)
        + tag("61", "55281")
        + tag("62", reference)
        + "6304"
    )
    return body + crc(body)


def broken(payload: str) -> str:
    """The same payload with a CRC that does not fit."""
    last = "0" if payload[-1] != "0" else "1"
    return payload[:-1] + last
