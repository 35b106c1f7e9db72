"""The outbox: once for each key, in order within a chat, and nothing for who lost the lease."""

import types
from collections.abc import AsyncIterator
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from bot.core import alerts, callbacks, commands, connections, facts, journey, links, team, totals
from bot.core.facts import Fact
from bot.core.retries import ASIDE_AFTER
from bot.core.watch import Place, Watch
from bot.storage import changes, chats, outbox, shown, uploads, waiting, watches
from bot.storage.engine import Database
from bot.storage.outbox import Outgoing, RowKind, RowState
from bot.storage.tables import lease, outbox as table, uploads as uploads_table
from tests.storage.making import (
    CHAT,
    GROUP,
    ID,
    SECOND,
    T0,
    TOKEN,
    begin,
    begin_first,
    due_rows,
    keep_card,
    keep_notice,
    keep_payment,
    keep_watch,
    rows_of,
)
from tests.storage.test_payments import TIMES

FACTS: tuple[type, ...] = tuple(fact for union in get_args(Fact) for fact in (get_args(union) or (union,)))
st.register_type_strategy(datetime, TIMES)


BIG = Place(-1_001_000_000_501)
"""A supergroup."""


async def the_row(database: Database) -> Any:
    """The only row."""
    (row,) = await rows_of(database, table)
    return row


async def keep_watched_card(database: Database, place: Place = CHAT) -> Watch:
    """A payment, its watch, and the watch's card due."""
    await keep_payment(database)
    watch = await keep_watch(database, place=place)
    await keep_card(database, watch)
    return watch


async def put_off(
    database: Database,
    row: Outgoing,
    *,
    until: datetime,
    token: int = TOKEN,
    counts: bool = True,
    maybe_sent: bool = False,
) -> None:
    """Notes that a try came to nothing."""
    async with database.begin() as tx:
        await outbox.put_off(
            tx, row, lease_token=token, until=until, problem="429", counts=counts, maybe_sent=maybe_sent
        )


async def note_sent(database: Database, row: Outgoing, *, token: int = TOKEN, message_id: int | None = 41) -> None:
    """Notes a delivery."""
    async with database.begin() as tx:
        await outbox.sent(tx, row, lease_token=token, message_id=message_id, now=T0)


# --- facts ---


def test_every_fact_is_named_in_the_union() -> None:
    """A fact that the union forgets could be written and never read."""
    # Toasts, a fact's part, and what is no fact: never by themselves in the outbox.
    alone = {*get_args(facts.Press), journey.Mishap, links.Link, links.Handles, callbacks.Parcel, callbacks.Callback}
    alone |= {totals.Entry, totals.Figures, totals.Slot, totals.Totals}
    modules = (facts, alerts, callbacks, commands, connections, journey, links, team, totals)
    defined = {one for module in modules for one in vars(module).values() if is_dataclass(one)}
    assert set(FACTS) == defined - alone
    assert isinstance(Fact, types.UnionType)


@pytest.fixture
async def sqlite(migrated_sqlite_url: str) -> AsyncIterator[Database]:
    """On SQLite alone, opened once for many examples."""
    opened = Database(migrated_sqlite_url)
    await opened.open()
    yield opened
    await opened.close()


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
@pytest.mark.parametrize("kind", FACTS, ids=lambda kind: kind.__name__)
async def test_every_fact_reads_as_it_was_written(sqlite: Database, kind: type, data: st.DataObject) -> None:
    """Each class with all its fields, through a real row."""
    fact = data.draw(st.builds(kind))
    async with sqlite.begin() as tx:
        await tx.execute(table.delete())
    await keep_notice(sqlite, "k", fact=fact)
    assert (await begin_first(sqlite)).fact == fact


async def test_a_fact_with_every_field_reads_as_it_was_written(database: Database) -> None:
    """On both databases, microseconds and all."""
    fact = facts.Paid(65_000, T0 + timedelta(microseconds=1), shown_amount=64_000, late=True, already=True)
    assert len(fields(fact)) == 5
    await keep_notice(database, "k", fact=fact)
    assert (await begin_first(database)).fact == fact


# --- notices ---


async def test_a_notice_carries_what_it_was_given(database: Database) -> None:
    """Place, language, payment, watch, and a first try without a history."""
    await keep_notice(database, "paid:17", GROUP, payment_id=ID, watch_id=17)
    row = await begin_first(database)
    assert (row.key, row.kind, row.place, row.locale) == ("paid:17", RowKind.NOTICE, GROUP, "id")
    assert (row.payment_id, row.watch_id, row.message_id) == (ID, 17, None)
    assert (row.version, row.attempts, row.maybe_sent, row.created_at) == (1, 0, False, T0)


async def test_a_place_is_told_once_for_each_key(database: Database) -> None:
    """Also when the first was delivered long ago."""
    await keep_notice(database, "paid:17", fact=facts.Usage())
    await keep_notice(database, "paid:17", fact=facts.Help())
    row = await begin_first(database)
    assert row.fact == facts.Usage()
    await note_sent(database, row)
    await keep_notice(database, "paid:17", fact=facts.Help())
    assert await due_rows(database, T0 + SECOND) == []


async def test_what_is_due_later_or_served_already_stays_out(database: Database) -> None:
    """And the next time of each is told."""
    await keep_notice(database, "a", Place(1), now=T0 + SECOND)
    await keep_notice(database, "b", Place(2))
    assert len(await due_rows(database)) == 1
    assert await due_rows(database, busy=[2]) == []
    async with database.begin() as tx:
        assert len(await waiting.due(tx, T0 + SECOND, limit=1, except_for=[])) == 1
        assert await waiting.next_due_at(tx, []) == T0
        assert await waiting.next_due_at(tx, [2]) == T0 + SECOND
        assert await waiting.next_due_at(tx, [1, 2]) is None


# --- cards ---


async def test_changes_of_a_card_collapse_into_one_row(database: Database) -> None:
    """Each raises the version; the row keeps its place."""
    watch = await keep_watched_card(database)
    await keep_card(database, watch, T0 + SECOND)
    await keep_card(database, watch, T0 + 2 * SECOND)
    row = await the_row(database)
    assert (row.version, row.state, row.kind, row.watch_id) == (3, RowState.DUE, RowKind.CARD, watch.id)


async def test_a_delivered_card_becomes_due_again(database: Database) -> None:
    """In the watch's language of now, with its tries counted anew."""
    watch = await keep_watched_card(database)
    await note_sent(database, await begin_first(database))
    assert await due_rows(database, T0 + SECOND) == []
    async with database.begin() as tx:
        from bot.storage import watches

        watch = await watches.renew(tx, watch, locale="en", asked_by=9, now=T0)
    await keep_card(database, watch, T0 + SECOND)
    row = await begin_first(database, now=T0 + SECOND)
    assert (row.version, row.locale, row.attempts, row.message_id) == (2, "en", 0, 41)


async def test_a_card_that_changed_during_its_delivery_stays_due(database: Database) -> None:
    """What was sent is not what is true by now."""
    watch = await keep_watched_card(database)
    row = await begin_first(database)
    await keep_card(database, watch)
    await note_sent(database, row)
    again = await begin_first(database)
    assert (again.version, again.maybe_sent, again.message_id) == (2, False, 41)
    await note_sent(database, again, message_id=None)
    last = await the_row(database)
    assert (last.state, last.message_id, last.done_at) == (RowState.SENT, 41, T0)


async def test_tries_never_count_below_zero(database: Database) -> None:
    """A card that changed during a try that did not count begins at none."""
    watch = await keep_watched_card(database)
    row = await begin_first(database)
    await keep_card(database, watch)
    await put_off(database, row, until=T0, counts=False)
    assert (await the_row(database)).attempts == 0
    row = await begin_first(database)
    await keep_card(database, watch)
    async with database.begin() as tx:
        await outbox.release(tx, row, lease_token=TOKEN)
    assert (await the_row(database)).attempts == 0


async def test_an_old_card_is_taken_away_once(database: Database) -> None:
    """The row names the message."""
    await keep_payment(database)
    kept = await keep_watch(database)
    async with database.begin() as tx:
        await changes.put_erase(tx, kept, 41, T0)
        await changes.put_erase(tx, kept, 41, T0)
    row = await begin_first(database)
    assert (row.kind, row.message_id, row.watch_id, row.payment_id) == (RowKind.ERASE, 41, kept.id, ID)


# --- order ---


async def test_a_chats_rows_are_due_in_the_order_they_were_written(database: Database) -> None:
    """Chats don't hold each other up."""
    for key in ("a", "b", "c"):
        await keep_notice(database, f"{key}1", Place(1))
        await keep_notice(database, f"{key}2", Place(2))
    async with database.begin() as tx:
        found = await waiting.due(tx, T0, limit=100, except_for=[])
    assert [chat for _, chat in found] == [1, 2] * 3
    assert [row for row, _ in found] == sorted(row for row, _ in found)


async def test_no_row_overtakes_one_that_was_put_off(database: Database) -> None:
    """Neither what waited behind it, nor what is written later; and its chat alone waits."""
    await keep_notice(database, "first")
    await keep_notice(database, "behind")
    row = await begin_first(database)
    await put_off(database, row, until=T0 + 5 * SECOND)
    await keep_notice(database, "new", now=T0 + SECOND)
    await keep_notice(database, "elsewhere", Place(7), now=T0 + SECOND)
    async with database.begin() as tx:
        assert [chat for _, chat in await waiting.due(tx, T0 + 4 * SECOND, limit=9, except_for=[])] == [7]
    keys = {kept.id: kept.key for kept in await rows_of(database, table)}
    chats_order = [keys[row_id] for row_id in await due_rows(database, T0 + 5 * SECOND, busy=[7])]
    assert chats_order == ["first", "behind", "new"]


async def test_a_card_asked_for_again_goes_behind_what_was_said_before(database: Database) -> None:
    """Ask, stop and ask within a time out of reach: whoever watches is not told "stopped" after the code."""
    watch = await keep_watched_card(database)
    row = await begin_first(database)
    await put_off(database, row, until=T0 + 9 * SECOND)
    await keep_notice(database, "stopped", now=T0 + SECOND)
    async with database.begin() as tx:
        again = await watches.renew(tx, watch, locale="id", asked_by=9, now=T0 + 2 * SECOND)
    await keep_card(database, again, T0 + 2 * SECOND)
    await keep_card(database, again, T0 + 4 * SECOND)
    await keep_notice(database, "later", now=T0 + 3 * SECOND)
    keys = {one.id: one.key for one in await rows_of(database, table)}
    order = [keys[one] for one in await due_rows(database, T0 + 9 * SECOND)]
    assert order == ["stopped", f"card:{watch.id}", "later"]


async def test_a_pause_telegram_named_goes_for_a_card_that_had_stepped_aside(database: Database) -> None:
    """However often it failed before, neither its next change nor another message is sent within the pause."""
    watch = await keep_watched_card(database)
    for _ in range(ASIDE_AFTER):
        await put_off(database, await begin_first(database), until=T0)
    await put_off(database, await begin_first(database), until=T0 + 9 * SECOND, counts=False)
    await keep_card(database, watch, T0 + SECOND)
    assert await due_rows(database, T0 + 8 * SECOND) == []


async def test_a_row_that_waits_longer_is_not_brought_forward(database: Database) -> None:
    """Putting one off for a second leaves another's minute alone."""
    await keep_notice(database, "a")
    row = await begin_first(database)
    await put_off(database, row, until=T0 + 60 * SECOND)
    await keep_notice(database, "b")
    await put_off(database, row, until=T0 + SECOND, token=TOKEN)  # stale: nothing is begun any more
    assert await due_rows(database, T0 + 59 * SECOND) == []


# --- the lease ---


async def test_a_row_is_begun_once_due_and_open(database: Database) -> None:
    """Not before its time, not when it is sent, not when it isn't there."""
    await keep_notice(database, "a", now=T0 + SECOND)
    (row_id,) = await due_rows(database, T0 + SECOND)
    assert await begin(database, row_id, now=T0) is None
    row = await begin(database, row_id, now=T0 + SECOND)
    assert row is not None
    await note_sent(database, row)
    assert await begin(database, row_id, now=T0 + SECOND) is None
    assert await begin(database, row_id + 1, now=T0 + SECOND) is None


async def test_a_try_whose_end_was_never_noted_may_have_been_sent(database: Database) -> None:
    """The next holder of the lease knows, and counts it."""
    await keep_notice(database, "a")
    await begin_first(database, token=TOKEN)
    again = await begin_first(database, token=TOKEN + 1)
    assert (again.maybe_sent, again.attempts) == (True, 1)


@pytest.mark.parametrize("ending", ["sent", "put_off", "release", "bury"])
async def test_who_lost_the_lease_changes_no_row(database: Database, ending: str) -> None:
    """The new holder has begun the row: what comes of the old try is not noted."""
    await keep_notice(database, "a")
    old = await begin_first(database, token=TOKEN)
    await begin_first(database, token=TOKEN + 1)
    before = await rows_of(database, table)
    async with database.begin() as tx:
        match ending:
            case "sent":
                await outbox.sent(tx, old, lease_token=TOKEN, message_id=41, now=T0)
            case "put_off":
                await outbox.put_off(
                    tx, old, lease_token=TOKEN, until=T0 + SECOND, problem="x", counts=False, maybe_sent=False
                )
            case "release":
                await outbox.release(tx, old, lease_token=TOKEN)
            case "bury":
                await outbox.bury(tx, old, lease_token=TOKEN, problem="x", now=T0)
    assert await rows_of(database, table) == before


async def test_who_lost_the_lease_begins_no_row_of_the_new_holders(database: Database) -> None:
    """A frozen process that wakes up would send it a second time, and disown the first."""
    await keep_notice(database, "a")
    (row_id,) = await due_rows(database)
    assert await begin(database, row_id, token=TOKEN + 1) is not None
    before = await rows_of(database, table)
    assert await begin(database, row_id, token=TOKEN) is None
    assert await rows_of(database, table) == before


async def test_who_lost_the_lease_begins_no_row_at_all(database: Database) -> None:
    """The lease itself tells, before the new holder has come to the row."""
    await keep_notice(database, "a")
    (row_id,) = await due_rows(database)
    async with database.begin() as tx:
        await tx.execute(lease.insert().values(name="work", token=TOKEN, holder="other", expires_at=T0))
    assert await begin(database, row_id, token=TOKEN - 1) is None
    assert await begin(database, row_id, token=TOKEN) is not None


# --- endings ---


@pytest.mark.parametrize(("counts", "maybe_sent"), [(True, False), (False, False), (True, True)])
async def test_a_put_off_row_remembers_its_try(database: Database, counts: bool, maybe_sent: bool) -> None:
    """A 429 is no try; a lost answer leaves the row under suspicion."""
    await keep_notice(database, "a")
    await put_off(database, await begin_first(database), until=T0 + SECOND, counts=counts, maybe_sent=maybe_sent)
    assert (await the_row(database)).problem == "429"
    again = await begin_first(database, now=T0 + SECOND)
    assert (again.attempts, again.maybe_sent) == (int(counts), maybe_sent)


async def test_a_released_row_is_due_as_it_was(database: Database) -> None:
    """As after a move to another chat."""
    await keep_notice(database, "a")
    row = await begin_first(database)
    async with database.begin() as tx:
        await outbox.release(tx, row, lease_token=TOKEN)
    assert await begin_first(database) == row


async def test_a_buried_row_keeps_its_reason(database: Database) -> None:
    """Operators list such."""
    await keep_notice(database, "a")
    row = await begin_first(database)
    async with database.begin() as tx:
        await outbox.bury(tx, row, lease_token=TOKEN, problem="chat not found", now=T0)
    kept = await the_row(database)
    assert (kept.state, kept.problem, kept.done_at, kept.lease_token) == (RowState.DEAD, "chat not found", T0, None)
    assert await due_rows(database, T0 + SECOND) == []


async def test_a_delivery_clears_an_earlier_problem(database: Database) -> None:
    """What was put off and then went out is well."""
    await keep_notice(database, "a")
    await put_off(database, await begin_first(database), until=T0)
    await note_sent(database, await begin_first(database))
    row = await the_row(database)
    assert (row.state, row.problem, row.message_id, row.lease_token) == (RowState.SENT, None, 41, None)


# --- what else is kept ---


async def test_a_message_belongs_to_the_watch_it_was_sent_for(database: Database) -> None:
    """Another chat's message with the same number does not."""
    await keep_notice(database, "a", watch_id=17)
    await note_sent(database, await begin_first(database))
    async with database.begin() as tx:
        assert await shown.shows(tx, CHAT.chat_id, 41, 17)
        assert not await shown.shows(tx, CHAT.chat_id, 41, 18)
        assert not await shown.shows(tx, CHAT.chat_id, 42, 17)
        assert not await shown.shows(tx, GROUP.chat_id, 41, 17)


async def test_a_pictures_id_is_kept_replaced_and_forgotten(database: Database) -> None:
    """One upload serves every chat that is shown the same."""
    async with database.begin() as tx:
        assert await uploads.file_id_of(tx, "d") is None
        await uploads.note(tx, "d", "first", T0)
        await uploads.note(tx, "d", "second", T0 + SECOND)
        assert await uploads.file_id_of(tx, "d") == "second"
        await uploads.forget(tx, "d")
        assert await uploads.file_id_of(tx, "d") is None
    assert await rows_of(database, uploads_table) == []


async def test_our_messages_above_a_number_are_told(database: Database) -> None:
    """So that nothing already noted is taken for one that was lost; a supergroup numbers for itself."""
    for key, place, message_id in (("a", CHAT, 41), ("b", CHAT, 43), ("c", Place(7), 44), ("d", BIG, 42)):
        await keep_notice(database, key, place)
        await note_sent(database, await begin_first(database), message_id=message_id)
    async with database.begin() as tx:
        assert await shown.messages_above(tx, CHAT.chat_id, 41) == {43, 44}
        assert await shown.messages_above(tx, CHAT.chat_id, 40) == {41, 43, 44}
        assert await shown.messages_above(tx, CHAT.chat_id, 44) == set()
        assert await shown.messages_above(tx, BIG.chat_id, 41) == {42}


async def test_the_newest_message_is_that_of_all_chats_but_supergroups(database: Database) -> None:
    """Private chats and basic groups share one count."""
    async with database.begin() as tx:
        assert await shown.newest_message(tx, CHAT.chat_id) is None
        for chat_id, message_id in ((CHAT.chat_id, 40), (7, 44), (-5, 45), (BIG.chat_id, 90), (8, None)):
            await chats.meet(tx, chat_id, "", message_id, T0)
        assert [await shown.newest_message(tx, chat_id) for chat_id in (CHAT.chat_id, -5, 8)] == [45, 45, 45]
        assert await shown.newest_message(tx, BIG.chat_id) == 90


async def test_a_search_in_vain_begins_higher_the_next_time(database: Database) -> None:
    """What the try after it sends lies above what is known by then, and so for all that was begun with it."""
    async with database.begin() as tx:
        await chats.meet(tx, CHAT.chat_id, "private", 40, T0)
    await keep_notice(database, "a")
    await put_off(database, await begin_first(database), until=T0, maybe_sent=True)
    await begin_first(database)
    async with database.begin() as tx:
        await chats.meet(tx, 7, "private", 60, T0)
        await shown.search_from_here(tx, CHAT.chat_id, 40, lease_token=TOKEN - 1)
    assert (await the_row(database)).after_message_id == 40
    async with database.begin() as tx:
        await shown.search_from_here(tx, CHAT.chat_id, 40, lease_token=TOKEN)
    assert (await the_row(database)).after_message_id == 60


async def test_what_may_have_been_sent_before_stays_so_when_let_go(database: Database) -> None:
    """A try that was not made tells nothing of the one before it."""
    async with database.begin() as tx:
        await chats.meet(tx, CHAT.chat_id, "private", 40, T0)
    await keep_notice(database, "a")
    for unsure in (False, True):
        row = await begin_first(database)
        if unsure:
            await put_off(database, row, until=T0, maybe_sent=True)
            row = await begin_first(database)
        async with database.begin() as tx:
            await outbox.release(tx, row, lease_token=TOKEN)
        found = await the_row(database)
        assert (found.lease_token, found.after_message_id) == ((TOKEN, 40) if unsure else (None, None))


async def test_a_try_remembers_how_far_the_chat_had_come(database: Database) -> None:
    """The first try that may have been sent counts, not what came since; a try that surely wasn't is forgotten."""
    async with database.begin() as tx:
        await chats.meet(tx, CHAT.chat_id, "private", 40, T0)
    await keep_notice(database, "a")
    await put_off(database, await begin_first(database), until=T0, maybe_sent=False)
    assert (await the_row(database)).after_message_id is None
    await put_off(database, await begin_first(database), until=T0, maybe_sent=True)
    async with database.begin() as tx:
        await chats.meet(tx, CHAT.chat_id, "private", 45, T0)
    row = await begin_first(database)
    assert (row.maybe_sent, row.after_message_id) == (True, 40)
    await note_sent(database, row, message_id=41)
    assert (await the_row(database)).after_message_id is None


async def test_a_card_on_its_way_may_be_shown_already(database: Database) -> None:
    """From the try's beginning to its end, and where nobody knows how it ended: a later try does not tell."""
    await keep_payment(database)
    watch = await keep_watch(database)
    told: list[bool] = []
    await keep_card(database, watch)
    for unsure in (False, True, False):
        row = await begin_first(database)
        async with database.begin() as tx:
            told.append(await shown.may_show(tx, watch))
            await outbox.put_off(tx, row, lease_token=TOKEN, until=T0, problem="", counts=True, maybe_sent=unsure)
            told.append(await shown.may_show(tx, watch))
    assert told == [True, False, True, True, True, True]


async def test_a_message_is_changed_once_for_many_changes(database: Database) -> None:
    """The latest counts, also of one that went out meanwhile; it is found as what the message says now."""
    place = Place(501)
    for number in (1, 2):
        async with database.begin() as tx:
            await changes.put_change(tx, place, 41, links.Tracked(str(number)), locale="id", now=T0, payment_id=ID)
    row = await begin_first(database)
    assert (row.kind, row.message_id, row.fact) == (RowKind.CHANGE, 41, links.Tracked("2"))
    async with database.begin() as tx:
        await changes.put_change(tx, place, 41, links.Tracked("3"), locale="id", now=T0, payment_id=ID)
        await outbox.sent(tx, row, lease_token=TOKEN, message_id=None, now=T0)
        assert await shown.fact_at(tx, place.chat_id, 41) == links.Tracked("3")
    assert (await begin_first(database)).fact == links.Tracked("3")


async def test_a_row_let_go_may_still_have_been_sent_by_an_earlier_try(database: Database) -> None:
    """The search for it must go on; only what this try did is taken back."""
    await keep_notice(database, "paid:1")
    await begin_first(database, token=1)  # and died
    for _ in range(2):
        row = await begin_first(database, token=2)
        assert row.maybe_sent
        async with database.begin() as tx:
            await outbox.release(tx, row, lease_token=2)
