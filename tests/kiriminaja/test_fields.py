"""Each field of an answer on its own terms: what it may look like, and what is made of it."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.answer import Code, Statement, Unwell, Verdict, verdict_on
from bot.core.packages import Package
from tests.kiriminaja.saying import FIELDS, envelope, read, stated


@pytest.mark.parametrize(
    ("raw", "code", "text"),
    [
        (0, Code.PAID, "0"),
        ("0", Code.PAID, "0"),
        ("Pembayaran berhasil", Code.PAID, "Pembayaran berhasil"),
        ("  PEMBAYARAN  BERHASIL ", Code.PAID, "PEMBAYARAN  BERHASIL"),
        (9, Code.UNPAID, "9"),
        ("9", Code.UNPAID, "9"),
        ("billing siap dibayar", Code.UNPAID, "billing siap dibayar"),
        (None, Code.UNKNOWN, "null"),
        ("", Code.UNKNOWN, '""'),
        (False, Code.UNKNOWN, "false"),
        (True, Code.UNKNOWN, "true"),
        (0.0, Code.UNKNOWN, "0.0"),
        (9.0, Code.UNKNOWN, "9.0"),
        ("00", Code.UNKNOWN, "00"),
        (" 0", Code.UNKNOWN, "0"),
        ("0.0", Code.UNKNOWN, "0.0"),
        ("٠", Code.UNKNOWN, "٠"),
        (1, Code.UNKNOWN, "1"),
        (-9, Code.UNKNOWN, "-9"),
        ("paid", Code.UNKNOWN, "paid"),
        ([], Code.UNKNOWN, "(list)"),
        ([0], Code.UNKNOWN, "(list)"),
        ({"0": 0}, Code.UNKNOWN, "(dict)"),
        (10**400, Code.UNKNOWN, "(huge number)"),
        ("x\x00\ny" * 50, Code.UNKNOWN, "x??y" * 10),
    ],
)
def test_status_code_is_read_strictly(raw: object, code: Code, text: str) -> None:
    """Only 0 and "0" and one label are paid; a falsy value is not."""
    statement = stated(status_code=raw)
    assert (statement.code, statement.raw_code) == (code, text)


def test_a_missing_status_code_is_unknown() -> None:
    """Missing is not zero."""
    fields = {name: value for name, value in FIELDS.items() if name != "status_code"}
    answer = read(json.dumps({"status": True, "data": fields | {"qr_content": None}}).encode())
    assert isinstance(answer, Statement)
    assert (answer.code, answer.raw_code) == (Code.UNKNOWN, "(missing)")
    assert verdict_on(answer) is not Verdict.PAID


@pytest.mark.parametrize(
    ("raw", "amount"),
    [
        (65000, 65000), (0, 0), ("65000", 65000), (" 65000 ", 65000), ("65000.00", 65000), ("65000.0", 65000),
        (65000.0, 65000), (999_999_999_999, 999_999_999_999), ("065000", 65000),
        (10**12, None), (10**400, None), ("9" * 13, None), (-1, None), ("-1", None), (65000.5, None),
        ("65000.50", None), ("65.000", None), ("65,000", None), ("Rp65000", None), ("6e4", None), ("", None),
        (True, None), (False, None), (None, None), ([65000], None), ({}, None), (1e300, None),
    ],
)  # fmt: skip
def test_an_amount_is_whole_rupiah_or_nothing(raw: object, amount: int | None) -> None:
    """Whole rupiah or nothing; "65.000" is not sixty-five."""
    assert stated(amount=raw).amount == amount


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-Infinity"])
def test_numbers_json_does_not_have_spoil_the_answer(number: bytes) -> None:
    """Python's parser would take them."""
    assert read(envelope().replace(b"65000", number)) == Unwell("json")


def test_a_number_too_large_for_a_float_is_no_amount() -> None:
    """1e999 is JSON, and infinity to Python."""
    answer = read(envelope().replace(b"65000", b"1e999"))
    assert isinstance(answer, Statement)
    assert answer.amount is None


NO_TIMES: list[object] = [
    None, "", "20221303111003", "20220230111003", "2022110311100", "2022-11-03", "0000-00-00 00:00:00",
    "0001-01-01T00:00:00", "9999-12-31T23:59:59-07:00", "2022-11-03T25:00:00Z", "2022-11-03T11:10:03+99:99",
    "soon", 5, True, 1.5, [], {}, "٢٠٢٢١١٠٣١١١٠٠٣", "20221103111003" * 99,
]  # fmt: skip
NO_LINKS: list[object] = [
    "javascript:alert(1)", "tg://user?id=1", "ftp://a.id", "//a.id", "https://", "http://[::1", "x", 5, [],
    "https://a.id/\nX", "https://a.id/a b", "https://user:secret@a.id/", "https://a.id:99999999/",
    "https://a.id/" + "x" * 3000,
]  # fmt: skip


@pytest.mark.parametrize(
    ("raw", "moment"),
    [
        ("20221103111003", datetime(2022, 11, 3, 4, 10, 3, tzinfo=UTC)),
        (20221103111003, datetime(2022, 11, 3, 4, 10, 3, tzinfo=UTC)),
        ("2022-11-03T04:10:03.000000Z", datetime(2022, 11, 3, 4, 10, 3, tzinfo=UTC)),
        ("2022-11-03T11:10:03+07:00", datetime(2022, 11, 3, 4, 10, 3, tzinfo=UTC)),
        ("2022-11-03 11:10:03", datetime(2022, 11, 3, 4, 10, 3, tzinfo=UTC)),
        ("2022-11-03T11:10:03", datetime(2022, 11, 3, 4, 10, 3, tzinfo=UTC)),
        *((raw, None) for raw in NO_TIMES),
    ],
)  # fmt: skip
def test_a_time_without_a_zone_is_jakartas(raw: object, moment: datetime | None) -> None:
    """Digits and zoneless times are WIB; what is no time is none, and no error."""
    statement = stated(pay_time=raw, paid_at=raw)
    assert statement.issued_at == moment
    assert statement.issued_at is None or statement.issued_at.utcoffset() == timedelta(0)
    assert statement.has_paid_at is (moment is not None)


def test_an_absent_qr_proves_nothing() -> None:
    """Null is said, absent is not."""
    fields = {name: value for name, value in FIELDS.items() if name != "qr_content"} | {"status_code": 0}
    absent = read(json.dumps({"status": True, "data": fields}).encode())
    assert isinstance(absent, Statement)
    assert (absent.qr, absent.qr_told) == (None, False)
    assert verdict_on(absent) is Verdict.UNPROVEN
    assert verdict_on(stated(status_code=0, qr_content=None)) is Verdict.PAID
    assert verdict_on(stated(status_code=0, qr_content="")) is Verdict.PAID


@pytest.mark.parametrize("raw", [0, False, True, [], {}, 1.5, "a\x00b", "a\nb", "Q" * 5000])
def test_a_qr_of_the_wrong_kind_spoils_the_answer(raw: object) -> None:
    """A falsy QR would otherwise read as "no QR needed", which is a proof."""
    assert read(envelope(qr_content=raw, status_code=0)) == Unwell("shape")


@pytest.mark.parametrize("raw", [None, "", 5, True, [], "a/b", "XID", "x" * 65, "XID-１２３"])
def test_an_answer_that_echoes_no_id_is_not_well_formed(raw: object) -> None:
    """Paid needs the echoed id, so there must be one."""
    assert read(envelope(payment_id=raw, status_code=0, qr_content=None)) == Unwell("shape")


def test_labels_come_from_both_fields() -> None:
    """Lower case; bare numbers are no labels."""
    assert stated(status=" Billing  Siap Dibayar ", status_code="Settled").labels == {
        "billing siap dibayar", "settled",
    }  # fmt: skip
    assert stated(status="0", status_code="9").labels == frozenset()
    assert stated(status=7).labels == frozenset()


@pytest.mark.parametrize(
    ("raw", "package"),
    [
        ({"order_id": "A-1"}, Package("A-1")),
        ({"order_id": 17, "awb": 18}, Package("17", "18")),
        ({"order_id": None, "awb": "GK-1"}, Package("GK-1", "GK-1")),
        ({"order_id": "A-1", "status": "105"}, Package("A-1", status=105)),
        ({"order_id": "A-1", "status": True}, Package("A-1")),
        ({"order_id": "A-1", "status": -5}, Package("A-1")),
        ({"order_id": "A-1", "status": 777}, Package("A-1", status=777)),
        ({"order_id": "A-1", "service": "gosend", "service_type": "instant"},
         Package("A-1", None, "gosend", "instant")),
        ({"order_id": "A-1", "live_track_url": None, "live_tracking_url": "http://a.id/x"},
         Package("A-1", live_url="http://a.id/x")),
        *(({"order_id": "A-1", "live_track_url": link}, Package("A-1")) for link in NO_LINKS),
        ({"order_id": "A-1", "driver": {"name": None, "phone": None}}, Package("A-1")),
        ({"order_id": "A-1", "driver": {"name": "B"}}, Package("A-1", has_driver=True)),
        ({"order_id": "A-1", "driver": "B"}, Package("A-1")),
    ],
)  # fmt: skip
def test_packages_are_read_by_both_endpoints_names(raw: object, package: Package) -> None:
    """Both endpoints' names; links for the web only."""
    assert stated(packages=[raw]).packages == (package,)


@pytest.mark.parametrize("raw", [None, {}, "x", 5, [None, 5, [], "x", {}], [{"order_id": "", "awb": "  "}]])
def test_what_is_no_package_is_left_out(raw: object) -> None:
    """Packages never spoil what is said about money."""
    statement = stated(packages=raw)
    assert (statement.packages, statement.amount) == ((), 65000)


def test_packages_come_once_each_and_not_without_end() -> None:
    """The same package twice is one; beyond a hundred they are left out."""
    assert len(stated(packages=[{"order_id": "A"}] * 3).packages) == 1
    assert len(stated(packages=[{"order_id": f"A-{n}"} for n in range(500)]).packages) == 100
