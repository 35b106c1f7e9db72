"""The shell commands. What a command needs is imported when it runs: `paybot --help` is quick, and so is the start."""

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from bot import __version__

if TYPE_CHECKING:
    from bot.settings import Settings
    from bot.shell.session import Task

EXIT_MEND = 2
"""The operator has something to mend; one line on standard error says what."""

cli = typer.Typer(
    name="paybot",
    help="Shows KiriminAja's QRIS payments in Telegram, watches them, and says when they are paid.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

callback = typer.Typer(
    name="callback", help="KiriminAja's pushes: where they go, and whether they are taken.", no_args_is_help=True
)
cli.add_typer(callback)
outbox = typer.Typer(name="outbox", help="Messages that could not be delivered.", no_args_is_help=True)
cli.add_typer(outbox)
db = typer.Typer(name="db", help="The database: migrations, backups, moving, retention.", no_args_is_help=True)
cli.add_typer(db)


def main() -> None:
    """The entry point of `paybot`."""
    cli()


def _give_up(problem: str, status: int = EXIT_MEND) -> NoReturn:
    typer.echo(f"paybot: {problem}", err=True)
    sys.exit(status)


def _settings() -> "Settings":
    from bot.settings import Settings, SettingsError

    try:
        return Settings.load()
    except SettingsError as error:
        _give_up(str(error))


def _perform(task: "Task") -> NoReturn:
    settings = _settings()
    from bot.shell.session import run_task

    sys.exit(run_task(settings, task))


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"paybot {__version__}")
        raise typer.Exit


@cli.callback()
def _paybot(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Options of `paybot` itself."""


@cli.command()
def run() -> None:
    """Run the bot until SIGTERM or Ctrl-C. Settings come from the environment or `.env`."""
    settings = _settings()

    import structlog

    from bot.app import App, StartError
    from bot.logs import set_up
    from bot.settings import misspelt_names

    set_up(level=settings.log_level, form=settings.log_format, secrets=settings.secrets)
    for name, meant in misspelt_names().items():
        structlog.get_logger("settings").warning("nothing reads this name", name=name, maybe_meant=meant)
    # The owner's link must not end up in a file or a journal.
    terminal = next((stream for stream in (sys.stderr, sys.stdout) if stream.isatty()), None)
    try:
        asyncio.run(App(settings, terminal=terminal).run())
    except StartError as error:
        _give_up(str(error))


@cli.command()
def owner() -> None:
    """Print a link, good for an hour: who opens it first in Telegram becomes owner of the bot."""
    from bot.shell.owner import print_link

    _perform(print_link)


@cli.command()
def demo(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Where the page is; 0 takes a free port.")] = 8765,
    open_page: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
) -> None:
    """Try the real bot in the browser against a sandbox of Telegram and KiriminAja. No account needed."""
    from bot.sandbox.demo import PortTaken, run_demo

    try:
        asyncio.run(run_demo(port, say=typer.echo, open_page=open_page))
    except PortTaken as error:
        _give_up(str(error))


@callback.command("set")
def callback_set(
    url: Annotated[str, typer.Argument(metavar="URL", help="Where KiriminAja is to push: https://…/kiriminaja")],
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing.")] = False,
) -> None:
    """Register the callback URL with KiriminAja. There is one an account, and no way to read the one before."""
    settings = _settings()
    from bot.shell import ShellError
    from bot.shell.callback import check_url, set_url

    before = ""
    try:
        check_url(url)
        if not yes:
            typer.echo("KiriminAja knows one callback URL an account, and won't tell which. This replaces it.")
            before = typer.prompt("Which one is registered now, a shop plugin's perhaps? (Enter for none)", default="",
                                  show_default=False).strip()  # fmt: skip
            if before:
                check_url(before)
        asyncio.run(set_url(settings, url))
    except ShellError as error:
        _give_up(str(error), error.status)
    typer.echo(f"✓ KiriminAja now pushes to {url}")
    if before and before != url:
        typer.echo("To pass everything on to the one before, put this line into .env and restart the bot:")
        typer.echo(f"CALLBACK_FORWARD_URL={before}")


@callback.command("test")
def callback_test() -> None:
    """Push a sample to the bot that runs here, as KiriminAja would."""
    settings = _settings()
    from bot.shell.callback import push_sample

    async def print_all() -> bool:
        good = True
        async for good, said in push_sample(settings):
            typer.echo(f"{'✓' if good else '✗'} {said}")
        return good

    if not asyncio.run(print_all()):
        raise typer.Exit(1)


@cli.command()
def check() -> None:
    """Look at everything the bot needs, a line each, and say what to mend. Exit status 1 where something is wrong."""
    from bot.shell.check import run_check

    sys.exit(run_check())


@cli.command()
def qr(
    payment_id: Annotated[str, typer.Argument(metavar="ID", help="As KiriminAja names it: XID-… or PID-…")],
    png: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the picture there instead.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the payment as JSON instead.")] = False,
) -> None:
    """Show a payment, read anew, and its QR in the terminal."""
    from bot.shell.qr import ShowQr

    _perform(ShowQr(payment_id, png, as_json))


@outbox.command("list")
def outbox_list(
    dead: Annotated[bool, typer.Option("--dead", help="All that was given up, retried or not.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Every message, delivered ones too.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="How many, the newest first.")] = 50,
) -> None:
    """List what could not be delivered: given up and not retried, or waiting after a failed try."""
    from bot.shell.outbox import Listing
    from bot.storage.undelivered import Which

    _perform(Listing(Which.ALL if everything else Which.DEAD if dead else Which.TROUBLED, limit))


@outbox.command("show")
def outbox_show(row_id: Annotated[int, typer.Argument(metavar="ID")]) -> None:
    """Show all that is known of one message."""
    from bot.shell.outbox import Showing

    _perform(Showing(row_id))


@outbox.command("retry")
def outbox_retry(
    row_ids: Annotated[list[int] | None, typer.Argument(metavar="[ID]...")] = None,
    all_dead: Annotated[bool, typer.Option("--all-dead", help="All that were given up and not retried.")] = False,
) -> None:
    """Send given-up messages again, as new ones that name the old. A running bot does so within seconds."""
    from bot.shell.outbox import Retrying

    _perform(Retrying(row_ids or [], all_dead))


@outbox.command("discard")
def outbox_discard(row_ids: Annotated[list[int], typer.Argument(metavar="ID...")]) -> None:
    """Give messages up for good; they stay listed under --all."""
    from bot.shell.outbox import Discarding

    _perform(Discarding(row_ids))


@db.command("upgrade")
def db_upgrade() -> None:
    """Bring the database up to date now; `paybot run` does so by itself. SQLite: a copy is kept beside it."""
    from bot.shell.database import upgrade

    _perform(upgrade)


@db.command("backup")
def db_backup(
    file: Annotated[Path, typer.Argument(metavar="FILE")],
    force: Annotated[bool, typer.Option("--force", help="Replace the file where it is there.")] = False,
) -> None:
    """Write a consistent copy into one file, also while the bot runs, from SQLite or PostgreSQL."""
    from bot.shell.database import Backup

    _perform(Backup(file, force))


@db.command("restore")
def db_restore(
    file: Annotated[Path, typer.Argument(metavar="FILE")],
    yes: Annotated[bool, typer.Option("--yes", help="Replace what is in the database.")] = False,
) -> None:
    """Put a backup back, into SQLite or PostgreSQL. Stop the bot first. Old news is put aside."""
    from bot.shell.database import Restore

    _perform(Restore(file, yes))


@db.command("copy")
def db_copy(url: Annotated[str, typer.Argument(metavar="URL", help="An empty database, as in DATABASE_URL.")]) -> None:
    """Copy everything to another database, as from SQLite to PostgreSQL. Stop the bot first."""
    from bot.shell.database import Copy

    _perform(Copy(url))


@db.command("purge")
def db_purge() -> None:
    """Drop what is past its retention now; `paybot run` does so hourly."""
    from bot.shell.database import purge_now

    _perform(purge_now)
