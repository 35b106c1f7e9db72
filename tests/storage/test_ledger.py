"""The ledger: entered once, brought up to date until it is paid, then left alone."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.ids import Kind
from bot.core.payment import Status
from bot.core.totals import Entry
from bot.storage import ledger, payments
from bot.storage.engine import Database
from bot.storage.purge import LEDGER_FOR, purge
from bot.storage.tables import ledger as table, payments as payments_table
from tests.storage.making import DAY, ID, SECOND, T0, a_payment, rows_of

PAID_AT = T0 + timedelta(minutes=4)
WAITING = replace(a_payment(), amount=65_000)
PAID = replace(WAITING, status=Status.PAID, paid_at=PAID_AT)


async def enter(database: Database, payment_id: str = ID, *, asked_at: object = T0, paid_at: object = None) -> None:
    """Puts a row into the ledger as it may have become."""
    async with database.begin() as tx:
        await tx.execute(table.insert().values(payment_id=payment_id, amount=1, asked_at=asked_at, paid_at=paid_at))


async def entries(database: Database) -> list[Entry]:
    """All that is entered."""
    async with database.begin() as tx:
        return list(await ledger.since(tx, T0 - 1000 * DAY))


async def test_the_first_ask_counts(database: Database) -> None:
    """A second ask, or one after the payment itself was dropped, changes nothing."""
    async with database.begin() as tx:
        await ledger.open_entry(tx, WAITING, T0)
        await ledger.open_entry(tx, replace(WAITING, amount=1), T0 + DAY)
    assert await entries(database) == [Entry(ID, Kind.EXPRESS, 65_000, T0)]


async def test_what_was_paid_before_anybody_asked_is_none_of_ours(database: Database) -> None:
    """Neither the ask nor what a look finds enters it."""
    async with database.begin() as tx:
        await ledger.open_entry(tx, PAID, T0)
        await ledger.note(tx, PAID)
    assert await entries(database) == []


async def test_amount_and_kind_follow_until_paid(database: Database) -> None:
    """The ask may have come while KiriminAja could not say; what is paid stays as it is."""
    async with database.begin() as tx:
        await payments.save(tx, WAITING, None)
        await ledger.open_entry(tx, replace(WAITING, amount=None, kind=None), T0)
        await ledger.note(tx, WAITING)
    assert await entries(database) == [Entry(ID, Kind.EXPRESS, 65_000, T0)]
    async with database.begin() as tx:
        await ledger.note(tx, replace(PAID, amount=70_000))
        await ledger.note(tx, replace(PAID, paid_at=PAID_AT + DAY))
    assert await entries(database) == [Entry(ID, Kind.EXPRESS, 70_000, T0, PAID_AT)]


async def test_who_said_they_would_pay_is_kept_once_it_is_paid(database: Database) -> None:
    """Not before: a claim lapses."""
    async with database.begin() as tx:
        await payments.save(tx, WAITING, None)
        await tx.execute(payments_table.update().values(payer_id=7, payer_chat_id=-5))
        await ledger.open_entry(tx, WAITING, T0)
        await ledger.note(tx, WAITING)
    assert (await entries(database))[0].payer_id is None
    async with database.begin() as tx:
        await ledger.note(tx, PAID)
    assert await entries(database) == [Entry(ID, Kind.EXPRESS, 65_000, T0, PAID_AT, 7, -5)]


async def test_a_month_holds_what_was_paid_in_it_and_what_is_unpaid_since(database: Database) -> None:
    """Each payment stands in one month; the end belongs to the next."""
    end = T0 + 30 * DAY
    await enter(database, "paid before", asked_at=T0 - 2 * DAY, paid_at=T0 - SECOND)
    await enter(database, "paid here", asked_at=T0 - 2 * DAY, paid_at=T0)
    await enter(database, "paid after", asked_at=T0, paid_at=end)
    await enter(database, "asked here", asked_at=T0 + DAY)
    await enter(database, "asked before", asked_at=T0 - SECOND)
    await enter(database, "asked after", asked_at=end)
    async with database.begin() as tx:
        found = await ledger.between(tx, T0, end)
        assert [entry.payment_id for entry in found] == ["paid here", "asked here"]


@pytest.mark.parametrize(("asked_after", "paid_after"), [(-DAY, None), (-DAY, 0 * SECOND), (0 * SECOND, None)])
async def test_quiet_is_a_time_without_ask_or_payment(
    database: Database, asked_after: timedelta, paid_after: timedelta | None
) -> None:
    """What was asked for before and paid within is something to tell."""
    await enter(database, asked_at=T0 + asked_after, paid_at=None if paid_after is None else T0 + paid_after)
    async with database.begin() as tx:
        quiet = asked_after < timedelta(0) and paid_after is None
        assert await ledger.is_quiet(tx, T0) is quiet
        assert bool(await ledger.since(tx, T0)) is not quiet


async def test_it_is_kept_for_thirteen_months(database: Database) -> None:
    """From when it was paid, else asked for; longer than the payment."""
    await enter(database, "old", asked_at=T0)
    await enter(database, "paid later", asked_at=T0, paid_at=T0 + DAY)
    async with database.begin() as tx:
        assert await purge(tx, T0 + LEDGER_FOR) == 0
        assert await purge(tx, T0 + LEDGER_FOR + SECOND) == 1
    assert [row.payment_id for row in await rows_of(database, table)] == ["paid later"]


async def test_whose_word_it_was_is_kept_for_a_month(database: Database) -> None:
    """It is about a person; what else stands in the row stays."""
    word = {"payer_id": 7, "payer_chat_id": -5}
    async with database.begin() as tx:
        row = {"payment_id": ID, "amount": 1, "asked_at": T0 - DAY, "paid_at": T0}
        await tx.execute(table.insert().values(row | word))
        await purge(tx, T0 + 30 * DAY)
        assert (await ledger.since(tx, T0))[0].payer_id == 7
        await purge(tx, T0 + 30 * DAY + SECOND)
    assert await entries(database) == [Entry(ID, None, 1, T0 - DAY, T0)]
