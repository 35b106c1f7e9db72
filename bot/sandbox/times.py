"""How KiriminAja writes times; all take seconds since the epoch."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

WIB = timezone(timedelta(hours=7))


def wib_digits(at: float) -> str:
    """``YYYYMMDDHHMMSS`` in WIB: Express' pay_time, and tag 62 of the QR."""
    return datetime.fromtimestamp(at, WIB).strftime("%Y%m%d%H%M%S")


def zulu(at: float) -> str:
    """``YYYY-MM-DDTHH:MM:SS.ffffffZ``: created_at, Instant's pay_time, the callbacks' times."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def deprecated(at: float) -> str:
    """``YYYY-MM-DD HH:MM:SS`` in WIB: return_finished_packages."""
    return datetime.fromtimestamp(at, WIB).strftime("%Y-%m-%d %H:%M:%S")
