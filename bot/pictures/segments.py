"""Splits a QR payload into the runs of modes that need the fewest bits.

segno takes one mode for a whole text: a single lower-case letter in a payee's name makes all 243 characters
of a QRIS payload cost 8 bits each. Switching modes within the symbol (ISO/IEC 18004:2015, 7.4 and annex J) brings
the same payload from version 10 to version 7 or 8, so each module is shown a tenth to a fifth larger.
"""

import re
from typing import Final

# ISO/IEC 18004:2015, table 2; equal to segno.consts.MODE_*, which is not imported so that this stays cheap.
NUMERIC: Final = 1
ALPHANUMERIC: Final = 2
BYTE: Final = 4

Segment = tuple[bytes, int]
"""The bytes of a run and its mode: NUMERIC, ALPHANUMERIC or BYTE."""

# Runs that a mode takes as a whole: digits; the rest of table 5; bytes that only byte mode has.
_RUNS: Final = re.compile(rb"([0-9]+)|([A-Z $%*+\-./:]+)|[^0-9A-Z $%*+\-./:]+")

# Sixths of a bit, so that a third of ten bits and a half of eleven stay whole numbers.
_SIXTHS: Final = {NUMERIC: 20, ALPHANUMERIC: 33, BYTE: 48}
_UNREACHED: Final = 1 << 40


# ISO/IEC 18004:2015, table 3, for versions from 1, 10 and 27 on.
_COUNTS: Final = {NUMERIC: (10, 12, 14), ALPHANUMERIC: (9, 11, 13), BYTE: (8, 16, 16)}


def count_bits(mode: int, version: int) -> int:
    """Bits of a segment's character count, which follows the four of its mode."""
    return _COUNTS[mode][(version >= 10) + (version >= 27)]


def _header_bits(mode: int, version: int) -> int:
    return 4 + count_bits(mode, version)


def bit_length(segments: list[Segment], version: int) -> int:
    """Bits that ``segments`` take in a symbol of ``version`` (1 to 40), headers included."""
    total = 0
    for data, mode in segments:
        total += _header_bits(mode, version) + -(-len(data) * _SIXTHS[mode] // 6)
    return total


def split(payload: bytes, version: int) -> list[Segment]:
    """Splits ``payload`` into segments whose bits in a symbol of ``version`` (1 to 40) are fewest.

    Dynamic programming over (run, mode). Modes change only between runs: a character more costs at most 4 bits
    in numeric, 5 or 6 in alphanumeric, 8 in byte mode, so none is ever better off in a wider mode. A segment that ends
    is rounded up to whole bits, which the standard does too, so the sum compared is the sum written. The split is
    the same for all versions of a band (1-9, 10-26, 27-40). An empty payload has no segments.
    """
    heads = {mode: 6 * _header_bits(mode, version) for mode in _SIXTHS}
    # cost[mode]: fewest sixths of a bit for all runs so far, with the header paid to go on in that mode.
    cost = dict(heads)
    steps: list[tuple[bytes, dict[int, int]]] = []
    for run in _RUNS.finditer(payload):
        data = run.group()
        narrowest = {1: NUMERIC, 2: ALPHANUMERIC, None: BYTE}[run.lastindex]
        grown = {mode: cost[mode] + len(data) * _SIXTHS[mode] for mode in cost if mode >= narrowest}
        cheapest = min(grown, key=grown.__getitem__)
        ended = -(-grown[cheapest] // 6) * 6
        step: dict[int, int] = {}
        for mode, head in heads.items():
            stay = grown.get(mode, _UNREACHED)
            cost[mode], step[mode] = (ended + head, cheapest) if ended + head < stay else (stay, mode)
        steps.append((data, step))
    return _walk_back(steps, min(cost, key=cost.__getitem__))


def _walk_back(steps: list[tuple[bytes, dict[int, int]]], mode: int) -> list[Segment]:
    """The segments behind the cheapest end, each run's mode read from the one that followed it."""
    segments: list[Segment] = []
    for data, step in reversed(steps):
        mode = step[mode]
        if segments and segments[-1][1] == mode:
            segments[-1] = (data + segments[-1][0], mode)
        else:
            segments.append((data, mode))
    return segments[::-1]
