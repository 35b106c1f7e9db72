"""What a bot does while its database is locked, full or gone: `python -m tests.storage.outage --seconds 30`.

A real process against a sandbox, at the log level operators have. During the outage a command is sent and a callback
pushed; afterwards both must be known, the command answered once. Prints what was seen; exit status 1 where it was not
so, or where the log grew by more than a few lines a minute. The short version is `tests/e2e/test_storage_trouble.py`.
"""

import argparse
import asyncio
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from bot.sandbox import Sandbox
from tests.e2e.process import BotProcess


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another program writes, and takes its time."""
    with closing(sqlite3.connect(path, timeout=60, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


async def watch(seconds: float) -> bool:
    """One outage; whether all went as it should."""
    with tempfile.TemporaryDirectory(prefix="outage-") as folder:
        path = Path(folder) / "paybot.db"
        async with Sandbox.serve() as sandbox:
            bot = BotProcess.against(sandbox, Path(folder), f"sqlite:///{path}", LOG_LEVEL="info", POLL_FIRST="0.5")
            await bot.start()
            sari = sandbox.person("Sari", language_code="en")
            payments = [sandbox.payments.express(50_000 + number) for number in range(20)]
            for payment in payments:
                await sari.send(f"/pay {payment.id}")
            await sari.private_chat.wait_for(lambda found: sum(bool(m.photo) for m in found) == len(payments), 60)
            before, seen = bot.log.count("\n"), len(sari.private_chat.from_bot)
            statuses: set[tuple[int, int]] = set()
            with locked(path):
                end = time.monotonic() + seconds
                await sari.send("/help")
                body = sandbox.kiriminaja.callback(payments[0], "processed_packages")
                while time.monotonic() < end:
                    pushed = await sandbox.kiriminaja.push(body, f"{bot.url}/kiriminaja")
                    ready, parts = await bot.readiness()
                    print(f"callback {pushed.status}, readyz {ready} {parts['database']}, jobs {parts['jobs']}")
                    statuses.add((pushed.status, ready))
                    await asyncio.sleep(max(0.0, min(5.0, end - time.monotonic())))
                unconfirmed = len(sandbox.telegram.world.updates.pending)
            lines = bot.log.splitlines()[before:]
            await sari.private_chat.wait_for(lambda _: len(sari.private_chat.from_bot) > seen, 60)
            print(*lines, sep="\n")
            print(f"{len(lines)} lines in {seconds:.0f} s; {unconfirmed} updates were unconfirmed at its end; "
                  f"answered {time.monotonic() - end:.1f} s after it")  # fmt: skip
            bot.terminate()
            stopped = await bot.ended()
    return statuses == {(503, 503)} and unconfirmed == 1 and stopped == 0 and len(lines) <= 1 + seconds / 10


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30.0)
    sys.exit(0 if asyncio.run(watch(parser.parse_args().seconds)) else 1)
