"""Who says that they pay, on both databases."""

from bot.core.payer import PAYS_WITHIN, Payer
from bot.storage import payments
from bot.storage.engine import Database
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
