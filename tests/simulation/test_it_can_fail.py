"""Bugs put into the bot on purpose: the simulation names the promise that each breaks."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from bot.core import payment
from bot.core.answer import Code, Statement, Verdict
from bot.core.callbacks import Callback
from bot.core.facts import Paid
from bot.core.payment import decide
from bot.flows import announce as announcing, press, stop
from bot.flows.announce import Operators, announce
from bot.flows.hear import Hear
from bot.flows.receive import Poll
from bot.flows.recover import Recover
from bot.storage import outbox, payments, tables
from tests.core.making import RULES
from tests.simulation.process import SimulatedJobs
from tests.simulation.run import run

MonkeyPatch = pytest.MonkeyPatch


def a_callback_is_believed(patch: MonkeyPatch) -> None:
    """What KiriminAja pushes makes a payment paid."""
    heard = Hear._hear

    async def hear(self: Hear, tx: Any, callback: Callback, seen: Any, now: datetime) -> str | None:
        waits_for = await heard(self, tx, callback, seen, now)
        known = await payments.load(tx, callback.payment_id or "")
        if known and known.kind and not known.settled:
            told = Statement(known.id, known.kind, Code.PAID, "0", known.amount, has_paid_at=True)
            await announce(tx, decide(known, told, now, RULES), now, Operators((), "id"))
        return waits_for

    patch.setattr(Hear, "_hear", hear)


def a_code_is_proof(patch: MonkeyPatch) -> None:
    """Code 0 counts without a proof."""

    def verdict_on(statement: Statement) -> Verdict:
        return Verdict.PAID if statement.code is Code.PAID else Verdict.UNPAID

    patch.setattr(payment, "verdict_on", verdict_on)


def paid_is_told_twice(patch: MonkeyPatch) -> None:
    """Under two keys."""
    tell = announcing._tell

    async def tell_twice(tx: Any, watch: Any, fact: Any, now: datetime) -> None:
        await tell(tx, watch, fact, now)
        if isinstance(fact, Paid):
            about = {"payment_id": watch.payment_id, "watch_id": watch.id, "locale": watch.locale}
            await outbox.put_notice(tx, f"again:{watch.id}", watch.place, fact, now=now, **about)

    patch.setattr(announcing, "_tell", tell_twice)


def stop_is_ignored(patch: MonkeyPatch) -> None:
    """Said to be done, and not done."""

    async def stop_watch(*_: Any) -> bool:
        return True

    patch.setattr(stop, "stop_watch", stop_watch)
    patch.setattr(press, "stop_watch", stop_watch)


def a_wake_is_lost(patch: MonkeyPatch) -> None:
    """Whoever hears of a callback does not set looking going."""
    wake = SimulatedJobs.wake
    patch.setattr(SimulatedJobs, "wake", lambda self, name: None if name in {"look", "handle"} else wake(self, name))


def confirmed_before_stored(patch: MonkeyPatch) -> None:
    """The next poll confirms what is still to be stored."""
    keep = Poll._keep

    later: set[asyncio.Task[None]] = set()

    async def store_later(self: Poll, updates: Any) -> None:
        await asyncio.sleep(0.5)
        await keep(self, updates)

    async def keep_later(self: Poll, updates: Any) -> None:
        if updates:
            self._offset = max(update["update_id"] for update in updates) + 1
            later.add(asyncio.create_task(store_later(self, updates)))

    patch.setattr(Poll, "_keep", keep_later)


def forgotten_by_a_restart(patch: MonkeyPatch) -> None:
    """A message that could not be sent at the first try is dropped where the process ends meanwhile."""
    begin = outbox.begin
    held: dict[int, int] = {}

    async def begin_own(tx: Any, row_id: int, *, lease_token: int, now: datetime) -> Any:
        if held.setdefault(row_id, lease_token) == lease_token:
            return await begin(tx, row_id, lease_token=lease_token, now=now)
        await tx.execute(tables.outbox.delete().where(tables.outbox.c.id == row_id))
        return None

    patch.setattr(outbox, "begin", begin_own)


def nothing_is_searched_for(patch: MonkeyPatch) -> None:
    """A message whose answer was lost is sent again without a look for it."""

    async def search(*_: Any) -> None:
        return None

    patch.setattr(Recover, "_search", search)


@pytest.mark.parametrize(
    ("bug", "promise", "first"),
    [
        (a_callback_is_believed, "paid is never said of what is not paid", 3),
        (a_code_is_proof, "paid is never said of what is not paid", 6),
        (paid_is_told_twice, "everything is told once", 1),
        (stop_is_ignored, "nothing is told after stop", 7),
        (a_wake_is_lost, "nobody waits long", 1),
        (confirmed_before_stored, "every command is answered", 27),
        (forgotten_by_a_restart, "every command is answered", 4),
        (nothing_is_searched_for, "nobody is asked to pay what is paid", 20),
    ],
)
def test_a_bug_breaks_the_promise_it_is_about(
    bug: Callable[[MonkeyPatch], None], promise: str, first: int, monkeypatch: MonkeyPatch
) -> None:
    """Within a hundred worlds; CI begins at the first that shows it."""
    bug(monkeypatch)
    assert any(promise in {found.promise for found in run(seed).violations} for seed in range(first, first + 100))
