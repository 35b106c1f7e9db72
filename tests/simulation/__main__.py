"""The simulation by hand.

python -m tests.simulation 100000 --from 1      worlds 1 to 100000, on all cores; prints each that breaks a promise
python -m tests.simulation --seed 1234 --tell   one world, line by line
Both with --small: other worlds, of one chat and one payment each.
"""

import argparse
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from tests.simulation.run import how_to_rerun, run

_CHUNK = 20


def broken(seeds: range, *, small: bool) -> list[tuple[int, str]]:
    """What worlds broke."""
    ran = ((seed, run(seed, small=small).violations) for seed in seeds)
    return [(seed, f"{broken[0].promise}: {broken[0].how}") for seed, broken in ran if broken]


def tell(seed: int, *, small: bool) -> int:
    """One world's history."""
    world = run(seed, small=small)
    print(world.plan)
    for at, what, about in world.history:
        print(f"{at:10.2f}  {what:12}  {about}")
    for violation in world.violations:
        print(f"BROKEN: {violation.promise}: {violation.how}")
    return 1 if world.violations else 0


def many(count: int, first: int, jobs: int | None, *, small: bool) -> int:
    """Many worlds, and how long they took."""
    began, failed = time.monotonic(), 0
    chunks = [range(at, min(at + _CHUNK, first + count)) for at in range(first, first + count, _CHUNK)]
    with ProcessPoolExecutor(jobs) as pool:
        for found in pool.map(partial(broken, small=small), chunks):
            for seed, how in found:
                failed += 1
                print(f"{seed}: {how}\n    {how_to_rerun(seed, small=small)}", flush=True)
    print(f"{count} worlds from {first}, {failed} broken, in {time.monotonic() - began:.0f} s")
    return 1 if failed else 0


def main() -> int:
    """Parses the command."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=2000)
    parser.add_argument("--from", dest="first", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=None)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--small", action="store_true", help="of one chat and one payment")
    parser.add_argument("--tell", action="store_true", help="line by line (with --seed)")
    given = parser.parse_args()
    if given.seed is not None:
        return tell(given.seed, small=given.small)
    return many(given.count, given.first, given.jobs, small=given.small)


if __name__ == "__main__":
    sys.exit(main())
