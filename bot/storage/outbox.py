"""The outbox: every message leaves through it.

A *card* row is state: "the card of watch 17 is out of date". A *notice* row is an event, keyed uniquely. An *erase*
row takes an old card's message away. A *list* row is state again: the packages under "paid" (`storage.lists`). A
*change* row says that another message of ours is to say something else. Rows hold facts: no text, nothing personal.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any, Final

from sqlalchemy import BigInteger, Boolean, Row, Select, Update, and_, bindparam, case, exists, func, or_, select, text

from bot.core.facts import Fact
from bot.core.retries import ASIDE_AFTER, steps_aside
from bot.core.watch import Place, Watch
from bot.storage.engine import Tx
from bot.storage.lease import IS_OVERTAKEN
from bot.storage.notation import from_json, to_json
from bot.storage.payments import upsert
from bot.storage.shown import newest_in
from bot.storage.tables import chats, outbox

ALERT_KEY: Final = "ops:"
"""How the keys of alerts begin."""
THROTTLED: Final = "429"
"""The problem of a row for which Telegram named a pause."""
IS_DUE: Final = text("outbox.state = 'due'")
"""Spelt out, as a bound value does not lead to the partial index; and where a value is bound for what such an index is
about, SQLite prepares the statement anew each time."""
_UNSUSPECTED: Final[dict[str, Any]] = {"lease_token": None, "after_message_id": None}
# Not below zero: a card that went out of date during the try began to count anew.
_UNCOUNTED: Final[dict[str, Any]] = {"attempts": case((outbox.c.attempts > 0, outbox.c.attempts - 1), else_=0)}


class RowKind(StrEnum):
    """What a row asks for."""

    CARD = "card"
    NOTICE = "notice"
    ERASE = "erase"
    LIST = "list"
    CHANGE = "change"


class RowState(StrEnum):
    """Where a row stands. Who moves it on stands beside each."""

    DUE = "due"  # flows.deliver: sent, dead; flows.stop: dropped; storage.chats.silence: rests, dead, dropped
    RESTS = "rests"  # its chat takes no messages; storage.chats.wake: due
    SENT = "sent"  # a card: due again when it is out of date
    DEAD = "dead"  # Telegram's final no, or past its deadline
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A row to deliver."""

    id: int
    key: str
    kind: RowKind
    place: Place
    locale: str
    payment_id: str | None
    watch_id: int | None
    message_id: int | None
    fact: Fact | None
    version: int
    attempts: int
    """Tries before this one."""
    maybe_sent: bool
    """Whether an earlier try was begun and its outcome never noted."""
    after_message_id: int | None
    """Where it was: the highest message id known there at that try."""
    created_at: datetime


@cache
def new_row(insert: Any) -> Any:
    """The statement that adds a row, given `row_values`."""
    # A chat's rows are delivered in their order: a new one must not overtake one that was put off. But what still
    # gathers holds up nobody, nor does what Telegram chokes on, but for a pause it named.
    was_put_off = or_(outbox.c.problem.is_not(None), ~outbox.c.key.startswith(ALERT_KEY))
    holds_up = or_(outbox.c.attempts < ASIDE_AFTER, outbox.c.problem == THROTTLED)
    wanted_at = bindparam("wanted_at", type_=outbox.c.due_at.type)
    later = (*_OF_CHAT, outbox.c.due_at > wanted_at, holds_up, was_put_off)
    put_off_until = select(func.max(outbox.c.due_at)).where(*later).scalar_subquery()
    silenced = exists().where(chats.c.id == bindparam("chat"), chats.c.silenced_at.is_not(None))
    return insert(outbox).values(
        chat_id=bindparam("chat"),
        state=case((and_(bindparam("may_rest", type_=Boolean), silenced), RowState.RESTS), else_=RowState.DUE),
        due_at=func.coalesce(put_off_until, wanted_at),
    )


def row_values(
    kind: RowKind, key: str, place: Place, locale: str, now: datetime, *, about_payment: bool = True
) -> dict[str, Any]:
    """What every new row is given; `about_payment`: whether it waits where its chat takes no messages for now."""
    return {
        "key": key,
        "kind": kind,
        "chat": place.chat_id,
        "topic_id": place.topic_id or 0,
        "locale": locale,
        "created_at": now,
        "may_rest": about_payment,
        "wanted_at": now,
    }


@cache
def adding(insert: Any) -> Any:
    """The statement that adds a row, unless its key is there."""
    return new_row(insert).on_conflict_do_nothing(index_elements=["key"])


async def put_notice(
    tx: Tx,
    key: str,
    place: Place,
    fact: Fact,
    *,
    locale: str,
    now: datetime,
    payment_id: str | None = None,
    watch_id: int | None = None,
    message_id: int | None = None,
    gather: timedelta = timedelta(0),
) -> None:
    """Tells a place something, once for each key: anew, or in the place of the message named. `gather` is how long it
    waits for more of its sort."""
    values = row_values(RowKind.NOTICE, key, place, locale, now, about_payment=watch_id is not None) | {
        "payment_id": payment_id,
        "watch_id": watch_id,
        "message_id": message_id,
        "fact": to_json(fact),
        "wanted_at": now + gather,
    }
    await tx.execute(adding(upsert(tx)), values)


@cache
def _wanting(insert: Any) -> Any:
    new = (statement := new_row(insert)).excluded
    again = {name: new[name] for name in ("state", "due_at", "locale", "chat_id")}
    # How late a card is counts from when it was last wanted: by a change of what was shown, or an ask.
    since = case(
        (and_(IS_DUE, outbox.c.created_at >= bindparam("asked_at")), outbox.c.created_at), else_=new.created_at
    )
    again |= {"version": outbox.c.version + 1, "attempts": 0, "created_at": since}
    return statement.on_conflict_do_update(index_elements=["key"], set_=again)


async def put_card(tx: Tx, watch: Watch, now: datetime, kind: RowKind = RowKind.CARD) -> None:
    """Says that a watch's card (or list) is out of date; many such collapse into one edit."""
    values = row_values(kind, f"{kind}:{watch.id}", watch.place, watch.locale, now)
    about = {"payment_id": watch.payment_id, "watch_id": watch.id, "asked_at": watch.asked_at}
    await tx.execute(_wanting(upsert(tx)), values | about)


_TO_BEGIN: Final = (
    select(outbox, chats.c.locale.label("chat_locale"))
    .outerjoin(chats, chats.c.id == outbox.c.chat_id)
    .where(outbox.c.id == bindparam("row"), IS_DUE, outbox.c.due_at <= bindparam("now"))
)


@cache
def _begin(newest: Select[Any]) -> Update:
    not_overtaken = and_(
        or_(outbox.c.lease_token.is_(None), outbox.c.lease_token <= bindparam("token")),
        ~IS_OVERTAKEN,
    )
    return (
        outbox.update()
        .where(outbox.c.id == bindparam("row"), IS_DUE, not_overtaken)
        .values(
            lease_token=bindparam("token"),
            attempts=outbox.c.attempts + 1,
            after_message_id=func.coalesce(outbox.c.after_message_id, newest.scalar_subquery()),
        )
    )


async def begin(tx: Tx, row_id: int, *, lease_token: int, now: datetime) -> Outgoing | None:
    """Marks a try at a row as begun under the caller's lease; None when there is nothing to do any more, or when a
    newer token than the caller's is out: it has lost the lease and does not know it yet."""
    row = (await tx.execute(_TO_BEGIN, {"row": row_id, "now": now})).one_or_none()
    if row is None:
        return None
    begun = _begin(newest_in(row.chat_id))
    told = {"row": row_id, "token": lease_token, "chat": row.chat_id}
    return _outgoing(row) if (await tx.execute(begun, told)).rowcount == 1 else None


HELD: Final = outbox.update().where(outbox.c.id == bindparam("row"), outbox.c.lease_token == bindparam("token"))
"""What came of a try is noted by who still holds the row."""
GIVEN_UP: Final[dict[str, Any]] = {
    "state": bindparam("end"),
    "lease_token": None,
    "done_at": bindparam("now"),
    "problem": bindparam("why"),
}
"""What a row says that is not tried again: the reason."""
_SENT: Final = HELD.values(
    state=case((outbox.c.version == bindparam("rendered"), RowState.SENT), else_=RowState.DUE),
    message_id=func.coalesce(bindparam("message", type_=BigInteger), outbox.c.message_id),
    lease_token=None,
    after_message_id=None,
    done_at=bindparam("now"),
    problem=None,
)
_NEWER_MESSAGE: Final = (
    chats.update()
    .where(chats.c.id == bindparam("chat"), func.coalesce(chats.c.last_message_id, 0) < bindparam("message"))
    .values(last_message_id=bindparam("message"))
)


async def sent(tx: Tx, row: Outgoing, *, lease_token: int, message_id: int | None, now: datetime) -> bool:
    """Notes a delivery; a card that went out of date meanwhile stays due. False where it was not the caller's to note:
    another process has begun the row anew, or it was given up."""
    told = {"row": row.id, "token": lease_token, "rendered": row.version, "message": message_id, "now": now}
    was_held = (await tx.execute(_SENT, told)).rowcount == 1
    if message_id is not None:
        await tx.execute(_NEWER_MESSAGE, {"chat": row.place.chat_id, "message": message_id})
    return was_held


@cache
def _put_off(*, counts: bool, forgets: bool) -> Update:
    later = HELD.values(due_at=bindparam("until"), problem=bindparam("why"))
    if not counts:
        later = later.values(_UNCOUNTED)
    return later.values(_UNSUSPECTED) if forgets else later


_OF_CHAT: Final = (outbox.c.chat_id == bindparam("chat"), IS_DUE)
_PUT_OFF_BEHIND: Final = (
    outbox.update().where(*_OF_CHAT, outbox.c.due_at < bindparam("until")).values(due_at=bindparam("until"))
)


async def put_off(
    tx: Tx, row: Outgoing, *, lease_token: int, until: datetime, problem: str, counts: bool, maybe_sent: bool
) -> None:
    """Tries a row again later, and the chat's other rows not before it, unless this one steps aside. `counts`: whether
    this was a try of its own at all."""
    # Of an earlier try this one says nothing: it may have ended while that one's message was still looked for.
    statement = _put_off(counts=counts, forgets=not (maybe_sent or row.maybe_sent))
    told = {"row": row.id, "token": lease_token, "until": until, "why": problem}
    was_held = (await tx.execute(statement, told)).rowcount == 1
    if was_held and not (counts and steps_aside(row.attempts + 1)):
        await tx.execute(_PUT_OFF_BEHIND, {"chat": row.place.chat_id, "until": until})


_RELEASE: Final = HELD.values(_UNCOUNTED)
_RELEASE_AFRESH: Final = _RELEASE.values(_UNSUSPECTED)


async def release(tx: Tx, row: Outgoing, *, lease_token: int, forget_tries: bool = False) -> None:
    """Leaves a row due as it was, without counting the try. `forget_tries`: what earlier ones may have sent is not
    looked for any more."""
    statement = _RELEASE_AFRESH if forget_tries or not row.maybe_sent else _RELEASE
    await tx.execute(statement, {"row": row.id, "token": lease_token})


_BURY: Final = HELD.values(GIVEN_UP)


async def bury(
    tx: Tx, row: Outgoing, *, lease_token: int, problem: str, now: datetime, state: RowState = RowState.DEAD
) -> None:
    """Gives a row up, with the reason."""
    told = {"row": row.id, "token": lease_token, "end": state, "now": now, "why": problem}
    await tx.execute(_BURY, told)


def _outgoing(row: Row[Any]) -> Outgoing:
    return Outgoing(
        id=row.id,
        key=row.key,
        kind=RowKind(row.kind),
        place=Place(row.chat_id, row.topic_id or None),
        # What the chat chose with /lang goes for everything said there, also for what waited.
        locale=row.chat_locale or row.locale,
        payment_id=row.payment_id,
        watch_id=row.watch_id,
        message_id=row.message_id,
        fact=from_json(row.fact) if row.fact else None,
        version=row.version,
        attempts=row.attempts,
        maybe_sent=row.lease_token is not None,
        after_message_id=row.after_message_id,
        created_at=row.created_at,
    )
