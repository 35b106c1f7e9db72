"""Any response has an answer: tables of fields, envelopes and HTTP statuses, and arbitrary bytes."""

import json
import time
from datetime import timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given, strategies as st

from bot.core.answer import Answer, Code, Missing, Refused, Statement, Throttled, Unwell
from bot.core.ids import Kind
from bot.core.packages import Package
from bot.kiriminaja.answers import KEPT, MAX_BODY, Reader, accepted, is_html, read_answer, retry_after
from tests.kiriminaja.saying import FIELDS, NOW, envelope, read, stated

SAID = {"payment_id": "PID-1234567", "status_code": 0, "qr_content": None, "amount": 1}


@pytest.mark.parametrize(
    ("said", "meaning"),
    [
        ({"status": True, "data": None}, Missing()),
        ({"status": True, "result": None}, Missing()),
        ({"status": True, "data": None, "result": None}, Missing()),
        ({"status": False, "code": 2}, Missing()),
        ({"status": False, "code": "2"}, Missing()),
        ({"status": False, "text": "Data Not Found"}, Missing()),
        ({"status": False, "text": "Pembayaran tidak ditemukan", "code": 4001}, Missing()),
        ({"status": False, "text": "API key not found", "data": None}, Unwell("declined")),
        ({"status": False, "data": None}, Missing()),
        ({"status": False}, Missing()),
        ({"status": False, "code": 422, "text": "The payment id field is required."}, Missing()),
        ({"status": False, "code": 4001}, Unwell("declined")),
        ({"status": False, "code": 500, "data": None}, Unwell("declined")),
        ({"status": False, "code": 401, "data": None}, Refused()),
        ({"status": False, "code": 429, "data": None}, Throttled()),
        ({"status": False, "data": SAID}, Unwell("shape")),
        ({"status": True}, Unwell("shape")),
        ({"status": True, "data": {}}, Unwell("shape")),
        ({"status": True, "data": []}, Unwell("shape")),
        ({"status": True, "data": "null"}, Unwell("shape")),
        ({"status": True, "data": False}, Unwell("shape")),
        ({"status": True, "data": 0}, Unwell("shape")),
        ({"status": True, "data": [SAID]}, Unwell("shape")),
        ({"status": True, "data": SAID, "result": SAID}, Unwell("shape")),
        ({"status": 1, "data": SAID}, Unwell("shape")),
        ({"status": "true", "data": SAID}, Unwell("shape")),
        ({"status": None, "data": None}, Unwell("shape")),
        ({"data": SAID}, Unwell("shape")),
        (SAID, Unwell("shape")),
        ({}, Unwell("shape")),
    ],
)
def test_an_envelope_means_one_thing(said: dict[str, object], meaning: Answer) -> None:
    """`status` is a bool, and one place holds the object."""
    assert read(json.dumps(said).encode()) == meaning


@pytest.mark.parametrize(
    ("place", "asked", "kind"),
    [
        ("data", None, Kind.EXPRESS),
        ("result", None, Kind.INSTANT),
        ("data", Kind.INSTANT, Kind.INSTANT),
        ("result", Kind.EXPRESS, Kind.EXPRESS),
    ],
)
def test_the_kind_is_the_one_asked_or_told_by_the_place(place: str, asked: Kind | None, kind: Kind) -> None:
    """Whichever place holds the object is taken."""
    answer = read(json.dumps({"status": True, place: SAID}).encode(), kind=asked)
    assert isinstance(answer, Statement)
    assert answer.kind is kind


BODIES = {"paid": json.dumps({"status": True, "data": SAID}).encode(), "no": b'{"status":false,"code":2,"data":null}'}
# Every class of HTTP status, and each one named in the documentation: verdict for a paid and for a not-found body.
STATUSES: list[tuple[int, Answer | None, Answer]] = [
    *((status, Unwell(f"http_{status}"), Unwell(f"http_{status}")) for status in (100, 101, 103)),
    *((status, None, Missing()) for status in (200, 201, 202, 203)),
    *((status, Unwell(f"http_{status}"), Unwell(f"http_{status}")) for status in (204, 205, 206, 226)),
    *((status, Unwell(f"http_{status}"), Unwell(f"http_{status}")) for status in (300, 301, 302, 303, 304, 307, 308)),
    (401, Refused(), Refused()),
    (429, Throttled(), Throttled()),
    *((status, Unwell("shape"), Missing()) for status in (400, 402, 403, 404, 405, 408, 409, 410, 418, 422, 451, 499)),
    *((status, Unwell(f"http_{status}"), Unwell(f"http_{status}")) for status in (500, 501, 502, 503, 504, 520, 530)),
    *((status, Unwell(f"http_{status}"), Unwell(f"http_{status}")) for status in (600, 999)),
]


@pytest.mark.parametrize(("status", "paid", "no"), STATUSES, ids=[str(row[0]) for row in STATUSES])
def test_every_class_of_http_status_has_its_verdict(status: int, paid: Answer | None, no: Answer) -> None:
    """A "paid" counts only with success, a "not found" never with a server's error, a page never at all."""
    answer = read(BODIES["paid"], status)
    assert isinstance(answer, Statement) if paid is None else answer == paid
    assert read(BODIES["no"], status) == no
    for body in (b"", b"<html>404</html>", b"[]", b'{"status":'):
        assert isinstance(read(body, status), Unwell | Refused | Throttled)


@pytest.mark.parametrize("status", [400, 403, 405, 500])
def test_an_error_in_foreign_json_proves_nothing(status: int) -> None:
    """Only 404 and 422 speak for themselves."""
    assert read(b'{"message":"x"}', status) == Unwell(f"http_{status}")
    assert read(b'{"message":"x"}', 404) == read(b'{"errors":{}}', 422) == Missing()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty"),
        (b" \r\n\t", "empty"),
        (b"<!DOCTYPE html><title>502</title>", "html"),
        (b"\xef\xbb\xbf\n <html>", "html"),
        (b"OK", "json"),
        (b"\xff\xfe\x00", "json"),
        (b'{"status": true, "data": {"status_code": 0', "json"),
        (b'{"status": true}{', "json"),
        (b"null", "shape"),
        (b"[]", "shape"),
        (b"0", "shape"),
        (b'"paid"', "shape"),
        (b"[" * 200_000, "json"),
        (b'{"a":' * 50_000, "json"),
        (b'{"status":true,"data":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "json"),
        (b"1" * 200_000, "json"),
        (b'{"status":true,"data":{"amount":' + b"9" * 5000 + b"}}", "json"),
        (b" " * (MAX_BODY + 1), "too_large"),
        (b'{"status":true,"data":{"payment_id":"XID-1234","packages":[' + b"{}," * 80_000 + b"{}]}}", None),
        (b'{"status":true,"data":{"payment_id":"' + b"X" * 260_000 + b'"}}', "shape"),
        (b'{"status":true,"data":{"payment_id":"XID-1234","status":"' + b"a b" * 80_000 + b'"}}', None),
        (b'{"status":true,"data":{"payment_id":"XID-1234","amount":"' + b"1" * 200_000 + b'"}}', None),
        (b'{"status":true,"data":{"payment_id":"XID-1234","pay_time":"' + b"1" * 200_000 + b'"}}', None),
    ],
)
def test_bodies_that_are_no_answer(body: bytes, reason: str | None) -> None:
    """Each within 50 ms, and never paid or not found."""
    took = []
    for _ in range(3):
        started = time.perf_counter()
        answer = read(body)
        took.append(time.perf_counter() - started)
    assert answer == Unwell(reason) if reason else isinstance(answer, Statement)
    assert min(took) < 0.05, "the best of three, as the machine may be busy"


def test_a_byte_order_mark_is_ignored() -> None:
    """Some PHP sends one."""
    assert isinstance(read(b"\xef\xbb\xbf" + envelope()), Statement)


def test_half_an_emoji_in_a_name_does_not_hide_a_payment() -> None:
    """Text cut within a surrogate pair is taken where it is personal, and never handed on."""
    cut = "Toko \ud83d"
    package = {"order_id": "A-1", "awb": cut, "destination": {"name": cut}}
    statement = stated(packages=[package], status=cut, status_code=cut)
    assert statement.packages == (Package("A-1"),)
    assert (statement.raw_code, statement.labels) == ("Toko ?", frozenset())
    assert read(envelope(qr_content=cut)) == read(envelope(payment_id=cut)) == Unwell("shape")


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("3", 3), ("0", 0), (" 1.5 ", 1.5), ("999999", 900), ("9" * 5000, 900),
        (format_datetime(NOW + timedelta(seconds=40), usegmt=True), 40),
        (format_datetime(NOW - timedelta(days=1), usegmt=True), 0),
        (format_datetime(NOW + timedelta(days=9), usegmt=True), 900),
        ("", None), ("-5", None), ("NaN", None), ("inf", None), ("1, 2", None), ("soon", None), ("٣", None),
        ("Wed, 99 Foo 2025 99:99:99 GMT", None),
    ],
)  # fmt: skip
def test_retry_after_is_seconds_or_a_date_within_bounds(header: str, seconds: float | None) -> None:
    """Seconds or a date, within sane bounds, under any case of the header's name."""
    for name in ("Retry-After", "retry-after"):
        assert retry_after({name: header}, NOW) == seconds
    assert read(b"", 429, Retry_After=header) == Throttled(seconds)


def test_pages_are_known_by_type_or_first_character() -> None:
    """Both occur behind gateways."""
    assert is_html({"Content-Type": "Text/HTML; charset=utf-8"})
    assert is_html({}, b"\n <h1>")
    assert not is_html({"content-type": "application/json"}, b"{}")


@pytest.mark.parametrize(
    ("status", "body", "meaning"),
    [
        (200, b'{"status":true,"method":"set_callback","text":"ok"}', None),
        (200, b'{"status":false,"text":"no"}', Unwell("declined")),
        (422, b'{"status":false,"text":"url"}', Unwell("declined")),
        (422, b'{"message":"url"}', Unwell("http_422")),
        (200, b'{"text":"ok"}', Unwell("shape")),
        (200, b"<html>", Unwell("html")),
        (404, b"<html>", Unwell("http_404")),
        (401, b"", Refused()),
        (429, b"", Throttled()),
        (503, b'{"status":true}', Unwell("http_503")),
    ],
)
def test_registering_a_callback_is_accepted_or_not(status: int, body: bytes, meaning: object) -> None:
    """Only a true `status` with success is yes."""
    assert accepted(status, {}, body, now=NOW) == meaning


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.sampled_from(["0", "9"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from([*FIELDS, "packages"]), inner),
    max_leaves=12,
)
KINDS = st.sampled_from([None, *Kind])


@given(st.integers(0, 999), st.dictionaries(st.sampled_from(["Retry-After", "content-type"]), st.text()), st.binary())
def test_any_bytes_have_an_answer(status: int, headers: dict[str, str], body: bytes) -> None:
    """No exception escapes, and noise is never paid and never a statement."""
    assert not isinstance(read_answer(status, headers, body, kind=None, now=NOW), Statement)


@given(
    KINDS,
    st.booleans(),
    st.sampled_from(["data", "result"]),
    st.dictionaries(st.sampled_from([*FIELDS, "packages"]), JSON),
)
def test_any_fields_have_an_answer(kind: Kind | None, said: bool, place: str, fields: dict[str, object]) -> None:
    """What comes out is within its bounds, and paid only by a code that is exactly zero or its label."""
    body = json.dumps({"status": said, place: FIELDS | fields}).encode()
    answer = read(body, kind=kind)
    if isinstance(answer, Statement):
        raw = (FIELDS | fields)["status_code"]
        is_zero = (type(raw) is int and raw == 0) or raw == "0"
        assert (answer.code is Code.PAID) is is_zero
        assert answer.raw_code.isprintable()
        assert 0 < len(answer.raw_code) <= 40
        assert answer.amount is None or (type(answer.amount) is int and 0 <= answer.amount <= 999_999_999_999)
        assert len(answer.digest) == 32


@given(st.data())
def test_a_real_answer_cut_or_altered_anywhere_raises_nothing(data: st.DataObject) -> None:
    """Truncation is never well; a changed byte may be, within its bounds."""
    body = envelope(packages=[{"order_id": "A-1", "status": 105}])
    at = data.draw(st.integers(0, len(body) - 1))
    assert isinstance(read(body[:at]), Unwell)
    altered = body[:at] + bytes([data.draw(st.integers(0, 255))]) + body[at + 1 :]
    read(altered)


def _body(**fields: object) -> bytes:
    return json.dumps({"status": True, "data": SAID | fields}).encode()


def test_an_answer_that_says_the_same_again_is_read_once() -> None:
    """And another one anew: whatever differs in the bytes, or was asked of the other product."""
    reader = Reader()

    def said(body: bytes, kind: Kind = Kind.EXPRESS, status: int = 200) -> Answer:
        answer = reader(status, {}, body, kind=kind, now=NOW)
        assert answer == read_answer(status, {}, body, kind=kind, now=NOW)
        return answer

    first = said(_body(amount=1))
    assert said(_body(amount=1)) is first
    assert said(_body(amount=2)) != first
    assert said(_body(amount=1), Kind.INSTANT) != first
    assert said(_body(amount=1), status=500) == Unwell("http_500")
    assert said(_body(amount=1), status=404) != first


def test_what_is_remembered_of_answers_is_bounded_and_holds_no_body() -> None:
    """A body may hold people's names and addresses."""
    reader = Reader()
    answers = [reader(200, {}, _body(amount=n, name="A. Buyer"), kind=None, now=NOW) for n in range(KEPT + 1)]
    assert reader(200, {}, _body(amount=KEPT, name="A. Buyer"), kind=None, now=NOW) is answers[KEPT]
    assert reader(200, {}, _body(amount=0, name="A. Buyer"), kind=None, now=NOW) is not answers[0]
    assert len(vars(reader)["_read"]) == KEPT
    assert "Buyer" not in repr(vars(reader))


def test_only_statements_are_remembered() -> None:
    """What else is said may depend on headers and time."""
    reader = Reader()
    body = json.dumps({"status": False, "code": 429, "data": None}).encode()
    assert reader(200, {"retry-after": "5"}, body, kind=None, now=NOW) == Throttled(5)
    assert reader(200, {"retry-after": "9"}, body, kind=None, now=NOW) == Throttled(9)
