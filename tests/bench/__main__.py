"""Runs the benchmarks by name, or all: ``python -m tests.bench [name…]``. Each prints a table and a line of JSON."""

import importlib
import json
import sys
import time
from typing import Final

NAMES: Final = ("cadence", "card", "look", "watches", "update", "start", "rush", "paid")


def main(names: list[str]) -> None:
    """Raises `SystemExit` for a name there is not."""
    if unknown := set(names) - set(NAMES):
        raise SystemExit(f"no such benchmark: {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    for name in names or NAMES:
        began = time.monotonic()
        print(f"== {name}", flush=True)
        result = importlib.import_module(f"tests.bench.{name}").main()
        print(json.dumps({"benchmark": name, "seconds": round(time.monotonic() - began, 1)} | result), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
