"""The QR symbol of a payload: version, error level and mask chosen for how small it may be shown."""

from functools import cache
from typing import Any, cast

from bot.pictures.segments import bit_length, split

# Which mask makes no difference to a reader: over 24 payloads, 4 widths and 30 shots each, masks 0 to 7 read
# 78.9 to 79.9 % and segno's own choice 79.8 %. Trying all eight costs 10 of its 12.5 ms.
_MASK = 4


@cache
def _capacities() -> dict[int, list[tuple[str, int]]]:
    """Data bits per version and level, levels from L (7 % repair) to H (30 %)."""
    from segno import consts

    sizes: Any = consts.SYMBOL_CAPACITY  # stubbed as object

    return {
        version: [(level, sizes[version][consts.ERROR_MAPPING[level]]) for level in "LMQH"] for version in range(1, 41)
    }


def make_symbol(payload: str) -> list[bytes]:
    """The modules of the QR symbol that reads ``payload``: one ``bytes`` a row, 1 dark and 0 light, no quiet zone.

    Text is written as UTF-8 without an ECI header: QRIS is ASCII by its specification, and readers recognise the
    odd payee that is not by its form. The smallest version wins, with the highest error level that still fits
    in it: a screen has no torn corners, so larger modules read better than more repair. Real sample and eleven
    like it, 160 px wide, blur 0.5 to 1.5 px: L (version 7) 77 %, M (8, 9) 69 %, Q (10, 11) 51 %, segno's own
    (8-L) 67 %.

    Raises ``ValueError`` for an empty payload, and for one that is longer than any symbol holds (2,953 bytes).
    """
    import segno

    data = payload.encode()
    if not data:
        raise ValueError("a QR symbol needs a payload")
    for last_of_band in (9, 26, 40):
        segments = split(data, last_of_band)
        bits = bit_length(segments, last_of_band)
        for version in range(1, last_of_band + 1):
            levels = [level for level, capacity in _capacities()[version] if capacity >= bits]
            if levels:
                content = cast("Any", segments)  # segno's stubs know single texts only
                code = segno.make_qr(content, version=version, error=levels[-1], mask=_MASK, boost_error=False)
                return [bytes(row) for row in code.matrix]
    raise ValueError(f"{len(data)} bytes are more than a QR symbol holds")
