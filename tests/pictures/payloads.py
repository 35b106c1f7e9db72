"""QRIS payloads to draw: KiriminAja's own sample, and made-up ones of the same build."""

import random

SAMPLE = (
    "00020101021226600016ID.CO.SHOPEE.WWW0118936009180001228938020712289380303UME51440014ID.CO.QRIS.WWW"
    "0215ID20210724181180303UME520453995303360540865000.005802ID5910KIRIMINAJA6011KAB. SLEMAN6105552816"
    "2360520082022110311100323980708AA1606216304B823"
)

UPPER_PAYEES = ("KIRIMINAJA", "TOKO SARI JAYA", "WARUNG BU TUTI 2", "PT SELALU SIAP ANTAR")
LOWER_PAYEES = ("KiriminAja", "Toko Sari Jaya", "Warung Bu Tuti 2", "Kedai kopi senja (Sleman)")


def crc16(text: str) -> str:
    """CRC-16/CCITT-FALSE as four upper-case hex digits, as tag 63 wants it."""
    value = 0xFFFF
    for byte in text.encode():
        value ^= byte << 8
        for _ in range(8):
            value = (value << 1 ^ 0x1021 if value & 0x8000 else value << 1) & 0xFFFF
    return f"{value:04X}"


def tag(number: str, text: str) -> str:
    """One field: number, length in characters, text."""
    return f"{number}{len(text):02d}{text}"


def make_payload(payee: str, city: str = "KAB. SLEMAN", seed: int = 0, extra: str = "") -> str:
    """A payload like the sample's, about 243 bytes, with other digits for each ``seed``; ``extra`` in tag 62."""
    draw = random.Random(seed)

    def digits(count: int) -> str:
        return "".join(draw.choices("0123456789", k=count))

    account = tag("00", "ID.CO.SHOPEE.WWW") + tag("01", digits(18)) + tag("02", digits(7)) + tag("03", "UME")
    switch = tag("00", "ID.CO.QRIS.WWW") + tag("02", "ID" + digits(13)) + tag("03", "UME")
    body = "000201010212" + tag("26", account) + tag("51", switch) + "5204539953033605408" + digits(5) + ".00"
    body += "5802ID" + tag("59", payee) + tag("60", city) + tag("61", digits(5))
    body += tag("62", tag("05", digits(20)) + tag("07", "AA160621") + extra) + "6304"
    return body + crc16(body)
