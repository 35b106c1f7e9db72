"""Our account at Telegram: the connection that sends, and whether the token is good."""

import asyncio
import warnings
from typing import Final

from telegram import Bot
from telegram.error import InvalidToken
from telegram.request import BaseRequest, HTTPXRequest
from telegram.warnings import PTBDeprecationWarning

from bot import proxies
from bot.messenger.bounds import bound, gather, trusted
from bot.messenger.outcomes import CALL_TIMEOUT

REFUSED_BY_TELEGRAM: Final = "TELEGRAM_BOT_TOKEN is refused by Telegram: copy it again from @BotFather."
Account = Bot
"""What python-telegram-bot calls a bot: the account and its connections."""


class TokenRefused(Exception):
    """Telegram does not know the token; the text is one line with the mend."""


class OutOfReach(Exception):
    """Telegram gave no usable answer."""


def open_account(api_url: str, token: str) -> Bot:
    """A bot that sends over a pool of its own; calls go to `<api_url>/bot<token>/<method>`. Nothing is sent yet."""
    # Each 429 would print that the type of its pause is going to change; `sender` takes both types.
    warnings.filterwarnings("ignore", message=".*`retry_after`", category=PTBDeprecationWarning)
    request = _request()
    return Bot(
        token,
        base_url=f"{api_url}/bot",
        base_file_url=f"{api_url}/file/bot",
        request=request,
        get_updates_request=request,  # `Updates` polls; the library would open a pool of its own for it
    )


def _request() -> BaseRequest:
    if not proxies.are_set():
        # Here, as no shell command needs it but `check`.
        from bot.messenger.aiohttp_request import AiohttpRequest

        return AiohttpRequest()
    return HTTPXRequest(
        connection_pool_size=32,
        connect_timeout=5,
        read_timeout=15,
        write_timeout=15,
        pool_timeout=10,
        httpx_kwargs={"event_hooks": {"request": [gather], "response": [bound]}, "verify": trusted()},
    )


async def learn_name(bot: Bot) -> None:
    """Learns our own name. Raises `TokenRefused` or `OutOfReach`; safe to call again."""
    try:
        async with asyncio.timeout(CALL_TIMEOUT):
            await bot.initialize()
    except InvalidToken as error:
        # Telegram's own no is JSON; a 401 or 404 that is none comes from a proxy.
        if "Parsing the server response" in str(error.__cause__):
            raise OutOfReach("no Telegram there") from None
        raise TokenRefused(REFUSED_BY_TELEGRAM) from None
    except Exception as error:  # python-telegram-bot lets through what it trips over in a strange answer
        raise OutOfReach(type(error.__cause__ or error).__name__) from None


async def close_account(bot: Bot) -> None:
    """Closes the connections, also where the name was never learnt."""
    await bot.shutdown()
    await bot.request.shutdown()
