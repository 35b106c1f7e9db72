"""Text on pictures: glyphs and widths."""

import pytest
from hypothesis import given, strategies as st

from bot.pictures.lettering import Lettering, Run

LETTERING = Lettering()


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("Café – Égalité", "Cafe - Egalite"),
        ("Toko  Sari\n Jaya ", "Toko Sari Jaya"),
        ("Rp65.000", "Rp65.000"),
        ("Rp\u00a065.000", "Rp 65.000"),
        ("“Kopi” • teh", "“Kopi” · teh"),
        ("Kopi ☕🔥 enak", "Kopi enak"),
        ("店铺 Sari", "? Sari"),
        ("Straße Ærø Đà Łódź", "Strasse AEro Da Lodz"),
        ("½ kg, ﬀt", "1⁄2 kg, fft"),
        ("👩‍🍳", ""),
        ("a\u200bb\u0007c", "abc"),
    ],
)
def test_missing_glyphs_are_replaced(said: str, written: str) -> None:
    """No boxes: the nearest Latin letter, nothing for emoji, one question mark for a foreign word."""
    assert LETTERING.readable(said) == written


@given(st.text(max_size=40))
def test_readable_text_has_glyphs_only(text: str) -> None:
    """Replacing twice changes nothing, for any text at all."""
    written = LETTERING.readable(text)
    assert LETTERING.readable(written) == written


@given(st.text("WiA1 .", min_size=1, max_size=70), st.integers(30, 700), st.booleans())
def test_fitted_text_fits(text: str, room: int, bold: bool) -> None:
    """Smaller first, and an ellipsis only in the least size."""
    fitted = LETTERING.fit(Run(text, 60, bold), room, 18)
    assert LETTERING.width(fitted) <= room
    assert fitted.text == text or fitted.size == 18


@given(st.text("WiA1-", min_size=1, max_size=70), st.integers(60, 700))
def test_wrapped_text_is_whole(text: str, room: int) -> None:
    """Lines hold every character once, each within its room."""
    lines = LETTERING.wrap(Run(text, 32), room)
    assert "".join(line.text for line in lines) == text
    assert all(LETTERING.width(line) <= room for line in lines)
