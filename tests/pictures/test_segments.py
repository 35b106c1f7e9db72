"""Splitting a payload into QR modes."""

import itertools

import pytest
import segno
from hypothesis import given, strategies as st
from segno import consts

from bot.pictures.segments import ALPHANUMERIC, BYTE, NUMERIC, Segment, bit_length, split
from bot.pictures.symbol import make_symbol
from tests.pictures.payloads import SAMPLE

MIXED = st.text(st.sampled_from("0123456789ABZ $%*+-./:abzé–"), max_size=60)
ANY_TEXT = st.one_of(MIXED, st.text(st.characters(exclude_categories=["Cs"]), max_size=80))


def takes(char: int, mode: int) -> bool:
    """Whether ``mode`` has the byte, by ISO/IEC 18004 table 5."""
    alphanumeric = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
    return {NUMERIC: char in b"0123456789", ALPHANUMERIC: char in alphanumeric, BYTE: True}[mode]


def fewest_bits(data: bytes, version: int) -> int:
    """The least bits over every way to split ``data``, by trying each last segment."""
    best = [0]
    for end in range(1, len(data) + 1):
        best.append(
            min(
                best[start] + bit_length([(data[start:end], mode)], version)
                for start in range(end)
                for mode in (NUMERIC, ALPHANUMERIC, BYTE)
                if all(takes(char, mode) for char in data[start:end])
            )
        )
    return best[-1]


@given(ANY_TEXT, st.sampled_from([1, 9, 10, 26, 27, 40]))
def test_segments_put_together_are_the_payload(text: str, version: int) -> None:
    """Nothing is lost or moved, and each mode has the bytes it is given."""
    segments = split(text.encode(), version)
    assert b"".join(data for data, _ in segments) == text.encode()
    assert all(takes(char, mode) for data, mode in segments for char in data)
    assert all(one[1] != other[1] for one, other in itertools.pairwise(segments))


@given(MIXED, st.sampled_from([9, 26, 40]))
def test_no_other_split_takes_fewer_bits(text: str, version: int) -> None:
    """The dynamic programming over runs finds what trying every split finds."""
    data = text.encode()
    assert bit_length(split(data, version), version) == fewest_bits(data, version)


@given(ANY_TEXT.filter(bool))
def test_symbol_is_never_larger_than_segnos_own(text: str) -> None:
    """Even where segno's one mode is best, or its text is Latin-1 and ours UTF-8 of ASCII."""
    ours = len(make_symbol(text))
    assert ours <= len(segno.make_qr(text.encode()).matrix)


def test_sample_fits_version_7_where_segno_takes_8() -> None:
    """1173 bits in ten segments; the 243 characters in alphanumeric mode alone are 1350."""
    segments = split(SAMPLE.encode(), 9)
    assert bit_length(segments, 9) == 1173
    assert len(make_symbol(SAMPLE)) == 45
    assert segno.make(SAMPLE).designator == "8-L"


def test_modes_are_segnos() -> None:
    """The three numbers are written out so that importing stays cheap."""
    assert (consts.MODE_NUMERIC, consts.MODE_ALPHANUMERIC, consts.MODE_BYTE) == (NUMERIC, ALPHANUMERIC, BYTE)


@pytest.mark.parametrize(("length", "fits"), [(2953, True), (2954, False)])
def test_longest_payload_is_what_version_40_holds(length: int, fits: bool) -> None:
    """One byte more is refused with a plain error."""
    if fits:
        assert len(make_symbol("a" * length)) == 177
    else:
        with pytest.raises(ValueError, match="2954 bytes"):
            make_symbol("a" * length)


def test_empty_payload_is_refused() -> None:
    """A card without a QR would look like one that failed to load."""
    with pytest.raises(ValueError, match="needs a payload"):
        make_symbol("")


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("", []),
        ("5", [(b"5", NUMERIC)]),
        ("A1", [(b"A1", ALPHANUMERIC)]),
        ("é", ["é".encode()]),
        ("A" * 20 + "b" + "1" * 20, [(b"A" * 20, ALPHANUMERIC), (b"b", BYTE), (b"1" * 20, NUMERIC)]),
    ],
)
def test_a_long_foreign_run_gets_a_segment_of_its_own(text: str, segments: list[Segment]) -> None:
    """Short foreign runs stay where they are; long ones pay for their header."""
    expected = [(segment, BYTE) if isinstance(segment, bytes) else segment for segment in segments]
    assert split(text.encode(), 9) == expected
