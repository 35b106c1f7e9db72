"""KiriminAja's API as the bot meets it: the answers, the troubles, and the callbacks it pushes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

from bot.sandbox.bot_api import Json
from bot.sandbox.callbacks import callback_body
from bot.sandbox.changes import Changes, Clock, Closing
from bot.sandbox.exchange import Dropped, Reply, meet_after, meet_before
from bot.sandbox.faults import Fault, Faults, Hold
from bot.sandbox.payment import Payment
from bot.sandbox.payments import Payments
from bot.sandbox.push import Pushed, post_json

Endpoint = Literal["express", "instant", "set_callback"]
Mode = Literal["up", "slow", "down", "reset", "html", "empty", "key_refused", "too_many", "truncated", "wrong_types"]
Unknown = Literal["status_false", "not_found", "null"]

_PAGE = "<!doctype html><html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"


@dataclass(eq=False)
class Request:
    """One request of the bot. `status` is the HTTP status answered, 0 where the connection was closed instead; `fault`
    what it met, if anything."""

    at: float
    endpoint: Endpoint
    payment_id: str
    status: int = 0
    ended_at: float | None = None
    fault: Fault | None = None

    def __repr__(self) -> str:
        return f"{self.endpoint} {self.payment_id} -> {self.status} at {self.at:.3f}"


class Provider:
    """One account at KiriminAja. `faults` takes an endpoint's name, a payment's id, or ``*`` as target.

    `unknown` is how an unknown id is answered: HTTP 200 with ``status: false`` and code 2, HTTP 404, or
    ``data``/``result`` null.
    """

    def __init__(self, *, api_key: str, clock: Clock, changes: Changes) -> None:
        self.api_key = api_key
        self.clock = clock
        self.changes = changes
        self.payments = Payments(self)
        self.requests: list[Request] = []
        self.faults = Faults()
        self.unknown: Unknown = "status_false"
        self.callback_url: str | None = None
        self.mode: Mode = "up"
        self._mode_fault: Fault | None = None

    def set_mode(self, mode: Mode, *, delay: float = 3.0, retry_after: int | None = None) -> None:
        """How the whole provider fares until told otherwise.

        ``slow`` by `delay` seconds · ``down`` 503 · ``reset`` connections closed · ``html`` and ``empty`` with
        HTTP 200 · ``key_refused`` 401 · ``too_many`` 429, with `retry_after` (seconds) or without · ``truncated``
        JSON · ``wrong_types`` in JSON.
        """
        self._mode_fault = _mode_fault(mode, delay, retry_after)
        self.mode = mode
        self.changes.publish("provider", mode=mode)

    def answer_raw(
        self,
        status: int = 200,
        body: Any = "",
        *,
        target: str = "*",
        headers: dict[str, str] | None = None,
        delay: float = 0.0,
        times: int | None = 1,
    ) -> None:
        """The next `times` (None: all) answers are exactly this; `body` is text, bytes, or JSON."""
        self.faults.add(target, Fault(delay=delay, status=status, body=body, headers=headers or {}), times)

    def reset(self, target: str = "*", when: Literal["before", "after"] = "before", times: int | None = 1) -> None:
        """The next `times` requests lose their connection."""
        self.faults.add(target, Fault(reset=when), times)

    def delay(self, seconds: float, target: str = "*", times: int | None = 1) -> None:
        """The next `times` answers take `seconds` longer."""
        self.faults.add(target, Fault(delay=seconds), times)

    def hold(self, target: str = "*", when: Literal["before", "after"] = "before") -> Hold:
        """The next request stops until released: ``await hold.reached()``, then ``hold.release()``."""
        held = Hold(when)
        self.faults.add(target, Fault(hold=held))
        return held

    def callback(
        self,
        payment: Payment,
        method: str,
        *,
        package: int = 0,
        short: bool = False,
        reason: str | None = None,
    ) -> Json:
        """The body of a callback: complete, or the short one without a payment id."""
        return callback_body(payment, method, self.clock(), package=package, short=short, reason=reason)

    async def push(self, body: Json | bytes, url: str | None = None, *, key: str | None = None) -> Pushed:
        """POSTs a callback as KiriminAja does, to `url` or the one that was set; `key` forges the bearer."""
        target = url or self.callback_url
        if target is None:
            raise ValueError("no callback URL was set")
        headers = {"User-Agent": "KiriminAja-Push-Services", "Authorization": f"Bearer {key or self.api_key}"}
        pushed = await post_json(target, body, headers)
        self.changes.publish("callback", status=pushed.status, error=pushed.error)
        return pushed

    async def handle(self, endpoint: Endpoint, payment_id: str, authorization: str, body: Any = None) -> Reply:
        """One request; raises `Dropped` to lose the connection."""
        request = Request(self.clock(), endpoint, payment_id)
        self.requests.append(request)
        try:
            fault = request.fault = self._mode_fault or self.faults.take(endpoint, payment_id)
            reply = await meet_before(fault, self.changes)
            if reply is None:
                reply = self._work(endpoint, payment_id, authorization, body)
                reply = await meet_after(fault, reply)
            request.status = reply.status
            return reply
        except Closing:
            raise Dropped from None
        finally:
            request.ended_at = self.clock()
            self.changes.publish("request", endpoint=endpoint, payment_id=payment_id, status=request.status)

    def _work(self, endpoint: Endpoint, payment_id: str, authorization: str, body: Any) -> Reply:
        if authorization != f"Bearer {self.api_key}":
            return Reply.of({"status": False, "text": "Unauthenticated.", "method": None, "data": None}, 401)
        if endpoint == "set_callback":
            return self._set_callback(body)
        if not payment_id:
            words = "The payment id field is required."
            return Reply.of({"status": False, "text": words, "method": "payment", "data": None, "code": 422}, 422)
        payment = self.payments.get(payment_id)
        if payment is None or not _known_to(endpoint, payment):
            return self._not_found("result" if endpoint == "instant" or payment_id.startswith("PID-") else "data")
        if payment.kind == "express":
            return Reply.of({"status": True, "text": "Success", "method": "payment", "data": payment.as_json()})
        found = {
            "status": True,
            "text": "get_payment",
            "method": None,
            "result": payment.as_json(),
            "code": None,
        }
        return Reply.of(found)

    def _not_found(self, field: str) -> Reply:
        missing: Json = {"status": False, "text": "data not found", "code": 2, "method": None, field: None}
        if self.unknown == "null":
            return Reply.of({"status": True, "text": "Success", "code": None, "method": "payment", field: None})
        return Reply.of(missing, 404 if self.unknown == "not_found" else 200)

    def _set_callback(self, body: Any) -> Reply:
        url = body.get("url") if isinstance(body, dict) else None
        if not isinstance(url, str) or not url.startswith(("http://", "https://")):
            return Reply.of({"status": False, "method": "set_callback", "text": "The url format is invalid."}, 422)
        self.callback_url = url
        self.changes.publish("callback_url", url=url)
        return Reply.of({"status": True, "method": "set_callback", "text": "Success"})


def _known_to(endpoint: Endpoint, payment: Payment) -> bool:
    """Each side knows its own; the Express call also knows ``PID-`` ids: the SDKs' way."""
    if payment.kind == "express":
        return endpoint == "express"
    return endpoint == "instant" or payment.id.startswith("PID-")


def _mode_fault(mode: Mode, delay: float, retry_after: int | None) -> Fault | None:
    half = json.dumps({"status": True, "text": "Success", "method": "payment", "data": {"payment_id": "XID-1"}})[:-17]
    too_many = {"Retry-After": str(retry_after)} if retry_after is not None else {}
    faults: dict[Mode, Fault | None] = {
        "up": None,
        "slow": Fault(delay=delay),
        "down": Fault(status=503, body={"message": "Service Unavailable"}),
        "reset": Fault(reset="before"),
        "html": Fault(status=200, body=_PAGE),
        "empty": Fault(status=200, body=""),
        "key_refused": Fault(status=401, body={"status": False, "text": "Unauthenticated.", "data": None}),
        "too_many": Fault(status=429, body={"message": "Too Many Attempts."}, headers=too_many),
        "truncated": Fault(status=200, body=half),
        "wrong_types": Fault(status=200, body={"status": "true", "text": 1, "data": [], "result": "none"}),
    }
    return faults[mode]
