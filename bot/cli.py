"""The shell commands. What a command needs is imported when it runs: `paybot --help` is quick, and so is the start."""

import asyncio
import sys
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from bot import __version__

if TYPE_CHECKING:
    from bot.settings import Settings

EXIT_MEND = 2
"""The operator has something to mend; one line on standard error says what."""

cli = typer.Typer(
    name="paybot",
    help="Shows KiriminAja's QRIS payments in Telegram, watches them, and says when they are paid.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

callback = typer.Typer(name="callback", help="KiriminAja's pushes: where they go, and whether they are taken.")
cli.add_typer(callback)


def main() -> None:
    """The entry point of `paybot`."""
    cli()


def _give_up(problem: str) -> NoReturn:
    typer.echo(f"paybot: {problem}", err=True)
    sys.exit(EXIT_MEND)


def _settings() -> "Settings":
    from bot.settings import Settings, SettingsError

    try:
        return Settings.load()
    except SettingsError as error:
        _give_up(str(error))


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


@callback.command("set")
def callback_set(
    url: Annotated[str, typer.Argument(help="Where KiriminAja is to push: https://…/kiriminaja")],
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
        _give_up(str(error))
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
