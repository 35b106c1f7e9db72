"""The outbox: every message leaves through it.

A *card* row is state: "the card of watch 17 is out of date". A *notice* row is an event, keyed uniquely. An *erase*
row takes an old card's message away. A *list* row is state again: the packages under "paid" (`storage.lists`). A
*change* row says that another message of ours is to say something else. Rows hold facts: no text, nothing personal.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Row, and_, case, exists, func, literal, or_, select, text

from bot.core.facts import Fact
from bot.core.retries import ASIDE_AFTER, steps_aside
from bot.core.watch import Place, Watch
from bot.storage.engine import Tx
from bot.storage.notation import from_json, to_json
from bot.storage.payments import upsert
from bot.storage.shown import newest_message
from bot.storage.tables import chats, lease, outbox

ALERT_KEY: Final = "ops:"
"""How the keys of alerts begin."""
THROTTLED: Final = "429"
"""The problem of a row for which Telegram named a pause."""
# Spelt out, as a bound value does not lead to the partial index.
_IS_DUE: Final = text("outbox.state = 'due'")
_UNSUSPECTED: Final[dict[str, Any]] = {"lease_token": None, "after_message_id": None}


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
    values = await row_values(tx, RowKind.NOTICE, key, place, locale, now, about_payment=watch_id is not None) | {
        "payment_id": payment_id,
        "watch_id": watch_id,
        "message_id": message_id,
        "fact": to_json(fact),
    }
    values["due_at"] = max(values["due_at"], now + gather)
    await tx.execute(upsert(tx)(outbox).values(values).on_conflict_do_nothing(index_elements=["key"]))


async def put_card(tx: Tx, watch: Watch, now: datetime, kind: RowKind = RowKind.CARD) -> None:
    """Says that a watch's card (or list) is out of date; many such collapse into one edit."""
    values = await row_values(tx, kind, f"{kind}:{watch.id}", watch.place, watch.locale, now) | {
        "payment_id": watch.payment_id,
        "watch_id": watch.id,
    }
    statement = upsert(tx)(outbox).values(values)
    again = {
        "state": values["state"],
        "version": outbox.c.version + 1,
        "attempts": 0,
        "due_at": values["due_at"],
        # How late a card is counts from when it was last wanted: by a change of what was shown, or an ask.
        "created_at": case(
            (and_(_IS_DUE, outbox.c.created_at >= watch.asked_at), outbox.c.created_at),
            else_=literal(now, outbox.c.created_at.type),
        ),
        "locale": watch.locale,
        "chat_id": watch.place.chat_id,
    }
    await tx.execute(statement.on_conflict_do_update(index_elements=["key"], set_=again))


async def put_erase(tx: Tx, watch: Watch, now: datetime) -> None:
    """Takes away the message that showed a watch's card so far."""
    key = f"erase:{watch.place.chat_id}:{watch.card_message_id}"
    values = await row_values(tx, RowKind.ERASE, key, watch.place, watch.locale, now)
    values |= {"message_id": watch.card_message_id, "watch_id": watch.id, "payment_id": watch.payment_id}
    await tx.execute(upsert(tx)(outbox).values(values).on_conflict_do_nothing(index_elements=["key"]))


async def due(tx: Tx, now: datetime, *, limit: int, except_for: Iterable[int]) -> Sequence[tuple[int, int]]:
    """(row id, chat id) of what is due, the longest due first, but for chats that are being served.

    Within a chat that is the order it was written in, or, for a card, last wanted: a put-off row holds up those behind
    it, and new ones too.
    """
    query = select(outbox.c.id, outbox.c.chat_id).where(_IS_DUE, outbox.c.due_at <= now)
    if busy := list(except_for):
        query = query.where(outbox.c.chat_id.not_in(busy))
    in_order = query.order_by(outbox.c.due_at, outbox.c.created_at, outbox.c.id)
    rows = (await tx.execute(in_order.limit(limit))).all()
    return [(row.id, row.chat_id) for row in rows]


async def begin(tx: Tx, row_id: int, *, lease_token: int, now: datetime) -> Outgoing | None:
    """Marks a try at a row as begun under the caller's lease; None when there is nothing to do any more, or when a
    newer token than the caller's is out: it has lost the lease and does not know it yet."""
    row = (
        await tx.execute(
            select(outbox, chats.c.locale.label("chat_locale"))
            .outerjoin(chats, chats.c.id == outbox.c.chat_id)
            .where(outbox.c.id == row_id, outbox.c.state == RowState.DUE, outbox.c.due_at <= now)
        )
    ).one_or_none()
    if row is None:
        return None
    not_overtaken = and_(
        or_(outbox.c.lease_token.is_(None), outbox.c.lease_token <= lease_token),
        ~exists(select(lease.c.name).where(lease.c.token > lease_token)),
    )
    begun = outbox.update().where(outbox.c.id == row_id, outbox.c.state == RowState.DUE, not_overtaken)
    begun = begun.values(
        lease_token=lease_token,
        attempts=outbox.c.attempts + 1,
        after_message_id=func.coalesce(outbox.c.after_message_id, await newest_message(tx, row.chat_id)),
    )
    return _outgoing(row) if (await tx.execute(begun)).rowcount == 1 else None


async def next_due_at(tx: Tx, except_for: Iterable[int]) -> datetime | None:
    """When the next row is due."""
    query = select(func.min(outbox.c.due_at)).where(_IS_DUE)
    if busy := list(except_for):
        query = query.where(outbox.c.chat_id.not_in(busy))
    found: datetime | None = (await tx.execute(query)).scalar_one()
    return found


async def sent(tx: Tx, row: Outgoing, *, lease_token: int, message_id: int | None, now: datetime) -> None:
    """Notes a delivery; a card that went out of date meanwhile stays due."""
    values = {
        "state": case((outbox.c.version == row.version, RowState.SENT), else_=RowState.DUE),
        "message_id": func.coalesce(message_id, outbox.c.message_id),
        "lease_token": None,
        "after_message_id": None,
        "done_at": now,
        "problem": None,
    }
    await tx.execute(_held(row, lease_token).values(values))
    if message_id is not None:
        newer = chats.update().where(
            chats.c.id == row.place.chat_id, func.coalesce(chats.c.last_message_id, 0) < message_id
        )
        await tx.execute(newer.values(last_message_id=message_id))


async def put_off(
    tx: Tx, row: Outgoing, *, lease_token: int, until: datetime, problem: str, counts: bool, maybe_sent: bool
) -> None:
    """Tries a row again later, and the chat's other rows not before it, unless this one steps aside. `counts`: whether
    this was a try of its own at all."""
    values: dict[str, Any] = {"due_at": until, "problem": problem}
    if not counts:
        values["attempts"] = _one_attempt_less()
    if not maybe_sent:
        values |= _unsuspected(row)
    was_held = (await tx.execute(_held(row, lease_token).values(values))).rowcount == 1
    if not was_held or (counts and steps_aside(row.attempts + 1)):
        return
    behind = outbox.update().where(
        outbox.c.chat_id == row.place.chat_id, outbox.c.state == RowState.DUE, outbox.c.due_at < until
    )
    await tx.execute(behind.values(due_at=until))


async def release(tx: Tx, row: Outgoing, *, lease_token: int, forget_tries: bool = False) -> None:
    """Leaves a row due as it was, without counting the try. `forget_tries`: what earlier ones may have sent is not
    looked for any more."""
    values = _UNSUSPECTED if forget_tries else _unsuspected(row)
    await tx.execute(_held(row, lease_token).values(values | {"attempts": _one_attempt_less()}))


async def bury(
    tx: Tx, row: Outgoing, *, lease_token: int, problem: str, now: datetime, state: RowState = RowState.DEAD
) -> None:
    """Gives a row up, with the reason."""
    await tx.execute(_held(row, lease_token).values(given_up(state, problem, now)))


def given_up(state: RowState, problem: str, now: datetime) -> dict[str, Any]:
    """What a row says that is not tried again: the reason."""
    return {"state": state, "lease_token": None, "done_at": now, "problem": problem}


async def row_values(
    tx: Tx, kind: RowKind, key: str, place: Place, locale: str, now: datetime, *, about_payment: bool = True
) -> dict[str, Any]:
    """What every new row holds; `about_payment`: whether it waits where its chat takes no messages for now."""
    # A chat's rows are delivered in their order: a new one must not overtake one that was put off. But what still
    # gathers holds up nobody, nor does what Telegram chokes on, but for a pause it named.
    put_off = or_(outbox.c.problem.is_not(None), ~outbox.c.key.startswith(ALERT_KEY))
    holds_up = or_(outbox.c.attempts < ASIDE_AFTER, outbox.c.problem == THROTTLED)
    of_chat = (outbox.c.chat_id == place.chat_id, outbox.c.state == RowState.DUE, holds_up)
    put_off_until: datetime | None = (
        await tx.execute(select(func.max(outbox.c.due_at)).where(*of_chat, put_off))
    ).scalar_one()
    return {
        "key": key,
        "kind": kind,
        "chat_id": place.chat_id,
        "topic_id": place.topic_id or 0,
        "locale": locale,
        "state": RowState.RESTS if about_payment and await _is_silenced(tx, place.chat_id) else RowState.DUE,
        "created_at": now,
        "due_at": max(now, put_off_until or now),
    }


async def _is_silenced(tx: Tx, chat_id: int) -> bool:
    query = select(chats.c.id).where(chats.c.id == chat_id, chats.c.silenced_at.is_not(None))
    return (await tx.execute(query)).first() is not None


def _unsuspected(row: Outgoing) -> dict[str, Any]:
    # Of an earlier try this one says nothing: it may have ended while that one's message was still looked for.
    return {} if row.maybe_sent else _UNSUSPECTED


def _one_attempt_less() -> Any:
    # Not below zero: a card that went out of date during the try began to count anew.
    return case((outbox.c.attempts > 0, outbox.c.attempts - 1), else_=0)


def _held(row: Outgoing, lease_token: int) -> Any:
    return outbox.update().where(outbox.c.id == row.id, outbox.c.lease_token == lease_token)


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
