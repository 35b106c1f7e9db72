"""`paybot check`: looks at everything a bot needs, and says what is to be mended. Works while `paybot run` runs."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final

import typer

from bot.logs import Redactor
from bot.settings import Settings, SettingsError, misspelt_names
from bot.shell.check_kiriminaja import Environments, check_kiriminaja
from bot.shell.check_telegram import check_telegram
from bot.shell.findings import PART_WITHIN, Finding, Mark, Part, bad, good, unknown
from bot.storage.engine import Database, DatabaseError, NotThereYet, is_out_of_reach
from bot.storage.migrations import HEAD
from bot.storage.mounts import expect_own_disk
from bot.storage.trouble import problem_of
from bot.web.listening import CannotListen, listen

WRONG_BY: Final = timedelta(seconds=30)
"""From here on a clock is wrong: times told to people would be, and TLS and Telegram begin to complain."""
_SANDBOX: Final = "*** SANDBOX *** KiriminAja's test environment: no payment is real."


def utc_now() -> datetime:
    """Our own clock."""
    return datetime.now(UTC)


def run_check() -> int:
    """Prints a line each; returns 1 where one is bad."""
    # It may be another program's, and then nothing is wrong.
    for name, meant in misspelt_names().items():
        typer.echo(unknown("settings", f"nothing reads {name}: is it meant to be {meant}?"))
    try:
        settings = Settings.load()
    except SettingsError as error:
        typer.echo(bad("settings", str(error)))
        typer.echo(unknown("everything else", "not looked at before the settings are right."))
        return 1
    if settings.is_sandbox:
        typer.echo(_SANDBOX)
    redact = Redactor(settings.secrets).redact
    found = asyncio.run(check(settings))
    for finding in found:
        typer.echo(redact(str(finding)))
    if settings.is_sandbox:
        typer.echo(_SANDBOX)
    return 1 if any(finding.mark is Mark.BAD for finding in found) else 0


async def check(
    settings: Settings,
    *,
    environments: Environments | None = None,
    clock: Callable[[], datetime] = utc_now,
    part_within: float = PART_WITHIN,
) -> Sequence[Finding]:
    """All findings, in their order; `clock` is the one that is checked, `part_within` in seconds."""
    telegram, kiriminaja, database, port = await asyncio.gather(
        _within(part_within, "Telegram", check_telegram(settings, clock)),
        _within(part_within, "KiriminAja", check_kiriminaja(settings, environments or Environments(), clock)),
        _within(part_within, "database", _check_database(settings)),
        _within(part_within, "HTTP port", _check_port(settings)),
    )
    return [
        good("settings", "read, and all of them make sense."),
        *telegram.findings,
        *kiriminaja.findings,
        *database.findings,
        _check_clock(telegram, kiriminaja),
        *port.findings,
    ]


async def _within(seconds: float, about: str, part: Awaitable[Part]) -> Part:
    try:
        async with asyncio.timeout(seconds):
            return await part
    except TimeoutError:
        return Part((bad(about, f"no answer within {seconds:g} s: see to the network, then check again."),))


async def _check_database(settings: Settings) -> Part:
    about = "database"
    database = Database(settings.database_url)
    kind = "SQLite" if database.is_sqlite else "PostgreSQL"
    try:
        if database.path:
            expect_own_disk(database.path)
        await database.open_existing()
    except NotThereYet:
        return Part((unknown(about, f"{kind}, nothing there yet: `paybot run` makes it."),))
    except DatabaseError as error:
        return Part((bad(about, str(error)),))
    except Exception as error:
        if not is_out_of_reach(error):
            raise
        said = f"DATABASE_URL: {kind} is out of reach, or refuses us ({problem_of(error)}): see that it runs."
        return Part((bad(about, said),))
    finally:
        await database.close()
    return Part((good(about, f"{kind}, revision {HEAD}, up to date."),))


def _check_clock(*parts: Part) -> Finding:
    """By the `Date` of whoever answered; of two by the nearer to ours, as one may be wrong itself."""
    about = "clock"
    ahead = [part.heard_at - part.date for part in parts if part.date and part.heard_at]
    if not ahead:
        return unknown(about, "nobody was there to ask for the time.")
    nearest = min(ahead, key=abs)
    seconds = round(abs(nearest).total_seconds())
    if abs(nearest) < WRONG_BY:
        return good(about, "right." if seconds < 2 else f"right, within {seconds} s.")
    side = "ahead" if nearest > timedelta(0) else "behind"
    return bad(about, f"{seconds} s {side}: switch time synchronisation on (`timedatectl set-ntp true`).")


async def _check_port(settings: Settings) -> Part:
    about = "HTTP port"
    host, port = settings.http_host, settings.http_port
    where = f"{host}:{port}"
    if port == 0:
        return Part((good(about, "0: any free one is taken."),))
    try:
        listen(host, port).close()
    except CannotListen as error:
        if error.in_use and await _is_paybot(settings.own_host, port):
            return Part((good(about, f"{where}: a paybot is running there."),))
        return Part((bad(about, str(error)),))
    return Part((good(about, f"{where} is free."),))


async def _is_paybot(host: str, port: int) -> bool:
    """Whether what listens there answers as our `/healthz` does."""
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(2):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                answer = await reader.read()
            finally:
                writer.close()
        return answer.startswith(b"HTTP/1.1 200") and answer.endswith(b"ok\n")
    return False
