"""Trouble on order: what either side of the sandbox is told to do wrong, and to which of its next requests."""

# ruff: noqa: ASYNC109 - callers say timeout=, as with every other thing one waits for

from __future__ import annotations

import asyncio
import json
import random
from dataclasses import dataclass, field
from typing import Any, Final, Literal


@dataclass
class Hold:
    """A request stopped midway until released: how a test freezes the world at the worst moment."""

    when: Literal["before", "after"] = "after"
    _reached: asyncio.Event = field(default_factory=asyncio.Event)
    _released: asyncio.Event = field(default_factory=asyncio.Event)

    async def reached(self, timeout: float = 10.0) -> None:
        """Returns once a request stands at the hold; `TimeoutError` after `timeout` seconds."""
        await asyncio.wait_for(self._reached.wait(), timeout)

    def release(self) -> None:
        """Lets the held request, and all that come later, go on."""
        self._released.set()

    async def stand(self) -> None:
        """Called by the request."""
        self._reached.set()
        await self._released.wait()


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong.

    `delay` in seconds, before anything else. `status` with `body` (text, bytes, or JSON), `filler` (bytes of blanks
    after it) and `headers` is answered instead of doing the work, or where it `worked`, once it is done. `reset`
    closes the connection without an answer: ``before`` the work, or ``after`` it, when the work is done and the answer
    lost; ``midway`` in the answer's body. `silent` never answers, before or after the work, and `away` closes the
    connection and the side's door for so many seconds. `drip` is how many seconds lie between two bytes of the
    answer, `truncated` leaves its second half out. `hold` stops the request at the named moment.
    """

    delay: float = 0.0
    status: int | None = None
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    filler: int = 0
    worked: bool = False
    reset: Literal["before", "midway", "after"] | None = None
    silent: Literal["before", "after"] | None = None
    away: float = 0.0
    drip: float = 0.0
    truncated: bool = False
    hold: Hold | None = None

    def payload(self) -> tuple[bytes, str]:
        """The body's bytes and its media type."""
        if isinstance(self.body, bytes):
            return self.body, "application/octet-stream"
        if isinstance(self.body, str):
            # A page says it is one; anything else claims to be the JSON it may not be.
            kind = "text/html; charset=utf-8" if self.body.startswith("<") else "application/json"
            return self.body.encode(), kind
        return json.dumps(self.body).encode(), "application/json"


_PAGE: Final = "<!doctype html><html><head><title>Bad Gateway</title></head><body>nginx</body></html>"
_TOO_MANY: Final = {
    "ok": False,
    "error_code": 429,
    "description": "Too Many Requests",
    "message": "Too Many Attempts.",
}
_NO_SERVER: Final = {"ok": False, "error_code": 500, "description": "Internal Server Error", "message": "Server Error"}

KINDS: Final[dict[str, Fault]] = {
    "refused": Fault(away=0.5),
    "reset_before": Fault(reset="before"),
    "reset_midway": Fault(reset="midway"),
    "answer_lost": Fault(reset="after"),
    "no_answer": Fault(silent="before"),
    "worked_in_silence": Fault(silent="after"),
    "slow_loris": Fault(drip=0.5),
    "error_500": Fault(status=500, body=_NO_SERVER),
    "error_502": Fault(status=502, body=_PAGE),
    "error_503": Fault(status=503, body=""),
    "worked_but_504": Fault(status=504, body=_PAGE, worked=True),
    "too_many": Fault(status=429, body=_TOO_MANY),
    "too_many_for_1_s": Fault(
        status=429, body=_TOO_MANY | {"parameters": {"retry_after": 1}}, headers={"Retry-After": "1"}
    ),
    "truncated": Fault(truncated=True),
    "wrong_types": Fault(status=200, body={"ok": True, "status": "true", "text": 1, "data": [], "result": "none"}),
    "html": Fault(status=200, body=_PAGE),
    "huge": Fault(status=200, body="", filler=50_000_000),
}
"""Every kind of trouble there is, by its name; either side takes each."""


@dataclass
class _Order:
    target: str
    fault: Fault
    left: int | None
    share: float = 1.0
    dice: random.Random | None = None

    def strikes(self) -> bool:
        """Whether this request is one of those it is meant for."""
        return self.dice is None or self.dice.random() < self.share


class Faults:
    """Orders are served oldest first; ``*`` is any target."""

    def __init__(self) -> None:
        self._orders: list[_Order] = []

    def add(self, target: str, fault: Fault, times: int | None = 1) -> None:
        """The next `times` requests to `target` meet `fault`; None: all until `clear`."""
        self._orders.append(_Order(target, fault, times))

    def add_at_rate(self, target: str, fault: Fault, share: float, dice: random.Random) -> None:
        """From now on that share (0 to 1) of the requests to `target` meets `fault`, as the dice fall."""
        self._orders.append(_Order(target, fault, None, share, dice))

    def clear(self, target: str | None = None) -> None:
        """Withdraws the orders for `target`, or all of them; holds are released."""
        for order in [order for order in self._orders if target in (None, order.target)]:
            if order.fault.hold is not None:
                order.fault.hold.release()
            self._orders.remove(order)

    def take(self, *targets: str) -> Fault | None:
        """The fault for a request that answers to any of `targets`, or None; counts it down."""
        for order in self._orders:
            if (order.target == "*" or order.target in targets) and order.strikes():
                if order.left is not None:
                    order.left -= 1
                    if order.left == 0:
                        self._orders.remove(order)
                return order.fault
        return None
