"""The chart: its size, its weight, nothing cut off."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from io import BytesIO

import pytest
from hypothesis import given, settings, strategies as st
from PIL import Image

from bot.core.chart import Bar, Chart, Panel
from bot.pictures import ChartPainter
from bot.pictures.card import GREEN, tint
from bot.pictures.layout import WIDTH

LARGEST = 40_000  # bytes

HOURS = tuple(Bar(hour * 1000, f"{hour:02}" if hour % 6 == 0 else "", str(hour), strong=True) for hour in range(24))
WEEK = tuple(Bar(10**9 * n, "Sen", "123 jt", "1.298x", strong=n == 7) for n in range(1, 8))
MONTH = tuple(Bar(day % 7 * 1000, str(day) if day % 5 == 0 else "", strong=day == 30) for day in range(1, 32))
CHART = Chart(
    "Hari ini",
    "Sen 23 Nov, 21.00 WIB",
    "Rp1.234.567.890",
    "400 lunas · 415 diminta · 15 belum lunas",
    (
        Panel("Per jam", "terbanyak jam 13: Rp450.000", HOURS),
        Panel("7 hari", "Rp1.234.567.890 · 1.298 lunas", WEEK),
        Panel("September", "Rp123.456.789.012 · 12.980 lunas", MONTH),
    ),
    "Hanya yang lewat bot ini · Toko Sari",
)


@pytest.fixture(scope="module")
def charts() -> ChartPainter:
    """The painter, with its font loaded once."""
    return ChartPainter()


def opened(png: bytes) -> Image.Image:
    """The PNG, checked to be one with a palette."""
    picture = Image.open(BytesIO(png))
    picture.load()
    assert (picture.format, picture.mode, picture.width) == ("PNG", "P", WIDTH)
    return picture


def inked(picture: Image.Image) -> tuple[int, int, int, int]:
    """The box around all that is not white."""
    box = picture.convert("L").point([255] * 255 + [0]).getbbox()
    assert box is not None
    return box


def assert_inside(picture: Image.Image) -> None:
    """Margins of 40 px at the sides and 20 above and below stay white."""
    left, top, right, bottom = inked(picture)
    assert left >= 40
    assert right <= WIDTH - 40
    assert top >= 20
    assert bottom <= picture.height - 20


def test_a_day_is_a_light_picture_within_its_margins(charts: ChartPainter) -> None:
    """Six colours at the most, not too tall for a phone, the same each time."""
    png = charts.draw(CHART)
    assert len(png) <= LARGEST
    picture = opened(png)
    assert picture.height <= 1.75 * WIDTH
    assert len(picture.getcolors() or ()) <= 6
    assert_inside(picture)
    assert charts.draw(CHART) == png


@pytest.mark.parametrize("text", ["W" * 60, "Rp999.999.999.999.999", "😀" * 40, "店铺", ""])
def test_no_text_is_cut_off_by_an_edge(charts: ChartPainter, text: str) -> None:
    """Whatever stands where."""
    bars = tuple(Bar(n, text, text, text, strong=n == 3) for n in range(7))
    panels = (Panel(text, text, bars), Panel(text, text, bars * 4))
    assert_inside(opened(charts.draw(Chart(text or "x", text, text, text, panels, text))))


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, 10**15), min_size=1, max_size=31))
def test_the_highest_bar_is_the_peak_and_all_are_to_its_scale(values: list[int]) -> None:
    """Heights as the values; what is small still shows, what is nothing doesn't."""
    only = Chart("x", "", "", "", (Panel("", "", tuple(Bar(value, strong=True) for value in values)),))
    picture = opened(ChartPainter().draw(only)).convert("RGB")
    green = [
        sum(1 for y in range(picture.height) if picture.getpixel((x, y)) == GREEN)
        for x in (60 + round((n + 0.5) * 680 / len(values)) for n in range(len(values)))
    ]
    peak = max(values) or 1
    assert green == [max(6, round(value * 150 / peak)) if value else 0 for value in values]


def test_what_is_of_today_stands_out(charts: ChartPainter) -> None:
    """In the full green, the others in its tint; paid without a known amount is a low bar."""
    bars = (Bar(5), Bar(0, above="1", strong=True))
    picture = opened(charts.draw(replace(CHART, panels=(Panel("", "", bars),)))).convert("RGB")
    colours = {colour for _, colour in picture.getcolors() or ()}
    assert {GREEN, tint(GREEN)} <= colours


def test_threads_may_share_a_painter(charts: ChartPainter) -> None:
    """Each gets its own picture whole."""
    several = [replace(CHART, amount=f"Rp{n}.000") for n in range(8)]
    alone = [charts.draw(chart) for chart in several]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(charts.draw, several)) == alone
