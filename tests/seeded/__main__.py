"""Makes each seeded bug in a copy of the program and expects its test to fail: `python -m tests.seeded [NAME…]`.

Prints a line a bug; exit 1 where one survives, or where its test cannot be run. All of them take a few minutes.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.seeded.bug import Bug
from tests.seeded.bugs import BUGS

ROOT = Path(__file__).parent.parent.parent


def try_out(bug: Bug, copy: Path) -> str:
    """`caught`, `SURVIVED`, or why that cannot be told."""
    path = copy / bug.file
    good = path.read_text(encoding="utf-8")
    path.write_text(good.replace(bug.old, bug.new), encoding="utf-8")
    try:
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "pytest",
                "-q",
                "-x",
                "-p",
                "no:cacheprovider",
                f"--basetemp={copy / 'tmp'}",
                bug.test,
            ],
            cwd=copy,
            env=os.environ | {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "caught (it hangs)"
    finally:
        path.write_text(good, encoding="utf-8")
    said = done.stdout.splitlines()
    if done.returncode == 1 and any(line.startswith("FAILED ") for line in said):
        return "caught"
    return "SURVIVED" if done.returncode == 0 else f"NOT RUN ({done.returncode}): {said[-1:]}"


def main(names: list[str]) -> int:
    """The command."""
    if unknown := set(names) - set(BUGS):
        print(f"no such bug: {', '.join(sorted(unknown))}")
        return 2
    survivors = 0
    with TemporaryDirectory(prefix="paybot-seeded-") as folder:
        copy = Path(folder) / "paybot"
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*_cache"))
        for name in names or BUGS:
            began = time.monotonic()
            verdict = try_out(BUGS[name], copy)
            survivors += not verdict.startswith("caught")
            print(f"{name:32} {verdict:10} {time.monotonic() - began:5.1f} s  {BUGS[name].test}", flush=True)
    print(f"{len(names or BUGS) - survivors} of {len(names or BUGS)} caught")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
