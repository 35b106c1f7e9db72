"""Kills the bot again and again under faults, and says what Telegram saw of it.

By hand: ``python -m tests.crash --kills 1000 --seed 1`` (about 40 minutes) or ``python -m tests.crash --sigterm 50``;
``--database postgres`` on a server of its own. Prints a table and each broken promise; exit status 1 where one is.
"""

import argparse
import asyncio
import contextlib
import sys
import tempfile
from pathlib import Path

from tests.crash.run import Ran, crash, stop_politely
from tests.databases import empty_database


def report(ran: Ran) -> str:
    """A table."""
    verdict = ran.verdict
    rows = {
        "ended": ", ".join(f"{where} {count}" for where, count in ran.kills.most_common()),
        "faults met": ", ".join(f"{kind} {count}" for kind, count in sorted(ran.met.items())) or "none",
        "chats told paid": verdict.told,
        "told twice": verdict.twice,
        "cards": verdict.cards,
        "commands answered": verdict.answers,
        "answered twice": verdict.answered_twice,
        "lost answers": verdict.lost_answers,
        "slowest end": f"{ran.slowest_end:.2f} s",
        "took": f"{ran.seconds:.0f} s",
    }
    lines = [f"{name:18} {value}" for name, value in rows.items()]
    return "\n".join(lines + [f"BROKEN: {words}" for words in verdict.broken])


def main() -> int:
    """Reads the arguments, runs, reports."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--sigterm", type=int, default=0, help="this many polite ends, in place of kills")
    parser.add_argument("--payments", type=int, default=200)
    parser.add_argument("--share", type=float, default=0.05, help="of the requests, for each kind that is on")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--patience", type=float, default=300, help="seconds for the end in peace")
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--keep", type=Path, help="a folder for the log and the database; else they are thrown away")
    given = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = given.keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="crash-")))
        folder.mkdir(parents=True, exist_ok=True)
        url = stack.enter_context(empty_database(given.database, folder))
        if given.sigterm:
            going = stop_politely(
                folder, url, stops=given.sigterm, payments=given.payments, seed=given.seed, patience=given.patience
            )
        else:
            going = crash(
                folder, url, kills=given.kills, payments=given.payments, share=given.share, seed=given.seed,
                patience=given.patience, say=lambda words: print(words, flush=True),
            )  # fmt: skip
        ran = asyncio.run(going)
    print(report(ran))
    if ran.verdict.broken:
        print(f"again: python -m tests.crash {' '.join(sys.argv[1:])}")
    return 1 if ran.verdict.broken else 0


if __name__ == "__main__":
    sys.exit(main())
