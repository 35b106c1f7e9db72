"""Links: when they open, how handles are derived, and that nothing kept leads back to one."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, strategies as st

from bot.core.links import LASTS, Handles, Purpose, digest_of, is_handle, new_link
from tests.core.making import T0

HANDLES = Handles(b"123:key", "toko_bot")
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize("purpose", Purpose)
def test_a_link_opens_for_as_long_as_its_purpose_has_it(purpose: Purpose) -> None:
    link = new_link("h" * 22, purpose, T0, payment_id="XID-1", made_by=7)
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
