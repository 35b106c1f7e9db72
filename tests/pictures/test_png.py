"""The file of a picture from its bands."""

from io import BytesIO

from hypothesis import given, strategies as st
from PIL import Image

from bot.pictures.png import Band, Colour, encode_png

COLOURS: list[Colour] = [(0, 0, 0), (90, 90, 90), (170, 0, 0), (255, 255, 255), (0, 128, 0), (1, 2, 3)]


@given(st.integers(1, 19), st.sampled_from([4, 6]), st.data())
def test_every_pixel_is_there_again(width: int, colours: int, data: st.DataObject) -> None:
    """Rows that repeat, by themselves or as their band says, and such that do not; any width."""
    row = st.lists(st.integers(0, colours - 1), min_size=width, max_size=width)
    bands: list[Band] = []
    expected: list[int] = []
    for rows, times in data.draw(
        st.lists(st.tuples(st.lists(row, min_size=1, max_size=4), st.integers(1, 3)), min_size=1)
    ):
        pixels = [place for one in rows for place in one]
        bands.append((Image.frombytes("P", (width, len(rows)), bytes(pixels)), times))
        expected += [part for one in rows for _ in range(times) for place in one for part in COLOURS[place]]
    with Image.open(BytesIO(encode_png(bands, COLOURS[:colours]))) as picture:
        picture.load()
        assert picture.mode == "P"
        assert list(picture.convert("RGB").tobytes()) == expected
