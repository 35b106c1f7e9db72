"""Many payments at once while KiriminAja does not answer, on both databases."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bot.core.ids import Kind
from bot.core.payment import Status
from bot.storage import outages, payments
from bot.storage.engine import Database
from bot.storage.tables import payments as table
from tests.storage.making import ID, SECOND, T0, a_payment, keep_payment, next_look_at, rows_of

OTHER = "XID-2"
ALL = frozenset((*Kind, None))
MINUTE = timedelta(minutes=1)


async def keep(database: Database, payment_id: str, look_at: datetime | None = T0, **changes: Any) -> None:
    """Stores a payment that was shown."""
    async with database.begin() as tx:
        await payments.save(tx, replace(a_payment(payment_id), **({"seen": True} | changes)), look_at)


async def column(database: Database, name: str) -> dict[str, Any]:
    return {row.id: getattr(row, name) for row in await rows_of(database, table)}


async def test_an_outage_is_told_by_what_waits_and_what_was_answered_last(database: Database) -> None:
    """A payment that is not looked at waits for nothing; one that is not due yet has not waited."""
    for payment_id in (ID, OTHER, "XID-3", "XID-4"):
        await keep_payment(database, payment_id, look_at=None if payment_id == "XID-3" else T0)
    async with database.begin() as tx:
        assert (await outages.troubled_since(tx, ALL), await outages.answered_at(tx, ALL)) == (None, None)
        for minutes, payment_id in enumerate((OTHER, ID, "XID-3", "XID-4")):
            values = {"troubled_since": T0 - minutes * MINUTE, "failures": minutes}
            await tx.execute(table.update().where(table.c.id == payment_id).values(values))
        assert (await outages.troubled_since(tx, ALL), await outages.answered_at(tx, ALL)) == (T0 - 3 * MINUTE, None)
        await tx.execute(table.update().where(table.c.id == OTHER).values(looked_at=T0 - SECOND))
        assert await outages.answered_at(tx, ALL) == T0 - SECOND
        assert await outages.troubled_since(tx, [Kind.INSTANT]) is None
        assert await outages.answered_at(tx, [Kind.INSTANT]) is None
        assert await outages.count_waiting(tx, ALL, T0) == 3
        assert await outages.count_waiting(tx, ALL, T0 - SECOND) == 2
        assert await outages.count_waiting(tx, [Kind.INSTANT], T0) == 0


async def test_the_beginning_is_noted_once_with_every_payment_of_the_side(database: Database) -> None:
    """Also with those that are not due; not with those at rest, nor where it is known already."""
    await keep(database, "XID-1")
    await keep(database, "XID-2", T0 + 50 * MINUTE)
    await keep(database, "XID-3", None)
    await keep(database, "XID-4", troubled_since=T0 - MINUTE)
    await keep(database, "PID-5", kind=Kind.INSTANT)
    await keep(database, "PICK-6", kind=None)
    async with database.begin() as tx:
        await outages.note_trouble(tx, [Kind.EXPRESS, None], T0)
        await outages.note_trouble(tx, [Kind.EXPRESS, None], T0 + MINUTE)
    assert await column(database, "troubled_since") == {
        "XID-1": T0, "XID-2": T0, "XID-3": None, "XID-4": T0 - MINUTE, "PID-5": None, "PICK-6": T0,
    }  # fmt: skip


async def test_what_waited_is_due_in_the_order_in_which_somebody_waits_for_it(database: Database) -> None:
    """Never shown, said to be paid; then the latest ask; at last what is over. What did not wait stays where it is."""
    troubled: dict[str, Any] = {"troubled_since": T0 - MINUTE}
    await keep(database, "XID-1", T0 - MINUTE, **troubled)
    await keep(database, "XID-2", T0 + MINUTE, asked_at=T0 + SECOND, failures=3, **troubled)
    await keep(database, "XID-3", T0 - 9 * MINUTE, status=Status.CLOSED, **troubled)
    await keep(database, "XID-4", T0, seen=False, **troubled)
    await keep(database, "XID-5", T0, claim_until=T0 + MINUTE, asked_at=T0 - MINUTE, **troubled)
    await keep(database, "XID-6", T0 + 5 * MINUTE, **troubled)
    await keep(database, "XID-7", T0 - MINUTE)
    await keep(database, "PID-8", T0 - MINUTE, kind=Kind.INSTANT, **troubled)
    async with database.begin() as tx:
        assert await outages.release(tx, [Kind.EXPRESS, None], T0, SECOND) == 5
        assert await outages.release(tx, [Kind.INSTANT], T0, SECOND) == 1
    assert await column(database, "look_at") == {
        "XID-4": T0, "XID-5": T0 + SECOND, "XID-2": T0 + 2 * SECOND, "XID-1": T0 + 3 * SECOND,
        "XID-3": T0 + 4 * SECOND, "XID-6": T0 + 5 * MINUTE, "XID-7": T0 - MINUTE, "PID-8": T0,
    }  # fmt: skip


async def test_a_probe_is_made_by_whatever_is_due_first_though_it_be_due_later(database: Database) -> None:
    """With a single payment, too; none where nothing of the side is looked at."""
    async with database.begin() as tx:
        assert await outages.probe(tx, ALL, []) is None
    await keep(database, "XID-1", T0 + 50 * MINUTE)
    await keep(database, "PID-2", T0 + MINUTE, kind=Kind.INSTANT)
    await keep(database, "PICK-3", None, kind=None)
    async with database.begin() as tx:
        assert await outages.probe(tx, ALL, []) == payments.Due("PID-2", Kind.INSTANT, T0 + MINUTE)
        assert await outages.probe(tx, ALL, ["PID-2"]) == payments.Due("XID-1", Kind.EXPRESS, T0 + 50 * MINUTE)
        assert await outages.probe(tx, [Kind.EXPRESS, None], ["XID-1"]) is None


async def test_looks_are_due_by_kind(database: Database) -> None:
    """While one side is let be, the other one's are found as ever; of none, none."""
    await keep(database, "XID-1", T0 + SECOND)
    await keep(database, "PID-2", kind=Kind.INSTANT)
    await keep(database, "PICK-3", kind=None)
    later = T0 + MINUTE
    for kinds, found in (((Kind.EXPRESS, None), {"XID-1", "PICK-3"}), ((Kind.INSTANT,), {"PID-2"}), ((), set())):
        async with database.begin() as tx:
            assert {one.payment_id for one in (await payments.due(tx, later, 9, [], frozenset(kinds)))[0]} == found
    async with database.begin() as tx:
        assert await next_look_at(tx, (), frozenset([Kind.EXPRESS])) == T0 + SECOND
        assert await next_look_at(tx, (), frozenset([Kind.EXPRESS, None])) == T0
        assert await next_look_at(tx, (), frozenset()) is None
