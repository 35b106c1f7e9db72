"""The shell commands. What a command needs is imported when it runs: `paybot --help` is quick, and so is the start."""

import asyncio
import sys
from typing import Annotated, NoReturn

import typer

from bot import __version__

EXIT_MEND = 2
"""The operator has something to mend; one line on standard error says what."""

cli = typer.Typer(
    name="paybot",
    help="Shows KiriminAja's QRIS payments in Telegram, watches them, and says when they are paid.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """The entry point of `paybot`."""
    cli()


def _give_up(problem: str) -> NoReturn:
    typer.echo(f"paybot: {problem}", err=True)
    sys.exit(EXIT_MEND)


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
    from bot.settings import Settings, SettingsError

    try:
        settings = Settings.load()
    except SettingsError as error:
        _give_up(str(error))

    from bot.app import App, StartError
    from bot.logs import set_up

    set_up(level=settings.log_level, form=settings.log_format, secrets=settings.secrets)
    # The owner's link must not end up in a file or a journal.
    terminal = next((stream for stream in (sys.stderr, sys.stdout) if stream.isatty()), None)
    try:
        asyncio.run(App(settings, terminal=terminal).run())
    except StartError as error:
        _give_up(str(error))


@cli.command()
def owner() -> None:
    """Print a link, good for an hour: who opens it first in Telegram becomes owner of the bot."""
    from bot.settings import Settings, SettingsError

    try:
        settings = Settings.load()
    except SettingsError as error:
        _give_up(str(error))

    from bot.app import StartError, make_owner_link
    from bot.logs import set_up

    set_up(level="error", form=settings.log_format, secrets=settings.secrets)
    try:
        typer.echo(asyncio.run(make_owner_link(settings)))
    except StartError as error:
        _give_up(str(error))


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
