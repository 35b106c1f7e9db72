"""What both sides of the sandbox answer with, and how a fault gets its way."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any

from bot.sandbox.changes import Changes
from bot.sandbox.faults import Fault


@dataclass(frozen=True)
class Reply:
    """An HTTP answer. `fault` is what happens to it on its way out."""

    status: int
    body: bytes
    media_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    fault: Fault | None = None

    @classmethod
    def of(cls, value: Any, status: int = 200) -> Reply:
        """`value` as JSON."""
        return cls(status, json.dumps(value, ensure_ascii=False).encode())


class Dropped(Exception):
    """There is to be no answer: the connection is closed, at once or, when `silent`, after the client has left; and
    the side's door for `away` seconds."""

    def __init__(self, *, silent: bool = False, away: float = 0.0) -> None:
        super().__init__()
        self.silent = silent
        self.away = away


async def meet_before(fault: Fault | None, changes: Changes) -> Reply | None:
    """What a fault does before the work: the answer that replaces it, or None to go on; may raise `Dropped`."""
    if fault is None:
        return None
    if fault.delay > 0:
        await changes.pause(fault.delay)
    if fault.hold is not None and fault.hold.when == "before":
        await fault.hold.stand()
    if fault.reset == "before" or fault.silent == "before" or fault.away > 0:
        raise Dropped(silent=fault.silent is not None, away=fault.away)
    return None if fault.status is None or fault.worked else _said(fault, fault.status)


async def meet_after(fault: Fault | None, reply: Reply) -> Reply:
    """What a fault makes of the answer once the work is done; may raise `Dropped`."""
    if fault is None:
        return reply
    if fault.hold is not None and fault.hold.when == "after":
        await fault.hold.stand()
    if fault.reset == "after" or fault.silent == "after":
        raise Dropped(silent=fault.silent is not None)
    if fault.worked and fault.status is not None:
        return _said(fault, fault.status)
    body = reply.body[: len(reply.body) // 2] if fault.truncated else reply.body
    return replace(reply, body=body, fault=fault)


def _said(fault: Fault, status: int) -> Reply:
    body, media_type = fault.payload()
    return Reply(status, body, media_type, fault.headers, fault)
