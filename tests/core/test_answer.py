"""What a single answer proves, and which answers contradict themselves."""

from dataclasses import replace

import pytest

from bot.core.answer import Code, Oddity, Statement, Verdict, oddity_of, verdict_on
from tests.core.making import ID, claimed, proven, unpaid

PAID_LABELS = ["pembayaran berhasil", "paid", "settlement", "settled", "success"]


@pytest.mark.parametrize(
    ("statement", "verdict"),
    [
        (unpaid(), Verdict.UNPAID),
        (unpaid(qr=None), Verdict.UNPAID),
        (unpaid(code=Code.UNKNOWN, raw_code=""), Verdict.UNPAID),
        (claimed(), Verdict.UNPROVEN),
        (claimed(labels=frozenset({"sedang diproses"})), Verdict.UNPROVEN),
        (claimed(qr=None, qr_told=False), Verdict.UNPROVEN),
        (claimed(qr=None), Verdict.PAID),
        (claimed(qr=""), Verdict.PAID),
        (claimed(has_paid_at=True), Verdict.PAID),
        *((claimed(labels=frozenset({label})), Verdict.PAID) for label in PAID_LABELS),
        (proven(), Verdict.PAID),
    ],
)
def test_code_0_needs_a_proof(statement: Statement, verdict: Verdict) -> None:
    """`paid_at`, no QR any more, or a label that says so; an absent `qr_content` is none."""
    assert verdict_on(statement) is verdict


@pytest.mark.parametrize(
    ("statement", "oddity"),
    [
        (unpaid(), None),
        (proven(), None),
        (claimed(), None),
        (proven(labels=frozenset({"paid"})), None),
        (proven(payment_id="XID-1"), Oddity.OTHER_PAYMENT),
        (proven(payment_id=ID.lower()), Oddity.OTHER_PAYMENT),
        (proven(payment_id=""), Oddity.OTHER_PAYMENT),
        (proven(code=Code.UNKNOWN, raw_code="null"), Oddity.UNKNOWN_CODE),
        (unpaid(code=Code.UNKNOWN, raw_code="7"), Oddity.UNKNOWN_CODE),
        (unpaid(has_paid_at=True), Oddity.PAID_AT_BUT_UNPAID),
        *((unpaid(labels=frozenset({label})), Oddity.LABEL_AGAINST_CODE) for label in PAID_LABELS),
        (proven(labels=frozenset({"billing siap dibayar"})), Oddity.LABEL_AGAINST_CODE),
        (proven(labels=frozenset({"billing siap dibayar", "paid"})), Oddity.LABEL_AGAINST_CODE),
    ],
)
def test_contradictions_are_named(statement: Statement, oddity: Oddity | None) -> None:
    """An answer about another payment, an unknown code, `paid_at` or a label against the code."""
    assert oddity_of(statement, ID) is oddity


@pytest.mark.parametrize(
    "change",
    [
        {"code": Code.UNPAID}, {"amount": 1}, {"amount": None}, {"qr": None}, {"qr_told": False},
        {"labels": frozenset({"sedang diproses"})}, {"has_paid_at": True},
    ],
)  # fmt: skip
def test_a_second_read_must_say_the_same_about_money(change: dict[str, object]) -> None:
    """Each field that bears on the verdict makes another digest; the packages and the time of issue don't."""
    assert replace(claimed(), **change).digest != claimed().digest  # type: ignore[arg-type]
    assert replace(claimed(), issued_at=None, raw_code="00").digest == claimed().digest
    assert claimed(labels=frozenset({"b", "a"})).digest == claimed(labels=frozenset({"a", "b"})).digest


def test_no_text_from_outside_breaks_the_digest() -> None:
    """JSON may hold lone surrogates."""
    assert claimed(qr="\ud800").digest != claimed(qr="\udfff").digest
