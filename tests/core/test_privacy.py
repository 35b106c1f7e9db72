"""Masks: what anybody may see of a person, and that it is never the whole of anything."""

import pytest
from hypothesis import given, strategies as st

from bot.core.privacy import BULLET, PackagePeople, Somebody, district, mask_name, mask_phone

BUDI = Somebody("Budi Santoso", "081200000002", "Minomartani, Kec. Ngaglik, Kabupaten Sleman")
TEXTS = st.one_of(st.text(st.characters(), max_size=60), st.text("aB •\u200b\t'-.0é王ﬁß", max_size=20))


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("Budi Santoso", "B••• S••••••"),
        ("budi", "b•••"),
        ("Al", "A•"),
        ("A", "•"),
        ("B S", "• •"),
        ("R. A. Kartini", "R• A• K••••••"),
        ("Siti-Nur O'Brien", "S••••••• O••••••"),
        ("  Budi\tSantoso ", "  B•••\tS•••••• "),
        ("08123456789", "•••••••••••"),
        ("(Budi)", "••••••"),
        ("王小明", "•••"),
        ("محمد علي", "•••• •••"),
        ("Đặng Éva", "Đ••• É••"),
        ("😀 Budi", "• B•••"),
        ("B•••", "••••"),
        ("Budi\u200bSantoso", "B•••••••••••"),
        ("Budi\ud800", "B••••"),
        ("", ""),
    ],
)
def test_of_a_name_the_first_letters_stay(name: str, masked: str) -> None:
    """One letter alone is a whole word, and so can be a character of a script without capitals."""
    assert mask_name(name) == masked


@given(TEXTS)
def test_no_word_comes_through_whole(name: str) -> None:
    """Whatever the name: its length and spaces stay, of each word at most a first letter."""
    masked = mask_name(name)
    assert len(masked) == len(name)
    for word, shown in zip(name.split(), masked.split(), strict=True):
        assert shown != word or set(word) == {BULLET}
        assert len(shown) == len(word)
        assert set(shown[1:]) <= {BULLET}
        assert shown[0] in {word[0], BULLET}
        assert len(word) > 1 or shown == BULLET


@pytest.mark.parametrize(
    ("phone", "masked"),
    [
        ("081200000002", "•••••••••002"),
        ("+62 812-0000-0123", "••••••••••123"),
        ("0812345", "••••345"),
        ("081234", "••••••"),
        ("110", "•••"),
        ("٠٨١٢٣٤٥٦٧٨٩", "••••••••789"),
        ("0" * 40 + "123", "••••••••••••123"),
        ("Budi", ""),
        ("", ""),
    ],
)
def test_of_a_phone_the_last_three_digits_stay(phone: str, masked: str) -> None:
    """Of a number too short to be one, nothing."""
    assert mask_phone(phone) == masked


@given(TEXTS | st.text("0123456789+- ()", max_size=40))
def test_never_more_than_three_digits_of_a_phone(phone: str) -> None:
    """And nothing that is no digit."""
    masked = mask_phone(phone)
    assert set(masked) <= set(BULLET + "0123456789")
    assert sum(map(str.isdecimal, masked)) in {0, 3}
    assert len(masked) <= 15 or sum(map(str.isdecimal, phone)) > 15 or masked.count(BULLET) == len(masked)


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("Minomartani, Kec. Ngaglik, Kabupaten Sleman", "Ngaglik"),
        ("Karet Semanggi, Kecamatan Setiabudi, Kota Jakarta Selatan, Daerah Khusus Ibukota 12930", "Setiabudi"),
        ("Jl. Panjang 5, Kec. Kb. Jeruk, Jakarta", "Kb. Jeruk"),
        ("KEC.NGAGLIK KAB.SLEMAN 55581", "NGAGLIK"),
        ("Minomartani kec ngaglik kab sleman", "ngaglik"),
        ("Kec. Ngaglik. Rumah Pak Budi", "Ngaglik"),
        ("Kec. Ngaglik (rumah Pak Budi)", "Ngaglik"),
        ("Kec. Ngaglik No. 5 Budi", "Ngaglik"),
        ("Kec. Ngaglik 081200000002", "Ngaglik"),
        ("Jl. Kecamatan Lama 3, Kec. Ngaglik", "Ngaglik"),
        ("Kec. Ngaglik, depan kantor kecamatan", "Ngaglik"),
        ("Wirobrajan, Kota Yogyakarta", "Yogyakarta"),
        ("Jl. Kaliurang, Kab. Sleman", "Sleman"),
        ("Jl. Kaliurang, Kabupaten Ogan Komering Ulu Selatan", "Ogan Komering Ulu Selatan"),
        ("Kec. satu dua tiga empat lima", "satu dua tiga empat"),
        ("Kecewa sekali, Jakarta 12950", None),
        ("Jl. Mawar 5, Jakarta", None),
        ("Kec.", None),
        ("Kec. 5, Kota Bandung", "Bandung"),
        ("Kec. " + "x" * 100, "x" * 40),
        ("Kec. " + "x" * 39 + " yy", "x" * 39),
        ("Kec: Ngaglik", "Ngaglik"),
        ("Kec. .: Ngaglik", "Ngaglik"),
        ("Kec. Kby. Baru", "Kby. Baru"),
        ("Kec. XANADUX", "XANADUX"),
        ("", None),
    ],
)
def test_the_district_is_what_is_named_so(address: str, found: str | None) -> None:
    """After `Kec.`/`Kecamatan`, else `Kab.`/`Kota`, else nothing; never street, number or what follows."""
    assert district(address) == found


@given(st.tuples(TEXTS, st.sampled_from(["", "Kec.", "Kecamatan ", "kota", "Kab. "]), TEXTS).map("".join))
def test_a_district_is_short_and_has_no_digits(address: str) -> None:
    """Whatever the address."""
    found = district(address)
    if found is not None:
        assert 0 < len(found) <= 40
        assert len(found.split()) <= 4
        assert not any(map(str.isdigit, found.encode("ascii", "ignore").decode()))
        assert found in " ".join(address.split())


def test_a_mask_has_the_three_and_no_more() -> None:
    """Name, last digits, district; what is not told stays untold."""
    assert BUDI.masked() == Somebody("B••• S••••••", "•••••••••002", "Ngaglik")
    assert Somebody().masked() == Somebody()


def test_anybody_sees_only_the_recipients_mask() -> None:
    """Sender and driver tell nobody which package it is."""
    people = PackagePeople("BDI-1", "GK-1", BUDI, BUDI, BUDI)
    assert people.masked() == PackagePeople("BDI-1", "GK-1", None, BUDI.masked(), None)
    assert PackagePeople("BDI-1").masked() == PackagePeople("BDI-1")


def test_a_person_has_no_repr() -> None:
    """Logs and tracebacks print reprs."""
    shown = repr(PackagePeople("BDI-1", None, BUDI, BUDI, BUDI)) + repr((BUDI,)) + str(BUDI) + f"{BUDI}"
    assert not any(part in shown for part in ("Budi", "0812", "Ngaglik"))
