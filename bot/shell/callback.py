"""`paybot callback`: which URL KiriminAja pushes to, and whether what it pushes would be taken."""

import ipaddress
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

from bot.core.answer import Refused, Throttled
from bot.flows.accept import TEST_METHOD
from bot.kiriminaja.client import KiriminAja
from bot.kiriminaja.pace import Pace
from bot.kiriminaja.push import Push
from bot.settings import Settings
from bot.shell import ShellError, ToBeMended
from bot.web.kiriminaja import PATH


def check_url(url: str) -> None:
    """Raises `ShellError` where KiriminAja could not push to a URL."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port  # raises where the port is none
        is_good = bool(host) and url.isprintable() and " " not in url and parts.username is None
        is_safe = parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host))
    except ValueError:
        is_good = is_safe = False
    if not is_good or not is_safe:
        raise ToBeMended(f"give the URL as KiriminAja is to call it, such as https://bot.example.com{PATH}")


async def set_url(settings: Settings, url: str) -> None:
    """Registers the account's one callback URL. Raises `ShellError`."""
    check_url(url)
    key = settings.kiriminaja_api_key.get_secret_value()
    pace = Pace(settings.poll_budget)
    async with KiriminAja(key, settings.kiriminaja_express_url, None, pace=pace) as account:
        answer = await account.set_callback(url)
    host = urlsplit(settings.kiriminaja_express_url).hostname
    match answer:
        case None:
            return
        case Refused():
            raise ToBeMended(f"KIRIMINAJA_API_KEY is refused by {host}: sandbox and production have different keys.")
        case Throttled():
            raise ShellError(f"{host} is asked too often: try again in a minute.")
        case _ if answer.reason == "declined":
            raise ToBeMended(f"{host} does not take this URL: it must be https and reachable from outside.")
        case _:
            raise ShellError(f"KIRIMINAJA_EXPRESS_URL: {host} gives no usable answer ({answer.reason}): try again.")


async def push_sample(settings: Settings) -> AsyncIterator[tuple[bool, str]]:
    """Pushes to our own HTTP side: each step with whether it went well, or what to mend; a bad one is the last."""
    host = settings.own_host
    where = f"{f'[{host}]' if ':' in host else host}:{settings.http_port}"
    key = settings.kiriminaja_api_key.get_secret_value()
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    body = json.dumps({"method": TEST_METHOD, "data": [{"order_id": "PAYBOT-TEST", "date": now}]}).encode()
    outcome = await _push("not-the-key", where, body)
    if isinstance(outcome, str):
        yield False, f"{where} does not answer ({outcome}): start `paybot run`, or set HTTP_HOST and HTTP_PORT alike"
        return
    if outcome != 401:
        yield False, f"{where}{PATH} answers {outcome} to a wrong key: something else than this paybot listens there"
        return
    yield True, f"{where}{PATH} turns a wrong key away"
    outcome = await _push(key, where, body)
    yield outcome == 200, _MEANING.get(outcome, f"the sample was answered {outcome}: see the bot's log")


_MEANING: Final[dict[int | str, str]] = {
    200: "a sample with KIRIMINAJA_API_KEY was stored",
    401: "the key is refused: the running bot has another KIRIMINAJA_API_KEY, restart it",
    503: "the bot is there, but its database is out of reach: see /readyz",
}


async def _push(key: str, where: str, body: bytes) -> int | str:
    push = Push(key)
    try:
        return await push(f"http://{where}{PATH}", body, None)
    finally:
        await push.aclose()


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
