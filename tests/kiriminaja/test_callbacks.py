"""Callbacks as they come: every method, both formats, both kinds of dates; and nothing is an exception."""

import json
from typing import Any

import pytest
from hypothesis import given, strategies as st

from bot.core.callbacks import METHODS, Callback, Parcel, ParcelEvent
from bot.kiriminaja.callbacks import read_callback

SHORT: dict[str, Any] = {"method": "processed_packages", "data": [{"order_id": "OID-1", "awb": "DEVEL-4"}]}
EVENT = {"order_id": "BDI-1", "awb": "GK-1", "date": "2025-08-05T06:59:31.000000Z", "shipped_at": None}
COMPLETE: dict[str, Any] = {
    "method": "shipped_packages",
    "data": [EVENT],
    "payment": {"payment_id": "PID-1754377171", "amount": 30500, "status_code": 0},
    "packages": [
        {
            "order_id": "BDI-1", "awb": "GK-1", "service": "gosend", "status": 106,
            "origin": {"name": "Pengirim", "phone": "081200000001", "address": "Wirobrajan"},
        }
    ],
}  # fmt: skip
PERSONAL = ("Pengirim", "081200000001", "Wirobrajan")


def read(body: Any) -> Callback | None:
    """What is made of JSON, or of bytes as they are."""
    return read_callback(body if isinstance(body, bytes) else json.dumps(body).encode())


def taken(body: Any) -> Callback:
    """The same of what is one."""
    callback = read(body)
    assert callback is not None
    return callback


@pytest.mark.parametrize("method", sorted(METHODS))
def test_every_method_is_known(method: str) -> None:
    """In both formats."""
    for body in (SHORT, COMPLETE):
        callback = taken(body | {"method": method})
        assert (callback.method, callback.label) == (method, method)
        assert len(callback.parcels) == 1


def test_the_short_format_names_packages_alone() -> None:
    """The payment is found by what was seen before."""
    callback = taken(SHORT)
    assert callback.payment_id is None
    assert callback.parcels == (Parcel("OID-1", "DEVEL-4"),)
    assert callback.event is ParcelEvent.PROCESSED


def test_the_complete_format_names_payment_and_courier() -> None:
    """And nobody's name leaves the parser."""
    callback = taken(COMPLETE)
    assert callback.payment_id == "PID-1754377171"
    assert callback.parcels == (Parcel("BDI-1", "GK-1", "gosend"),)
    assert not any(part in repr(callback) for part in PERSONAL)


def test_data_may_be_one_object() -> None:
    """As with `update_instant_packages`."""
    callback = taken(COMPLETE | {"method": "update_instant_packages", "data": EVENT})
    assert callback.parcels == (Parcel("BDI-1", "GK-1", "gosend"),)
    assert callback.event is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (SHORT, {"extra": 1, **SHORT}),
        (SHORT, SHORT | {"data": [{"awb": " DEVEL-4", "order_id": "OID-1", "sorting_code": "x"}]}),
        (COMPLETE, COMPLETE | {"data": [EVENT | {"date": "2025-08-05 13:59:31"}]}),
        (COMPLETE, COMPLETE | {"data": EVENT}),
    ],
    ids=["more fields", "other order", "the same time, the deprecated way", "an object for a list"],
)
def test_repeats_are_recognised(one: Any, other: Any) -> None:
    """Whatever the bytes."""
    assert taken(one).digest == taken(other).digest


@pytest.mark.parametrize(
    "change",
    [
        {"method": "finished_packages"},
        {"data": [EVENT | {"order_id": "BDI-2"}]},
        {"data": [EVENT | {"awb": "GK-2"}]},
        {"data": [EVENT | {"shipped_at": "2025-08-05T07:00:05.000000Z"}]},
        {"data": [EVENT | {"date": "-"}]},
        {"data": [EVENT, EVENT | {"order_id": "BDI-2"}]},
        {"payment": {"payment_id": "PID-2"}},
        {"packages": [{"order_id": "BDI-1", "awb": "GK-1", "status": 200}]},
    ],
    ids=str,
)
def test_what_says_something_else_is_no_repeat(change: Any) -> None:
    """Orders, AWBs, times, and how a package stands: an update may come without a time."""
    assert taken(COMPLETE).digest != taken(COMPLETE | change).digest


@pytest.mark.parametrize(
    "body", [{"method": "paid_packages"}, {"method": "x", "data": 5}, {"method": "x", "data": [5]}]
)
def test_an_unknown_method_may_look_as_it_likes(body: Any) -> None:
    """Answered and counted, under one name for all: whoever pushes makes up no labels."""
    assert taken(body).label == "unknown"


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"null", b"[]", b"5", b"\xff\xfe", b"[" * 100_000, b'{"a":' * 100_000, b"1" * 5000,
        {}, {"data": []}, {"method": 5, "data": []}, {"method": "", "data": []}, {"method": "a b", "data": []},
        {"method": "x" * 65}, {"method": "shipped_packages"}, {"method": "shipped_packages", "data": "BDI-1"},
        {"method": "shipped_packages", "data": None},
    ],
    ids=lambda body: str(body)[:30],
)  # fmt: skip
def test_what_is_no_callback_is_none(body: Any) -> None:
    """Nothing is made of it."""
    assert read(body) is None


@pytest.mark.parametrize(
    "payment", [None, 5, [], {}, {"payment_id": 5}, {"payment_id": "../x"}, {"payment_id": "é" * 9}]
)
def test_a_payment_that_is_none_leaves_the_packages(payment: Any) -> None:
    """They still lead to it."""
    callback = taken(COMPLETE | {"payment": payment})
    assert callback.payment_id is None
    assert len(callback.parcels) == 1


def test_very_many_packages_are_no_callback_of_this_world() -> None:
    """A hundred are taken in."""
    body = SHORT | {"data": [{"order_id": f"OID-{number}"} for number in range(500)]}
    assert len(taken(body).parcels) == 100


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from([*COMPLETE, *EVENT]), inner),
    max_leaves=20,
)


@given(JSON, st.sampled_from([*sorted(METHODS), "other"]))
def test_no_json_is_an_exception(value: Any, method: str) -> None:
    """In any of its places."""
    for body in (value, {"method": method, "data": value}, COMPLETE | {"payment": value, "packages": value}):
        callback = read(body)
        assert callback is None or len(callback.digest) == 64


@given(st.binary(max_size=200))
def test_no_bytes_are_an_exception(body: bytes) -> None:
    """Whatever comes over the wire."""
    read_callback(body)
