"""The people under the packages: what was given, whole, for as many as there is room; never more than was given."""

import pytest
from hypothesis import given, strategies as st

from bot.core.facts import Paid
from bot.core.locales import LOCALES
from bot.core.packages import Package
from bot.core.privacy import PackagePeople, Somebody
from tests.words.samples import EXAMPLES, NAMELESS, NOW, PACKAGES, TEXTS, WORDS, check_message, paid

languages = pytest.mark.parametrize("locale", LOCALES)
SARI = Somebody("Toko <Batik> Sekar", "081200000001", "Jl. Kyai Mojo No. 12, Wirobrajan, Kota Yogyakarta")
BUDI = Somebody("Budi Santoso", "081200000002", "Minomartani, Kec. Ngaglik, " + "Kabupaten Sleman " * 9)
JOKO = Somebody("Joko Susilo", "081200000003")
SOMEBODY = st.none() | st.builds(Somebody, st.none() | TEXTS, st.none() | TEXTS, st.none() | TEXTS)


def told(locale: str, packages: tuple[Package, ...], people: tuple[PackagePeople, ...]) -> str:
    notice = WORDS.notice(Paid(65000, NOW), locale, payment=paid(packages=packages), people=people, now=NOW)
    return check_message(notice, 4096)


@languages
def test_each_person_stands_whole_under_their_package(locale: str) -> None:
    packages = (Package("O1", "A1"), Package("O2", "A2"))
    people = (PackagePeople("O2", "A2", SARI, BUDI, JOKO), PackagePeople("O1", "A1", None, JOKO, None))
    first, second = told(locale, packages, people).split("O2")
    recipient = {"id": "Penerima", "en": "Recipient"}[locale]
    assert f"{recipient}: Joko Susilo · 081200000003" in first
    assert "Toko <Batik> Sekar · 081200000001 · Jl. Kyai Mojo No. 12, Wirobrajan, Kota Yogyakarta" in second
    assert f"{recipient}: Budi Santoso · 081200000002 · {(BUDI.address or '').strip()}" in second
    assert "Driver: Joko Susilo" in second


@languages
def test_people_of_other_packages_are_not_shown(locale: str) -> None:
    without = told(locale, (Package("O1", "A1"),), ())
    assert told(locale, (Package("O1", "A1"),), (PackagePeople("O2", "A1", SARI, BUDI, JOKO),)) == without
    nobody = PackagePeople("O1", "A1", Somebody(), None, Somebody(" "))
    assert told(locale, (Package("O1", "A1"),), (nobody,)) == without


@languages
def test_an_awb_that_came_meanwhile_hides_nobody(locale: str) -> None:
    """The order id tells which package it is; where two share one, the AWB does."""
    assert "Joko" in told(locale, (Package("O1"),), (PackagePeople("O1", "A1", None, JOKO),))
    twins = (PackagePeople("O1", "A1", None, SARI), PackagePeople("O1", "A2", None, JOKO))
    assert "Joko" not in told(locale, (Package("O1", "A1"),), twins)
    assert "Joko" in told(locale, (Package("O1", "A2"),), twins)
    assert "Joko" not in told(locale, (Package("O1", "A3"),), twins)


@languages
@pytest.mark.parametrize("number", [1, 5, 25, 100])
def test_people_take_no_packages_place(number: int, locale: str) -> None:
    """As many packages as without, and people for the first of them."""
    packages = tuple(Package(f"ORDER-{n:04}", f"AWB-{n:04}", "gosend", status=105) for n in range(number))
    people = tuple(PackagePeople(f"ORDER-{n:04}", f"AWB-{n:04}", SARI, BUDI, JOKO) for n in range(number))
    text, without = told(locale, packages, people), told(locale, packages, ())
    assert text.count("AWB-") == without.count("AWB-")
    assert text.count("Budi") >= min(number, 1 if number > 25 else 5)


@languages
@EXAMPLES
@given(data=st.data())
def test_hostile_people_never_break_the_message(locale: str, data: st.DataObject) -> None:
    packages = tuple(data.draw(st.lists(PACKAGES, min_size=1, max_size=8)))
    people = tuple(
        PackagePeople(package.order_id, package.awb, *(data.draw(SOMEBODY) for _ in range(3))) for package in packages
    )
    for shown in (people, tuple(each.masked() for each in people)):
        notice = NAMELESS.notice(Paid(1, NOW), locale, payment=paid(packages=packages), people=shown, now=NOW)
        check_message(notice, 4096)
