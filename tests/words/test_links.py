"""Links, and what is passed on to a buyer: always what Telegram takes, and never more than a buyer should see."""

from datetime import timedelta

import pytest
from hypothesis import given, strategies as st

from bot.core.links import ForBuyer, LinkMade, LinkRefused, MayNotLink, Tracked
from bot.core.locales import LOCALES
from bot.core.message import THIS_MESSAGE, Action, ActionButton, CopyButton, press_of
from bot.core.packages import Package
from bot.words.words import Words
from tests.words.samples import (
    EXAMPLES,
    NAMELESS,
    NOW,
    PACKAGES,
    SHOPS,
    WIB,
    WORDS,
    check_message,
    paid,
)
from tests.words.telegram_html import read

languages = pytest.mark.parametrize("locale", LOCALES)
LINK = "https://t.me/toko_bot?start=" + "h" * 32
MADE = LinkMade("XID-1", "s" * 22, NOW + timedelta(days=7))
GOSEND = Package("BDI-1", "GK-11", "gosend", "instant", 105, "https://gojek.link/x?a=1&b=2")


@languages
def test_a_link_is_shown_to_be_copied_and_revoked(locale: str) -> None:
    message = WORDS.notice(MADE, locale, link=LINK, now=NOW)
    text = check_message(message, 4096)
    assert all(part in text for part in (LINK, "XID-1", "10 Feb"))
    (copy,), (revoke,) = message.keyboard
    assert isinstance(copy, CopyButton)
    assert copy.text == LINK
    assert isinstance(revoke, ActionButton)
    assert press_of(revoke.data) == (Action.REVOKE, THIS_MESSAGE)


@languages
def test_a_link_that_is_over_is_not_shown(locale: str) -> None:
    message = WORDS.notice(MADE, locale, now=NOW)
    assert "start=" not in message.html
    assert "XID-1" in check_message(message, 4096)
    assert message.keyboard == ()


@languages
@pytest.mark.parametrize("fact", [MayNotLink(), LinkRefused()])
def test_who_gets_no_link_is_sent_to_the_shop(fact: MayNotLink | LinkRefused, locale: str) -> None:
    assert "@tokosari" in check_message(WORDS.notice(fact, locale, now=NOW), 4096)


@languages
def test_the_buyers_text_is_plain_and_without_money(locale: str) -> None:
    of = paid(packages=(GOSEND, Package("BDI-2", None, None)), amount=54000)
    message = WORDS.notice(ForBuyer(), locale, payment=of, link=LINK, now=NOW)
    text, entities = read(message.html)
    assert entities == []
    assert all(part in text for part in ("Toko Sari", "1. GoSend", "GK-11", GOSEND.live_url or "", "2. ", LINK))
    assert not any(part in text for part in (of.id, "54", "BDI-1", "Rp"))
    (copy,) = message.keyboard[0]
    assert isinstance(copy, CopyButton)
    assert copy.text == LINK  # two packages are more than a button copies
    one = WORDS.notice(ForBuyer(), locale, payment=paid(packages=(Package("A", "GK-11", "gosend"),)), now=NOW)
    (copy,) = one.keyboard[0]
    assert isinstance(copy, CopyButton)
    assert copy.text == read(one.html)[0]


@languages
def test_the_packages_by_a_link_say_when_they_were_checked(locale: str) -> None:
    message = NAMELESS.notice(Tracked("d"), locale, payment=paid(packages=(GOSEND,), looked_at=NOW), now=NOW)
    text = check_message(message, 4096)
    assert {"id": "10.42.07", "en": "10:42:07"}[locale] in text
    assert "Toko" not in text
    ((refresh,),) = message.keyboard
    assert isinstance(refresh, ActionButton)
    assert press_of(refresh.data) == (Action.REFRESH, THIS_MESSAGE)


@languages
@pytest.mark.parametrize("fact", [ForBuyer(), Tracked("d")])
@EXAMPLES
@given(packages=st.lists(PACKAGES, max_size=40), shop=SHOPS, link=st.none() | st.just(LINK))
def test_hostile_packages_never_break_the_message(
    fact: ForBuyer | Tracked, locale: str, packages: list[Package], shop: object, link: str | None
) -> None:
    words = Words(shop=shop, zone=WIB)  # type: ignore[arg-type]  # drawn from SHOPS
    check_message(words.notice(fact, locale, payment=paid(packages=tuple(packages)), link=link, now=NOW), 4096)


@languages
def test_many_packages_are_counted_where_they_do_not_fit(locale: str) -> None:
    of = paid(packages=tuple(Package(f"O-{n}", f"AWB-{n:060}", "gosend", status=105) for n in range(200)))
    text = check_message(WORDS.notice(ForBuyer(), locale, payment=of, link=LINK, now=NOW), 4096)
    shown = text.count("AWB-0")
    assert f"{200 - shown}" in text
    assert LINK in text
