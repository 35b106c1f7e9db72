"""The QR symbol of a payload: version, error level and mask chosen for how small it may be shown."""

from functools import cache
from operator import itemgetter
from typing import Any

from bot.pictures.codewords import message
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
    data = payload.encode()
    if not data:
        raise ValueError("a QR symbol needs a payload")
    for last_of_band in (9, 26, 40):
        segments = split(data, last_of_band)
        bits = bit_length(segments, last_of_band)
        for version in range(1, last_of_band + 1):
            levels = [level for level, capacity in _capacities()[version] if capacity >= bits]
            if levels:
                return _placed(message(segments, version, levels[-1]), version, levels[-1])
    raise ValueError(f"{len(data)} bytes are more than a QR symbol holds")


def _placed(bits: str, version: int, level: str) -> list[bytes]:
    """The symbol with these bits, masked."""
    blank, place = _shape(version, level)
    side = 17 + 4 * version
    # What no bit belongs to, and the last few places of some versions, have the "0" that is put in front.
    modules = bytes(place(b"0" + bits.encode()))
    modules = (int.from_bytes(modules) ^ int.from_bytes(blank)).to_bytes(len(blank))
    return [modules[at : at + side] for at in range(0, len(blank), side)]


@cache
def _shape(version: int, level: str) -> tuple[bytes, "itemgetter[Any]"]:
    """What all symbols of a version and level share: the modules of one whose bits are all 0, as "0" and "1"; and what
    gives for each module, row by row, its bit in a message with one "0" in front."""
    import segno
    from segno import consts

    encoder: Any = segno.encoder  # not stubbed
    side = 17 + 4 * version
    matrix: Any = encoder.make_matrix(side, side)
    encoder.add_finder_patterns(matrix, side, side)
    encoder.add_alignment_patterns(matrix, side, side)
    free = sum(row.count(2) for row in matrix)
    # The numbers 1, 2, … in the places of bits: segno takes a 2 for a free place, so they are put there as -1, -2, …
    numbered = [list(row) for row in matrix]
    encoder.add_codewords(numbered, range(-1, -free - 1, -1), version)
    encoder.add_codewords(matrix, bytes(free), version)
    encoder.find_and_apply_best_mask(matrix, side, side, _MASK)
    encoder.add_format_info(matrix, version, consts.ERROR_MAPPING[level], _MASK)
    encoder.add_version_info(matrix, version)
    words = free // 8 * 8
    places = [-number if -words <= number < 0 else 0 for row in numbered for number in row]
    return bytes(b"01"[module] for row in matrix for module in row), itemgetter(*places)
