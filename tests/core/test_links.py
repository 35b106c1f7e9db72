"""Links: when they open, how handles are derived, and that nothing kept leads back to one."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, strategies as st

from bot.core.links import LASTS, Handles, Link, Purpose, digest_of, is_handle, new_link, payload_within
from tests.core.making import T0

HANDLES = Handles(b"123:key", "toko_bot")
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize("purpose", Purpose)
def test_a_link_opens_for_as_long_as_its_purpose_has_it(purpose: Purpose) -> None:
    link = new_link("h" * 22, purpose, T0, payment_id="XID-1", made_by=7)
    assert link == Link(digest_of("h" * 22), purpose, T0, T0 + LASTS[purpose], payment_id="XID-1", made_by=7)
    assert link.opens(T0)
    assert link.opens(T0 + LASTS[purpose] - SECOND)
    assert not link.opens(T0 + LASTS[purpose])


@pytest.mark.parametrize(("purpose", "opens"), [(Purpose.PAY, True), (Purpose.TRACK, True), (Purpose.OWNER, False)])
def test_only_the_ownership_is_used_up(purpose: Purpose, opens: bool) -> None:
    link = new_link("h" * 22, purpose, T0)
    assert replace(link, used_at=T0).opens(T0) is opens
    assert not replace(link, revoked_at=T0).opens(T0)


@given(seed=st.text(max_size=60), purpose=st.sampled_from(Purpose))
def test_a_handle_is_the_same_each_time_and_fits_a_start_link(seed: str, purpose: Purpose) -> None:
    handle = HANDLES.of(purpose, seed)
    assert handle == HANDLES.of(purpose, seed)
    assert is_handle(handle)
    assert HANDLES.url(handle) == f"https://t.me/toko_bot?start={handle}"


def test_key_purpose_and_seed_each_make_another_handle() -> None:
    made = {
        handles.of(purpose, seed)
        for handles in (HANDLES, Handles(b"456:key", "toko_bot"))
        for purpose in Purpose
        for seed in ("a", "b")
    }
    assert len(made) == 2 * len(Purpose) * 2
    assert "key" not in repr(HANDLES)


@given(text=st.text())
def test_whatever_is_typed_has_a_digest(text: str) -> None:
    assert len(digest_of(text)) == 64
    assert digest_of(text) != text


def test_a_lone_surrogate_has_a_digest() -> None:
    assert len(digest_of("\ud800")) == 64


@pytest.mark.parametrize("text", ["", "short", "h" * 65, "h" * 21 + "é", "h" * 30 + "\n", "h" * 20 + " " + "h" * 20])
def test_what_telegram_would_not_hand_over_is_no_handle(text: str) -> None:
    assert not is_handle(text)


@pytest.mark.parametrize(
    ("text", "payload"),
    [
        ("https://t.me/toko_bot?start=abc_-9", "abc_-9"),
        ("Bayar di sini ya: t.me/Toko_Bot?start=abc.", "abc"),
        ("📦\nStatus:\nhttp://T.ME/toko_bot?start=one\nhttps://t.me/toko_bot?start=two", "one"),
        ("https://t.me/other_bot?start=abc", None),
        ("https://t.me/other_bot?start=abc https://t.me/toko_bot?start=ours", "ours"),
        ("https://evil.t.me/toko_bot?start=abc", None),
        ("https://not-t.me/toko_bot?start=abc", None),
        (f"https://t.me/toko_bot?start={'a' * 65}", None),
        ("https://t.me/toko_bot?start=", None),
        ("https://t.me/toko_bot", None),
        ("XID-1234567890", None),
        ("https://t.me/toko_bot?start=abc" + " " * 4096, None),
    ],
)
def test_a_pasted_link_is_read(text: str, payload: str | None) -> None:
    """Only one of this very bot, whole, wherever it stands in a text."""
    assert payload_within(text, "toko_bot") == payload


@given(seed=st.text(max_size=20))
def test_every_link_that_is_made_is_read_back(seed: str) -> None:
    handle = HANDLES.of(Purpose.PAY, seed)
    assert payload_within(f"Ini tautannya: {HANDLES.url(handle)}", "toko_bot") == handle
