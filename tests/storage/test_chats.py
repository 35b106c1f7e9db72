"""Chats: met, silent, and groups that become supergroups."""

from typing import Any

from bot.core.watch import Place, WatchState
from bot.storage import changes, chats, outbox, shown, watches
from bot.storage.engine import Database
from bot.storage.outbox import RowKind, RowState
from bot.storage.tables import chats as table, outbox as outbox_table, watches as watches_table
from tests.storage.making import (
    ID,
    SECOND,
    T0,
    TOKEN,
    begin_first,
    due_rows,
    keep_card,
    keep_notice,
    keep_payment,
    keep_watch,
    rows_of,
)

OLD, NEW = -5, -1005


async def the_chat(database: Database) -> Any:
    """The only chat."""
    (row,) = await rows_of(database, table)
    return row


async def move(database: Database) -> None:
    """The group becomes a supergroup."""
    async with database.begin() as tx:
        await chats.move(tx, OLD, NEW)


async def test_a_chat_is_met_and_met_again(database: Database) -> None:
    """Its kind and when it was last seen are of now."""
    async with database.begin() as tx:
        await chats.meet(tx, OLD, "group", 4, T0)
        await chats.meet(tx, OLD, "a kind far too long for its column", 5, T0 + SECOND)
    row = await the_chat(database)
    assert (row.id, row.kind, row.seen_at, row.locale) == (OLD, "a kind far t", T0 + SECOND, None)


async def test_the_highest_message_of_a_chat_is_remembered(database: Database) -> None:
    """An older message, and an update without one, leave it as it is."""
    seen = []
    for message_id in (None, 4, 9, 7, None):
        async with database.begin() as tx:
            await chats.meet(tx, OLD, "group", message_id, T0)
        seen.append((await the_chat(database)).last_message_id)
    assert seen == [None, 4, 9, 9, 9]


async def test_a_silent_chat_speaks_again_when_met(database: Database) -> None:
    """Who unblocks the bot writes to it."""
    async with database.begin() as tx:
        await chats.meet(tx, OLD, "private", 1, T0)
        await chats.silence(tx, OLD, "blocked " * 100, T0 + SECOND)
    row = await the_chat(database)
    assert row.silenced_at == T0 + SECOND
    assert len(row.silenced_why) == 200
    async with database.begin() as tx:
        await chats.meet(tx, OLD, "private", 2, T0 + SECOND)
    row = await the_chat(database)
    assert (row.silenced_at, row.silenced_why) == (None, None)


async def test_silencing_an_unknown_chat_is_nothing(database: Database) -> None:
    """As of an ops chat that never wrote to the bot."""
    async with database.begin() as tx:
        await chats.silence(tx, OLD, "kicked", T0)
    assert await rows_of(database, table) == []


async def test_a_supergroup_takes_over_watches_and_what_waits(database: Database) -> None:
    """Cards come anew there, as message ids start anew; what was delivered stays with the old group."""
    await keep_payment(database)
    watch = await keep_watch(database, place=Place(OLD))
    async with database.begin() as tx:
        await chats.meet(tx, OLD, "group", 41, T0)
        await watches.note_card(tx, watch.id, 41, "face")
    await keep_notice(database, "done", Place(OLD), watch_id=watch.id)
    row = await begin_first(database)
    async with database.begin() as tx:
        await outbox.sent(tx, row, lease_token=TOKEN, message_id=42, now=T0)
    await keep_notice(database, "waits", Place(OLD), watch_id=watch.id)
    await move(database)

    (moved,) = await rows_of(database, watches_table)
    assert (moved.chat_id, moved.card_message_id, moved.card_face) == (NEW, None, None)
    assert moved.handle == watch.handle
    assert (await the_chat(database)).moved_to == NEW
    rows = {row.key: row for row in await rows_of(database, outbox_table)}
    assert (rows["waits"].chat_id, rows["done"].chat_id) == (NEW, OLD)
    async with database.begin() as tx:
        assert not await shown.shows(tx, NEW, 42, watch.id)


async def test_what_moves_waits_for_a_pause_that_telegram_named_there(database: Database) -> None:
    """The supergroup takes nothing before, whatever its messages were called."""
    await keep_notice(database, "there", Place(NEW))
    row = await begin_first(database)
    async with database.begin() as tx:
        await outbox.put_off(
            tx,
            row,
            lease_token=TOKEN,
            until=T0 + SECOND,
            problem=outbox.THROTTLED,
            counts=False,
            maybe_sent=False,
        )
    await keep_notice(database, "moves", Place(OLD))
    await move(database)
    assert {row.due_at for row in await rows_of(database, outbox_table)} == {T0 + SECOND}


async def test_no_message_of_the_supergroup_is_deleted_for_one_of_the_old_group(database: Database) -> None:
    """A message to take away is named by a number that means another message in the supergroup."""
    await keep_payment(database)
    kept = await keep_watch(database, place=Place(OLD))
    async with database.begin() as tx:
        await changes.put_erase(tx, kept, 41, T0)
    await keep_card(database, kept)
    await move(database)
    (row,) = await rows_of(database, outbox_table)
    assert (row.kind, row.state, row.chat_id, row.message_id) == (RowKind.CARD, RowState.DUE, NEW, None)


async def test_a_payment_both_groups_watch_keeps_the_supergroups_watch(database: Database) -> None:
    """It may have been asked for there before the move was noticed; the rest comes along."""
    await keep_payment(database)
    await keep_payment(database, "XID-2")
    await keep_watch(database, place=Place(OLD))
    theirs = await keep_watch(database, place=Place(NEW))
    other = await keep_watch(database, "XID-2", Place(OLD))
    await move(database)
    async with database.begin() as tx:
        assert await watches.of_payment(tx, ID, WatchState) == [theirs]
        (moved,) = await watches.of_payment(tx, "XID-2", WatchState)
    assert (moved.id, moved.place) == (other.id, Place(NEW))


async def test_a_watch_in_a_topic_does_not_replace_the_groups_own(database: Database) -> None:
    """A topic of the supergroup is another place than the group as a whole."""
    await keep_payment(database)
    await keep_watch(database, place=Place(OLD))
    await keep_watch(database, place=Place(NEW, 7))
    await move(database)
    async with database.begin() as tx:
        found = await watches.of_payment(tx, ID, WatchState)
    assert {watch.place for watch in found} == {Place(NEW), Place(NEW, 7)}


async def test_moving_twice_is_moving_once(database: Database) -> None:
    """Both the service message and a refused send tell of a move."""
    await keep_payment(database)
    await keep_watch(database, place=Place(OLD))
    await keep_notice(database, "waits", Place(OLD))
    await move(database)
    await move(database)
    async with database.begin() as tx:
        assert [watch.place for watch in await watches.of_payment(tx, ID, WatchState)] == [Place(NEW)]
    assert await due_rows(database, busy=[OLD]) == await due_rows(database)


async def test_a_team_goes_along_and_what_is_said_there_later_counts(database: Database) -> None:
    """Hearing of the move once more brings nothing back that was ended in the supergroup."""
    async with database.begin() as tx:
        await chats.meet(tx, OLD, "group", 1, T0)
        await chats.set_team(tx, OLD, T0)
    await move(database)  # as a refused send tells, before anybody wrote in the supergroup
    async with database.begin() as tx:
        assert await chats.teams(tx) == [OLD]
        await chats.meet(tx, NEW, "supergroup", 1, T0)
    await move(database)
    async with database.begin() as tx:
        assert await chats.teams(tx) == [NEW]
        await chats.set_team(tx, NEW, None)
    await move(database)
    async with database.begin() as tx:
        assert await chats.teams(tx) == []


async def test_a_group_the_bot_has_left_is_no_team(database: Database) -> None:
    """Nobody can be asked there; back again, it is one as before."""
    async with database.begin() as tx:
        await chats.meet(tx, OLD, "group", 1, T0)
        await chats.set_team(tx, OLD, T0)
        await chats.silence(tx, OLD, "kicked", T0)
        assert await chats.teams(tx) == []
        await chats.meet(tx, OLD, "group", 2, T0)
        assert await chats.teams(tx) == [OLD]
