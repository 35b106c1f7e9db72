"""What each recorded answer means. `tests/recorded/` holds KiriminAja's own samples, and variants of ours."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.core.answer import (
    Answer,
    Code,
    Missing,
    Oddity,
    Refused,
    Statement,
    Throttled,
    Unwell,
    Verdict,
    oddity_of,
    verdict_on,
)
from bot.core.ids import Kind
from bot.core.packages import Package, Phase
from bot.core.qris import fault_of
from bot.kiriminaja.answers import read_answer

RECORDED = Path(__file__).parent.parent / "recorded"
NOW = datetime(2022, 11, 3, 4, 20, tzinfo=UTC)


def read(name: str, status: int = 200, kind: Kind | None = None) -> Answer:
    body = (RECORDED / f"{name}.json").read_bytes()
    return read_answer(status, {"content-type": "application/json"}, body, kind=kind, now=NOW)


def stated(name: str, kind: Kind | None = None) -> Statement:
    answer = read(name, kind=kind)
    assert isinstance(answer, Statement)
    return answer


def test_the_documented_sample_is_unpaid() -> None:
    """The documentation's own sample: unpaid, with a QR that is a mere placeholder."""
    assert stated("express_documented") == Statement(
        payment_id="XID-5732095327",
        kind=Kind.EXPRESS,
        code=Code.UNPAID,
        raw_code="9",
        amount=65000,
        labels=frozenset({"billing berhasil dibuat"}),
        qr="XXX",
        issued_at=datetime(2021, 7, 12, 3, 36, 44, tzinfo=UTC),
    )


def test_express_is_unpaid_with_a_real_qr() -> None:
    """A real QRIS payload; `pay_time` is WIB, and the moment of issue."""
    statement = stated("express_unpaid", Kind.EXPRESS)
    assert verdict_on(statement) is Verdict.UNPAID
    assert statement.amount == 65000
    assert statement.issued_at == datetime(2022, 11, 3, 4, 10, 3, tzinfo=UTC)
    assert statement.qr is not None
    assert fault_of(statement.qr, statement.amount) is None


@pytest.mark.parametrize("name", ["express_paid", "express_paid_by_label"])
def test_express_is_paid_by_code_zero_and_a_proof(name: str) -> None:
    """ "0" with `paid_at`, and the order endpoints' label instead of a code."""
    statement = stated(name)
    assert oddity_of(statement, "XID-4875081955") is None
    assert verdict_on(statement) is Verdict.PAID


def test_express_zero_without_proof() -> None:
    """Code "0" beside a QR and no `paid_at` needs a second read."""
    assert verdict_on(stated("express_zero_without_proof")) is Verdict.UNPROVEN


def test_express_paid_at_but_unpaid() -> None:
    """`paid_at` set with code 9 is odd."""
    assert oddity_of(stated("express_paid_at_but_unpaid"), "XID-4875081955") is Oddity.PAID_AT_BUT_UNPAID


def test_a_null_code_is_unknown() -> None:
    """A null code is unknown, not zero, though the QR is gone."""
    statement = stated("express_code_null")
    assert (statement.code, statement.raw_code) == (Code.UNKNOWN, "null")
    assert oddity_of(statement, "XID-4875081955") is Oddity.UNKNOWN_CODE


def test_instant_is_paid_by_a_number_zero() -> None:
    """A number 0, a null QR: paid, with one package that waits for its courier."""
    statement = stated("instant_paid")
    assert statement.kind is Kind.INSTANT
    assert verdict_on(statement) is Verdict.PAID
    assert statement.packages == (
        Package("YAN-1683603626755", "GK-11-2239895", courier="gosend", service="instant", status=105),
    )


def test_instant_is_unpaid_by_a_number_nine() -> None:
    """Number 9 and an ISO `pay_time`."""
    statement = stated("instant_unpaid")
    assert verdict_on(statement) is Verdict.UNPAID
    assert statement.issued_at == datetime(2023, 5, 9, 3, 40, 27, tzinfo=UTC)


def test_a_package_under_way_is_read_by_its_other_names() -> None:
    """The other names of the same fields, an http link, and a driver of whom only the existence leaves."""
    (package,) = stated("instant_under_way").packages
    assert package == Package(
        "BDI-1754377171060", "GK-11-3289048", "gosend", "instant", 106, "http://example.com/live/abc", True
    )  # fmt: skip
    assert package.phase is Phase.UNDER_WAY


@pytest.mark.parametrize("status", [200, 400, 404, 422])
def test_code_two_is_not_found_whatever_the_status(status: int) -> None:
    """Code 2 says so whatever the status, short of a server's error."""
    assert read("instant_not_found", status) == Missing()


@pytest.mark.parametrize(
    ("name", "status", "meaning"),
    [
        ("express_null_data", 200, Missing()),
        ("express_validation", 422, Missing()),
        ("express_validation", 400, Unwell("http_400")),
        ("unauthenticated", 401, Refused()),
        ("throttled", 429, Throttled()),
        ("throttled", 200, Unwell("shape")),
        ("instant_business_error", 200, Unwell("declined")),
        ("instant_business_error", 400, Unwell("http_400")),
    ],
)
def test_answers_without_a_payment(name: str, status: int, meaning: Answer) -> None:
    """Each says what it says, and never "paid"."""
    assert read(name, status) == meaning


def test_every_recorded_answer_is_tested_here() -> None:
    """A new sample comes with its meaning."""
    here = Path(__file__).read_text(encoding="utf-8")
    samples = [path.stem for path in RECORDED.glob("*.json") if not path.stem.startswith("callback_")]
    untested = [name for name in samples if f'"{name}"' not in here and f"test_{name}" not in here]
    assert samples
    assert not untested


@pytest.mark.parametrize("path", sorted(RECORDED.glob("instant_*.json")), ids=lambda path: path.stem)
def test_nothing_personal_leaves(path: Path) -> None:
    """No name, phone, address or coordinate of a sample is in what the core gets."""
    result = json.loads(path.read_bytes()).get("result") or {}
    people = [
        package[who] for package in result.get("packages", ()) for who in ("origin", "destination", "driver")
        if package.get(who)
    ]  # fmt: skip
    left = repr(read(path.stem))
    assert not [value for person in people for value in person.values() if value and str(value) in left]
