"""The shop's figures in words: within a caption whatever they are, and spelled as each language spells them."""

from dataclasses import fields
from datetime import timedelta

import pytest
from hypothesis import given, strategies as st

from bot.core.chart import Chart
from bot.core.locales import LOCALES
from bot.core.totals import Digest, Figures, MayNotSeeTotals, NotAMonth, Recap, Slot, Stats, Totals, TotalsFact
from bot.words.words import Words
from tests.words.samples import AMOUNTS, EXAMPLES, NOW, SHOPS, WIB, WORDS, check_message

CAPTION_LIMIT = 1024
languages = pytest.mark.parametrize("locale", LOCALES)

TODAY = NOW.astimezone(WIB).date()
COUNTS = st.integers(0, 10**9)
FIGURES = st.builds(Figures, COUNTS, COUNTS, COUNTS, AMOUNTS, st.none() | st.integers(0, 10**9))
SLOTS = st.builds(Slot, st.integers(0, 3) | COUNTS, st.just(0) | AMOUNTS)
DAYS = st.lists(SLOTS, min_size=7, max_size=7).map(
    lambda slots: tuple((TODAY - timedelta(days=ago), slot) for ago, slot in reversed(list(enumerate(slots))))
)
TOTALS = st.builds(
    Totals, FIGURES, FIGURES, FIGURES, FIGURES, st.lists(SLOTS, min_size=24, max_size=24).map(tuple), DAYS
)
ONE = Figures(asked=12, unpaid=3, paid=9, rupiah=1_234_567, median_seconds=250)
DAY = Totals(
    ONE,
    Figures(),
    ONE,
    ONE,
    (*[Slot()] * 9, Slot(9, 1_234_567), *[Slot()] * 14),
    tuple((TODAY - timedelta(days=ago), Slot(9, 1_234_567) if ago == 0 else Slot()) for ago in range(6, -1, -1)),
)


def text_of(fact: TotalsFact, locale: str, totals: Totals) -> str:
    """What a reader sees, checked to be a valid caption."""
    return check_message(WORDS.notice(fact, locale, totals=totals, now=NOW), CAPTION_LIMIT)


@languages
@EXAMPLES
@given(totals=TOTALS, shop=SHOPS)
def test_any_figures_fit_a_caption_and_a_picture(locale: str, totals: Totals, shop: object) -> None:
    """Texts of the picture are plain, and none but the shop's is long."""
    words = Words(shop=shop, zone=WIB)  # type: ignore[arg-type]  # SHOPS makes shops
    for fact in (Stats(NOW), Digest(NOW), Recap(NOW)):
        check_message(words.notice(fact, locale, totals=totals, now=NOW), CAPTION_LIMIT)
    strings = words.chart(NOW, locale, totals, now=NOW)
    if strings is None:
        assert not any(slot.paid or slot.rupiah for slot in (*totals.hours, *(slot for _, slot in totals.days)))
        return
    assert all(len(text) <= 80 for text in texts_in(strings))
    assert strings.foot


def texts_in(strings: Chart) -> list[str]:
    """All that is written, but for the foot."""
    head = [strings.title, strings.time, strings.amount, strings.counts]
    bars = [text for panel in strings.panels for bar in panel.bars for text in (bar.label, bar.above, bar.below)]
    return head + [text for panel in strings.panels for text in (panel.heading, panel.note)] + bars


@pytest.mark.parametrize(
    ("locale", "parts"),
    [
        ("id", ["10.42 WIB", "Hari ini: Rp1.234.567", "9 lunas · 12 diminta · 3 belum lunas", "lunas dalam 4 menit",
                "Kemarin: tidak ada", "Februari: Rp1.234.567", "Hanya yang lewat bot ini"]),
        ("en", ["10:42 WIB", "Today: Rp1,234,567", "9 paid · 12 asked for · 3 unpaid", "paid within 4 min",
                "Yesterday: nothing", "February: Rp1,234,567", "Only what went through this bot"]),
    ],
)  # fmt: skip
def test_the_figures_are_told(locale: str, parts: list[str]) -> None:
    """Stats and digest tell the same under their own titles."""
    stats = text_of(Stats(NOW), locale, DAY)
    for part in parts:
        assert part in stats
    digest = text_of(Digest(NOW), locale, DAY)
    assert digest.startswith("🌙")
    assert digest.split("\n")[1:] == stats.split("\n")[1:]


@pytest.mark.parametrize(
    ("locale", "amount", "above", "weekday", "month", "busiest"),
    [
        ("id", "Rp1.234.567", "1,23\xa0jt", "Sel", "Februari", "terbanyak jam 09: Rp1.234.567"),
        ("en", "Rp1,234,567", "1.23M", "Tue", "February", "most from 09:00: Rp1,234,567"),
    ],
)
def test_the_picture_is_written_in_the_language(
    locale: str, amount: str, above: str, weekday: str, month: str, busiest: str
) -> None:
    """Hours, seven days, and the days of the month, those to come empty; today's stand out."""
    strings = WORDS.chart(NOW, locale, DAY, now=NOW)
    assert strings is not None
    assert strings.amount == amount
    hours, week, days = strings.panels
    assert [panel.heading for panel in (hours, days)] != ["", ""]
    assert hours.note == busiest
    assert (hours.bars[9].above, hours.bars[8].above) == ("9", "")
    assert [bar.label for bar in hours.bars if bar.label] == ["00", "06", "12", "18"]
    assert (week.bars[-1].above, week.bars[-1].label, week.bars[-1].below) == (above, weekday, "9x")
    assert [bar.strong for bar in week.bars] == [False] * 6 + [True]
    assert days.heading == month
    assert len(days.bars) == 28
    assert [number for number, bar in enumerate(days.bars, 1) if bar.strong] == [3]
    assert "Toko Sari" in strings.foot


def test_without_anything_paid_there_is_no_picture() -> None:
    """And a quiet day leaves the hours out."""
    asked = Totals(today=Figures(asked=1, unpaid=1), week=Figures(asked=1, unpaid=1), month=Figures(asked=1, unpaid=1))
    assert WORDS.chart(NOW, "id", asked, now=NOW) is None
    assert "0 lunas · 1 diminta · 1 belum lunas" in text_of(Stats(NOW), "id", asked)
    quiet = Totals(**{field.name: getattr(DAY, field.name) for field in fields(Totals)} | {"hours": (Slot(),) * 24})
    strings = WORDS.chart(NOW, "id", quiet, now=NOW)
    assert strings is not None
    assert len(strings.panels) == 2


@languages
def test_an_empty_bot_says_so_kindly(locale: str) -> None:
    """No table of zeros."""
    assert "0" not in text_of(Stats(NOW), locale, Totals()).partition("\n")[2]


@pytest.mark.parametrize(
    ("seconds", "indonesian", "english"),
    [
        (0, "0 detik", "0 s"),
        (119, "119 detik", "119 s"),
        (120, "2 menit", "2 min"),
        (3599, "59 menit", "59 min"),
        (3600, "1 jam 0 menit", "1 h 0 min"),
        (2 * 86_400 - 1, "47 jam 59 menit", "47 h 59 min"),
        (2 * 86_400, "2 hari", "2 days"),
    ],
)
def test_times_are_as_exact_as_one_cares_for(seconds: int, indonesian: str, english: str) -> None:
    """Of a single payment it is its own time, not half of them."""
    one = Figures(asked=1, paid=1, rupiah=1, median_seconds=seconds)
    for locale, took in (("id", f"Lunas dalam {indonesian}"), ("en", f"Paid within {english}")):
        assert took in text_of(Stats(NOW), locale, Totals(today=one, month=one))


@pytest.mark.parametrize(
    ("rupiah", "indonesian", "english"),
    [
        (0, "0", "0"),
        (950, "950", "950"),
        (65_000, "65 rb", "65K"),
        (182_500, "182 rb", "182K"),
        (999_999, "1 jt", "1M"),
        (12_345_678, "12,3 jt", "12.3M"),
        (1_234_567_890, "1,23 M", "1.23B"),
    ],
)
def test_amounts_over_bars_are_short(rupiah: int, indonesian: str, english: str) -> None:
    """Three digits are as many as one sees."""
    days = tuple((TODAY - timedelta(days=ago), Slot(1, rupiah)) for ago in range(6, -1, -1))
    for locale, told in (("id", indonesian), ("en", english)):
        strings = WORDS.chart(NOW, locale, Totals(days=days), now=NOW)
        assert strings is not None
        assert strings.panels[0].bars[0].above.replace("\xa0", " ") == told


@pytest.mark.parametrize(
    ("locale", "parts", "none"),
    [
        ("id", ["Rekap Februari 2026", "9 lunas: Rp1.234.567", "3 belum lunas"], "pada Februari 2026"),
        ("en", ["Recap of February 2026", "9 paid: Rp1,234,567", "3 unpaid"], "in February 2026"),
    ],
)
def test_the_months_file_has_its_totals_under_it(locale: str, parts: list[str], none: str) -> None:
    """And an empty month says that it is, and names another."""
    told = text_of(Recap(NOW), locale, Totals(month=ONE))
    for part in parts:
        assert part in told
    empty = text_of(Recap(NOW), locale, Totals())
    assert none in empty
    assert "/recap 2026-01" in empty


@languages
def test_every_no_has_a_next_step_or_a_reason(locale: str) -> None:
    """How to name a month; for whom the figures are."""
    assert "/recap 2026-10" in text_of(NotAMonth(), locale, Totals())
    assert "sta" in text_of(MayNotSeeTotals(), locale, Totals())
