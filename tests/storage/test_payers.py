"""Who says that they pay, on both databases."""

from bot.core.payer import PAYS_WITHIN, Payer
from bot.storage import payers, payments
from bot.storage.engine import Database
from tests.storage.making import ID, SECOND, T0, a_payment, keep_payment

OTHER = "XID-2"


async def test_a_payer_is_kept_beside_what_looks_find_and_lapses(database: Database) -> None:
    """A look that saves the payment does not forget them; five minutes do."""
    for payment_id in (ID, OTHER):
        await keep_payment(database, payment_id)
    payer = Payer(9, -100, T0)
    async with database.begin() as tx:
        assert await payers.of(tx, ID) is None
        assert await payers.next_lapse_at(tx) is None
        await payers.note(tx, ID, payer)
        await payers.note(tx, OTHER, Payer(8, -100, T0 + SECOND))
        await payments.save(tx, a_payment(), T0)
    async with database.begin() as tx:
        assert await payers.of(tx, ID) == payer
        assert await payers.next_lapse_at(tx) == T0 + PAYS_WITHIN
        assert await payers.let_lapse(tx, T0 + PAYS_WITHIN - SECOND) == []
        assert await payers.let_lapse(tx, T0 + PAYS_WITHIN) == [ID]
        assert await payers.of(tx, ID) is None
        await payers.note(tx, OTHER, None)
        assert await payers.of(tx, OTHER) is None
