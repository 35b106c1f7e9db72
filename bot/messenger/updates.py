"""Fetches Telegram's updates as raw JSON, so that one malformed update spoils no other; or has them pushed (webhook).

`getUpdates` confirms all updates below its offset: the caller stores a batch first and asks for the next one after.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final, TypeGuard

import httpx

from bot.messenger.bounds import bound, trusted

ALLOWED: Final = ("message", "callback_query", "my_chat_member")
LONG_POLL: Final = 25
"""Seconds Telegram may wait for something to happen."""
_CALL_TIMEOUT: Final = LONG_POLL + 10
PUSHES_AT_ONCE: Final = 40
"""How many updates Telegram may push at the same time."""
_LONGEST_PAUSE: Final = 900
"""Seconds; one call after that asks anew, however long a pause was named."""
_BELIEVED: Final = timedelta(days=36525)
"""How far a clock may be out, so that it can still be reckoned with: one that begins in 1970 is no absurdity."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Updates, oldest first, each a whole JSON object with an integer `update_id`."""

    updates: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Conflict:
    """409: another program polls this bot, or a webhook is set."""

    webhook: bool


@dataclass(frozen=True, slots=True)
class TokenRefused:
    """401 or 404: Telegram does not know this token."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """No usable answer; `after` in seconds where Telegram named a pause."""

    problem: str
    after: float | None = None


Fetched = Batch | Conflict | TokenRefused | Trouble


@dataclass(frozen=True, slots=True)
class Webhook:
    """What Telegram says of the webhook it knows; `url` is empty where there is none."""

    url: str
    allowed: Sequence[str]
    waiting: int
    """Updates that wait to be pushed."""
    error: tuple[int, str] | None = None
    """The last failed push: when (seconds since 1970), and why."""


class Updates:
    """Telegram's receiving side, by long polling."""

    def __init__(self, base_url: str, token: str) -> None:
        """`base_url`: TELEGRAM_API_URL."""
        self._url = f"{base_url}/bot{token}"
        self._ahead = timedelta(0)
        self._http = httpx.AsyncClient(
            timeout=httpx.Timeout(10, read=_CALL_TIMEOUT),
            limits=httpx.Limits(max_connections=2, max_keepalive_connections=1),
            event_hooks={"response": [bound]},
            verify=trusted(),
        )

    @property
    def telegram_time(self) -> datetime:
        """What time it is for Telegram, as its last answer said: our own clock may be wrong by hours."""
        return datetime.now(UTC) - self._ahead

    async def fetch(self, offset: int | None, *, wait: int = LONG_POLL) -> Fetched:
        """The updates from `offset` on; waits up to `wait` seconds for the first. Never raises for what came back."""
        data: dict[str, Any] = {"timeout": wait, "limit": 100, "allowed_updates": json.dumps(ALLOWED)}
        if offset is not None:
            data["offset"] = offset
        return read(await self._call("getUpdates", data))

    async def drop_webhook(self) -> Fetched:
        """Makes polling possible, keeping what waits."""
        return read(await self._call("deleteWebhook", {"drop_pending_updates": "false"}))

    async def set_webhook(self, url: str, secret: str) -> Fetched:
        """Has updates pushed to `url` with `secret` in a header, in the place of any other URL or secret; keeps what
        waits. An empty batch means yes."""
        data = {
            "url": url,
            "secret_token": secret,
            "allowed_updates": json.dumps(ALLOWED),
            "max_connections": PUSHES_AT_ONCE,
            "drop_pending_updates": "false",
        }
        return read(await self._call("setWebhook", data))

    async def webhook(self) -> Webhook | Fetched:
        """What is registered, and whether pushing works."""
        answer = await self._call("getWebhookInfo", {})
        result = answer.get("result") if isinstance(answer, dict) and answer.get("ok") is True else None
        return _webhook(result) if isinstance(result, dict) else read(answer)

    async def close(self) -> None:
        """Ends a poll in progress, without confirming anything."""
        await self._http.aclose()

    async def _call(self, method: str, data: Mapping[str, Any]) -> object:
        try:
            async with asyncio.timeout(_CALL_TIMEOUT):
                response = await self._http.post(f"{self._url}/{method}", data=dict(data))
            answer = response.json()
            self._compare_clocks(response.headers.get("date"))
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            return Trouble(type(error).__name__)
        except (ValueError, RecursionError):
            return Trouble("no JSON" if response.is_success else f"error {response.status_code}")
        return answer

    def _compare_clocks(self, date: str | None) -> None:
        try:
            ahead = datetime.now(UTC) - parsedate_to_datetime(date or "")
        except (ValueError, TypeError, IndexError, OverflowError):
            return  # no date, or one without a zone: as before
        if abs(ahead) < _BELIEVED:
            self._ahead = ahead


def read(answer: object) -> Fetched:
    """What an answer of Telegram's says, or why there was none."""
    if isinstance(answer, Trouble):
        return answer
    if not isinstance(answer, dict):
        return Trouble("no object")
    if answer.get("ok") is True:
        return _batch(answer.get("result"))
    code = answer.get("error_code")
    if code == 409:
        return Conflict(webhook="webhook" in str(answer.get("description", "")).lower())
    if code in (401, 404):  # no set: the code may be an object, which none takes
        return TokenRefused()
    if code == 400:
        return Trouble(f"refused: {answer.get('description')}"[:200])
    parameters = answer.get("parameters")
    after = parameters.get("retry_after") if isinstance(parameters, dict) else None
    return Trouble(f"error {code}"[:40], float(min(after, _LONGEST_PAUSE)) if _is_number(after) else None)


def problem_of(fetched: Conflict | TokenRefused | Trouble) -> str:
    """Why there was no good answer, for the log."""
    match fetched:
        case Conflict(webhook=True):
            return "a webhook is set: removing it"
        case Conflict():
            return "another program polls this bot"
        case TokenRefused():
            return "Telegram refuses the token"
        case Trouble():
            return fetched.problem


def _webhook(info: Mapping[str, Any]) -> Webhook:
    at, why, allowed = (info.get(name) for name in ("last_error_date", "last_error_message", "allowed_updates"))
    waiting = info.get("pending_update_count")
    return Webhook(
        str(info.get("url") or ""),
        [str(kind) for kind in allowed] if isinstance(allowed, list) else [],
        waiting if _is_number(waiting) else 0,
        (at, str(why)[:200]) if _is_number(at) else None,
    )


def _batch(result: object) -> Batch | Trouble:
    """The updates that have a number, and so can be stored and confirmed.

    One without can't: it is confirmed by any later one, and until then Telegram hands it over at once, again and
    again. So a batch of nothing else is trouble, and polled for with the pauses of trouble.
    """
    if result is True:  # of deleteWebhook and setWebhook
        return Batch([])
    if not isinstance(result, list):
        return Trouble("no list of updates")
    readable = [update for update in result if is_update(update)]
    return Trouble("unreadable updates") if result and not readable else Batch(readable)


def is_update(value: object) -> TypeGuard[Mapping[str, Any]]:
    """Whether it is an update that has a number, and so can be stored."""
    return isinstance(value, dict) and _is_number(value.get("update_id"))


def _is_number(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63
