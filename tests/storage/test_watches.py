"""Watches: one for each place, found by place, handle and number."""

import pytest
from sqlalchemy.exc import IntegrityError

from bot.core.watch import Place, WatchState
from bot.storage import watches
from bot.storage.engine import Database
from tests.storage.making import CHAT, GROUP, ID, SECOND, T0, keep_payment, keep_watch


async def test_a_watch_is_found_by_place_handle_and_number(database: Database) -> None:
    """All three lead to the same, complete watch; what isn't there is none."""
    await keep_payment(database)
    kept = await keep_watch(database, place=GROUP)
    assert (kept.place, kept.state, kept.asked_by, kept.asked_at) == (GROUP, WatchState.ACTIVE, 9, T0)
    async with database.begin() as tx:
        assert await watches.at(tx, ID, GROUP) == kept
        assert await watches.by_handle(tx, kept.handle) == kept
        assert await watches.by_id(tx, kept.id) == kept
        assert await watches.at(tx, ID, Place(GROUP.chat_id)) is None
        assert await watches.at(tx, "XID-1", GROUP) is None
        assert await watches.by_handle(tx, "nobody's") is None
        assert await watches.by_id(tx, kept.id + 1) is None


@pytest.mark.parametrize("place", [CHAT, GROUP], ids=["no topic", "topic"])
async def test_a_place_watches_a_payment_once(database: Database, place: Place) -> None:
    """Also without a topic, where a NULL would let a second one in."""
    await keep_payment(database)
    await keep_watch(database, place=place)
    with pytest.raises(IntegrityError):
        async with database.begin() as tx:
            await watches.add(tx, ID, place, locale="id", asked_by=1, handle="another", now=T0)


async def test_each_topic_watches_for_itself(database: Database) -> None:
    """A topic, another one and the group as a whole are three places."""
    await keep_payment(database)
    for place in (GROUP, Place(GROUP.chat_id, 8), Place(GROUP.chat_id), CHAT):
        await keep_watch(database, place=place)
    async with database.begin() as tx:
        found = await watches.of_payment(tx, ID, [WatchState.ACTIVE])
    assert [watch.place for watch in found] == [GROUP, Place(GROUP.chat_id, 8), Place(GROUP.chat_id), CHAT]


async def test_asking_again_renews_the_watch_but_not_its_handle(database: Database) -> None:
    """Buttons under older messages go on working."""
    await keep_payment(database)
    kept = await keep_watch(database)
    async with database.begin() as tx:
        await watches.set_state(tx, kept.id, WatchState.STOPPED)
        await watches.note_card(tx, kept.id, 41, "face")
        again = await watches.renew(tx, kept, locale="en", asked_by=10, now=T0 + SECOND)
        assert await watches.by_id(tx, kept.id) == again
    assert (again.state, again.locale, again.asked_by, again.asked_at) == (WatchState.ACTIVE, "en", 10, T0 + SECOND)
    assert (again.id, again.handle, again.card_message_id, again.card_face) == (kept.id, kept.handle, 41, "face")


async def test_watches_are_told_apart_by_state(database: Database) -> None:
    """Only the states asked for, the oldest first."""
    await keep_payment(database)
    kept = [await keep_watch(database, place=Place(chat)) for chat in (3, 1, 2)]
    async with database.begin() as tx:
        await watches.set_state(tx, kept[1].id, WatchState.TOLD)
        active = await watches.of_payment(tx, ID, [WatchState.ACTIVE])
        both = await watches.of_payment(tx, ID, [WatchState.ACTIVE, WatchState.TOLD])
        assert await watches.of_payment(tx, ID, []) == []
    assert [watch.place.chat_id for watch in active] == [3, 2]
    assert [watch.place.chat_id for watch in both] == [3, 1, 2]


async def test_only_the_card_that_is_gone_is_forgotten(database: Database) -> None:
    """A newer card stays, as it was sent meanwhile."""
    await keep_payment(database)
    kept = await keep_watch(database)
    async with database.begin() as tx:
        await watches.note_card(tx, kept.id, 41, "face")
        await watches.forget_card(tx, kept.id, 40)
        still = await watches.by_id(tx, kept.id)
        await watches.forget_card(tx, kept.id, 41)
        gone = await watches.by_id(tx, kept.id)
    assert still is not None
    assert (still.card_message_id, still.card_face) == (41, "face")
    assert gone is not None
    assert (gone.card_message_id, gone.card_face) == (None, None)


@pytest.mark.parametrize("state", WatchState)
async def test_a_word_that_it_is_paid_lasts_as_long_as_the_watch(database: Database, state: WatchState) -> None:
    """Who stopped, or has heard, is not told what came of it; else it is kept until that is told."""
    await keep_payment(database)
    kept = await keep_watch(database)
    async with database.begin() as tx:
        await watches.note_claim(tx, kept.id, T0 + SECOND)
        said = await watches.by_id(tx, kept.id)
        await watches.set_state(tx, kept.id, state)
        after = await watches.by_id(tx, kept.id)
        await watches.note_claim(tx, kept.id, None)
        told = await watches.by_id(tx, kept.id)
    assert said is not None
    assert said.claimed_at == T0 + SECOND
    assert after is not None
    assert after.claimed_at == (T0 + SECOND if state is WatchState.ACTIVE else None)
    assert told is not None
    assert told.claimed_at is None
