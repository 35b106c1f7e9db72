"""The list of packages: which message shows it, and that it is out of date."""

from bot.core.facts import Paid, StillUnpaid
from bot.core.journey import AlertNoDriver, DriverComing, Mishap, PackageTrouble
from bot.core.watch import Place
from bot.storage import lists, outbox
from bot.storage.engine import Database
from bot.storage.outbox import RowKind
from bot.storage.tables import outbox as outbox_table
from tests.storage.making import (
    CHAT,
    ID,
    SECOND,
    T0,
    TOKEN,
    begin_first,
    keep_notice,
    keep_payment,
    keep_watch,
    rows_of,
)

PAID = Paid(65_000, T0)


async def send(database: Database, message_id: int) -> None:
    """Delivers the first row that is due."""
    row = await begin_first(database, now=T0 + SECOND)
    async with database.begin() as tx:
        await outbox.sent(tx, row, lease_token=TOKEN, message_id=message_id, now=T0)


async def test_the_list_stands_in_the_last_message_that_told_paid(database: Database) -> None:
    """Not in another one of the watch, not in one still to be sent, and in none once that is gone."""
    await keep_payment(database)
    watch = await keep_watch(database)
    other = await keep_watch(database, place=Place(777))
    async with database.begin() as tx:
        assert await lists.paid_message(tx, watch) is None
    facts = [("a", PAID), ("b", Paid(65_000, T0, already=True)), ("c", StillUnpaid(T0))]
    for number, (key, fact) in enumerate(facts):
        await keep_notice(database, key, fact=fact, watch_id=watch.id, payment_id=ID)
        await send(database, 41 + number)
    await keep_notice(database, "d", fact=PAID, watch_id=watch.id, payment_id=ID)
    async with database.begin() as tx:
        assert await lists.paid_message(tx, watch) == (42, Paid(65_000, T0, already=True))
        assert await lists.paid_message(tx, other) is None
        await lists.forget_message(tx, CHAT.chat_id, 42)
        assert await lists.paid_message(tx, watch) == (41, PAID)


async def test_many_changes_of_a_list_are_one_row_beside_the_card(database: Database) -> None:
    """State, as a card is; a change while it is being sent makes it due again."""
    await keep_payment(database)
    watch = await keep_watch(database)
    async with database.begin() as tx:
        await lists.put_list(tx, watch, T0)
        await outbox.put_card(tx, watch, T0)
        await lists.put_list(tx, watch, T0)
    assert sorted(row.kind for row in await rows_of(database, outbox_table)) == ["card", "list"]
    row = await begin_first(database)
    assert row.kind is RowKind.LIST
    async with database.begin() as tx:
        await lists.put_list(tx, watch, T0)
        await outbox.sent(tx, row, lease_token=TOKEN, message_id=41, now=T0)
    assert [row.state for row in await rows_of(database, outbox_table) if row.kind == "list"] == ["due"]


async def test_facts_about_packages_come_back_as_they_went(database: Database) -> None:
    """Their orders and codes, whatever stands in them."""
    facts = [DriverComing(("A", 'B "x" ☂')), PackageTrouble((Mishap("A", 301),)), AlertNoDriver(15, ("A",))]
    for number, fact in enumerate(facts):
        await keep_notice(database, str(number), fact=fact)
    found = []
    for number in range(len(facts)):
        found.append((await begin_first(database)).fact)
        row = await begin_first(database, token=TOKEN)
        async with database.begin() as tx:
            await outbox.sent(tx, row, lease_token=TOKEN, message_id=number, now=T0)
    assert found == facts
