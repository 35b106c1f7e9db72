"""Who says that they pay, and which payments wait for an answer, on both databases."""

from datetime import timedelta

from bot.core.payer import PAYS_WITHIN, Payer
from bot.storage import payments
from bot.storage.engine import Database
from bot.storage.tables import payments as table
from tests.storage.making import ID, SECOND, T0, a_payment, keep_payment

OTHER = "XID-2"


async def test_a_payer_is_kept_beside_what_looks_find_and_lapses(database: Database) -> None:
    """A look that saves the payment does not forget them; five minutes do."""
    for payment_id in (ID, OTHER):
        await keep_payment(database, payment_id)
    payer = Payer(9, -100, T0)
    async with database.begin() as tx:
        assert await payments.payer_of(tx, ID) is None
        assert await payments.next_lapse_at(tx) is None
        await payments.note_payer(tx, ID, payer)
        await payments.note_payer(tx, OTHER, Payer(8, -100, T0 + SECOND))
        await payments.save(tx, a_payment(), T0)
    async with database.begin() as tx:
        assert await payments.payer_of(tx, ID) == payer
        assert await payments.next_lapse_at(tx) == T0 + PAYS_WITHIN
        assert await payments.let_payers_lapse(tx, T0 + PAYS_WITHIN - SECOND) == []
        assert await payments.let_payers_lapse(tx, T0 + PAYS_WITHIN) == [ID]
        assert await payments.payer_of(tx, ID) is None
        await payments.note_payer(tx, OTHER, None)
        assert await payments.payer_of(tx, OTHER) is None


async def test_an_outage_is_told_by_what_waits_and_what_was_answered_last(database: Database) -> None:
    """A payment that is not looked at waits for nothing."""
    for payment_id in (ID, OTHER, "XID-3"):
        await keep_payment(database, payment_id, look_at=None if payment_id == "XID-3" else T0)
    async with database.begin() as tx:
        assert await payments.outage(tx) is None
        for minutes, payment_id in enumerate((OTHER, ID, "XID-3")):
            since = T0 - timedelta(minutes=minutes)
            await tx.execute(table.update().where(table.c.id == payment_id).values(troubled_since=since))
        assert await payments.outage(tx) == (T0 - timedelta(minutes=1), None)
        await tx.execute(table.update().where(table.c.id == OTHER).values(looked_at=T0 - SECOND))
        assert await payments.outage(tx) == (T0 - timedelta(minutes=1), T0 - SECOND)
        assert await payments.count_troubled(tx) == 2
