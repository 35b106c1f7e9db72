"""Answers of KiriminAja for tests: bytes from fields, read at a fixed moment."""

import json
from datetime import UTC, datetime
from typing import Any

from bot.core.answer import Answer, Statement
from bot.core.ids import Kind
from bot.kiriminaja.answers import read_answer

NOW = datetime(2025, 8, 5, 7, 0, tzinfo=UTC)
FIELDS: dict[str, Any] = {
    "payment_id": "XID-1234567", "qr_content": "QR", "pay_time": None, "status_code": "9", "amount": 65000,
    "status": None, "paid_at": None,
}  # fmt: skip


def read(body: bytes, status: int = 200, kind: Kind | None = None, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return read_answer(status, named, body, kind=kind, now=NOW)


def envelope(**fields: object) -> bytes:
    return json.dumps({"status": True, "text": "Success", "data": FIELDS | fields}).encode()


def stated(**fields: object) -> Statement:
    answer = read(envelope(**fields))
    assert isinstance(answer, Statement), answer
    return answer
