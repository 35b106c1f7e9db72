"""What holds for every input, where that can be said in a line. Hypothesis looks for the smallest that breaks it."""

import json
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from hypothesis import given, settings, strategies as st

from bot.core.ids import Kind
from bot.core.message import Action, ActionButton, press_of
from bot.kiriminaja.callbacks import read_callback
from bot.kiriminaja.fields import MAX_RUPIAH, WIB, moment, rupiah
from bot.messenger.updates import read
from tests.fuzz.provider_side import CALLBACKS, Asked, judge_answer, parse_answer
from tests.fuzz.telegram_side import judge_poll

HANDLES = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-", min_size=16, max_size=43)
LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
    | st.sampled_from(["0", "9", "Pembayaran berhasil", "PAID", "XID-4875081955", "2025-08-05 07:00:00"])
)  # fmt: skip
JSON = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3))
FIELDS = st.fixed_dictionaries(
    {"payment_id": st.just("XID-4875081955") | JSON, "status_code": LEAVES},
    optional={"paid_at": LEAVES, "qr_content": LEAVES, "amount": LEAVES, "status": LEAVES, "packages": JSON},
)
ENVELOPES = st.fixed_dictionaries(
    {"status": st.just(True) | LEAVES}, optional={"data": FIELDS | JSON, "result": FIELDS | JSON, "code": LEAVES}
)


@given(said=ENVELOPES, kind=st.sampled_from([None, *Kind]), status=st.sampled_from([200, 201, 404, 500]))
@settings(deadline=None)
def test_nothing_is_paid_unless_the_body_says_code_0(said: Any, kind: Kind | None, status: int) -> None:
    """Whatever else stands in it."""
    asked: Asked = (status, {}, json.dumps(said).encode(), kind)
    judge_answer(asked, parse_answer(asked))


@given(LEAVES | JSON)
def test_an_amount_is_a_whole_number_of_rupiah_or_none(value: object) -> None:
    """Never a truth, never a fraction, never beyond what a database takes."""
    amount = rupiah(value)
    assert amount is None or (type(amount) is int and 0 <= amount <= MAX_RUPIAH)


@given(st.integers(0, MAX_RUPIAH), st.sampled_from(["{}", "{}.0", "{}.00", " {} "]))
def test_every_spelling_of_an_amount_is_that_amount(amount: int, spelling: str) -> None:
    assert rupiah(spelling.format(amount)) == rupiah(amount) == rupiah(float(amount)) == amount


@given(st.datetimes(datetime(2000, 1, 2), datetime(2199, 12, 30)).map(lambda time: time.replace(microsecond=0)))  # noqa: DTZ001  # local, before it has a zone
def test_a_time_is_the_same_in_each_of_its_notations(time: datetime) -> None:
    """Without a zone it is Jakarta's."""
    there = time.replace(tzinfo=WIB)
    here = there.astimezone(UTC)
    spellings = (f"{time:%Y%m%d%H%M%S}", f"{time:%Y-%m-%d %H:%M:%S}", there.isoformat(), f"{here:%Y-%m-%dT%H:%M:%S}Z")
    assert {moment(spelling) for spelling in spellings} == {here}
    assert here.utcoffset() == timedelta(0)


@given(HANDLES, st.sampled_from(Action))
def test_a_button_carries_its_handle_there_and_back(handle: str, action: Action) -> None:
    """In no more than Telegram takes."""
    button = ActionButton("x", action, handle)
    assert press_of(button.data) == (action, handle)
    assert len(button.data.encode()) <= 64


@given(st.sampled_from(CALLBACKS), st.randoms(use_true_random=False))
def test_a_callback_is_the_same_in_any_order(callback: dict[str, Any], dice: Random) -> None:
    """KiriminAja's repetitions need not be alike byte for byte."""
    keys = dice.sample(sorted(callback), len(callback))
    data = callback["data"]
    shuffled = {key: callback[key] for key in keys}
    if isinstance(data, list):
        shuffled["data"] = dice.sample(data, len(data))
    first, again = (
        read_callback(json.dumps(one, indent=indent).encode()) for one, indent in ((callback, None), (shuffled, 2))
    )
    assert first is not None and again is not None
    assert first.digest == again.digest


@given(JSON | st.fixed_dictionaries({"ok": st.just(True) | JSON, "result": st.lists(JSON) | JSON, "error_code": JSON}))
def test_any_answer_to_a_poll_is_read(answer: object) -> None:
    """And every update in it can be confirmed."""
    judge_poll(b"", read(answer))
