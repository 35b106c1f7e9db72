"""Telegram's answers as they are, for `paybot check`: why something fails there, and what time it is."""

from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx


@dataclass(frozen=True, slots=True)
class Heard:
    """An answer of Telegram's own: `result`, or the number and the words of a refusal."""

    result: Any = None
    code: int | None = None
    words: str = ""
    moved_to: int | None = None
    """The supergroup's id, where a group became one."""
    date: datetime | None = None
    """What time it is for Telegram."""


@dataclass(frozen=True, slots=True)
class Silence:
    """No answer of Telegram's: `problem` is a short word for why."""

    problem: str


class Inspector:
    """Asks Telegram as the bot; nothing that anybody is told of. Use as `async with`."""

    def __init__(self, api_url: str, token: str, *, within: float) -> None:
        """`api_url`: TELEGRAM_API_URL; `within`: seconds a call may take."""
        self._url = f"{api_url}/bot{token}"
        self._http = httpx.AsyncClient(timeout=within)

    async def __aenter__(self) -> "Inspector":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def ask(self, method: str, **parameters: str | int) -> Heard | Silence:
        """One call. Never raises for what comes back."""
        try:
            response = await self._http.post(f"{self._url}/{method}", data=parameters)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return Silence(type(error).__name__)
        try:
            answer = response.json()
        except (ValueError, RecursionError):
            return Silence(f"HTTP {response.status_code}, not Telegram's")
        if not isinstance(answer, dict) or not isinstance(answer.get("ok"), bool):
            return Silence(f"HTTP {response.status_code}, not Telegram's")
        date = _date(response.headers.get("date", ""))
        if answer["ok"]:
            return Heard(answer.get("result"), date=date)
        code, details = answer.get("error_code"), answer.get("parameters")
        moved_to = details.get("migrate_to_chat_id") if isinstance(details, dict) else None
        return Heard(
            code=code if isinstance(code, int) else 0,
            words=str(answer.get("description", ""))[:200],
            moved_to=moved_to if isinstance(moved_to, int) else None,
            date=date,
        )


def _date(text: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    return at if at.tzinfo else None
