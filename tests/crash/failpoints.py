"""Moments at which a bot dies: functions of the product wrapped in the bot's own process, before it begins.

The product knows nothing of this: the nursery forks the process and arms it.
"""

import os
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final


class Countdown:
    """Reached so many times, the process is gone: no `finally`, no flush."""

    def __init__(self, times: int) -> None:
        self._left = times

    def reached(self) -> None:
        """Counts; the last time it does not return."""
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def arm(name: str, times: int) -> None:
    """The process dies when it gets to a failpoint for the n-th time."""
    FAILPOINTS[name](Countdown(times))


def _after_fetch(countdown: Countdown) -> None:
    """KiriminAja has answered; nobody knows yet."""
    from bot.kiriminaja.client import KiriminAja

    _die(KiriminAja, "fetch", countdown)


def _after_receive(countdown: Countdown) -> None:
    """Telegram has handed updates over; none is stored."""
    from bot.messenger.updates import Batch, Updates

    _die(Updates, "fetch", countdown, lambda fetched: isinstance(fetched, Batch) and bool(fetched.updates))


def _before_confirm(countdown: Countdown) -> None:
    """Updates are stored, and not confirmed to Telegram."""
    from bot.flows.take_in import TakeIn

    _die(TakeIn, "__call__", countdown)


def _before_commit(countdown: Countdown) -> None:
    """A transaction has done all its work."""
    from bot.storage.engine import Database, Tx

    @asynccontextmanager
    async def begin(self: Database) -> AsyncIterator[Tx]:
        async with self.engine.begin() as tx:
            yield tx
            countdown.reached()

    Database.begin = begin  # type: ignore[method-assign]


def _after_commit(countdown: Countdown) -> None:
    """A transaction is safe, and nothing has followed from it."""
    from bot.storage.engine import Database, Tx

    @asynccontextmanager
    async def begin(self: Database) -> AsyncIterator[Tx]:
        async with self.engine.begin() as tx:
            yield tx
        countdown.reached()

    Database.begin = begin  # type: ignore[method-assign]


def _before_send(countdown: Countdown) -> None:
    """A try at a new message is noted as begun, and not made."""
    from bot.messenger.sender import Sender

    for name in ("send_text", "send_picture"):
        _die(Sender, name, countdown, before=True)


def _after_send(countdown: Countdown) -> None:
    """Telegram has taken a new message, and that is not noted."""
    from bot.messenger.sender import Delivered, Sender

    for name in ("send_text", "send_picture"):
        _die(Sender, name, countdown, lambda outcome: isinstance(outcome, Delivered))


def _during_migration(countdown: Countdown) -> None:
    """Some tables are made; only a first start comes by here."""
    from sqlalchemy import event

    from bot.storage.tables import metadata

    for table in metadata.sorted_tables:
        event.listen(table, "before_create", lambda *_, **__: countdown.reached())


def _die(
    owner: Any,
    name: str,
    countdown: Countdown,
    counts: Callable[[Any], bool] = lambda result: True,
    *,
    before: bool = False,
) -> None:
    """Puts the countdown before an async function of `owner`, or after it where its result counts."""
    original = getattr(owner, name)

    async def wrapped(*given: Any, **named: Any) -> Any:
        if before:
            countdown.reached()
        result = await original(*given, **named)
        if not before and counts(result):
            countdown.reached()
        return result

    setattr(owner, name, wrapped)


FAILPOINTS: Final[dict[str, Callable[[Countdown], None]]] = {
    "after_fetch": _after_fetch,
    "after_receive": _after_receive,
    "before_confirm": _before_confirm,
    "before_commit": _before_commit,
    "after_commit": _after_commit,
    "before_send": _before_send,
    "after_send": _after_send,
    "during_migration": _during_migration,
}
"""By name."""

PASSED_BY: Final[dict[str, int]] = {
    "after_fetch": 8,
    "after_receive": 3,
    "before_confirm": 3,
    "before_commit": 60,
    "after_commit": 60,
    "before_send": 6,
    "after_send": 6,
    "during_migration": 12,
}
"""At most so many times a failpoint is passed before the process dies there."""

WHILE_WORKING: Final[Sequence[str]] = [name for name in FAILPOINTS if name != "during_migration"]
"""Those that every start comes by."""
