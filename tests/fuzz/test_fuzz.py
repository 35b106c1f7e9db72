"""Every parser of what comes from outside takes whatever comes. `python -m tests.fuzz` gives more of it."""

from random import Random

import pytest

from tests.fuzz import running
from tests.fuzz.parsers import PARSERS
from tests.fuzz.running import Parser, run

IN_ALL = 10_000


@pytest.mark.parametrize("parser", PARSERS.values(), ids=PARSERS)
def test_nothing_odd_makes_a_parser_fail_or_slow(parser: Parser) -> None:
    """No exception but those it is known for, 50 ms at most, and nothing made of it that is not in it."""
    report = run(parser, range(IN_ALL // len(PARSERS) + 1))
    assert not report.failures, report.told()


@pytest.mark.parametrize("parser", PARSERS.values(), ids=PARSERS)
def test_a_number_makes_the_same_input_again(parser: Parser) -> None:
    """Or a failure could not be looked at."""
    for number in range(20):
        first, again = (parser.make(Random(f"{parser.name}:{number}")) for _ in range(2))
        assert repr(first) == repr(again)


def test_what_fails_is_found_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception, a wrong outcome and a long time, each with the command that makes it again."""
    now = 0.0
    for clock in ("perf_counter", "process_time"):
        monkeypatch.setattr(running, clock, lambda: now)

    def parse(given: int) -> int:
        nonlocal now
        if given == 0:
            raise KeyError(given)
        now += 0.06 if given == 2 else 0.04
        return given

    def judge(_given: int, outcome: int) -> None:
        assert outcome != 1, "one is wrong"

    numbers = iter(range(4))
    report = run(Parser("sample", lambda dice: next(numbers), parse, judge), range(10, 14))
    assert (report.inputs, [number for number, _ in report.failures]) == (4, [10, 11, 12])
    failed, wrong, slow = (problem.partition("\n")[0] for _, problem in report.failures)
    assert (failed, wrong, slow) == ("KeyError: 0", "AssertionError: one is wrong", "took 60 ms")
    assert "python -m tests.fuzz 1 --parser sample --seed 11" in report.told()
