"""`paybot check`, KiriminAja's side: is it there, does it take our key, is it the key of the other environment."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from bot.core.answer import Answer, Refused, Throttled, Unwell
from bot.kiriminaja.knock import Knock, knock_express, knock_instant
from bot.settings import SANDBOX_EXPRESS_URL, Settings
from bot.shell.findings import CALL_WITHIN, Finding, Part, bad, good, unknown

KEY: Final = "KiriminAja key"
INSTANT: Final = "KiriminAja Instant"
_NOT_THERE: Final = frozenset({"unreachable", "timeout", "tls", "broken"})


@dataclass(frozen=True, slots=True)
class Environments:
    """KiriminAja's two: Express base URLs."""

    sandbox: str = SANDBOX_EXPRESS_URL
    production: str = "https://client.kiriminaja.com"

    def other(self, url: str) -> tuple[str, str] | None:
        """Name and URL of the other environment; None where `url` is neither."""
        pairs = {self.sandbox: ("production", self.production), self.production: ("the sandbox", self.sandbox)}
        return pairs.get(url)


async def check_kiriminaja(settings: Settings, environments: Environments, clock: Callable[[], datetime]) -> Part:
    """One harmless call a host; a second one to the other environment where the key is refused."""
    key = settings.kiriminaja_api_key.get_secret_value()
    express, instant = settings.kiriminaja_express_url, settings.kiriminaja_instant_url

    async def of_instant() -> Knock | None:
        return await knock_instant(instant, key, within=CALL_WITHIN) if instant else None

    by_express, by_instant = await asyncio.gather(knock_express(express, key, within=CALL_WITHIN), of_instant())
    heard_at = clock()
    found = _of_key(by_express, _host(express))
    if isinstance(by_express.answer, Refused):
        found = await _of_refused(express, key, environments)
    findings = (found, _of_instant(by_instant, instant))
    return Part(findings, by_express.date, heard_at)


def _of_key(knock: Knock, host: str) -> Finding:
    if knock.is_page:
        return bad(KEY, f"{host} answers with a web page: mend KIRIMINAJA_EXPRESS_URL.")
    if trouble := _trouble(knock.answer, host, "KIRIMINAJA_EXPRESS_URL"):
        return bad(KEY, trouble)
    if isinstance(knock.answer, Throttled):
        return unknown(KEY, f"{host} is asked too often just now: check again in a minute.")
    return good(KEY, f"{host} takes it.")


async def _of_refused(express: str, key: str, environments: Environments) -> Finding:
    """The key is of no use where it was refused, so that trying it elsewhere gives nothing away."""
    refused = f"KIRIMINAJA_API_KEY is refused by {_host(express)}"
    if other := environments.other(express):
        name, url = other
        there = await knock_express(url, key, within=CALL_WITHIN)
        if not isinstance(there.answer, Refused | Unwell | Throttled):
            return bad(KEY, f"{refused}: it is the key of {name}. Take the other key, or KIRIMINAJA_EXPRESS_URL={url}")
    return bad(KEY, f"{refused}: copy it again from KiriminAja's dashboard (sandbox and production differ).")


def _of_instant(knock: Knock | None, url: str | None) -> Finding:
    if knock is None or url is None:
        return unknown(
            INSTANT, "KIRIMINAJA_INSTANT_URL is not set: Instant payments are asked for at the Express URL."
        )
    host = _host(url)
    if knock.is_page:
        return unknown(INSTANT, f"{host} has no such call: Instant payments are asked for at the Express URL.")
    if trouble := _trouble(knock.answer, host, "KIRIMINAJA_INSTANT_URL"):
        return bad(INSTANT, trouble)
    if isinstance(knock.answer, Refused):
        return bad(INSTANT, f"the key is refused by {host}: KIRIMINAJA_INSTANT_URL is to be of the same environment.")
    if isinstance(knock.answer, Throttled):
        return unknown(INSTANT, f"{host} is asked too often just now: check again in a minute.")
    return good(INSTANT, f"{host} takes the key.")


def _trouble(answer: Answer, host: str, setting: str) -> str | None:
    match answer:
        case Unwell(reason=reason) if reason in _NOT_THERE:
            return f"{host} is out of reach ({reason}): see to the network, or mend {setting}."
        case Unwell(reason=reason):
            return f"{host} gives no usable answer ({reason}): try later, or mend {setting}."
        case _:
            return None


def _host(url: str) -> str:
    return urlsplit(url).netloc
