"""Accepts KiriminAja's callbacks in any process: stored first, and the one that works is woken."""

import asyncio
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime
from typing import Final

import structlog

from bot.core.callbacks import Callback
from bot.metrics import Metrics
from bot.storage import callbacks, notify
from bot.storage.callbacks import Arrived
from bot.storage.engine import Database
from bot.storage.notify import Bell

TEST_METHOD: Final = "paybot_test"
"""What `paybot callback test` sends; it goes to nobody else."""
_AT_ONCE: Final = 100
_PATIENCE: Final = 4.0
"""Seconds a commit may take; who waits for it gives up a bit later."""


class Accept:
    """Keeps a callback; with `forwards` its body too, until it is passed on."""

    def __init__(
        self,
        database: Database,
        *,
        forwards: bool,
        clock: Callable[[], datetime],
        wake: Callable[[], None],
        metrics: Metrics,
    ) -> None:
        """`wake` sets hearing and passing on going in this process."""
        self._database = database
        self._forwards = forwards
        self._clock = clock
        self._wake = wake
        self._metrics = metrics
        self._waiting: list[tuple[Arrived, asyncio.Future[None]]] = []
        self._storing: asyncio.Task[None] | None = None
        self._log = structlog.get_logger("accept")

    async def __call__(self, callback: Callback, body: bytes, content_type: str) -> None:
        """Returns once it is stored. One that says the same as an earlier one is a hint, and nothing more."""
        kept = self._forwards and callback.method != TEST_METHOD
        arrived = Arrived(callback, body, _sendable(content_type)) if kept else Arrived(callback)
        is_stored = asyncio.get_running_loop().create_future()
        self._waiting.append((arrived, is_stored))
        if self._storing is None:
            self._storing = asyncio.create_task(self._store_all(), name="store callbacks")
        await is_stored

    async def _store_all(self) -> None:
        """One commit for all that came while the last one was made: a disk takes few a second."""
        try:
            while self._waiting:
                # Whoever gave up waiting pushes it again.
                waiting = [one for one in self._waiting if not one[1].done()]
                batch, self._waiting = waiting[:_AT_ONCE], waiting[_AT_ONCE:]
                try:
                    await self._store([arrived for arrived, _ in batch])
                except Exception as error:
                    for _, is_stored in batch:
                        if not is_stored.done():
                            is_stored.set_exception(error)
                else:
                    for _, is_stored in batch:
                        if not is_stored.done():
                            is_stored.set_result(None)
        finally:
            self._storing = None

    async def _store(self, arrived: Sequence[Arrived]) -> None:
        async with asyncio.timeout(_PATIENCE), self._database.begin() as tx:
            new = await callbacks.store(tx, arrived, self._clock())
            await notify.ring(tx, Bell.HEAR)
        for callback, is_new in _newness(arrived, new):
            self._metrics.note_callback(callback.label, "stored" if is_new else "repeated")
            self._log.info("callback", method=callback.label, packages=len(callback.parcels), new=is_new)
        self._wake()


def _newness(arrived: Sequence[Arrived], new: Collection[str]) -> Iterator[tuple[Callback, bool]]:
    """Each callback, and whether it said something new; of two alike that came together one did."""
    left = set(new)
    for one in arrived:
        yield one.callback, one.callback.digest in left
        left.discard(one.callback.digest)


def _sendable(content_type: str) -> str | None:
    """A `Content-Type` that may stand in a request of ours."""
    return content_type if 0 < len(content_type) <= 200 and content_type.isascii() else None
