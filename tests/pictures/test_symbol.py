"""The QR symbol's own bits, beside segno's."""

from typing import Any, cast

import segno
import zxingcpp
from hypothesis import example, given, settings, strategies as st
from PIL import Image

from bot.pictures.segments import bit_length, split
from bot.pictures.symbol import make_symbol
from tests.pictures.payloads import LOWER_PAYEES, SAMPLE, make_payload

TEXTS = st.text(st.sampled_from("0123456789ABC $:abcé–"), min_size=1, max_size=700)


def segnos(payload: str, version: int, level: str) -> list[bytes]:
    """The same segments drawn by segno."""
    segments = cast("Any", split(payload.encode(), version))
    code = segno.make_qr(segments, version=version, error=level, mask=4, boost_error=False)
    return [bytes(row) for row in code.matrix]


@given(TEXTS)
@example(SAMPLE)
@example("1" * 7089)
@example("A" * 3391)
@example("a" * 2953)
@settings(deadline=None)
def test_symbol_is_what_segno_draws(text: str) -> None:
    """Module for module, at one of the four levels. Not where the terminator ends with a codeword: there segno puts
    in a codeword of zeros that the standard has not (7.4.10)."""
    symbol = make_symbol(text)
    version = (len(symbol) - 17) // 4
    if (bit_length(split(text.encode(), version), version) + 4) % 8:
        fitting = []
        for level in "LMQH":
            try:
                fitting.append(segnos(text, version, level))
            except segno.DataOverflowError:
                break
        assert symbol == fitting[-1]


@given(st.one_of(TEXTS, st.builds(make_payload, st.sampled_from(LOWER_PAYEES), st.text("abc", max_size=15))))
@settings(deadline=None)
def test_symbol_reads_as_its_text(text: str) -> None:
    """Byte for byte, where segno's would be another symbol, too."""
    rows = make_symbol(text)
    side = len(rows)
    modules = Image.new("L", (side + 8, side + 8), 255)
    modules.paste(Image.frombytes("L", (side, side), b"".join(rows)).point([255, 0] + [0] * 254), (4, 4))
    shown = modules.resize((4 * (side + 8), 4 * (side + 8)), Image.Resampling.NEAREST)
    found = zxingcpp.read_barcodes(shown, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode))
    assert [code.bytes for code in found] == [text.encode()]
