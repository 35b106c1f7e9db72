"""Chats we have heard of: their language, where a supergroup's watches go, and which take no messages for now."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import Select, and_, bindparam, case, exists, func, literal, or_, select, text

from bot.core.facts import Paid
from bot.core.payment import Status
from bot.core.watch import Watch, WatchState
from bot.storage.engine import Tx
from bot.storage.outbox import IS_DUE, THROTTLED, RowKind, RowState
from bot.storage.payments import upsert
from bot.storage.tables import alert_places, chats, outbox, payments, watches
from bot.storage.watches import watch_of

_RESTS: Final = text("outbox.state = 'rests'")  # spelt out as `IS_DUE` is
_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


@cache
def _meeting(insert: Any) -> Any:
    statement = insert(chats)
    new = statement.excluded
    higher = and_(new.last_message_id.is_not(None), func.coalesce(chats.c.last_message_id, 0) < new.last_message_id)
    again = {"kind": new.kind, "seen_at": new.seen_at, "silenced_at": None, "silenced_why": None}
    again["last_message_id"] = case((higher, new.last_message_id), else_=chats.c.last_message_id)
    return statement.on_conflict_do_update(index_elements=["id"], set_=again)


_LOCALE: Final = select(chats.c.locale).where(chats.c.id == bindparam("chat"))


async def meet(tx: Tx, chat_id: int, kind: str, message_id: int | None, now: datetime) -> None:
    """A message came from a chat: it is there, and takes messages again. `message_id` where the update has one."""
    await meet_all(tx, {chat_id: (kind, message_id)}, now)


async def meet_all(tx: Tx, found: Mapping[int, tuple[str, int | None]], now: datetime) -> None:
    """The same of several chats: by each one's id its kind and the newest message's."""
    rows = [
        {"id": chat_id, "kind": kind[:12], "seen_at": now, "last_message_id": message_id}
        # In one order, so that two transactions don't wait for each other (PostgreSQL).
        for chat_id, (kind, message_id) in sorted(found.items())
    ]
    if rows:
        await tx.execute(_meeting(upsert(tx)), rows)


async def locale_of(tx: Tx, chat_id: int) -> str | None:
    """The language chosen for a chat with `/lang`."""
    return (await tx.execute(_LOCALE, {"chat": chat_id})).scalar_one_or_none()


async def set_locale(tx: Tx, chat_id: int, locale: str) -> None:
    """Chooses a chat's language; the chat is known, as somebody there has just said so."""
    await tx.execute(chats.update().where(chats.c.id == chat_id).values(locale=locale))


async def set_team(tx: Tx, chat_id: int, since: datetime | None) -> None:
    """Says since when a group's members count as staff, or (None) that they don't; the group is known."""
    await tx.execute(chats.update().where(chats.c.id == chat_id).values(team_since=since))


_TEAMS: Final = (
    select(chats.c.id)
    .where(chats.c.team_since.is_not(None), chats.c.silenced_at.is_(None))
    .order_by(chats.c.team_since, chats.c.id)
)


async def teams(tx: Tx) -> Sequence[int]:
    """The groups whose members count as staff; but for those the bot was removed from, where nobody can be asked."""
    return list((await tx.execute(_TEAMS)).scalars())


async def silence(tx: Tx, chat_id: int, why: str, now: datetime) -> None:
    """Telegram takes no messages for a chat any more (blocked, kicked, gone): what it watches is put to rest.

    News of a payment waits for its return. Other answers to what was asked are given up, and so are alerts; a picture
    that was not shown yet is not for later. A payment that no other chat watches is not looked at meanwhile.
    """
    why = why[:200]
    here = select(watches.c.payment_id).where(watches.c.chat_id == chat_id, watches.c.state == WatchState.ACTIVE)
    resting = await _lock(tx, here)
    await tx.execute(chats.update().where(chats.c.id == chat_id).values(silenced_at=now, silenced_why=why))
    silenced = watches.update().where(watches.c.chat_id == chat_id, watches.c.state == WatchState.ACTIVE)
    await tx.execute(silenced.values(state=WatchState.SILENCED))
    watched = exists(
        select(watches.c.id).where(watches.c.payment_id == payments.c.id, watches.c.state == WatchState.ACTIVE)
    )
    unwatched = payments.update().where(payments.c.id.in_(resting), payments.c.status == Status.WAITING, ~watched)
    await tx.execute(unwatched.values(status=Status.STOPPED, look_at=None))
    await _rest_rows(tx, chat_id, why, now)


# In one order, so that two transactions don't wait for each other (PostgreSQL).
_LOCK_ASLEEP: Final = (
    select(payments.c.id)
    .where(
        payments.c.id.in_(
            select(watches.c.payment_id).where(
                watches.c.chat_id == bindparam("chat"), watches.c.state == WatchState.SILENCED
            )
        )
    )
    .order_by(payments.c.id)
    .with_for_update()
)
_END_SILENCE: Final = (
    chats.update()
    .where(chats.c.id == bindparam("chat"), chats.c.silenced_at.is_not(None))
    .values(silenced_at=None, silenced_why=None)
)
_WAKE_ROWS: Final = (
    outbox.update()
    .where(outbox.c.chat_id == bindparam("chat"), _RESTS)
    .values(state=RowState.DUE, due_at=bindparam("now"), attempts=0, problem=None)
)


_MAY_REST: Final = select(
    or_(
        exists().where(watches.c.chat_id == bindparam("chat"), watches.c.state == WatchState.SILENCED),
        exists().where(chats.c.id == bindparam("chat"), chats.c.silenced_at.is_not(None)),
        exists().where(outbox.c.chat_id == bindparam("chat"), _RESTS),
    )
)


async def wake(tx: Tx, chat_id: int, now: datetime) -> Sequence[Watch]:
    """A chat takes messages again; returns its watches that had been put to rest, now active and soon looked at."""
    # Every update asks, and next to no chat has ever been at rest.
    if not (await tx.execute(_MAY_REST, {"chat": chat_id})).scalar_one():
        return []
    resting = list((await tx.execute(_LOCK_ASLEEP, {"chat": chat_id})).scalars())
    await tx.execute(_END_SILENCE, {"chat": chat_id})
    await tx.execute(_WAKE_ROWS, {"chat": chat_id, "now": now})
    if not resting:
        return []
    # Past the end of the watch one look tells, as for any late payment.
    status = case((payments.c.closes_at > now, literal(Status.WAITING)), else_=literal(Status.CLOSED))
    stopped = payments.update().where(payments.c.id.in_(resting), payments.c.status == Status.STOPPED)
    await tx.execute(stopped.values(status=status, look_at=now))
    silenced = watches.update().where(watches.c.chat_id == chat_id, watches.c.state == WatchState.SILENCED)
    rows = (await tx.execute(silenced.values(state=WatchState.ACTIVE).returning(watches))).all()
    return sorted(map(watch_of, rows), key=lambda watch: watch.id)


async def move(tx: Tx, old: int, new: int) -> None:
    """A group became a supergroup: its watches, its alerts, its language, its team and what waits for it go along.

    Message ids start anew in the supergroup, so its cards are sent again rather than edited. A payment that the
    same topic of the supergroup watches already keeps that watch. Moving twice is moving once.
    """
    there = watches.alias("there")
    taken = exists(
        select(there.c.id).where(
            there.c.chat_id == new,
            there.c.payment_id == watches.c.payment_id,
            there.c.topic_id == watches.c.topic_id,
        )
    )
    await tx.execute(watches.delete().where(watches.c.chat_id == old, taken))
    moved = watches.update().where(watches.c.chat_id == old)
    await tx.execute(moved.values(chat_id=new, card_message_id=None, card_face=None))
    chosen_there = alert_places.alias("chosen_there")
    settled = exists(
        select(chosen_there.c.chat_id).where(
            chosen_there.c.chat_id == new, chosen_there.c.topic_id == alert_places.c.topic_id
        )
    )
    await tx.execute(alert_places.delete().where(alert_places.c.chat_id == old, settled))
    await tx.execute(alert_places.update().where(alert_places.c.chat_id == old).values(chat_id=new))
    # A refused send may tell of a group that never spoke to us: one of OPS_CHAT_IDS, say.
    known = upsert(tx)(chats).values(id=old, kind="group", seen_at=_NEVER, moved_to=new)
    await tx.execute(known.on_conflict_do_update(index_elements=["id"], set_={"moved_to": new}))
    chosen = select(chats.c.locale).where(chats.c.id == old).scalar_subquery()
    await tx.execute(chats.update().where(chats.c.id == new, chats.c.locale.is_(None)).values(locale=chosen))
    await _move_team(tx, old, new)
    await _move_what_waits(tx, old, new)


async def _move_what_waits(tx: Tx, old: int, new: int) -> None:
    waits = (outbox.c.chat_id == old, outbox.c.state.in_([RowState.DUE, RowState.RESTS]))
    # A message to take away is named by a number that means another message there.
    await tx.execute(outbox.delete().where(*waits, outbox.c.kind == RowKind.ERASE))
    # What waits for a pause that Telegram named there is not overtaken.
    behind = outbox.alias("behind")
    pause = select(func.max(behind.c.due_at)).where(
        behind.c.chat_id == new, behind.c.state == RowState.DUE, behind.c.problem == THROTTLED
    )
    until = func.coalesce(pause.scalar_subquery(), outbox.c.due_at)
    later = case((until > outbox.c.due_at, until), else_=outbox.c.due_at)
    moved = outbox.update().where(*waits).values(chat_id=new, due_at=later, message_id=None, after_message_id=None)
    await tx.execute(moved)


async def _move_team(tx: Tx, old: int, new: int) -> None:
    """Once only: what `/team` says in the supergroup must not be undone by hearing of the move again."""
    since = select(chats.c.team_since).where(chats.c.id == old).scalar_subquery()
    arrived = chats.update().where(chats.c.id == new, chats.c.team_since.is_(None)).values(team_since=since)
    if (await tx.execute(arrived)).rowcount:
        await set_team(tx, old, None)


async def was_moved_to(tx: Tx, chat_id: int) -> bool:
    """Whether a supergroup was a group that we know of."""
    return (await tx.execute(select(chats.c.id).where(chats.c.moved_to == chat_id).limit(1))).first() is not None


async def _lock(tx: Tx, payment_ids: Select[Any]) -> list[str]:
    """The payments of a chat, held until the transaction ends, always in the same order (PostgreSQL)."""
    query = select(payments.c.id).where(payments.c.id.in_(payment_ids)).order_by(payments.c.id).with_for_update()
    return list((await tx.execute(query)).scalars())


async def _rest_rows(tx: Tx, chat_id: int, why: str, now: datetime) -> None:
    waits = outbox.update().where(outbox.c.chat_id == chat_id, IS_DUE)
    over = {"lease_token": None, "done_at": now, "problem": why}
    unshown = select(watches.c.id).where(watches.c.chat_id == chat_id, watches.c.card_message_id.is_(None))
    # One that may have been shown all the same stays, and with it what tells where to look for it.
    dropped = waits.where(
        outbox.c.kind == RowKind.CARD, outbox.c.watch_id.in_(unshown), outbox.c.lease_token.is_(None)
    )
    await tx.execute(dropped.values(state=RowState.DROPPED, **over))
    says_paid = outbox.c.fact.startswith(f"{Paid.__name__} ", autoescape=True)
    answers = waits.where(or_(outbox.c.watch_id.is_(None), and_(outbox.c.key.startswith("reply:"), ~says_paid)))
    await tx.execute(answers.values(state=RowState.DEAD, **over))
    await tx.execute(waits.values(state=RowState.RESTS, problem=why))
