"""Chats we have heard of, where a supergroup's watches go, and which chats no longer take messages."""

from datetime import datetime

from sqlalchemy import select

from bot.storage.engine import Tx
from bot.storage.outbox import move_chat
from bot.storage.payments import upsert
from bot.storage.tables import chats, watches


async def meet(tx: Tx, chat_id: int, kind: str, now: datetime) -> None:
    """A message came from a chat: it is there, and takes messages again."""
    statement = upsert(tx)(chats).values(id=chat_id, kind=kind[:12], seen_at=now)
    again = {"kind": kind[:12], "seen_at": now, "silenced_at": None, "silenced_why": None}
    await tx.execute(statement.on_conflict_do_update(index_elements=["id"], set_=again))


async def silence(tx: Tx, chat_id: int, why: str, now: datetime) -> None:
    """Telegram takes no messages for a chat any more (blocked, kicked, gone)."""
    await tx.execute(chats.update().where(chats.c.id == chat_id).values(silenced_at=now, silenced_why=why[:200]))


async def move(tx: Tx, old: int, new: int) -> None:
    """A group became a supergroup: its watches and what waits for it go along.

    Message ids start anew in the supergroup, so its cards are sent again rather than edited. A payment that the
    supergroup watches already keeps that watch.
    """
    taken = select(watches.c.payment_id).where(watches.c.chat_id == new)
    await tx.execute(watches.delete().where(watches.c.chat_id == old, watches.c.payment_id.in_(taken)))
    moved = watches.update().where(watches.c.chat_id == old)
    await tx.execute(moved.values(chat_id=new, card_message_id=None, card_face=None))
    await tx.execute(chats.update().where(chats.c.id == old).values(moved_to=new))
    await move_chat(tx, old, new)
