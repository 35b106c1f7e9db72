"""Gives a parser its inputs, one after the other, and says which of them it did not take as it should."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from random import Random
from time import perf_counter, process_time
from typing import Any, Final

SLOW: Final = 0.050
"""Seconds one input may take."""
_MEASURED_AGAIN: Final = 3
"""The machine may have been busy with something else, so then it is our own seconds that count."""


@dataclass(frozen=True)
class Parser:
    """A parser, what it is given, and what must be true of what it makes of it."""

    name: str
    make: Callable[[Random], Any]
    """An input; any that comes of the same dice is the same."""
    parse: Callable[[Any], Any]
    """The parser, timed; lets nothing out but what must not be."""
    judge: Callable[[Any, Any], None]
    """Given input and outcome, raises AssertionError where that is wrong."""


@dataclass
class Report:
    """What came of a run."""

    parser: str
    inputs: int = 0
    slowest: float = 0.0
    """Seconds."""
    slowest_number: int = 0
    failures: list[tuple[int, str]] = field(default_factory=list)
    """Numbers of inputs, and what was wrong."""

    def take(self, other: "Report") -> None:
        """Adds another run of the same parser."""
        self.inputs += other.inputs
        if other.slowest > self.slowest:
            self.slowest, self.slowest_number = other.slowest, other.slowest_number
        self.failures += other.failures

    def told(self) -> str:
        """The failures, each with the command that makes it again."""
        return "\n".join(
            f"{problem}\n    python -m tests.fuzz 1 --parser {self.parser} --seed {number}"
            for number, problem in self.failures[:5]
        )


def run(parser: Parser, numbers: Iterable[int]) -> Report:
    """Tries the inputs of those numbers."""
    report = Report(parser.name)
    for number in numbers:
        given = parser.make(Random(f"{parser.name}:{number}"))
        report.inputs += 1
        try:
            took, outcome = _timed(parser, given)
            parser.judge(given, outcome)
        except Exception as error:
            report.failures.append((number, f"{type(error).__name__}: {error}"[:500]))
            continue
        if took > report.slowest:
            report.slowest, report.slowest_number = took, number
        if took > SLOW:
            report.failures.append((number, f"took {took * 1000:.0f} ms"))
    return report


def _timed(parser: Parser, given: Any) -> tuple[float, Any]:
    """How long an input takes, measured again where that was long, and what came of it."""
    took, outcome = _once(parser, given, perf_counter)
    for _ in range(_MEASURED_AGAIN):
        if took <= SLOW:
            break
        again, outcome = _once(parser, given, process_time)
        took = min(took, again)
    return took, outcome


def _once(parser: Parser, given: Any, clock: Callable[[], float]) -> tuple[float, Any]:
    began = clock()
    outcome = parser.parse(given)
    return clock() - began, outcome
