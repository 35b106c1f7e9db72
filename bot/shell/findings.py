"""What `paybot check` finds: a line each, and the mend where something is wrong."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

CALL_WITHIN: Final = 4.0
"""Seconds a call of the check may take; there are at most three in a row."""
PART_WITHIN: Final = 13.0
"""Seconds one part of the check may take: the whole is over within fifteen."""


class Mark(StrEnum):
    """What stands before a line."""

    GOOD = "✓"
    BAD = "✗"
    UNKNOWN = "–"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: what was looked at, and what was found; where that is bad, with the mend."""

    mark: Mark
    about: str
    said: str

    def __str__(self) -> str:
        return f"{self.mark} {self.about}: {self.said}"


@dataclass(frozen=True, slots=True)
class Part:
    """The findings about one side, and what time it is there as it was heard (`heard_at` by our own clock)."""

    findings: tuple[Finding, ...]
    date: datetime | None = None
    heard_at: datetime | None = None


def good(about: str, said: str) -> Finding:
    """All is well."""
    return Finding(Mark.GOOD, about, said)


def bad(about: str, said: str) -> Finding:
    """Something is to be mended."""
    return Finding(Mark.BAD, about, said)


def unknown(about: str, said: str) -> Finding:
    """Nothing is wrong as far as can be known."""
    return Finding(Mark.UNKNOWN, about, said)
