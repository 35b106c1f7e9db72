"""What our messages in a chat show: asked by their ids, which the outbox keeps."""

from typing import Any, Final

from sqlalchemy import Select, bindparam, or_, select, text

from bot.core.commands import OpenPayments
from bot.core.facts import Fact, WatchClosed
from bot.core.watch import Watch
from bot.storage.engine import Tx
from bot.storage.notation import from_json
from bot.storage.tables import chats, outbox

_SUPERGROUPS: Final = -1_000_000_000_000
"""The ids of supergroups and channels are at or below it."""
# Spelt out, as a bound value does not lead to the partial index.
_SHARES_NUMBERS: Final = text("chats.id > -1000000000000 AND chats.last_message_id IS NOT NULL")


_IN_CHAT: Final = select(outbox.c.id).where(outbox.c.chat_id == bindparam("chat"))
_SHOWS: Final = _IN_CHAT.where(
    outbox.c.message_id == bindparam("message"),
    or_(
        outbox.c.watch_id == bindparam("watch"),
        outbox.c.fact.startswith(f"{OpenPayments.__name__} ", autoescape=True),
    ),
).limit(1)
_MAY_SHOW: Final = select(outbox.c.id).where(outbox.c.key == bindparam("card"), outbox.c.lease_token.is_not(None))
_TOLD_END: Final = _IN_CHAT.where(
    outbox.c.watch_id == bindparam("watch"),
    outbox.c.created_at >= bindparam("since"),
    outbox.c.fact.startswith(f"{WatchClosed.__name__} ", autoescape=True),
).limit(1)
_FACT_AT: Final = (
    select(outbox.c.fact)
    .where(outbox.c.chat_id == bindparam("chat"), outbox.c.message_id == bindparam("message"))
    .order_by(outbox.c.id.desc())
    .limit(1)
)
_NEWEST_OWN: Final = select(chats.c.last_message_id).where(chats.c.id == bindparam("chat"))
_NEWEST_SHARED: Final = (
    select(chats.c.last_message_id).where(_SHARES_NUMBERS).order_by(chats.c.last_message_id.desc()).limit(1)
)


async def shows(tx: Tx, chat_id: int, message_id: int, watch_id: int) -> bool:
    """Whether a message of ours in a chat belongs to a watch, or is a list of the chat's watches."""
    found = await tx.execute(_SHOWS, {"chat": chat_id, "message": message_id, "watch": watch_id})
    return found.first() is not None


async def may_show(tx: Tx, watch: Watch) -> bool:
    """Whether a watch's card is on its way to the chat at this moment, or was and nobody knows."""
    return (await tx.execute(_MAY_SHOW, {"card": f"card:{watch.id}"})).first() is not None


async def has_heard_of_end(tx: Tx, watch: Watch) -> bool:
    """Whether a watch's place has been told, since it asked last, that the payment is no longer watched."""
    place = {"chat": watch.place.chat_id, "watch": watch.id, "since": watch.asked_at}
    return (await tx.execute(_TOLD_END, place)).first() is not None


async def fact_at(tx: Tx, chat_id: int, message_id: int) -> Fact | None:
    """What a message of ours in a chat told."""
    fact = (await tx.execute(_FACT_AT, {"chat": chat_id, "message": message_id})).scalar_one_or_none()
    return from_json(fact) if fact else None


def newest_in(chat_id: int) -> Select[Any]:
    """What asks for the highest message id known where the messages of a chat (its `chat`) are numbered."""
    return _NEWEST_OWN if _numbers_for_itself(chat_id) else _NEWEST_SHARED


async def newest_message(tx: Tx, chat_id: int) -> int | None:
    """That id; None where none is known."""
    found: int | None = (await tx.execute(newest_in(chat_id), {"chat": chat_id})).scalar_one_or_none()
    return found


async def messages_above(tx: Tx, chat_id: int, message_id: int) -> frozenset[int]:
    """Ids of our noted messages above one, where a chat's messages are numbered."""
    where = outbox.c.chat_id == chat_id if _numbers_for_itself(chat_id) else outbox.c.chat_id > _SUPERGROUPS
    query = select(outbox.c.message_id).where(where, outbox.c.message_id > message_id)
    return frozenset((await tx.execute(query)).scalars())


async def search_from_here(tx: Tx, chat_id: int, message_id: int, *, lease_token: int) -> None:
    """Above that message none was found that an earlier try may have sent: the next one lies above what is known now.
    That goes for all that was begun together under this lease."""
    together = outbox.update().where(
        outbox.c.chat_id == chat_id, outbox.c.lease_token == lease_token, outbox.c.after_message_id == message_id
    )
    await tx.execute(together.values(after_message_id=await newest_message(tx, chat_id)))


def _numbers_for_itself(chat_id: int) -> bool:
    """Supergroups and channels do; all other chats share one numbering, the bot's own."""
    return chat_id <= _SUPERGROUPS
