"""What a decision puts into the outbox."""

from dataclasses import replace

import pytest

from bot.core.payment import Decision, Payment, Status
from bot.flows.announce import Operators, announce
from bot.storage import watches
from bot.storage.engine import Database
from bot.storage.tables import outbox
from tests.storage.making import ID, T0, TOKEN, a_payment, begin_first, keep_card, keep_payment, keep_watch, rows_of


def with_a_code(status: Status) -> Payment:
    """A payment that has a code to pay since the last look."""
    return replace(a_payment(ID, status), seen=True, amount=65_000, qr="new")


async def changed(database: Database, status: Status) -> bool:
    """Whether a look that finds another code has the card sent or changed, in the one chat."""
    before = {row.key: row.version for row in await rows_of(database, outbox)}
    async with database.begin() as tx:
        await announce(tx, Decision(with_a_code(status), card_changed=True), T0, Operators((), "id"))
    return {row.key: row.version for row in await rows_of(database, outbox)} != before


@pytest.mark.parametrize("status", [Status.CLOSED, Status.STOPPED, Status.DROPPED])
async def test_after_the_watch_no_chat_is_sent_a_code_it_never_had(database: Database, status: Status) -> None:
    """It was just told that the payment is no longer watched: the code would be watched by nobody."""
    await keep_payment(database, status=status)
    await keep_watch(database)
    assert not await changed(database, status)


@pytest.mark.parametrize("status", [Status.CLOSED, Status.STOPPED, Status.DROPPED])
async def test_after_the_watch_a_code_that_stands_is_put_right(database: Database, status: Status) -> None:
    """Who pays by an old one pays in vain."""
    await keep_payment(database, status=status)
    watch = await keep_watch(database)
    async with database.begin() as tx:
        await watches.note_card(tx, watch.id, 41, "face")
    assert await changed(database, status)


@pytest.mark.parametrize("status", [Status.CLOSED, Status.STOPPED, Status.DROPPED])
async def test_after_the_watch_a_code_that_may_stand_is_put_right(database: Database, status: Status) -> None:
    """Its sending was begun, and nobody knows what came of it."""
    await keep_payment(database, status=status)
    await keep_card(database, await keep_watch(database))
    assert await begin_first(database, token=TOKEN) is not None
    assert await changed(database, status)


@pytest.mark.parametrize("status", [Status.WAITING, Status.PAID])
async def test_whoever_watches_gets_the_card(database: Database, status: Status) -> None:
    """Shown before or not."""
    await keep_payment(database, status=status)
    await keep_watch(database)
    assert await changed(database, status)
