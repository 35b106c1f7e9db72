"""Where alerts go, and how many at once are begun together, on both databases."""

from datetime import timedelta

import pytest

from bot.core.alerting import MOST_TOGETHER, AlertKind, Switches
from bot.core.alerts import Alert, AlertClaim, AlertPaid
from bot.core.commands import AlertsHere
from bot.core.connections import AlertKeyRefused
from bot.core.watch import Place
from bot.storage import alerts, chats, outbox
from bot.storage.engine import Database
from bot.storage.outbox import Outgoing
from bot.storage.tables import outbox as outbox_table, staff
from tests.storage.making import T0, TOKEN, begin, due_rows, keep_notice, rows_of

OPS, TOPIC, OWNER = Place(-900), Place(-901, 7), Place(501)
ON, OFF = Switches(is_on=True), Switches(is_on=False)
GATHER = timedelta(seconds=2)


async def listening(database: Database, *configured: Place, kind: AlertKind | None = None) -> list[Place]:
    async with database.begin() as tx:
        return list(await alerts.listening(tx, configured, kind))


async def switch(database: Database, place: Place, switches: Switches) -> None:
    async with database.begin() as tx:
        await alerts.switch(tx, place, switches, T0)


async def test_the_chat_is_stronger_than_the_settings(database: Database) -> None:
    """Switched off there, switched on elsewhere, and a topic is a place of its own."""
    assert await listening(database, OPS) == [OPS]
    await switch(database, TOPIC, ON)
    assert await listening(database, OPS) == [OPS, TOPIC]
    await switch(database, OPS, OFF)
    assert await listening(database, OPS) == [TOPIC]
    await switch(database, TOPIC, Switches(is_on=True, muted=frozenset({AlertKind.PAID})))
    assert await listening(database, OPS, kind=AlertKind.PAID) == []
    assert await listening(database, OPS, kind=AlertKind.DOUBT) == [TOPIC]


async def test_the_owner_hears_where_there_is_no_place(database: Database) -> None:
    """But not where they switched it off, nor once a place is there that has muted the kind."""
    async with database.begin() as tx:
        await tx.execute(staff.insert(), [{"person_id": OWNER.chat_id, "role": "owner", "since": T0}])
        await tx.execute(staff.insert(), [{"person_id": 502, "role": "staff", "since": T0}])
    assert await listening(database) == [OWNER]
    async with database.begin() as tx:
        assert [await alerts.at(tx, place, ()) for place in (OWNER, OPS)] == [ON, OFF]
    await switch(database, OPS, Switches(is_on=True, muted=frozenset({AlertKind.PAID})))
    assert await listening(database, kind=AlertKind.PAID) == []
    await switch(database, OPS, OFF)
    await switch(database, OWNER, OFF)
    assert await listening(database) == []


async def test_every_owner_hears_until_there_is_a_place(database: Database) -> None:
    """What one mutes in private is muted for that one alone; and a place that takes no messages is none."""
    both = [OWNER, Place(502)]
    async with database.begin() as tx:
        await tx.execute(staff.insert(), [{"person_id": one.chat_id, "role": "owner", "since": T0} for one in both])
        await chats.meet(tx, OPS.chat_id, "group", None, T0)
    await switch(database, OWNER, Switches(is_on=True, muted=frozenset({AlertKind.PAID})))
    assert set(await listening(database)) == set(both)
    assert await listening(database, kind=AlertKind.PAID) == [Place(502)]
    assert await listening(database, OPS, TOPIC) == [OPS, TOPIC, OWNER]
    await switch(database, OWNER, OFF)
    assert await listening(database, OPS) == [OPS]
    async with database.begin() as tx:
        await chats.silence(tx, OPS.chat_id, "kicked", T0)
    assert await listening(database, OPS) == [OPS, Place(502)]
    assert await listening(database, OPS, TOPIC) == [OPS, TOPIC]


async def test_a_group_that_never_spoke_takes_its_switches_along(database: Database) -> None:
    """Its move is told by a refused send alone; the supergroup may switch off what the settings name."""
    async with database.begin() as tx:
        await chats.move(tx, OPS.chat_id, -1900)
    assert await listening(database, OPS) == [Place(-1900)]
    await switch(database, Place(-1900), OFF)
    assert await listening(database, OPS) == []


async def test_a_group_takes_its_switches_along(database: Database) -> None:
    """Those of the settings too; what the supergroup chose for itself stays."""
    async with database.begin() as tx:
        for chat in (OPS.chat_id, -905):
            await chats.meet(tx, chat, "group", None, T0)
    await switch(database, Place(-905), OFF)
    await switch(database, Place(-906), ON)
    await switch(database, TOPIC, ON)
    async with database.begin() as tx:
        await chats.move(tx, OPS.chat_id, -1900)
        await chats.move(tx, -905, -906)
        await chats.move(tx, TOPIC.chat_id, -1901)
    assert set(await listening(database, OPS)) == {Place(-1900), Place(-906), Place(-1901, 7)}


async def test_the_switches_of_an_old_message_are_those_of_its_topic(database: Database) -> None:
    """Telegram names no topic of it."""
    await keep_notice(database, "reply:1:0", TOPIC, fact=AlertsHere(), message_id=41)
    async with database.begin() as tx:
        assert await alerts.place_of_switches(tx, TOPIC.chat_id, 41) == TOPIC
        assert await alerts.place_of_switches(tx, TOPIC.chat_id, 42) is None


async def test_what_was_told_last(database: Database) -> None:
    """By the beginning of the key, whatever else is told."""
    for number, key in enumerate(["ops:key_works:0:-900:0", "ops:key_works:1:-900:0", "ops:key_worksnot:9:-900:0"]):
        await keep_notice(database, key, OPS, fact=AlertPaid(number, T0))
    async with database.begin() as tx:
        told = await alerts.last_told(tx, "key_works")
        assert told
        assert (told.fact, told.at) == (AlertPaid(1, T0), T0)
        assert await alerts.last_told(tx, "key_refused") is None


async def keep_alert(
    database: Database, payment_id: str, fact: Alert | None = None, place: Place = OPS, late: timedelta = GATHER
) -> None:
    key = f"ops:{type(fact or AlertPaid).__name__}:{payment_id}:{place.chat_id}:{place.topic_id or 0}"
    told = fact or AlertPaid(1, T0)
    await keep_notice(database, key, place, fact=told, payment_id=payment_id, gather=late)


async def begin_all(database: Database, now_after: timedelta = GATHER) -> list[Outgoing]:
    """The first that is due, and what goes with it."""
    first = await begin(database, (await due_rows(database, T0 + now_after))[0], now=T0 + now_after)
    assert first is not None
    async with database.begin() as tx:
        return [first, *await alerts.begin_with(tx, first, lease_token=TOKEN, now=T0 + now_after)]


def names(rows: list[Outgoing]) -> list[str | None]:
    return [row.payment_id for row in rows]


async def test_alike_ones_go_together_in_their_order(database: Database) -> None:
    """Also those that are still gathering; not another sort, another topic, or another chat."""
    await keep_alert(database, "A")
    await keep_alert(database, "B", AlertClaim(T0))
    await keep_alert(database, "C", late=2 * GATHER)
    await keep_alert(database, "D", place=Place(OPS.chat_id, 7))
    await keep_alert(database, "E")
    assert names(await begin_all(database)) == ["A", "E", "C"]


async def test_what_is_told_of_one_payment_keeps_apart_and_in_order(database: Database) -> None:
    """A later alert overtakes no earlier one about the same payment."""
    await keep_alert(database, "A")
    await keep_alert(database, "B", AlertClaim(T0))
    await keep_alert(database, "B")
    await keep_alert(database, "C")
    assert names(await begin_all(database)) == ["A", "C"]


async def test_no_more_than_fit(database: Database) -> None:
    """The rest makes the next message."""
    for number in range(MOST_TOGETHER + 2):
        await keep_alert(database, f"P{number:03}")
    assert len(await begin_all(database)) == MOST_TOGETHER


async def test_what_may_have_been_sent_is_put_together_as_it_was(database: Database) -> None:
    """So that the message is found again: newer ones wait for the next."""
    for payment_id in "AB":
        await keep_alert(database, payment_id)
    assert names(await begin_all(database)) == ["A", "B"]
    await keep_alert(database, "C")
    again = await begin_all(database)
    assert (names(again), [row.maybe_sent for row in again]) == (["A", "B"], [True, True])


async def test_other_notices_go_alone(database: Database) -> None:
    """A chat's own news are never put together."""
    await keep_notice(database, "paid:1", OPS)
    await keep_notice(database, "paid:2", OPS)
    assert len(await begin_all(database)) == 1


@pytest.mark.parametrize("put_off", [True, False])
async def test_what_gathers_holds_up_nobody_but_what_was_put_off_does(database: Database, put_off: bool) -> None:
    """An answer in the ops chat does not wait for alerts, unless Telegram wants a pause there."""
    await keep_alert(database, "A")
    if put_off:
        (row,) = await begin_all(database)
        until = T0 + timedelta(seconds=30)
        async with database.begin() as tx:
            await outbox.put_off(
                tx, row, lease_token=TOKEN, until=until, problem="429", counts=False, maybe_sent=False
            )
    await keep_notice(database, "reply:1:0", OPS)
    due = {row.key: row.due_at for row in await rows_of(database, outbox_table)}
    assert due["reply:1:0"] == (T0 + timedelta(seconds=30) if put_off else T0)


async def test_an_alert_told_in_two_places_was_told_once(database: Database) -> None:
    """As often as it was written, within the time that is asked about."""
    for number, minutes in enumerate((70, 20, 5)):
        at = T0 - timedelta(minutes=minutes)
        for place in (OPS, TOPIC):
            key = f"{outbox.ALERT_KEY}key_refused:{number}:{place.chat_id}:{place.topic_id or 0}"
            await keep_notice(database, key, place, now=at, fact=AlertKeyRefused())
    async with database.begin() as tx:
        assert await alerts.times_told(tx, "key_refused", T0 - timedelta(hours=1)) == 2
        assert await alerts.times_told(tx, "key_works", T0 - timedelta(hours=1)) == 0
