"""Retention: what is over goes, what is open stays, however old."""

from datetime import timedelta
from typing import Any

import pytest

from bot.core.packages import Package
from bot.core.payment import Status
from bot.core.watch import Place
from bot.storage import inbox, outbox, payments, purge as purge_module, uploads as pictures
from bot.storage.engine import Database
from bot.storage.inbox import Arrived
from bot.storage.outbox import RowState
from bot.storage.purge import MESSAGES_FOR, PAYMENTS_FOR, UPDATES_FOR, purge
from bot.storage.tables import (
    inbox as inbox_table,
    outbox as outbox_table,
    packages,
    payments as table,
    uploads,
    watches,
)
from tests.storage.making import (
    ID,
    SECOND,
    T0,
    TOKEN,
    a_payment,
    begin_first,
    keep_card,
    keep_notice,
    keep_payment,
    keep_watch,
    rows_of,
)
from tests.storage.purging import purge_beside_writes

LATER = T0 + timedelta(days=400)


async def purged(database: Database, now: Any = LATER) -> int:
    """How many rows went."""
    async with database.begin() as tx:
        return await purge(tx, now)


async def end(database: Database, *, dead: bool = False) -> None:
    """Ends the first due row."""
    row = await begin_first(database)
    async with database.begin() as tx:
        if dead:
            await outbox.bury(tx, row, lease_token=TOKEN, problem="gone", now=T0)
        else:
            await outbox.sent(tx, row, lease_token=TOKEN, message_id=41, now=T0)


async def test_an_empty_database_has_nothing_to_purge(database: Database) -> None:
    """It runs hourly."""
    assert await purged(database) == 0


async def test_updates_go_when_they_were_handled(database: Database) -> None:
    """Done and failed ones after a week; one that waits stays."""
    async with database.begin() as tx:
        await inbox.store(tx, [Arrived(number, 5, {}) for number in (1, 2, 3)], T0)
        await inbox.finish(tx, 1)
        await inbox.fail(tx, 2, give_up=True)
    assert await purged(database, T0 + UPDATES_FOR) == 0
    assert await purged(database, T0 + UPDATES_FOR + SECOND) == 2
    assert [row.update_id for row in await rows_of(database, inbox_table)] == [3]


async def test_messages_go_when_they_ended(database: Database) -> None:
    """Delivered and undeliverable ones after a month; one that waits stays."""
    await keep_notice(database, "sent", Place(1))
    await end(database)
    await keep_notice(database, "dead", Place(2))
    await end(database, dead=True)
    await keep_notice(database, "due", Place(3))
    assert await purged(database, T0 + MESSAGES_FOR) == 0
    assert await purged(database, T0 + MESSAGES_FOR + SECOND) == 2
    assert [(row.key, row.state) for row in await rows_of(database, outbox_table)] == [("due", RowState.DUE)]


async def test_pictures_are_uploaded_anew_after_a_month(database: Database) -> None:
    """A payment that is still shown gets a fresh upload."""
    async with database.begin() as tx:
        await pictures.note(tx, "d", "id", T0)
    assert await purged(database, T0 + MESSAGES_FOR + SECOND) == 1
    assert await rows_of(database, uploads) == []


@pytest.mark.parametrize("status", Status)
async def test_payments_go_when_they_are_over(database: Database, status: Status) -> None:
    """With their packages, watches and messages; an open one keeps them all."""
    payment = a_payment(status=status)
    async with database.begin() as tx:
        await payments.save(tx, type(payment)(**_fields(payment) | {"packages": (Package("O"),)}), None)
    watch = await keep_watch(database)
    await keep_card(database, watch)
    await end(database)
    is_open = status in {Status.WAITING, Status.CLOSED, Status.FOLLOWING}
    assert await purged(database, T0 + PAYMENTS_FOR) == 0
    assert await purged(database) == (0 if is_open else 2)
    for kept in (table, packages, watches, outbox_table):
        assert len(await rows_of(database, kept)) == int(is_open)


async def test_a_payment_that_is_looked_at_stays(database: Database) -> None:
    """A second read is due: it may turn out paid."""
    await keep_payment(database, status=Status.STOPPED, look_at=T0)
    assert await purged(database) == 0


async def test_a_payment_with_a_message_that_waits_stays(database: Database) -> None:
    """The message is made from it; both go once it is delivered."""
    await keep_payment(database, status=Status.PAID, look_at=None)
    watch = await keep_watch(database)
    await keep_notice(database, f"paid:{watch.id}", payment_id=ID, watch_id=watch.id)
    assert await purged(database) == 0
    await end(database)
    assert await purged(database) == 2
    assert await rows_of(database, outbox_table) == []


async def test_an_open_payment_keeps_the_messages_its_buttons_stand_under(database: Database) -> None:
    """A press is checked against the message it was made under."""
    await keep_payment(database)
    watch = await keep_watch(database)
    await keep_card(database, watch)
    await end(database)
    assert await purged(database) == 0


def _fields(payment: Any) -> dict[str, Any]:
    return {name: getattr(payment, name) for name in payment.__slots__}


async def test_what_is_old_goes_in_portions_while_others_write(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits for all of it; `python -m tests.storage.purging` has the figures for 100,000 rows."""
    monkeypatch.setattr(purge_module, "AT_ONCE", 200)
    waits = await purge_beside_writes(database, 5_000)
    assert len(waits) > 5
    async with database.begin() as tx:
        assert len(await inbox.waiting(tx, 5_000, [])) == len(waits)
    assert await rows_of(database, outbox_table) == []
