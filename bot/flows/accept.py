"""Accepts KiriminAja's callbacks in any process: stored first, and the one that works is woken."""

from collections.abc import Callable
from datetime import datetime

import structlog

from bot.core.callbacks import Callback
from bot.storage import callbacks, notify
from bot.storage.engine import Database
from bot.storage.notify import Bell

TEST_METHOD = "paybot_test"
"""What `paybot callback test` sends; it goes to nobody else."""


class Accept:
    """Keeps a callback; with `forwards` its body too, until it is passed on."""

    def __init__(
        self,
        database: Database,
        *,
        forwards: bool,
        clock: Callable[[], datetime],
        wake: Callable[[], None],
        observe: Callable[[str], None],
    ) -> None:
        """`wake` sets hearing and passing on going in this process; `observe` counts methods."""
        self._database = database
        self._forwards = forwards
        self._clock = clock
        self._wake = wake
        self._observe = observe
        self._log = structlog.get_logger("accept")

    async def __call__(self, callback: Callback, body: bytes, content_type: str) -> None:
        """Returns once it is stored. One that says the same as an earlier one changes nothing."""
        kept = body if self._forwards and callback.method != TEST_METHOD else None
        async with self._database.begin() as tx:
            is_new = await callbacks.store(
                tx, callback, self._clock(), body=kept, content_type=_sendable(content_type) if kept else None
            )
            if is_new:
                await notify.ring(tx, Bell.HEAR)
        self._observe(callback.label)
        self._log.info("callback", method=callback.label, packages=len(callback.parcels), is_new=is_new)
        if is_new:
            self._wake()


def _sendable(content_type: str) -> str | None:
    """A `Content-Type` that may stand in a request of ours."""
    return content_type if 0 < len(content_type) <= 200 and content_type.isascii() else None
