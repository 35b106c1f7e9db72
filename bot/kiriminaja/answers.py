"""From an HTTP response to the core's `Answer`: total, for any status, headers and bytes.

Envelope: `{"status": bool, "text": str, "data"|"result": object|null, "code": int|null}`. Express answers in `data`,
Instant in `result`, and a `PID-…` asked through the Express call in `result` too, so whichever holds the object is
taken. Nothing a gateway makes up (HTML, empty, truncated, wrong types) is ever "paid" or "not found".

The verdicts, with the HTTP status first:

===================  =====================================================================================
401                  Refused, whatever the body
429                  Throttled, whatever the body
1xx 204 205 206 3xx  Unwell("http_NNN")
5xx                  Unwell("http_NNN"), even where the body says "not found"
404, 422             a JSON object: Missing (422 is the validation of the one thing we send, the id); else Unwell
other 4xx            Missing where the envelope says so (code 2, "not found"; null data with 400 and 410); else Unwell
other 2xx            by the envelope, see `_said`
===================  =====================================================================================
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from hashlib import sha256
from typing import Final

from pydantic import BaseModel, ConfigDict, StrictBool, ValidationError

from bot.core.answer import Answer, Missing, Refused, Statement, Throttled, Unwell
from bot.core.ids import Kind
from bot.kiriminaja.fields import PaymentFields, count

MAX_BODY: Final = 256 * 1024
"""Longest body that is read, in bytes; a real answer has about two thousand."""
MAX_RETRY_AFTER: Final = 900.0
"""Longest `Retry-After` that is believed, in seconds; one call after that asks anew."""
KEPT: Final = 500
"""How many statements are remembered, of some two kilobytes each."""

_BODY_MATTERS: Final = frozenset({200, 201, 202, 203})
_SECONDS = re.compile(r"\d+(\.\d+)?", re.ASCII)
_NOT_FOUND = re.compile(r"not[ _-]?found|tidak ditemukan", re.IGNORECASE)
# "API key not found", "route not found": not the customer's payment, but our settings.
_ABOUT_US = re.compile(r"\b(api[ _-]?key|token|route|endpoint)\b", re.IGNORECASE)


class Envelope(BaseModel):
    """What surrounds every answer. Only `status` is strict: false and true are all it may be."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    status: StrictBool
    text: object = None
    code: object = None
    data: object = None
    result: object = None

    @property
    def says_not_found(self) -> bool:
        """Whether it says in so many words that there is no such payment."""
        if self.is_about_us:
            return count(self.code) == 2
        return count(self.code) in {2, 404} or _NOT_FOUND.search(self.words) is not None

    @property
    def is_about_us(self) -> bool:
        """Whether it speaks of how we call rather than of a payment."""
        return _ABOUT_US.search(self.words) is not None

    @property
    def words(self) -> str:
        """`text`, where it is text; never shown to anybody."""
        return self.text[:500] if isinstance(self.text, str) else ""

    @property
    def is_null(self) -> bool:
        """Whether the place of the answer is there, and null."""
        return bool(self.model_fields_set & {"data", "result"}) and self.data is None and self.result is None


def read_answer(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    *,
    kind: Kind | None,
    now: datetime,
) -> Answer:
    """The answer in an HTTP response. Never raises, whatever the bytes.

    `kind` is the product that was asked; None where the id does not tell, then the place of the answer does.
    `now` (aware) is what a `Retry-After` date counts from.
    """
    if (answer := answer_of_status(status, headers, now)) is not None:
        return answer
    parsed = _json(body)
    if isinstance(parsed, Unwell):
        return parsed if status in _BODY_MATTERS else Unwell(f"http_{status}")
    try:
        envelope = Envelope.model_validate(parsed)
    except ValidationError:
        envelope = None
    if status in _BODY_MATTERS:
        return _said(envelope, kind, headers, now) if envelope else Unwell("shape")
    return _said_with_error(status, envelope)


class Reader:
    """Reads answers as `read_answer` does, but one that says the same again, byte for byte, only once."""

    def __init__(self) -> None:
        # By digest: a body holds personal data, and is kept nowhere.
        self._read: dict[tuple[Kind | None, bytes], Statement] = {}

    def __call__(
        self, status: int, headers: Mapping[str, str], body: bytes, *, kind: Kind | None, now: datetime
    ) -> Answer:
        """As `read_answer`."""
        if status not in _BODY_MATTERS:
            return read_answer(status, headers, body, kind=kind, now=now)
        key = kind, sha256(body).digest()
        if (known := self._read.get(key)) is not None:
            return known
        answer = read_answer(status, headers, body, kind=kind, now=now)
        if isinstance(answer, Statement):
            if len(self._read) == KEPT:
                del self._read[next(iter(self._read))]
            self._read[key] = answer
        return answer


def payment_fields(body: bytes) -> Mapping[str, object]:
    """What stands in `result` or `data` of an answer that was read as a statement; empty for anything else.

    Holds personal data: it goes to `people` and nowhere else.
    """
    parsed = _json(body)
    if isinstance(parsed, Unwell):
        return {}
    places = (parsed.get("result"), parsed.get("data"))
    return next((place for place in places if isinstance(place, dict) and place), {})


def answer_of_status(status: int, headers: Mapping[str, str], now: datetime) -> Answer | None:
    """The answer where the HTTP status alone decides; None where the body has to be read."""
    if status == 401:
        return Refused()
    if status == 429:
        return Throttled(retry_after(headers, now))
    if status in _BODY_MATTERS or 400 <= status < 500:
        return None
    return Unwell(f"http_{status}")


def is_html(headers: Mapping[str, str], body: bytes = b"") -> bool:
    """Whether a response is a web page: nothing of the API has answered."""
    return "html" in _header(headers, "content-type").lower() or body[:200].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<"


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """`Retry-After` as seconds from `now`, within 0–900; None where absent or unreadable."""
    text = _header(headers, "retry-after").strip()
    if _SECONDS.fullmatch(text):
        return min(float(text), MAX_RETRY_AFTER)
    try:
        at = parsedate_to_datetime(text)
        seconds = ((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return min(max(seconds, 0.0), MAX_RETRY_AFTER)


def accepted(
    status: int, headers: Mapping[str, str], body: bytes, *, now: datetime
) -> Throttled | Refused | Unwell | None:
    """What became of a call that only says yes or no (`set_callback`); None is yes, Unwell("declined") no."""
    answer = answer_of_status(status, headers, now)
    if isinstance(answer, Throttled | Refused | Unwell):
        return answer
    parsed = _json(body)
    if isinstance(parsed, Unwell):
        return parsed if status in _BODY_MATTERS else Unwell(f"http_{status}")
    try:
        said_yes = Envelope.model_validate(parsed).status
    except ValidationError:
        return Unwell("shape" if status in _BODY_MATTERS else f"http_{status}")
    return None if said_yes and status in _BODY_MATTERS else Unwell("declined")


def _json(body: bytes) -> dict[str, object] | Unwell:
    """The body's JSON object, or why there is none: `too_large`, `empty`, `html`, `json`, `shape`."""
    if len(body) > MAX_BODY:
        return Unwell("too_large")
    text = body.removeprefix(b"\xef\xbb\xbf").strip()
    if not text:
        return Unwell("empty")
    if text[:1] == b"<":
        return Unwell("html")
    try:
        # The standard parser, not pydantic's: half an emoji at the end of a name cut short (`"\\ud83d"`) must not
        # hide a payment. No field that leaves `fields` lets such a half through.
        parsed = json.loads(text.decode(), parse_constant=_no_number)
    except (ValueError, RecursionError):
        return Unwell("json")
    return parsed if isinstance(parsed, dict) else Unwell("shape")


def _no_number(constant: str) -> float:
    raise ValueError(f"{constant} is no JSON")


def _said(envelope: Envelope, kind: Kind | None, headers: Mapping[str, str], now: datetime) -> Answer:
    """The meaning of an envelope that came with success."""
    if not envelope.status:
        return _said_no(envelope, headers, now)
    express, instant = (place if isinstance(place, dict) else {} for place in (envelope.data, envelope.result))
    if express and instant:
        return Unwell("shape")  # which one is meant cannot be said
    if express:
        return _statement(express, kind or Kind.EXPRESS)
    if instant:
        return _statement(instant, kind or Kind.INSTANT)
    return Missing() if envelope.is_null else Unwell("shape")


def _said_no(envelope: Envelope, headers: Mapping[str, str], now: datetime) -> Answer:
    """`status: false` with HTTP 200: no such payment, unless the code names another reason."""
    code = count(envelope.code)
    if envelope.says_not_found:
        return Missing()
    if code == 401:
        return Refused()
    if code == 429:
        return Throttled(retry_after(headers, now))
    if isinstance(envelope.data, dict) or isinstance(envelope.result, dict):
        return Unwell("shape")  # says no, and yet tells of a payment
    is_another_reason = code is not None and (
        code == 403 or 500 <= code < 600 or (code >= 1000 and not envelope.is_null)
    )
    return Unwell("declined") if is_another_reason or envelope.is_about_us else Missing()


def _said_with_error(status: int, envelope: Envelope | None) -> Answer:
    """The meaning of a JSON object that came with a 4xx; `envelope` is None where it is not KiriminAja's."""
    if envelope is None:
        return Missing() if status in {404, 422} else Unwell(f"http_{status}")
    if envelope.status:
        return Unwell("shape")
    if status in {404, 422} or envelope.says_not_found or (envelope.is_null and status in {400, 410}):
        return Missing()
    return Unwell(f"http_{status}")


def _statement(fields: dict[str, object], kind: Kind) -> Statement | Unwell:
    try:
        return PaymentFields.model_validate(fields).statement(kind)
    except ValidationError:
        return Unwell("shape")


def _header(headers: Mapping[str, str], name: str) -> str:
    """A header's value whatever the case of its name; empty where absent."""
    return next((value for key, value in headers.items() if key.lower() == name), "")
