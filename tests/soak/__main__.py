"""Whether a bot that works for long grows: `python -m tests.soak --minutes 30 --watches 1000`, with `--database
postgres` on a server of its own; on a machine that does nothing else, as beside others it opens more connections.

The bot is a process of its own, started as an operator would; the sandbox is this one. So many payments are watched;
then, until the time is over, somebody asks, somebody pays, KiriminAja calls back and somebody presses a button, each a
few times a minute, so that about as many stay open. Every ten seconds the bot is looked at through /proc: a line each,
and at the end a verdict (`tests.soak.verdict` says what counts). Exit status 1 where something grows or an answer is
lost: with `--keep`, the log and the database are left to be looked into. Linux only. The first minutes, until all are
watched, are not measured.
"""

import argparse
import asyncio
import contextlib
import os
import random
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from bot.sandbox import Sandbox
from bot.sandbox.payment import Payment
from bot.sandbox.people import Person
from tests.databases import empty_database
from tests.e2e.process import BotProcess
from tests.soak.verdict import MIB, Sample, complaints, memory_slope

EVERY = 10.0
WATCHES_A_PERSON = 4
_TICKS = os.sysconf("SC_CLK_TCK")


class World:
    """People who ask and pay."""

    def __init__(self, sandbox: Sandbox, bot: BotProcess, dice: random.Random) -> None:
        self._sandbox = sandbox
        self._bot = bot
        self._dice = dice
        self._people: list[Person] = []
        self.open: list[tuple[Person, Payment]] = []
        self._paid: list[tuple[Person, Payment, float]] = []
        self.told = self.pushed_again = 0
        self.lost: list[str] = []

    async def fill(self, watches: int) -> None:
        """So many payments asked for and shown."""
        while len(self.open) < watches:
            if len(self.open) % WATCHES_A_PERSON == 0:
                self._people.append(self._sandbox.person(f"P{len(self._people)}", language_code="id"))
            await self._ask(self._people[-1])
            if len(self.open) % 20 == 0:
                await self._shown(self._people[-1])
        for person in self._people:
            await self._shown(person)

    async def live(self, until: float) -> None:
        """A trickle of everything."""
        while time.monotonic() < until:
            for act in (self._ask_one, self._pay_one, self._call_back, self._press):
                await act()
                self._note_told()
                self._forget()
                await asyncio.sleep(0.5)

    async def settle(self) -> None:
        """All that was paid is told within a minute, or is lost."""
        end = time.monotonic() + 60
        while self._paid and time.monotonic() < end:
            self._note_told()
            await asyncio.sleep(0.5)
        self.lost += [f"{payment.id} was paid, and not told" for _, payment, _ in self._paid]

    async def _ask(self, person: Person) -> None:
        payment = self._sandbox.payments.express(10_000 + self._dice.randrange(90_000))
        self.open.append((person, payment))
        await person.send(f"/pay {payment.id}")

    async def _shown(self, person: Person) -> None:
        wanted = [payment.id for who, payment in self.open if who is person]
        await person.private_chat.wait_for(
            lambda found: all(any(one.photo and number in one.text for one in found) for number in wanted), 120
        )

    async def _ask_one(self) -> None:
        await self._ask(self._dice.choice(self._people))

    async def _pay_one(self) -> None:
        person, payment = self.open.pop(self._dice.randrange(len(self.open)))
        payment.pay()
        self._paid.append((person, payment, time.monotonic()))
        await self._push(payment)

    async def _call_back(self) -> None:
        await self._push(self._dice.choice(self.open)[1])

    async def _push(self, payment: Payment) -> None:
        body = self._sandbox.kiriminaja.callback(payment, "processed_packages")
        for _ in range(5):
            pushed = await self._sandbox.kiriminaja.push(body, f"{self._bot.url}/kiriminaja")
            if pushed.accepted:
                return
            self.pushed_again += 1  # as KiriminAja does
        self.lost.append(f"a callback was answered {pushed.status} {pushed.error}")

    async def _press(self) -> None:
        person, payment = self._dice.choice(self.open)
        shown = [one for one in person.private_chat.from_bot if one.photo and payment.id in one.text and one.buttons]
        if shown:
            await person.press(shown[-1], 0, timeout=60)

    def _note_told(self) -> None:
        left = []
        for person, payment, paid_at in self._paid:
            news = person.private_chat.from_bot[-40:]
            if any("✅" in one.text and payment.id in one.text and not one.photo for one in news):
                self.told += 1
            else:
                left.append((person, payment, paid_at))
        self._paid = left

    def _forget(self) -> None:
        # What was called is of no use here, and this process is not the one that is measured.
        del self._sandbox.telegram.calls[:-100]


def look_at(pid: int, database: Path | None, began: float) -> Sample:
    """How the process is now."""
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    opened = []
    for file in Path(f"/proc/{pid}/fd").iterdir():
        try:
            opened.append(str(file.readlink()))
        except OSError:  # closed meanwhile
            continue
    used = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return Sample(
        at=time.monotonic() - began,
        rss=int(status["VmRSS"].split()[0]) * 1024,
        threads=int(status["Threads"]),
        files=len(opened),
        sockets=sum(name.startswith("socket:") for name in opened),
        wal=_size(database, "-wal"),
        database=_size(database, ""),
        cpu=(int(used[11]) + int(used[12])) / _TICKS,
    )


def _size(database: Path | None, ending: str) -> int:
    path = database and database.with_name(database.name + ending)
    return path.stat().st_size if path and path.exists() else 0


async def watch(look: Callable[[], Sample], living: Awaitable[None]) -> list[Sample]:
    """Samples every ten seconds while the world lives; prints each."""
    print("minute   RSS MiB  threads  files  sockets  WAL MiB  database MiB  CPU %")
    samples = [look()]
    task = asyncio.ensure_future(living)
    while not task.done():
        await asyncio.wait([task], timeout=EVERY)
        samples.append(now := look())
        before = samples[-2]
        cpu = 100 * (now.cpu - before.cpu) / max(now.at - before.at, 0.1)
        print(
            f"{now.at / 60:6.1f}  {now.rss / MIB:8.1f}  {now.threads:7}  {now.files:5}  {now.sockets:7}"
            f"  {now.wal / MIB:7.1f}  {now.database / MIB:12.1f}  {cpu:5.1f}",
            flush=True,
        )
    await task
    return samples


async def soak(folder: Path, url: str, *, minutes: float, watches: int, seed: int) -> bool:
    """Runs it all; whether the bot is well."""
    path = Path(url.removeprefix("sqlite:///")) if url.startswith("sqlite") else None
    async with Sandbox.serve() as sandbox:
        settings = {"POLL_BUDGET": "50", "LOG_LEVEL": "info", "WATCH_FOR": "86400"}
        async with BotProcess.against(sandbox, folder, url, **settings).from_nothing() as bot:
            world = World(sandbox, bot, random.Random(seed))
            began = time.monotonic()
            await world.fill(watches)
            print(f"{watches} watched after {time.monotonic() - began:.0f} s")
            began = time.monotonic()
            samples = await watch(lambda: look_at(bot.pid, path, began), world.live(began + 60 * minutes))
            await world.settle()
            lines = [line for line in bot.log.splitlines() if "[info " not in line]
    found = complaints(samples) + world.lost + [f"logged: {line}" for line in lines[:10]]
    slope = f"{memory_slope(samples) / MIB:+.2f} MiB a minute" if len(samples) > 8 else "unknown"
    print(f"{world.told} payments told, {world.pushed_again} callbacks pushed again; memory {slope}; seed {seed}")
    print(*(f"✗ {one}" for one in found) if found else ("✓ nothing grows",), sep="\n")
    return not found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--watches", type=int, default=1000)
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="a folder for the log and the database; else they are thrown away")
    given = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = given.keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="soak-")))
        folder.mkdir(parents=True, exist_ok=True)
        url = stack.enter_context(empty_database(given.database, folder))
        going = soak(folder, url, minutes=given.minutes, watches=given.watches, seed=given.seed)
        sys.exit(0 if asyncio.run(going) else 1)
