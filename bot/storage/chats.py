"""Chats we have heard of, where a supergroup's watches go, and which chats no longer take messages."""

from datetime import datetime
from typing import Any

from sqlalchemy import case, exists, func, select

from bot.storage.engine import Tx
from bot.storage.outbox import move_chat
from bot.storage.payments import upsert
from bot.storage.tables import chats, watches


async def meet(tx: Tx, chat_id: int, kind: str, message_id: int | None, now: datetime) -> None:
    """A message came from a chat: it is there, and takes messages again. `message_id` where the update has one."""
    statement = upsert(tx)(chats).values(id=chat_id, kind=kind[:12], seen_at=now, last_message_id=message_id)
    again: dict[str, Any] = {"kind": kind[:12], "seen_at": now, "silenced_at": None, "silenced_why": None}
    if message_id is not None:
        higher = func.coalesce(chats.c.last_message_id, 0) < message_id
        again["last_message_id"] = case((higher, message_id), else_=chats.c.last_message_id)
    await tx.execute(statement.on_conflict_do_update(index_elements=["id"], set_=again))


async def silence(tx: Tx, chat_id: int, why: str, now: datetime) -> None:
    """Telegram takes no messages for a chat any more (blocked, kicked, gone)."""
    await tx.execute(chats.update().where(chats.c.id == chat_id).values(silenced_at=now, silenced_why=why[:200]))


async def move(tx: Tx, old: int, new: int) -> None:
    """A group became a supergroup: its watches and what waits for it go along.

    Message ids start anew in the supergroup, so its cards are sent again rather than edited. A payment that the
    same topic of the supergroup watches already keeps that watch.
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
    await tx.execute(chats.update().where(chats.c.id == old).values(moved_to=new))
    await move_chat(tx, old, new)
