"""Ids are read forgivingly, and nothing outside their alphabet ever gets through."""

import re

import pytest
from hypothesis import given, strategies as st

from bot.core.ids import LONGEST_TEXT, Kind, ids_after_command, ids_within, is_id, kind_of, may_be_number

ALPHABET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{3,63}")  # kiriminaja.md, "Ids"


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("XID-4875081955", ["XID-4875081955"]),
        ("xid-123", ["XID-123"]),
        ("pId-1683603627", ["PID-1683603627"]),
        ("  XID-4875081955 \n", ["XID-4875081955"]),
        ("XID - 4875081955", ["XID-4875081955"]),
        ("XID-\u00a04875081955", ["XID-4875081955"]),
        ("Halo kak, ID pembayaran: *XID-4875081955*.", ["XID-4875081955"]),
        ("(XID-4875081955)", ["XID-4875081955"]),
        ("https://shop.example/pay/xid-4875081955?x=1", ["XID-4875081955"]),
        ("XID-1111,PID-2222;xid-3333", ["XID-1111", "PID-2222", "XID-3333"]),
        ("XID-1111 xid-1111 PID-1111", ["XID-1111", "PID-1111"]),
        ("PID-2222\nXID-1111", ["PID-2222", "XID-1111"]),
        (f"XID-{'7' * 60}", [f"XID-{'7' * 60}"]),
    ],
)
def test_documented_ids_are_found_in_any_case_and_within_any_text(text: str, ids: list[str]) -> None:
    """`XID-…` and `PID-…` come out upper-cased, each once, in the order they were written."""
    assert ids_within(text) == ids
    assert ids_after_command(text) == ids


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "XID-",
        "XID-abc",
        "AXID-1234",
        "XID-1234A",
        "XID-1234_5",
        "XID-1234-5",
        "XID-1234.5",
        "XID 1234",
        "ABC-1234",
        f"XID-{'7' * 61}",
        f"XID-{'7' * 300}",
        "XID-١٢٣٤",
        "XID-12٣٤",
        "XID-１２３４",
        "XİD-1234",
        "xıd-1234",
        "ХID-1234",
    ],
)
def test_nothing_else_is_found_in_a_text(text: str) -> None:
    """No prefix but the two, no other script's digits or letters, and no id cut out of a longer word."""
    assert ids_within(text) == []


def test_nothing_is_looked_for_in_what_is_longer_than_any_message() -> None:
    """To cut it might cut an id; and the longer the text, the longer everybody waits."""
    longest = "XID-1234" + " " * (LONGEST_TEXT - 8)
    assert ids_within(longest) == ids_after_command(longest) == ["XID-1234"]
    assert ids_within(longest + " ") == []
    assert ids_after_command(longest + " ") is None


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("", []),
        ("   \n", []),
        (",", []),
        ("ABC-1234", ["ABC-1234"]),
        ("abc-1234", ["abc-1234"]),
        ("ABC-1234, abc.99_x", ["ABC-1234", "abc.99_x"]),
        ("ABC-1234 , ABC-1235", ["ABC-1234", "ABC-1235"]),
        ("XABC-123X; ABC-1235;", ["XABC-123X", "ABC-1235"]),
        ("ABC-1234 ABC-1234", ["ABC-1234"]),
        ("tolong cek xid-1234 ya", ["XID-1234"]),
        ("PICKUP-77 xid-1234, bdi-12", ["PICKUP-77", "XID-1234", "bdi-12"]),
        ("XID-1234.", ["XID-1234"]),
        ("xid-1234. PID-5.", ["XID-1234", "PID-5"]),
        ("XID-1234 65000", ["XID-1234"]),
        ("XID-1234 2026-12-01", ["XID-1234"]),
        ("XID-1234 e-wallet PICKUP-77", ["XID-1234"]),
    ],
)
def test_other_prefixes_count_after_a_command_as_typed(text: str, ids: list[str]) -> None:
    """An undocumented id keeps its case; beside a documented one it counts in a list, and in a text that one alone."""
    assert ids_after_command(text) == ids


@pytest.mark.parametrize(
    "text",
    [
        "../../etc/passwd",
        "A" * 300,
        "A" * 65,
        f"XID-{'7' * 300}",
        "<b>x</b>",
        "XID-١٢٣٤",
        "XID-12٣٤",
        "١٢٣٤٥٦",
        "abc",
        ".abc",
        "-abcd",
        "abcd/efgh",
        "abcd?x",
        "abcd%2f",
        "ABC-1234 <b>",
        "ABCD\x00",
        "ABCÉ",
        "💸💸💸💸",
        "XID 1234",
    ],
)
def test_what_cannot_be_an_id_is_hopeless(text: str) -> None:
    """None, so that no call is made."""
    assert ids_after_command(text) is None


@pytest.mark.parametrize(
    ("text", "verdict"),
    [("XID-1", True), ("abcd", True), ("abc", False), ("A" * 64, True), ("A" * 65, False), ("abcd\n", False)],
)
def test_an_id_has_4_to_64_characters(text: str, verdict: bool) -> None:
    """The bounds of `[A-Za-z0-9][A-Za-z0-9._-]{3,63}`, and no newline at the end."""
    assert is_id(text) is verdict


@pytest.mark.parametrize(
    ("payment_id", "kind"),
    [
        ("XID-1", Kind.EXPRESS),
        ("PID-1683603627", Kind.INSTANT),
        ("xid-1", None),
        ("ABC-1234", None),
        ("XID-12A", None),
        ("XID-١٢", None),
    ],
)
def test_the_prefix_names_the_product(payment_id: str, kind: Kind | None) -> None:
    """Express is `XID-` and digits, Instant `PID-` and digits; anything else must be asked of both."""
    assert kind_of(payment_id) is kind


@given(st.text() | st.lists(st.sampled_from(["XID-", "pid-", "12", "٣", "ı", *"-. /Aé"])).map("".join))
def test_whatever_comes_out_may_stand_in_a_url(text: str) -> None:
    """No text at all yields an id outside KiriminAja's alphabet, and none twice."""
    for ids in (ids_within(text), ids_after_command(text) or []):
        assert all(ALPHABET.fullmatch(found) and is_id(found) for found in ids)
        assert len(set(ids)) == len(ids)


@given(
    prefix=st.sampled_from(["XID", "PID"]),
    digits=st.text("0123456789", min_size=1, max_size=60),
    before=st.sampled_from(["", " ", "id: ", "(", "\n", "bayar ya: "]),
    after=st.sampled_from(["", " ", ".", ", makasih", ")", "\n", "!"]),
    lower=st.booleans(),
)
def test_a_documented_id_survives_being_pasted(prefix: str, digits: str, before: str, after: str, lower: bool) -> None:
    """Whatever punctuation stands around it, and in either case."""
    payment_id = f"{prefix}-{digits}"
    assert ids_within(f"{before}{payment_id.lower() if lower else payment_id}{after}") == [payment_id]


@pytest.mark.parametrize(
    ("text", "may"),
    [
        ("GK-11-3289048", True),
        ("bdi-1754377171060", True),
        ("0812345678", True),
        ("halo", False),
        ("order 1234", False),
        ("abc1234", True),
        ("GK-11-1", True),
        ("inv-7", True),
        ("invoice", False),
        ("../12345", False),
        ("١٢٣٤٥", False),
        ("", False),
    ],
)
def test_what_could_be_an_awb_or_order_id(text: str, may: bool) -> None:
    """One word with a digit in it; small talk is no guess."""
    assert may_be_number(text) is may
