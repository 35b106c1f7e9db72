"""Whether a process can do its work, and in a word or two how each part is: what `/readyz` says."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

_NO_ANSWER: Final = frozenset({"throttled"})
"""Outcomes of calls that tell nothing of a payment, beside those of `ANSWERS`'s opposite."""
_ANSWERS: Final = frozenset({"paid", "unpaid", "unknown", "missing", "accepted"})


class ProviderState:
    """How KiriminAja is, by the calls this process made; a standby makes none."""

    def __init__(self) -> None:
        self._last: str | None = None
        self._silent_since: datetime | None = None

    def note(self, outcome: str, now: datetime) -> None:
        """Takes in how a call ended."""
        self._last = outcome
        if outcome in _ANSWERS or outcome == "refused":
            self._silent_since = None
        elif self._silent_since is None:
            self._silent_since = now

    def __str__(self) -> str:
        if self._last is None:
            return "unknown"
        if self._silent_since is not None:
            return f"no usable answer since {_utc(self._silent_since)}"
        return "refuses the key" if self._last == "refused" else "ok"
