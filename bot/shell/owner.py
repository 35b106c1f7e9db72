"""`paybot owner`: a one-time link that makes whoever opens it first the owner of the bot."""

from contextlib import suppress
from datetime import UTC, datetime

import typer

from bot.flows.own import new_owner_link
from bot.messenger.account import OutOfReach, TokenRefused, close_account, learn_name, open_account
from bot.settings import Settings
from bot.shell import ShellError, ToBeMended
from bot.storage.engine import Database


async def print_link(settings: Settings) -> int:
    """Also before the first start: the database is made for it."""
    bot = open_account(settings.telegram_api_url, settings.telegram_bot_token.get_secret_value())
    database = Database(settings.database_url)
    try:
        await learn_name(bot)  # the link holds it
        await database.open_beside()
        typer.echo(owner_text(await new_owner_link(database, bot.username, datetime.now(UTC))))
    except TokenRefused as error:
        raise ToBeMended(str(error)) from None
    except OutOfReach as error:
        raise ShellError(f"Telegram is out of reach ({error}): try again, or check TELEGRAM_API_URL.") from None
    finally:
        await database.close()
        with suppress(Exception):
            await close_account(bot)
    return 0


def owner_text(url: str) -> str:
    """What stands beside the link."""
    return f"Open this link in Telegram within an hour; who opens it first becomes owner of the bot:\n{url}"
