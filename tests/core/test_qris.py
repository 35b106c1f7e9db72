"""A QR that would take the money elsewhere, or not at all, is recognised before anybody sees it."""

import string

import pytest
from hypothesis import given, strategies as st

from bot.core.qris import QrisFault, crc, fault_of, parse
from tests.core.making import SAMPLE, crc16, emv, qr_for


def test_the_crc_is_ccitt_false() -> None:
    """The check value that every catalogue of CRCs gives for `123456789`."""
    assert crc("123456789") == "29B1"


@given(st.text(st.characters(codec="utf-8")))
def test_the_crc_agrees_with_its_definition(text: str) -> None:
    """Bit by bit, over UTF-8."""
    assert crc(text) == crc16(text)


def test_the_real_payload_is_read() -> None:
    """Amount, payee and city of the sample that KiriminAja's documentation shows."""
    qris = parse(SAMPLE)
    assert qris is not None
    assert (qris.amount, qris.payee, qris.city) == (65_000, "KIRIMINAJA", "KAB. SLEMAN")
    assert qris.fields["53"] == "360"
    assert fault_of(SAMPLE, 65_000) is None


@pytest.mark.parametrize("tag54", ["65000", "65000.00", "65000.0", "65000.", "0065000"])
def test_whole_rupiah_are_read_in_every_spelling(tag54: str) -> None:
    """`65000.00` and `65000` are the same amount."""
    assert fault_of(emv(t54=tag54), 65_000) is None


@pytest.mark.parametrize(
    ("payload", "amount", "fault"),
    [
        ("XXX", 65_000, QrisFault.NOT_EMV),
        ("https://example.com/pay", 65_000, QrisFault.NOT_EMV),
        ("", 65_000, QrisFault.CRC),
        ("XX\ud800", 65_000, QrisFault.CRC),
        ("XX\nX", 65_000, QrisFault.CRC),
        ("0002", 65_000, QrisFault.CRC),
        (SAMPLE[:-1], 65_000, QrisFault.CRC),
        (SAMPLE[:-8], 65_000, QrisFault.CRC),
        (SAMPLE[4:], 65_000, QrisFault.CRC),
        (SAMPLE + " ", 65_000, QrisFault.CRC),
        (SAMPLE + "\n", 65_000, QrisFault.CRC),
        (SAMPLE.replace("B823", "B824"), 65_000, QrisFault.CRC),
        (SAMPLE.replace("65000.00", "75000.00"), 75_000, QrisFault.CRC),
        (SAMPLE.replace("KIRIMINAJA", "KIRIMINAJO"), 65_000, QrisFault.CRC),
        (SAMPLE + SAMPLE[6:], 65_000, QrisFault.CRC),
        (emv(t53="840"), 65_000, QrisFault.CURRENCY),
        (emv(t53=None), 65_000, QrisFault.CURRENCY),
        (emv(t54=None), 65_000, QrisFault.AMOUNT),
        (emv(t54="65000.50"), 65_000, QrisFault.AMOUNT),
        (emv(t54="65,000"), 65_000, QrisFault.AMOUNT),
        (emv(t54="٦٥٠٠٠"), 65_000, QrisFault.AMOUNT),
        (emv(t54="-65000"), 65_000, QrisFault.AMOUNT),
        (emv(), 65_001, QrisFault.AMOUNT),
        (emv(), None, QrisFault.AMOUNT),
        (emv(t00="02"), 65_000, QrisFault.CRC),
    ],
)
def test_each_fault_is_named(payload: str, amount: int | None, fault: QrisFault) -> None:
    """The fault tells the operators what is wrong with a code that is not shown."""
    assert fault_of(payload, amount) is fault


def test_a_crc_within_another_field_does_not_count() -> None:
    """Tag 63 itself must close the payload; a value that merely ends like it proves nothing."""
    body = "0002015303360540565000620863049999"[:-4]
    payload = body + crc16(body)
    assert parse(payload) is not None
    assert fault_of(payload, 65_000) is QrisFault.CRC


def test_a_lower_case_crc_counts() -> None:
    """Some issuers write the hex digits in lower case."""
    assert fault_of(SAMPLE[:-4] + SAMPLE[-4:].lower(), 65_000) is None


@pytest.mark.parametrize("missing", ["t59", "t60"])
def test_a_payload_without_a_name_has_none(missing: str) -> None:
    """No payee or city is None, never an empty string."""
    qris = parse(emv(**{missing: None}))
    assert qris is not None
    assert (qris.payee is None, qris.city is None) == (missing == "t59", missing == "t60")


@pytest.mark.parametrize("payload", ["0002", "000201" + "5303", "00020100020163041111", "0x0201", "000201٠٢٠1x"])
def test_what_does_not_fall_into_fields_is_no_payload(payload: str) -> None:
    """Cut short, a tag twice, or lengths that are no ASCII digits."""
    assert parse(payload) is None


@given(at=st.integers(0, len(SAMPLE) - 1), put=st.sampled_from(string.printable[:95]))
def test_one_changed_character_never_goes_unnoticed(at: int, put: str) -> None:
    """A tampered payload has a fault, and not the one that passes for a test code in the sandbox."""
    tampered = SAMPLE[:at] + put + SAMPLE[at + 1 :]
    if tampered.upper() != SAMPLE.upper():
        assert fault_of(tampered, 65_000) not in {None, QrisFault.NOT_EMV}


@given(start=st.integers(0, len(SAMPLE)), end=st.integers(0, len(SAMPLE)))
def test_no_piece_of_a_payload_passes(start: int, end: int) -> None:
    """Truncated at either end, or at both, it is not shown."""
    if (start, end) != (0, len(SAMPLE)):
        assert fault_of(SAMPLE[start:end], 65_000) is not None


@given(st.integers(0, 999_999_999_999), st.text("0123456789ABC", min_size=1, max_size=20))
def test_a_good_payload_passes_for_its_own_amount_only(amount: int, bill: str) -> None:
    """Tag 54 must be the very amount the answer names."""
    payload = qr_for(amount, bill)
    assert fault_of(payload, amount) is None
    assert fault_of(payload, amount + 1) is QrisFault.AMOUNT


@given(st.text(), st.none() | st.integers())
def test_no_text_breaks_the_check(payload: str, amount: int | None) -> None:
    """Anything may come from outside; the check answers and never raises."""
    assert fault_of(payload, amount) in {None, *QrisFault}
