"""Trouble on order: what either side of the sandbox is told to do wrong, and to which of its next requests."""

# ruff: noqa: ASYNC109 - callers say timeout=, as with every other thing one waits for

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any, Literal


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

    `delay` in seconds, before anything else. `status` with `body` (text, bytes, or JSON) and `headers` is
    answered instead of doing the work. `reset` closes the connection without an answer: ``before`` the work, or
    ``after`` it, when the work is done and the answer lost. `hold` stops the request at the named moment.
    """

    delay: float = 0.0
    status: int | None = None
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    reset: Literal["before", "after"] | None = None
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


@dataclass
class _Order:
    target: str
    fault: Fault
    left: int | None


class Faults:
    """Orders are served oldest first; ``*`` is any target."""

    def __init__(self) -> None:
        self._orders: list[_Order] = []

    def add(self, target: str, fault: Fault, times: int | None = 1) -> None:
        """The next `times` requests to `target` meet `fault`; None: all until `clear`."""
        self._orders.append(_Order(target, fault, times))

    def clear(self, target: str | None = None) -> None:
        """Withdraws the orders for `target`, or all of them; holds are released."""
        for order in [order for order in self._orders if target in (None, order.target)]:
            if order.fault.hold is not None:
                order.fault.hold.release()
            self._orders.remove(order)

    def take(self, *targets: str) -> Fault | None:
        """The fault for a request that answers to any of `targets`, or None; counts it down."""
        for order in self._orders:
            if order.target == "*" or order.target in targets:
                if order.left is not None:
                    order.left -= 1
                    if order.left == 0:
                        self._orders.remove(order)
                return order.fault
        return None
