"""News of packages: what each says, that it names the package and the next step, and that any number fits."""

import pytest

from bot.core.callbacks import ExpressNews, Parcel, ParcelEvent
from bot.core.facts import Fact
from bot.core.journey import (
    AlertNoDriver,
    AlertPackageTrouble,
    Arrived,
    DriverComing,
    Mishap,
    NoDriver,
    PackageFailed,
    PackageTrouble,
    PickedUp,
)
from bot.core.locales import LOCALES
from bot.core.message import LinkButton, Message
from bot.core.packages import Package
from bot.core.payment import Status
from tests.words.samples import NOW, WORDS, check_message, paid

HTTPS, HTTP = "https://track.example.com/1", "http://track.example.com/2"
GOSEND = Package("BDI-1", "GK-1", "gosend", status=105, live_url=HTTPS, has_driver=True)
BORZO = Package("BDI-2", "BZ-2", "borzo", status=105, live_url=HTTP, has_driver=True)
languages = pytest.mark.parametrize("locale", LOCALES)


def told(fact: Fact, locale: str, *packages: Package) -> Message:
    return WORDS.notice(fact, locale, payment=paid(id="PID-1", packages=packages), now=NOW)


def text_of(fact: Fact, locale: str, *packages: Package) -> str:
    return check_message(told(fact, locale, *packages), 4096)


@languages
def test_a_driver_on_the_way_has_courier_awb_and_link(locale: str) -> None:
    """Heading to the pickup; "picked up" is not said of what is not."""
    message = told(DriverComing(("BDI-1",)), locale, GOSEND)
    text = check_message(message, 4096)
    assert {"id": "Driver GoSend menuju penjemputan", "en": "A GoSend driver is heading to pickup"}[locale] in text
    assert all(part in text for part in ("PID-1", "GK-1", "BDI-1"))
    assert [button.url for row in message.keyboard for button in row if isinstance(button, LinkButton)] == [HTTPS]
    title = text.split("\n")[0].lower()
    assert {"id": "sudah dijemput", "en": "picked up"}[locale] not in title
    assert f'href="{HTTP}"' in told(DriverComing(("BDI-2",)), locale, GOSEND, BORZO).html


@languages
@pytest.mark.parametrize("event", ParcelEvent)
def test_whatever_is_pushed_of_packages_fits(locale: str, event: ParcelEvent) -> None:
    """As many as a callback may have, and names as long as they may be."""
    parcels = tuple(Parcel(f"{number:0100}", "A" * 100, "C&<" * 33) for number in range(100))
    assert f"{0:039}…" in text_of(ExpressNews(event, parcels), locale)


@languages
def test_one_message_tells_of_several_packages_and_of_no_others(locale: str) -> None:
    """Numbered as in the list above it."""
    third = Package("BDI-3", "GR-3", "grab_express", status=105)
    text = text_of(PickedUp(("BDI-1", "BDI-3")), locale, GOSEND, BORZO, third)
    assert "2 " in text.split("\n")[0]
    assert "1. GoSend" in text
    assert "3. GrabExpress" in text
    assert "BZ-2" not in text


@languages
def test_delivered_makes_no_sound_and_all_else_does(locale: str) -> None:
    """Nobody has to act on it."""
    assert told(Arrived(("BDI-1",)), locale, GOSEND).silent
    for fact in (DriverComing(("BDI-1",)), PickedUp(("BDI-1",)), NoDriver(15, ("BDI-1",))):
        assert not told(fact, locale, GOSEND).silent


@languages
@pytest.mark.parametrize(("code", "words"), [(300, {"id": "ibatalkan", "en": "ancelled"}), (400, {"en": "eturned"})])
def test_a_bad_end_has_its_reason_and_the_next_step(code: int, words: dict[str, str], locale: str) -> None:
    """The code it was told of, whatever the package shows by now; refunds are KiriminAja's to answer."""
    text = text_of(PackageFailed((Mishap("BDI-1", code),)), locale, GOSEND)
    assert words.get(locale, "") in text
    for part in {"id": ("pengembalian dana", "ID pembayaran yang baru"), "en": ("refund", "new payment ID")}[locale]:
        assert part in text
    assert "KiriminAja" in text
    assert "@tokosari" in text


@languages
def test_trouble_is_not_the_end(locale: str) -> None:
    """What it is, and that it is watched on."""
    text = text_of(PackageTrouble((Mishap("BDI-1", 301),)), locale, GOSEND)
    assert {"id": "tetap memantau", "en": "keep watching"}[locale] in text
    assert "@tokosari" in text


@languages
def test_no_driver_says_how_long_and_what_can_be_done(locale: str) -> None:
    """After an hour the advice is another one."""
    short, long = (text_of(NoDriver(minutes, ("BDI-1",)), locale, GOSEND) for minutes in (15, 60))
    assert "15" in short.split("\n")[0]
    assert "60" in long.split("\n")[0]
    assert short.split("\n")[-1] != long.split("\n")[-1]
    assert all("@tokosari" in text for text in (short, long))


@languages
@pytest.mark.parametrize("fact", [DriverComing(("X",)), PackageTrouble((Mishap("X", 301),)), NoDriver(15, ("X",))])
def test_a_package_that_is_no_longer_known_is_named_by_its_order(fact: Fact, locale: str) -> None:
    """No fact is lost to a list that changed."""
    assert "X" in text_of(fact, locale, GOSEND)
    assert "X" in check_message(WORDS.notice(fact, locale, now=NOW), 4096)


@languages
def test_alerts_name_payment_order_courier_and_code(locale: str) -> None:
    """In words, with the number for whoever looks it up."""
    trouble = text_of(AlertPackageTrouble((Mishap("BDI-1", 300),)), locale, GOSEND)
    assert all(part in trouble for part in ("PID-1", "BDI-1", "GoSend", "300"))
    late = text_of(AlertNoDriver(15, ("BDI-1", "BDI-2")), locale, GOSEND, BORZO)
    assert all(part in late for part in ("PID-1", "BDI-1", "BDI-2", "15", "(105)"))


@languages
def test_an_alert_about_very_many_packages_says_how_many_more(locale: str) -> None:
    """It stays readable."""
    text = text_of(AlertNoDriver(15, tuple(f"BDI-{number}" for number in range(30))), locale)
    assert "22" in text
    assert len(text) < 1000


@languages
def test_a_list_that_is_no_longer_followed_promises_nothing(locale: str) -> None:
    """After 24 hours no driver is announced any more."""
    from bot.core.facts import Paid

    waiting = Package("BDI-1", status=105)
    promise = {"id": "Begitu ada driver", "en": "when there's a driver"}[locale]
    for status, promised in ((Status.FOLLOWING, True), (Status.DONE, False)):
        of = paid(status=status, packages=(waiting,))
        assert (promise in WORDS.notice(Paid(1, NOW), locale, payment=of, now=NOW).html) is promised
