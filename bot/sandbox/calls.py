"""What was asked of the messenger: the tests' oracle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.sandbox.bot_api import Json
from bot.sandbox.faults import Fault


@dataclass(eq=False)
class Call:
    """One call. `done`: the work was accepted; `answered`: an answer was sent; `fault`: what it met, if anything.

    `status` is the HTTP status of the answer, 0 while under way or when none was sent; `result` the answer's
    ``result``, or its whole body where it failed. `at` and `ended_at` in seconds since the epoch.
    """

    method: str
    params: Json
    at: float
    done: bool = False
    answered: bool = False
    status: int = 0
    result: Any = None
    ended_at: float | None = None
    fault: Fault | None = None

    @property
    def chat_id(self) -> int | None:
        """The chat it was meant for, where the method has one and it is a number."""
        chat_id = self.params.get("chat_id")
        return chat_id if isinstance(chat_id, int) else None
