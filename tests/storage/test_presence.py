"""Chats that take no messages for a while: what rests, what is given up, what wakes; and the language of a chat."""

from dataclasses import replace
from typing import Any

import pytest

from bot.core.commands import OpenPayments
from bot.core.facts import Paid, StillUnpaid
from bot.core.packages import Package
from bot.core.payment import Payment, Status
from bot.core.watch import Place, Watch, WatchState
from bot.storage import chats, outbox, payments, shown, watches
from bot.storage.engine import Database
from bot.storage.outbox import RowState
from bot.storage.tables import chats as chats_table, outbox as outbox_table
from tests.storage.making import (
    CHAT,
    DAY,
    ID,
    SECOND,
    T0,
    a_payment,
    begin_first,
    due_rows,
    keep_card,
    keep_notice,
    keep_payment,
    keep_watch,
    next_look_at,
    rows_of,
)

OTHER = Place(777)
LATER = T0 + 60 * SECOND


async def silence(database: Database, chat_id: int = CHAT.chat_id) -> None:
    async with database.begin() as tx:
        await chats.silence(tx, chat_id, "blocked", T0)


async def wake(database: Database, chat_id: int = CHAT.chat_id, now: Any = LATER) -> list[Watch]:
    async with database.begin() as tx:
        return list(await chats.wake(tx, chat_id, now))


async def the_payment(database: Database) -> Payment:
    async with database.begin() as tx:
        found = await payments.read(tx, ID)
    assert found is not None
    return found


async def next_look(database: Database) -> Any:
    async with database.begin() as tx:
        return await next_look_at(tx)


async def states(database: Database) -> dict[str, str]:
    return {row.key: row.state for row in await rows_of(database, outbox_table)}


async def test_a_payment_only_a_silent_chat_watches_is_not_looked_at(database: Database) -> None:
    """Until the chat is back; then at once."""
    await keep_payment(database)
    watch = await keep_watch(database)
    await silence(database)
    assert ((await the_payment(database)).status, await next_look(database)) == (Status.STOPPED, None)
    assert await wake(database) == [watch]
    assert ((await the_payment(database)).status, await next_look(database)) == (Status.WAITING, LATER)
    assert await wake(database) == []


async def test_a_payment_another_chat_watches_is_looked_at_as_before(database: Database) -> None:
    """Only the silent chat's watch is put to rest."""
    await keep_payment(database)
    mine, theirs = await keep_watch(database), await keep_watch(database, place=OTHER)
    await silence(database)
    assert ((await the_payment(database)).status, await next_look(database)) == (Status.WAITING, T0)
    async with database.begin() as tx:
        assert await watches.of_payment(tx, ID, [WatchState.ACTIVE]) == [theirs]
        (resting,) = await watches.of_payment(tx, ID, [WatchState.SILENCED])
    assert resting.id == mine.id


async def test_back_after_the_watch_was_over_one_look_tells(database: Database) -> None:
    """The payment is a closed one, as late payments are."""
    await keep_payment(database)
    await keep_watch(database)
    await silence(database)
    await wake(database, now=T0 + 2 * DAY)
    assert ((await the_payment(database)).status, await next_look(database)) == (Status.CLOSED, T0 + 2 * DAY)


@pytest.mark.parametrize("state", [WatchState.STOPPED, WatchState.TOLD, WatchState.ENDED])
async def test_what_was_over_before_stays_over(database: Database, state: WatchState) -> None:
    """A watch that somebody had stopped does not come back with the chat."""
    await keep_payment(database, status=Status.STOPPED, look_at=None)
    watch = await keep_watch(database)
    async with database.begin() as tx:
        await watches.set_state(tx, watch.id, state)
    await silence(database)
    assert await wake(database) == []
    assert (await the_payment(database)).status is Status.STOPPED


async def test_news_of_a_payment_waits_and_answers_are_given_up(database: Database) -> None:
    """A picture never shown is dropped; the word "paid" rests, also where it was the answer to an ask."""
    await keep_payment(database)
    shown, unshown = await keep_watch(database), await keep_watch(database, place=Place(CHAT.chat_id, 7))
    async with database.begin() as tx:
        await watches.note_card(tx, shown.id, 41, "face")
    news: dict[str, Any] = {"payment_id": ID, "watch_id": shown.id}
    await keep_notice(database, "reply:1:0", fact=StillUnpaid(T0), **news)
    await keep_notice(database, "reply:2:0", fact=Paid(5, T0), **news)
    await keep_notice(database, "alert")
    await keep_notice(database, "paid:1", fact=Paid(5, T0), **news)
    await keep_card(database, shown)
    await keep_card(database, unshown)
    await keep_notice(database, "other", OTHER)
    await silence(database)
    assert await states(database) == {
        "reply:1:0": RowState.DEAD,
        "reply:2:0": RowState.RESTS,
        "alert": RowState.DEAD,
        "paid:1": RowState.RESTS,
        f"card:{shown.id}": RowState.RESTS,
        f"card:{unshown.id}": RowState.DROPPED,
        "other": RowState.DUE,
    }
    await wake(database)
    rows = {row.id: row.key for row in await rows_of(database, outbox_table)}
    due = [rows[one] for one in await due_rows(database, LATER)]
    assert due == ["other", "reply:2:0", "paid:1", f"card:{shown.id}"]


async def test_a_picture_that_may_have_been_shown_waits_with_what_tells_where(database: Database) -> None:
    """Its answer was lost, or is still to come: it may stand there, and must not as a code once it is paid."""
    await keep_payment(database)
    watch = await keep_watch(database)
    async with database.begin() as tx:
        await chats.meet(tx, CHAT.chat_id, "private", 40, T0)
    await keep_card(database, watch)
    await begin_first(database)
    await silence(database)
    await wake(database)
    row = await begin_first(database, now=LATER)
    assert (row.key, row.maybe_sent, row.after_message_id) == (f"card:{watch.id}", True, 40)


async def test_news_that_comes_while_a_chat_is_silent_rests_and_alerts_do_not(database: Database) -> None:
    """An alert is tried again: the chat of the operators may be back without having said so."""
    await keep_payment(database)
    watch = await keep_watch(database)
    async with database.begin() as tx:
        await chats.meet(tx, CHAT.chat_id, "private", 1, T0)
    await silence(database)
    await keep_notice(database, "news", payment_id=ID, watch_id=watch.id)
    await keep_card(database, watch)
    await keep_notice(database, "alert")
    assert await states(database) == {
        "news": RowState.RESTS,
        f"card:{watch.id}": RowState.RESTS,
        "alert": RowState.DUE,
    }


async def test_what_rests_moves_with_its_group(database: Database) -> None:
    """The old group may be told of as left before the supergroup is told of at all."""
    await keep_payment(database)
    watch = await keep_watch(database)
    await keep_notice(database, "news", payment_id=ID, watch_id=watch.id)
    await silence(database)
    async with database.begin() as tx:
        await chats.move(tx, CHAT.chat_id, OTHER.chat_id)
    (woken,) = await wake(database, OTHER.chat_id)
    assert (woken.id, woken.place) == (watch.id, OTHER)
    assert await states(database) == {"news": RowState.DUE}


async def test_a_chats_language_goes_for_what_waits_too(database: Database) -> None:
    """Rows keep the language they were written in, and are read in the chosen one."""
    await keep_notice(database, "a")
    async with database.begin() as tx:
        await chats.meet(tx, CHAT.chat_id, "private", 1, T0)
        assert await chats.locale_of(tx, CHAT.chat_id) is None
    assert (await begin_first(database)).locale == "id"
    async with database.begin() as tx:
        await chats.set_locale(tx, CHAT.chat_id, "en")
        assert await chats.locale_of(tx, CHAT.chat_id) == "en"
    assert (await begin_first(database)).locale == "en"


async def test_a_supergroup_keeps_the_language_unless_it_has_chosen(database: Database) -> None:
    """And says that it was a group."""
    async with database.begin() as tx:
        for chat_id in (-1, -2, -3):
            await chats.meet(tx, chat_id, "group", 1, T0)
        await chats.set_locale(tx, -1, "en")
        await chats.move(tx, -1, -2)
        await chats.set_locale(tx, -3, "id")
        await chats.move(tx, -1, -3)
        assert await chats.was_moved_to(tx, -3)
        assert not await chats.was_moved_to(tx, -1)
    assert {row.id: row.locale for row in await rows_of(database, chats_table)} == {-1: "en", -2: "en", -3: "id"}


@pytest.mark.parametrize("number", ["GK-11-3289048", "gk-11-3289048", " Bdi-Ab12 ", "BDI-AB12"])
async def test_a_payment_is_found_by_its_packages_in_any_case(database: Database, number: str) -> None:
    """The one asked for last, where a package was ordered anew."""
    package = Package("Bdi-Ab12", "GK-11-3289048", "gosend")
    for payment_id, asked_at in ((ID, T0), ("XID-2", T0 + DAY), ("XID-3", T0 - DAY)):
        kept = replace(a_payment(payment_id, asked_at=asked_at), packages=(package,))
        async with database.begin() as tx:
            await payments.save(tx, kept, None)
    async with database.begin() as tx:
        assert await payments.by_package(tx, number) == "XID-2"
        assert await payments.by_package(tx, "GK-11") is None


async def test_the_list_of_a_place_is_its_open_watches(database: Database) -> None:
    """Not what was stopped or paid, nor another topic's; the oldest ask first."""
    for payment_id, status in ((ID, Status.WAITING), ("XID-2", Status.PAID), ("XID-3", Status.WAITING)):
        await keep_payment(database, payment_id, status)
        await keep_watch(database, payment_id)
    await keep_watch(database, place=Place(CHAT.chat_id, 7))
    async with database.begin() as tx:
        first, last = await watches.open_at(tx, CHAT)
        assert (first.payment_id, last.payment_id) == (ID, "XID-3")
        await watches.set_state(tx, first.id, WatchState.STOPPED)
        assert await watches.open_at(tx, CHAT) == [last]


async def test_a_list_shows_every_watch_of_its_chat(database: Database) -> None:
    """So its buttons are answered; those under another message are not."""
    await keep_payment(database)
    watch = await keep_watch(database)
    await keep_notice(database, "list", fact=OpenPayments())
    row = await begin_first(database)
    async with database.begin() as tx:
        await outbox.sent(tx, row, lease_token=3, message_id=50, now=T0)
        assert await shown.shows(tx, CHAT.chat_id, 50, watch.id)
        assert not await shown.shows(tx, CHAT.chat_id, 51, watch.id)
        assert not await shown.shows(tx, OTHER.chat_id, 50, watch.id)
        assert await shown.fact_at(tx, CHAT.chat_id, 50) == OpenPayments()
        assert await shown.fact_at(tx, CHAT.chat_id, 51) is None
