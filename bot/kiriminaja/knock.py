"""Whether KiriminAja is there and takes our key: one harmless call, for `paybot check`."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from bot.core.answer import Answer, Unwell
from bot.core.ids import Kind
from bot.kiriminaja.answers import answer_of_status, is_html, read_answer
from bot.kiriminaja.wire import exchange, http_client

NO_PAYMENT: Final = "0"
"""After a prefix: no payment has this number."""


@dataclass(frozen=True, slots=True)
class Knock:
    """What came of it. A good key is answered `Missing`."""

    answer: Answer
    is_page: bool = False
    """A web page: nothing of the API has answered."""
    date: datetime | None = None
    """What time it is there."""


async def knock_express(url: str, key: str, *, within: float) -> Knock:
    """Asks for an Express payment that cannot exist. `within` in seconds."""
    body = {"payment_id": f"XID-{NO_PAYMENT}"}
    return await _knock("POST", f"{url}/api/mitra/v2/get_payment", key, body, Kind.EXPRESS, within)


async def knock_instant(url: str, key: str, *, within: float) -> Knock:
    """Asks for an Instant payment that cannot exist."""
    return await _knock("GET", f"{url}/open-api/v1/instants/payment/PID-{NO_PAYMENT}", key, None, Kind.INSTANT, within)


async def _knock(method: str, url: str, key: str, body: object, kind: Kind, within: float) -> Knock:
    headers = {"Accept": "application/json", "Accept-Encoding": "identity", "Authorization": f"Bearer {key}"}
    headers["User-Agent"] = "paybot"
    async with http_client(connect=within, call=within) as client:
        request = client.build_request(method, url, headers=headers, json=body)
        got = await exchange(
            client,
            request,
            decided=lambda status: answer_of_status(status, {}, datetime.now(UTC)) is not None,
            within=within,
        )
    if isinstance(got, Unwell):
        return Knock(got)
    answer = read_answer(got.status, got.headers, got.body, kind=kind, now=datetime.now(UTC))
    return Knock(answer, is_html(got.headers, got.body), _date(got.headers.get("date", "")))


def _date(text: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    return at if at.tzinfo else None
