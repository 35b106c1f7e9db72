"""Amounts, times, languages, contacts: tables of what is written."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from bot.core.locales import LOCALES, locale_of
from bot.words.catalogue import Catalogue
from bot.words.markup import clean, escape, sane_url, shortened
from bot.words.shop import Shop
from bot.words.voice import Voice
from tests.words.samples import EXAMPLES, HOSTILE, NOW, SHOPS, TEXTS
from tests.words.telegram_html import read, units


def voice(locale: str, zone: str = "Asia/Jakarta", now: datetime = NOW) -> Voice:
    return Voice(Catalogue(locale), Shop(), ZoneInfo(zone), now)


@pytest.mark.parametrize(
    ("rupiah", "indonesian", "english"),
    [
        (0, "Rp0", "Rp0"),
        (999, "Rp999", "Rp999"),
        (1000, "Rp1.000", "Rp1,000"),
        (65000, "Rp65.000", "Rp65,000"),
        (1234567, "Rp1.234.567", "Rp1,234,567"),
        (10**12, "Rp1.000.000.000.000", "Rp1,000,000,000,000"),
    ],
)
def test_an_amount_is_spelt_as_each_language_does(rupiah: int, indonesian: str, english: str) -> None:
    assert voice("id").amount(rupiah) == indonesian
    assert voice("en").amount(rupiah) == english


@pytest.mark.parametrize(
    ("moment", "zone", "indonesian", "english"),
    [
        (datetime(2026, 2, 3, 3, 36, 44, tzinfo=UTC), "Asia/Jakarta", "10.36 WIB", "10:36 WIB"),
        (datetime(2026, 2, 3, 3, 36, 44, tzinfo=UTC), "Asia/Makassar", "11.36 WITA", "11:36 WITA"),
        (datetime(2026, 2, 3, 3, 36, 44, tzinfo=UTC), "Asia/Jayapura", "12.36 WIT", "12:36 WIT"),
        (datetime(2026, 2, 3, 3, 36, 44, tzinfo=UTC), "America/Sao_Paulo", "00.36 UTC-03", "00:36 UTC-03"),
        # 01:00 in Jakarta is yesterday in UTC, and today for the shop.
        (datetime(2026, 2, 2, 18, 0, tzinfo=UTC), "Asia/Jakarta", "01.00 WIB", "01:00 WIB"),
        (datetime(2026, 2, 2, 16, 59, tzinfo=UTC), "Asia/Jakarta", "2 Feb pukul 23.59 WIB", "23:59 WIB on 2 Feb"),
        (
            datetime(2025, 8, 31, 3, 0, tzinfo=UTC),
            "Asia/Jakarta",
            "31 Agu 2025 pukul 10.00 WIB",
            "10:00 WIB on 31 Aug 2025",
        ),
    ],
)
def test_a_time_is_spelt_as_each_language_does(moment: datetime, zone: str, indonesian: str, english: str) -> None:
    assert voice("id", zone).time(moment) == indonesian
    assert voice("en", zone).time(moment) == english


def test_seconds_where_something_was_checked() -> None:
    moment = datetime(2026, 2, 3, 3, 42, 7, tzinfo=UTC)
    assert voice("id").seconds(moment) == "10.42.07"
    assert voice("en").seconds(moment) == "10:42:07"
    tomorrow = datetime(2026, 2, 4, 3, 42, 7, tzinfo=UTC)
    assert voice("id", now=tomorrow).seconds(moment) == "3 Feb pukul 10.42.07"
    assert voice("en", now=tomorrow).seconds(moment) == "10:42:07 on 3 Feb"


@pytest.mark.parametrize(
    ("code", "default", "locale"),
    [
        ("id", "en", "id"),
        ("in", "en", "id"),
        ("ID", "en", "id"),
        ("id-ID", "en", "id"),
        ("in_ID", "en", "id"),
        ("jv", "en", "id"),
        ("ms", "en", "id"),
        ("en", "id", "en"),
        ("en-GB", "id", "en"),
        ("zh-hans", "id", "en"),
        ("it", "id", "en"),
        (None, "id", "id"),
        (None, "en", "en"),
        ("", "en", "en"),
        (" ", "id", "id"),
        (None, "", "id"),
    ],
)
def test_the_language_of_a_phone(code: str | None, default: str, locale: str) -> None:
    assert locale_of(code, default) == locale


@pytest.mark.parametrize("locale", LOCALES)
def test_a_language_with_a_catalogue_is_spoken_in_it(locale: str) -> None:
    assert locale_of(locale, "id") == locale_of(f"{locale}-XX", "id") == locale_of(None, locale) == locale


@pytest.mark.parametrize(
    ("contact", "html", "plain"),
    [
        ("@tokosari", '<a href="https://t.me/tokosari">@tokosari</a>', "@tokosari"),
        (" https://t.me/tokosari ", '<a href="https://t.me/tokosari">@tokosari</a>', "@tokosari"),
        ("t.me/tokosari/", '<a href="https://t.me/tokosari/">@tokosari</a>', "@tokosari"),
        ("http://telegram.me/+AbC1", '<a href="https://t.me/+AbC1">t.me/+AbC1</a>', "t.me/+AbC1"),
        ("0812-3456-7890", "+6281234567890", "+6281234567890"),
        ("+62 812 3456 7890", "+6281234567890", "+6281234567890"),
        (
            "https://wa.me/62812?text=a&x=1",
            '<a href="https://wa.me/62812?text=a&amp;x=1">https://wa.me/62812?text=a&amp;x=1</a>',
            "https://wa.me/62812?text=a&x=1",
        ),
        ("kasir <depan>", "kasir &lt;depan&gt;", "kasir <depan>"),
        ("t.me/<b>", "t.me/&lt;b&gt;", "t.me/<b>"),
        ("", None, None),
        (None, None, None),
    ],
)
def test_the_shop_can_be_reached_with_a_tap(contact: str | None, html: str | None, plain: str | None) -> None:
    assert Shop("Toko", contact).linked() == html
    assert Shop("Toko", contact).written() == plain


@pytest.mark.parametrize(
    "url",
    [
        "https://gojek.link/track?id=1&x=%20",
        "http://example.com",
        "HTTPS://Example.com:8443/a",
        "http://127.0.0.1:8765/live",
    ],
)
def test_sane_urls_pass_as_they_are(url: str) -> None:
    assert sane_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "https://",
        "ftp://example.com",
        "javascript:alert(1)",
        "tg://user?id=1",
        "//example.com",
        "https://user:secret@example.com/",
        "https://example.com\n/",
        "https://example.com/a b",
        'https://example.com/"x',
        "https://example.com/<b>",
        "https://localhost/x",
        "https://example.com:0/",
        "https://exämple.com/",
        "https://example..com/",
        "https://example.com/" + "x" * 1024,
        " https://example.com",
    ],
)
def test_other_urls_are_no_links(url: str | None) -> None:
    assert sane_url(url) is None


@pytest.mark.parametrize("value", HOSTILE)
def test_a_value_is_one_line_that_turns_nothing_around(value: str) -> None:
    seen = clean(value)
    assert len(seen) <= 80
    assert not set(seen) & set("\n\r\t\x00\u202e\u2066\ud800")
    assert read(escape(value)) == (seen, [])


@EXAMPLES
@given(text=TEXTS, shop=SHOPS)
def test_no_value_becomes_markup(text: str, shop: Shop) -> None:
    seen, tags = read(escape(text))
    assert (seen, tags) == (clean(text), [])
    seen, tags = read(Voice(Catalogue("id"), shop, ZoneInfo("Asia/Jakarta"), NOW).shop_html())
    assert seen
    assert set(tags) <= {"a"}


@EXAMPLES
@given(text=st.text(), limit=st.integers(1, 50))
def test_shortened_never_splits_a_character(text: str, limit: int) -> None:
    short = shortened(clean(text, 1000), limit)
    assert units(short) <= limit
    assert short.rstrip("…") == "" or clean(text, 1000).startswith(short.removesuffix("…"))
