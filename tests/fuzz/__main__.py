"""Gives every parser odd inputs, on all cores: `python -m tests.fuzz [N] [--parser NAME] [--seed S]`.

N inputs a parser (10 000), numbered from S (0): the same number makes the same input again. Prints a table, and for
what fails the command that makes it again; exit 1 then. A million each take about an hour on two cores.
"""

import argparse
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from itertools import islice

from tests.fuzz.parsers import PARSERS
from tests.fuzz.running import Report, run

AT_A_TIME = 2000


def work(name: str, begin: int, end: int) -> Report:
    """One share of a parser's inputs."""
    return run(PARSERS[name], range(begin, end))


def main() -> int:
    """The command."""
    options = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    options.add_argument("inputs", nargs="?", type=int, default=10_000)
    options.add_argument("--parser", choices=sorted(PARSERS), action="append")
    options.add_argument("--seed", type=int, default=0)
    given = options.parse_args()
    end = given.seed + given.inputs
    reports = {name: Report(name) for name in given.parser or PARSERS}
    shares = [
        (name, begin, min(begin + AT_A_TIME, end)) for name in reports for begin in range(given.seed, end, AT_A_TIME)
    ]
    with ProcessPoolExecutor(os.cpu_count()) as workers:
        for report in workers.map(work, *islice(zip(*shares, strict=True), 3)):
            reports[report.parser].take(report)
    print(f"{'parser':10} {'inputs':>9}  slowest (input)          verdict")
    for report in reports.values():
        verdict = f"{len(report.failures)} FAILED" if report.failures else "ok"
        slowest = f"{report.slowest * 1000:6.1f} ms ({report.slowest_number})"
        print(f"{report.parser:10} {report.inputs:>9}  {slowest:24} {verdict}")
    failed = [report for report in reports.values() if report.failures]
    for report in failed:
        print(f"\n{report.parser}:\n{report.told()}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
