"""What metrics show of the database."""

from datetime import timedelta

from bot.core.payment import Status
from bot.core.watch import Place
from bot.storage import outbox, waiting
from bot.storage.depths import depths
from bot.storage.engine import Database
from tests.storage.making import SECOND, T0, TOKEN, keep_notice, keep_payment


async def test_an_empty_database_has_none_of_anything(database: Database) -> None:
    """Every status is there, with a zero: a missing series would look like a missing process."""
    async with database.begin() as tx:
        found = await depths(tx, T0)
    assert found.payments == dict.fromkeys(Status, 0)
    assert found.outbox == (0, timedelta(0), 0)


async def test_payments_are_counted_by_status_and_messages_by_what_became_of_them(database: Database) -> None:
    """Due ones with the age of the oldest; one that is put off is not due; one given up is dead."""
    await keep_payment(database, "XID-1")
    await keep_payment(database, "XID-2")
    await keep_payment(database, "XID-3", Status.PAID)
    await keep_notice(database, "first", Place(1))
    await keep_notice(database, "second", Place(2), now=T0 + 5 * SECOND)
    await keep_notice(database, "later", Place(3), now=T0 + 60 * SECOND)
    await keep_notice(database, "refused", Place(4))
    async with database.begin() as tx:
        row_ids = {chat: row for row, chat in await waiting.due(tx, T0, limit=9, except_for=[])}
        row = await outbox.begin(tx, row_ids[4], lease_token=TOKEN, now=T0)
        assert row is not None
        await outbox.bury(tx, row, lease_token=TOKEN, problem="no", now=T0)
        found = await depths(tx, T0 + 9 * SECOND)
    assert found.payments == dict.fromkeys(Status, 0) | {Status.WAITING: 2, Status.PAID: 1}
    assert found.outbox == (2, 9 * SECOND, 1)
