"""What both sides of the sandbox answer with, and how a fault gets its way."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.changes import Changes
from bot.sandbox.faults import Fault


@dataclass(frozen=True)
class Reply:
    """An HTTP answer."""

    status: int
    body: bytes
    media_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, value: Any, status: int = 200) -> Reply:
        """`value` as JSON."""
        return cls(status, json.dumps(value, ensure_ascii=False).encode())


class Dropped(Exception):
    """The connection is to be closed without an answer."""


async def meet_before(fault: Fault | None, changes: Changes) -> Reply | None:
    """What a fault does before the work: the answer that replaces it, or None to go on; may raise `Dropped`."""
    if fault is None:
        return None
    if fault.delay > 0:
        await changes.pause(fault.delay)
    if fault.hold is not None and fault.hold.when == "before":
        await fault.hold.stand()
    if fault.reset == "before":
        raise Dropped
    if fault.status is None:
        return None
    body, media_type = fault.payload()
    return Reply(fault.status, body, media_type, fault.headers)


async def meet_after(fault: Fault | None) -> None:
    """What a fault does once the work is done; may raise `Dropped`."""
    if fault is None:
        return
    if fault.hold is not None and fault.hold.when == "after":
        await fault.hold.stand()
    if fault.reset == "after":
        raise Dropped
