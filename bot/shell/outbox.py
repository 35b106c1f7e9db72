"""`paybot outbox`: messages that could not be delivered. A running bot notices within seconds what is done here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import typer

from bot.settings import Settings
from bot.shell import ShellError, ToBeMended
from bot.shell.session import database_beside
from bot.storage import undelivered
from bot.storage.undelivered import Entry, Which

_HEADINGS = ("ID", "STATE", "AGE", "CHAT", "WHAT", "PAYMENT", "TRIES", "PROBLEM")


@dataclass(frozen=True, slots=True)
class Listing:
    """`paybot outbox list`."""

    which: Which
    limit: int

    async def __call__(self, settings: Settings) -> int:
        """Prints a table, newest first."""
        async with database_beside(settings) as database, database.begin() as tx:
            found = await undelivered.entries(tx, self.which, limit=self.limit)
        if not found:
            typer.echo("Nothing there." if self.which is Which.ALL else "Nothing there: every message was delivered.")
            return 0
        now = datetime.now(UTC)
        for line in _aligned([_HEADINGS, *(_cells(entry, now) for entry in found)]):
            typer.echo(line)
        if len(found) == self.limit:
            typer.echo(f"The newest {self.limit}; more with --limit.")
        return 0


@dataclass(frozen=True, slots=True)
class Showing:
    """`paybot outbox show`."""

    row_id: int

    async def __call__(self, settings: Settings) -> int:
        """Prints all that a row says."""
        async with database_beside(settings) as database, database.begin() as tx:
            entry = await undelivered.entry(tx, self.row_id)
        if entry is None:
            raise _no_such(self.row_id)
        told: list[tuple[str, object]] = [
            ("id", entry.id),
            ("key", entry.key),
            ("kind", entry.kind),
            ("what", entry.what),
            ("chat", _place(entry)),
            ("payment", entry.payment_id or "-"),
            ("state", entry.state),
            ("tries", entry.attempts),
            ("written", _time(entry.created_at)),
            ("due", _time(entry.due_at)),
            ("ended", _time(entry.done_at)),
            ("problem", entry.problem or "-"),
            ("retried as", entry.retried_as or "-"),
        ]
        for line in _aligned([(name, str(value)) for name, value in told]):
            typer.echo(line)
        return 0


@dataclass(frozen=True, slots=True)
class Retrying:
    """`paybot outbox retry`: `row_ids`, or all that are dead and were not retried."""

    row_ids: Sequence[int]
    all_dead: bool

    async def __call__(self, settings: Settings) -> int:
        """Writes the new rows, in one transaction; what cannot be retried is told, and the rest still is."""
        if self.all_dead == bool(self.row_ids):
            raise ToBeMended("give ids of `paybot outbox list --dead`, or --all-dead.")
        now = datetime.now(UTC)
        async with database_beside(settings) as database, database.begin() as tx:
            row_ids = await undelivered.dead_ids(tx) if self.all_dead else list(dict.fromkeys(self.row_ids))
            made = {row_id: await undelivered.retry(tx, row_id, now) for row_id in row_ids}
        if not made:
            typer.echo("Nothing to retry.")
        for row_id, new_id in made.items():
            if new_id is None:
                typer.echo(f"✗ {row_id}: not retried: it is not dead, or on its way already (`outbox show {row_id}`).")
            else:
                typer.echo(f"✓ {row_id} is retried as {new_id}.")
        return 0 if all(made.values()) else 1


@dataclass(frozen=True, slots=True)
class Discarding:
    """`paybot outbox discard`."""

    row_ids: Sequence[int]

    async def __call__(self, settings: Settings) -> int:
        """Gives rows up, in one transaction."""
        now = datetime.now(UTC)
        row_ids = list(dict.fromkeys(self.row_ids))
        async with database_beside(settings) as database, database.begin() as tx:
            done = {row_id: await undelivered.discard(tx, row_id, now) for row_id in row_ids}
        for row_id, was_open in done.items():
            typer.echo(
                f"✓ {row_id} is discarded."
                if was_open
                else f"✗ {row_id}: not discarded: it was sent, dropped, or never there (`outbox show {row_id}`)."
            )
        return 0 if all(done.values()) else 1


def _no_such(row_id: int) -> ShellError:
    return ShellError(f"there is no message {row_id} in the outbox: see `paybot outbox list --all`.")


def _cells(entry: Entry, now: datetime) -> tuple[str, ...]:
    problem = entry.problem or "-"
    if entry.retried_as:
        problem += f" (retried as {entry.retried_as})"
    return (
        str(entry.id),
        entry.state,
        age(now - entry.created_at),
        _place(entry),
        entry.what,
        entry.payment_id or "-",
        str(entry.attempts),
        problem,
    )


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _place(entry: Entry) -> str:
    topic = entry.place.topic_id
    return f"{entry.place.chat_id}:{topic}" if topic else str(entry.place.chat_id)


def _time(moment: datetime | None) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC") if moment else "-"


def age(time: timedelta) -> str:
    """As `40s`, `12m`, `3h`, `9d`; what lies ahead is `0s`."""
    seconds = max(int(time.total_seconds()), 0)
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"
