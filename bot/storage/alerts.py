"""Where alerts go, and how they gather: many at once become one message."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, Select, bindparam, func, select

from bot.core.alerting import MOST_TOGETHER, AlertKind, Switches, sort_of
from bot.core.alerts import Alert
from bot.core.commands import AlertsHere
from bot.core.facts import Fact
from bot.core.watch import Place
from bot.storage import outbox as rows, staff
from bot.storage.engine import Tx
from bot.storage.listed import is_listed
from bot.storage.notation import from_json
from bot.storage.outbox import ALERT_KEY, IS_DUE, Outgoing
from bot.storage.payments import upsert
from bot.storage.tables import alert_places, chats, outbox

_PLACES: Final = select(alert_places)
_SILENCED: Final = select(chats.c.id).where(is_listed(chats.c.id, "among"), chats.c.silenced_at.is_not(None))
_MOVED_TO: Final = select(chats.c.moved_to).where(chats.c.id == bindparam("chat"))


async def listening(tx: Tx, configured: Sequence[Place], kind: AlertKind | None = None) -> Sequence[Place]:
    """The places that hear alerts (of a kind): those of the settings unless switched off there, those switched on, and
    where there is none at all, or none that takes messages, the owners' private chats."""
    known = {_place(row): _switches(row) for row in (await tx.execute(_PLACES)).all()}
    preset = [await _present(tx, place) for place in configured]
    found = [place for place in preset if known.get(place, Switches(is_on=True)).is_on]
    found += [place for place, switches in known.items() if switches.is_on]
    owners = [Place(person_id) for person_id in await staff.owners(tx)]
    # An owner who mutes a kind has not become the ops chat of the others.
    if set(found) <= set(owners) or await _are_silenced(tx, found):
        found += [place for place in owners if known.get(place, Switches(is_on=True)).is_on]
    return [place for place in dict.fromkeys(found) if not (place in known and kind in known[place].muted)]


async def _are_silenced(tx: Tx, places: Sequence[Place]) -> bool:
    """Whether none of them takes messages for now."""
    ids = {place.chat_id for place in places}
    return set((await tx.execute(_SILENCED, {"among": ids})).scalars()) == ids


async def at(tx: Tx, place: Place, configured: Sequence[Place]) -> Switches:
    """How a place's alerts are switched."""
    row = (await tx.execute(select(alert_places).where(*_is_at(place)))).one_or_none()
    if row is None:
        return Switches(is_on=place in await listening(tx, configured))
    return _switches(row)


async def switch(tx: Tx, place: Place, switches: Switches, now: datetime) -> None:
    """Keeps how a place's alerts are switched."""
    values = {"is_on": switches.is_on, "muted": " ".join(sorted(switches.muted)), "changed_at": now}
    statement = upsert(tx)(alert_places).values(chat_id=place.chat_id, topic_id=place.topic_id or 0, **values)
    keys = ["chat_id", "topic_id"]
    await tx.execute(statement.on_conflict_do_update(index_elements=keys, set_=values))


async def place_of_switches(tx: Tx, chat_id: int, message_id: int) -> Place | None:
    """The place whose switches a message of ours shows; Telegram tells no topic of an old message."""
    shows = outbox.c.fact.startswith(f"{AlertsHere.__name__} ", autoescape=True)
    query = select(outbox.c.topic_id).where(outbox.c.chat_id == chat_id, outbox.c.message_id == message_id, shows)
    row = (await tx.execute(query.limit(1))).one_or_none()
    return Place(chat_id, row.topic_id or None) if row else None


@dataclass(frozen=True, slots=True)
class Told:
    """An alert that was written; the numbers rise."""

    number: int
    fact: Fact
    at: datetime


# A few words of the program name alerts, so these are a few statements.
@cache
def _last_told(what: str) -> Select[Any]:
    query = select(outbox.c.id, outbox.c.fact, outbox.c.created_at).where(_names(what))
    return query.order_by(outbox.c.id.desc()).limit(1)


@cache
def _times_told(what: str) -> Select[Any]:
    times = func.count(outbox.c.created_at.distinct())
    return select(times).where(_names(what), outbox.c.created_at >= bindparam("since"))


def _names(what: str) -> ColumnElement[bool]:
    return outbox.c.key.startswith(f"{ALERT_KEY}{what}:", autoescape=True)


async def last_told(tx: Tx, what: str) -> Told | None:
    """The last alert whose key names `what`."""
    row = (await tx.execute(_last_told(what))).one_or_none()
    return Told(row.id, from_json(row.fact), row.created_at) if row else None


async def times_told(tx: Tx, what: str, since: datetime) -> int:
    """How many alerts whose key names `what` were written since then, in however many places."""
    return int((await tx.execute(_times_told(what), {"since": since})).scalar_one())


async def begin_with(tx: Tx, first: Outgoing, *, lease_token: int, now: datetime) -> Sequence[Outgoing]:
    """Begins the alerts that go into one message with `first`, in their order, though some may still be gathering.

    What may have been sent before is put together as it was then, so that it can be found: with what was begun at the
    same time. What is told of one payment stays apart, and in its order.
    """
    sort = _sort(first)
    if sort is None:
        return ()
    query = (
        select(outbox)
        .where(outbox.c.chat_id == first.place.chat_id, outbox.c.topic_id == (first.place.topic_id or 0))
        .where(IS_DUE, outbox.c.key.startswith(ALERT_KEY), outbox.c.id != first.id)
        .order_by(outbox.c.due_at, outbox.c.id)
        .limit(8 * MOST_TOGETHER)
    )
    begun: list[Outgoing] = []
    passed = {first.payment_id} - {None}
    for row in (await tx.execute(query)).all():
        alike = _sort(row) == sort and row.payment_id not in passed and _tried(row) == _tried_before(first)
        one = await rows.begin(tx, row.id, lease_token=lease_token, now=max(now, row.due_at)) if alike else None
        if one is None:
            passed |= {row.payment_id} - {None}
            continue
        begun.append(one)
        passed |= {row.payment_id} - {None}
        if len(begun) + 1 == MOST_TOGETHER:
            break
    return begun


def _sort(row: Outgoing | Row[Any]) -> str | None:
    fact = from_json(row.fact) if isinstance(row.fact, str) else row.fact
    return sort_of(fact) if row.key.startswith(ALERT_KEY) and isinstance(fact, Alert) else None


def _tried(row: Row[Any]) -> tuple[bool, int | None]:
    return (True, row.after_message_id) if row.lease_token is not None else (False, None)


def _tried_before(first: Outgoing) -> tuple[bool, int | None]:
    return (True, first.after_message_id) if first.maybe_sent else (False, None)


async def _present(tx: Tx, place: Place) -> Place:
    """Where a place of the settings is now: its group may have become a supergroup."""
    moved = (await tx.execute(_MOVED_TO, {"chat": place.chat_id})).scalar_one_or_none()
    return Place(moved, place.topic_id) if moved else place


def _is_at(place: Place) -> tuple[Any, Any]:
    return alert_places.c.chat_id == place.chat_id, alert_places.c.topic_id == (place.topic_id or 0)


def _place(row: Row[Any]) -> Place:
    return Place(row.chat_id, row.topic_id or None)


def _switches(row: Row[Any]) -> Switches:
    return Switches(row.is_on, frozenset(AlertKind(name) for name in row.muted.split() if name in set(AlertKind)))
