"""The list of packages: statuses in words, links where they belong, and any number of packages."""

import pytest
from hypothesis import given, strategies as st

from bot.core.facts import Paid
from bot.core.locales import LOCALES
from bot.core.message import LinkButton, Message
from bot.core.packages import PHASE_OF, Package
from tests.words.samples import EXAMPLES, NAMELESS, NOW, PACKAGES, WORDS, check_message, paid
from tests.words.telegram_html import read, units

GOSEND = Package("BDI-1754377171060", "GK-11-3289048", "gosend", "instant", 105)
DRIVER = {"id": "Begitu ada driver", "en": "when there's a driver"}
languages = pytest.mark.parametrize("locale", LOCALES)


def told(locale: str, *packages: Package) -> Message:
    return WORDS.notice(Paid(65000, NOW), locale, payment=paid(packages=packages), now=NOW)


def links(message: Message) -> list[LinkButton]:
    return [button for row in message.keyboard for button in row if isinstance(button, LinkButton)]


@languages
def test_each_package_has_courier_awb_order_and_status(locale: str) -> None:
    html = told(locale, GOSEND).html
    assert "<b>GoSend</b>" in html
    assert "<code>GK-11-3289048</code>" in html
    assert "<code>BDI-1754377171060</code>" in html
    assert {"id": "Menunggu dijemput kurir", "en": "Waiting for the courier"}[locale] in html


@languages
@pytest.mark.parametrize("code", sorted(PHASE_OF))
def test_a_known_status_is_told_in_words(code: int, locale: str) -> None:
    assert str(code) not in check_message(told(locale, Package("A", "B", "gosend", status=code)), 4096)


@languages
def test_an_unknown_status_is_told_as_its_number_and_none_as_none_yet(locale: str) -> None:
    assert "Status 999" in told(locale, Package("A", status=999)).html
    assert {"id": "Belum ada status", "en": "No status yet"}[locale] in told(locale, Package("A")).html


@languages
def test_an_https_link_is_a_button_and_an_http_one_stands_in_the_text(locale: str) -> None:
    secure = told(locale, Package("A", "AWB-1", "gosend", status=106, live_url="https://example.com/1?a=1&b=2"))
    assert [button.url for button in links(secure)] == ["https://example.com/1?a=1&b=2"]
    assert "GoSend" in links(secure)[0].label
    assert "example.com" not in secure.html
    plain = told(locale, Package("A", "AWB-1", "gosend", status=106, live_url="http://example.com/1?a=1&b=2"))
    assert links(plain) == []
    assert '<a href="http://example.com/1?a=1&amp;b=2">' in plain.html


@languages
@pytest.mark.parametrize("url", ["javascript:alert(1)", "https://localhost/x", "https://a b.com", "", "tg://x"])
def test_what_is_no_link_is_left_out(url: str, locale: str) -> None:
    message = told(locale, Package("A", "AWB-1", "gosend", status=106, live_url=url))
    assert links(message) == []
    assert "href" not in message.html


@languages
def test_several_links_are_told_apart_by_the_end_of_the_awb(locale: str) -> None:
    packages = [Package(f"O{n}", f"AWB-{n}", "gosend", live_url=f"https://example.com/{n}") for n in (1111, 2222)]
    labels = [button.label for button in links(told(locale, *packages))]
    assert "1111" in labels[0]
    assert "2222" in labels[1]


@languages
def test_a_driver_is_promised_only_where_one_is_to_come(locale: str) -> None:
    promised = [GOSEND, Package("A"), Package("A", status=999)]
    kept = [Package("A", status=code) for code, phase in PHASE_OF.items() if phase != "entry"]
    kept += [Package("A", status=105, live_url="https://example.com/1"), Package("A", status=105, has_driver=True)]
    assert all(DRIVER[locale] in told(locale, package).html for package in promised)
    assert not any(DRIVER[locale] in told(locale, package).html for package in kept)


@languages
@pytest.mark.parametrize("number", [1, 2, 25, 40, 100, 500])
@pytest.mark.parametrize("url", [None, "https://example.com/" + "x" * 1000, "http://example.com/x"])
def test_any_number_of_packages_fits(number: int, url: str | None, locale: str) -> None:
    """As many as fit, whole; the rest is counted."""
    packages = tuple(
        Package(f"ORDER-{n}-" + "x" * 60, f"AWB-{n:04}", "gosend", status=105, live_url=url) for n in range(number)
    )
    message = told(locale, *packages)
    text = check_message(message, 4096)
    shown = sum(f"AWB-{n:04}" in text for n in range(number))
    assert shown >= min(number, 5)
    assert sum(len(f"{button.label}{button.url}") for button in links(message)) < 9000
    rest = number - shown
    if rest:
        assert f" {rest} " in text.split("AWB-")[-1]
    else:
        assert "…" not in text.replace("x…", "")


@languages
@EXAMPLES
@given(packages=st.lists(PACKAGES, min_size=1, max_size=60))
def test_hostile_packages_never_break_the_message(locale: str, packages: list[Package]) -> None:
    message = NAMELESS.notice(Paid(65000, NOW), locale, payment=paid(packages=tuple(packages)), now=NOW)
    check_message(message, 4096)


def test_a_list_is_filled_up_before_it_says_more() -> None:
    message = told("id", *[Package(f"O{n}", "😀" * 80, None, status=105) for n in range(100)])
    text, _ = read(message.html)
    assert 4096 - 250 < units(text) <= 4096
