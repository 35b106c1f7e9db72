"""From segments to the bits of a QR symbol: data codewords, their repair, both interleaved (ISO/IEC 18004:2015, 7.4 to
7.6).

segno does the same bit by bit and takes eight times as long, which was a third of drawing a card. Its tables are used.
"""

from functools import cache
from itertools import chain, islice, zip_longest
from typing import Any, Final

from bot.pictures.segments import ALPHANUMERIC, NUMERIC, Segment, count_bits

_ALPHABET: Final = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_VALUES: Final = {char: value for value, char in enumerate(_ALPHABET)}
_PADDING: Final = b"\xec\x11"


def message(segments: list[Segment], version: int, level: str) -> str:
    """All bits that a symbol of ``version`` and ``level`` (L, M, Q, H) has room for, in the order of their places, as
    "0" and "1". The segments fit, and remainder bits, which the last places of some versions need, are left out."""
    blocks: list[bytes] = []
    repairs: list[bytes] = []
    sizes = _block_sizes(version, level)
    words = iter(_data(segments, version, sum(data for data, _ in sizes)))
    for data, repair in sizes:
        block = bytes(islice(words, data))
        blocks.append(block)
        repairs.append(_repair(block, repair))
    return "".join(f"{word:08b}" for words in (blocks, repairs) for word in _interleaved(words))


def _data(segments: list[Segment], version: int, room: int) -> bytes:
    """The data codewords, ``room`` of them."""
    bits = "".join(
        f"{mode:04b}{len(data):0{count_bits(mode, version)}b}{_characters(data, mode)}" for data, mode in segments
    )
    bits += "0" * min(4, 8 * room - len(bits))
    bits += "0" * (-len(bits) % 8)
    words = int(bits, 2).to_bytes(len(bits) // 8)
    return words + (_PADDING * room)[: room - len(words)]


def _characters(data: bytes, mode: int) -> str:
    if mode == NUMERIC:
        # Three digits are ten bits; two left over are seven, one is four.
        threes = (data[at : at + 3] for at in range(0, len(data), 3))
        return "".join(f"{int(three):0{(4, 7, 10)[len(three) - 1]}b}" for three in threes)
    if mode == ALPHANUMERIC:
        pairs = (data[at : at + 2] for at in range(0, len(data) - 1, 2))
        last = f"{_VALUES[data[-1]]:06b}" if len(data) % 2 else ""
        return "".join(f"{45 * _VALUES[pair[0]] + _VALUES[pair[1]]:011b}" for pair in pairs) + last
    return f"{int.from_bytes(data):0{8 * len(data)}b}"


def _interleaved(blocks: list[bytes]) -> list[int]:
    """The first word of each block, the second of each, and so on; the last block is the longest."""
    return [word for word in chain.from_iterable(zip_longest(*blocks)) if word is not None]


@cache
def _block_sizes(version: int, level: str) -> list[tuple[int, int]]:
    """Data and repair codewords of each block."""
    from segno import consts

    kinds: Any = consts.ECC  # stubbed as object
    return [
        (kind.num_data, kind.num_total - kind.num_data)
        for kind in kinds[version][consts.ERROR_MAPPING[level]]
        for _ in range(kind.num_blocks)
    ]


def _repair(block: bytes, length: int) -> bytes:
    """The remainder of the block, taken as a polynomial over GF(256), by the generator: its repair codewords."""
    multiples = _multiples(length)
    top, rest = 8 * (length - 1), 0
    kept = (1 << top) - 1
    for word in block:
        rest = ((rest & kept) << 8) ^ multiples[word ^ (rest >> top)]
    return rest.to_bytes(length)


@cache
def _multiples(length: int) -> list[int]:
    """The generator polynomial without its leading term, times each of 0 to 255, its coefficients as one number."""
    from segno import consts

    power, log, generator = consts.GALIOS_EXP, consts.GALIOS_LOG, consts.GEN_POLY[length]
    return [0] + [
        int.from_bytes(bytes(power[log[factor] + exponent] for exponent in generator)) for factor in range(1, 256)
    ]
