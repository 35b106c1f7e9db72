"""KiriminAja's API: looks at payments, and registers the callback URL.

Every call takes a turn (`pace`), is bounded in time and size (`wire`), and ends in an `Answer` (`answers`). The API
key lives in one request header; it is never logged, raised or shown in a `repr`.
"""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from json import dumps
from typing import Final, Protocol
from urllib.parse import urlsplit

import httpx

from bot.core.answer import Answer, Missing, Refused, Statement, Throttled, Unwell
from bot.core.ids import Kind, is_id, kind_of
from bot.core.privacy import PackagePeople
from bot.kiriminaja.answers import Reader, accepted, answer_of_status, is_html, payment_fields
from bot.kiriminaja.breaker import FIRST_PROBE
from bot.kiriminaja.flights import Flight, Flights
from bot.kiriminaja.pace import Pace
from bot.kiriminaja.people import people_in
from bot.kiriminaja.sides import HELD_BACK, Side, Sides
from bot.kiriminaja.wire import CALL_TIMEOUT, Response, Wire, look_wire

_KEY = re.compile(r"[!-~]+", re.ASCII)


class Endpoint(StrEnum):
    """Which call was made; a metric's label."""

    EXPRESS = "express"
    INSTANT = "instant"
    INSTANT_SDK = "instant_sdk"
    """An Instant id through the Express call, as KiriminAja's SDKs do it."""
    CALLBACK = "callback"


Observe = Callable[[Endpoint, str, float], None]
"""Hears of each call: endpoint, outcome (`outcome_of`), seconds it took without the wait for its turn."""


def outcome_of(answer: Answer) -> str:
    """An answer in a word for metrics: paid, unpaid, unknown, missing, throttled, refused, or why it was unwell."""
    match answer:
        case Statement():
            return answer.code.value
        case Unwell():
            return answer.reason
        case _:
            return type(answer).__name__.lower()


@dataclass(frozen=True, slots=True)
class _Got:
    """An answer of the Instant GET."""

    answer: Answer
    elsewhere: bool = False
    """404 or a web page: this host may not have the call at all, so the SDKs' way is tried."""
    down: bool = False
    """A 5xx: that this host shows a page proves nothing about the payment."""
    body: bytes = field(default=b"", repr=False)
    """Holds personal data: it is read by `people` alone."""


class _Asking(Protocol):
    """What a call is made for: a flight, or a question asked alone."""

    urgent: bool
    called: bool


@dataclass(slots=True)
class _Alone:
    urgent: bool
    called: bool = False


def _nobody(_endpoint: Endpoint, _outcome: str, _seconds: float) -> None:
    """Observes nothing."""


class KiriminAja:
    """The account at KiriminAja. Belongs to one event loop; close it with `aclose` or `async with`."""

    def __init__(
        self,
        api_key: str,
        express_url: str,
        instant_url: str | None,
        *,
        pace: Pace,
        wire: Callable[[], Wire] = look_wire,
        observe: Observe = _nobody,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        call_timeout: float = CALL_TIMEOUT,
        first_probe: float = FIRST_PROBE,
    ) -> None:
        """`clock` (monotonic, seconds) times calls, `now` (aware) reads dates; `call_timeout` and `first_probe`
        (`Breaker`) are in seconds.

        ValueError where the key holds anything but visible ASCII, or a URL is no http(s) base URL.
        """
        if not _KEY.fullmatch(api_key):
            # h11 would name the whole header value, key included, in its error.
            raise ValueError("the KiriminAja API key holds characters that no header can carry")
        self._express_url = _base(express_url)
        self._instant_url = _base(instant_url) if instant_url else None
        self._headers: Final[Mapping[str, str]] = {
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "Authorization": f"Bearer {api_key}",
            "User-Agent": "paybot",
        }
        self._headers_of_post: Final = {**self._headers, "Content-Type": "application/json"}
        self._pace = pace
        self._open = wire
        self._wire: Wire | None = None
        self._observe = observe
        self._clock = clock
        self._now = now
        self._call_timeout: Final = call_timeout
        self._read = Reader()
        self._flights = Flights()
        self.sides = Sides(pace, has_instant=instant_url is not None, first_probe=first_probe, clock=clock)
        """How each side fares: who looks unasked lets be what is held back."""

    async def __aenter__(self) -> "KiriminAja":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Ends what is under way and closes the connections; a later call opens new ones."""
        await self._flights.aclose()
        wire, self._wire = self._wire, None
        if wire:
            await wire.aclose()

    async def fetch(self, payment_id: str, kind: Kind | None, *, urgent: bool = False, fresh: bool = False) -> Answer:
        """A fresh look at one payment; looks at the same one that are under way together share a call.

        `kind` None asks what the id's prefix names; for an undocumented prefix Express, then Instant. `urgent` is a
        person's ask: it goes first, and also to a side that is held back, where others get `HELD_BACK`. `fresh`: a
        call that was made before now will not do. Raises ValueError for a text that is no id; whatever happens on
        the way is an answer.
        """
        if not is_id(payment_id):
            raise ValueError("not a payment id")
        kind = kind or kind_of(payment_id)

        async def ask(flight: Flight) -> Answer:
            if kind is None:
                return await self._either(payment_id, flight)
            by_kind = self._instant if kind is Kind.INSTANT else self._express
            answer = (await by_kind(payment_id, flight)).answer
            # As a whole: where the SDKs' way answers, it matters little that the first call brought a web page.
            self.sides.note(self.sides.side_of(kind), answer)
            return answer

        return await self._flights.join((payment_id, kind), ask, urgent=urgent, fresh=fresh)

    async def people(self, payment_id: str, *, urgent: bool = False) -> tuple[PackagePeople, ...]:
        """Who sends, receives and drives the packages of an Instant payment, read now and kept nowhere.

        Empty where KiriminAja gives no answer about this payment. Raises ValueError for a text that is no id.
        """
        if not is_id(payment_id):
            raise ValueError("not a payment id")
        got = await self._instant(payment_id, _Alone(urgent))
        is_about_it = isinstance(got.answer, Statement) and got.answer.payment_id == payment_id
        return people_in(payment_fields(got.body)) if is_about_it else ()

    async def set_callback(self, url: str) -> Throttled | Refused | Unwell | None:
        """Registers the account's one callback URL; None when KiriminAja took it, Unwell("declined") when not.

        ValueError where `url` is no http(s) URL.
        """
        _web(url)
        if (pause := await self._pace.turn(urgent=True)) is not None:
            return pause
        started = self._clock()
        got = await self._exchange("POST", f"{self._express_url}/api/mitra/set_callback", {"url": url})
        answer = got if isinstance(got, Unwell) else accepted(got.status, got.headers, got.body, now=self._now())
        self._note(Endpoint.CALLBACK, answer, "accepted" if answer is None else outcome_of(answer), started)
        return answer

    async def _express(self, payment_id: str, flight: _Asking) -> _Got:
        return await self._post(payment_id, Kind.EXPRESS, flight)

    async def _instant(self, payment_id: str, flight: _Asking) -> _Got:
        """The Instant GET where its host is known, else, or where that host has no such call, the SDKs' way."""
        if self._instant_url is None:
            return await self._post(payment_id, Kind.INSTANT, flight)
        got = await self._get(self._instant_url, payment_id, flight)
        if not got.elsewhere:
            return got
        other_way = await self._post(payment_id, Kind.INSTANT, flight)
        return got if got.down and isinstance(other_way.answer, Missing) else other_way

    async def _either(self, payment_id: str, flight: Flight) -> Answer:
        """Express, then Instant. Missing only where both say so.

        The SDKs' way is the very call made first, so it is not made again.
        """
        first = (await self._post(payment_id, None, flight)).answer
        self.sides.note(Side.EXPRESS, first)
        if self._instant_url is None or not isinstance(first, Missing | Unwell):
            return first
        got = await self._get(self._instant_url, payment_id, flight)
        if isinstance(got.answer, Statement | Throttled | Refused):
            return got.answer
        if isinstance(first, Unwell) or (got.elsewhere and not got.down):
            return first
        return got.answer

    async def _post(self, payment_id: str, kind: Kind | None, flight: _Asking) -> _Got:
        endpoint = Endpoint.INSTANT_SDK if kind is Kind.INSTANT else Endpoint.EXPRESS
        url = f"{self._express_url}/api/mitra/v2/get_payment"
        return await self._look(endpoint, "POST", url, {"payment_id": payment_id}, kind, flight)

    async def _get(self, base: str, payment_id: str, flight: _Asking) -> _Got:
        url = f"{base}/open-api/v1/instants/payment/{payment_id}"
        return await self._look(Endpoint.INSTANT, "GET", url, None, Kind.INSTANT, flight)

    async def _look(
        self,
        endpoint: Endpoint,
        method: str,
        url: str,
        content: Mapping[str, str] | None,
        kind: Kind | None,
        flight: _Asking,
    ) -> _Got:
        """One call in its turn."""
        if (pause := await self._pace.turn(urgent=flight.urgent)) is not None:
            return _Got(pause if flight.urgent else HELD_BACK)
        if self.sides.is_held(kind) and not flight.urgent:
            return _Got(HELD_BACK)  # since it took its place in the queue
        flight.called = True
        started = self._clock()
        response = await self._exchange(method, url, content)
        if isinstance(response, Unwell):
            got = _Got(response)
        else:
            answer = self._read(response.status, response.headers, response.body, kind=kind, now=self._now())
            may_be = isinstance(answer, Missing | Unwell)
            elsewhere = may_be and (response.status == 404 or is_html(response.headers, response.body))
            got = _Got(answer, elsewhere, down=response.status >= 500, body=response.body)
        self._note(endpoint, got.answer, outcome_of(got.answer), started)
        return got

    async def _exchange(self, method: str, url: str, content: Mapping[str, str] | None) -> Response | Unwell:
        self._wire = self._wire or self._open()
        # The Instant fallback judges a 5xx page by its content type; other statuses' bodies are read.
        return await self._wire.exchange(
            method,
            url,
            self._headers_of_post if content else self._headers,
            dumps(content).encode() if content else None,
            lambda status: answer_of_status(status, {}, self._now()) is not None,
            self._call_timeout,
        )

    def _note(self, endpoint: Endpoint, answer: Answer | None, outcome: str, started: float) -> None:
        """Tells the pace and the observer how a call ended."""
        if isinstance(answer, Throttled):
            self._pace.throttled(answer.retry_after)
        elif not isinstance(answer, Unwell):
            self._pace.answered()
        self._observe(endpoint, outcome, self._clock() - started)


def _base(url: str) -> str:
    """A base URL without its last slash; ValueError where it is not http(s) with a host and perhaps a path."""
    if urlsplit(_web(url)).query or "#" in url:
        raise ValueError("a base URL has neither query nor fragment")
    return url.rstrip("/")


def _web(url: str) -> str:
    """An http(s) URL with a host, unchanged; ValueError for anything else."""
    try:
        parts, read = urlsplit(url), httpx.URL(url)
        _ = parts.port  # raises ValueError where the port is none
    except (ValueError, httpx.InvalidURL):
        raise ValueError("not a URL") from None
    if parts.scheme not in {"http", "https"} or not read.host or parts.username is not None:
        raise ValueError("not an http(s) URL with a host and without credentials")
    return url
