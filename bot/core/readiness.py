"""Whether a process can do its work, and in a few words how each part is: what `/readyz` says."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

_ANSWERS: Final = frozenset({"paid", "unpaid", "unknown", "missing", "accepted"})
"""How calls end that tell of a payment. A refused key is an answer too; all else is none that is of use."""


class ProviderState:
    """How KiriminAja is, by the calls this process made; one that stands by makes none."""

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
            return f"no usable answer since {told_time(self._silent_since)}"
        return "refuses the key" if self._last == "refused" else "ok"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """How the parts of a process are."""

    version: str
    database: bool
    """Whether it answers, and takes what is written."""
    migrated: bool | None
    """Whether it is as this program needs it; None where that cannot be asked."""
    telegram: bool
    """Whether Telegram ever answered."""
    works: bool
    """Whether this process does the work; else it starts, or another does it."""
    standby: bool
    updates: bool
    """Whether Telegram was heard of recently by polling, or is known to push."""
    no_updates_for: str | None
    jobs: bool
    kiriminaja: str
    last_failed_push: str | None
    trouble: str | None = None
    """What is the matter with the database, where that is known."""

    @property
    def are_ready(self) -> bool:
        """Whether the process may be relied on. KiriminAja's state is not ours to be judged by."""
        at_work = self.works and self.updates and self.jobs
        return self.database and self.migrated is True and self.telegram and (self.standby or at_work)

    def told(self) -> Mapping[str, str]:
        """Each part in a few words; no secrets, no ids."""
        idle, late = self.standby, f"late: {self.no_updates_for}" if self.no_updates_for else "late"
        said = {
            "version": self.version,
            "database": "ok" if self.database else self.trouble or "out of reach",
            "migrations": "unknown" if self.migrated is None else "current" if self.migrated else "not current",
            "telegram": "ok" if self.telegram and (idle or self.updates) else "out of reach",
            "updates": "ok" if self.updates else "idle" if idle else late,
            "work": "standby" if idle else "holder" if self.works else "starting",
            "jobs": "ok" if self.jobs else "idle" if idle else "late",
            "kiriminaja": self.kiriminaja,
        }
        return said | ({"last_failed_push": self.last_failed_push} if self.last_failed_push else {})


def told_time(at: datetime) -> str:
    """A moment to the second, as logs write it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
