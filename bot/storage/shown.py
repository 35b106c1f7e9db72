"""What our messages in a chat show: asked by their ids, which the outbox keeps."""

from typing import Final

from sqlalchemy import or_, select, text

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


async def shows(tx: Tx, chat_id: int, message_id: int, watch_id: int) -> bool:
    """Whether a message of ours in a chat belongs to a watch, or is a list of the chat's watches."""
    lists_all = outbox.c.fact.startswith(f"{OpenPayments.__name__} ", autoescape=True)
    query = select(outbox.c.id).where(
        outbox.c.chat_id == chat_id,
        outbox.c.message_id == message_id,
        or_(outbox.c.watch_id == watch_id, lists_all),
    )
    return (await tx.execute(query.limit(1))).first() is not None


async def may_show(tx: Tx, watch: Watch) -> bool:
    """Whether a watch's card is on its way to the chat at this moment, or was and nobody knows."""
    query = select(outbox.c.id).where(outbox.c.key == f"card:{watch.id}", outbox.c.lease_token.is_not(None))
    return (await tx.execute(query)).first() is not None


async def has_heard_of_end(tx: Tx, watch: Watch) -> bool:
    """Whether a watch's place has been told, since it asked last, that the payment is no longer watched."""
    query = select(outbox.c.id).where(
        outbox.c.chat_id == watch.place.chat_id,
        outbox.c.watch_id == watch.id,
        outbox.c.created_at >= watch.asked_at,
        outbox.c.fact.startswith(f"{WatchClosed.__name__} ", autoescape=True),
    )
    return (await tx.execute(query.limit(1))).first() is not None


async def fact_at(tx: Tx, chat_id: int, message_id: int) -> Fact | None:
    """What a message of ours in a chat told."""
    query = select(outbox.c.fact).where(outbox.c.chat_id == chat_id, outbox.c.message_id == message_id)
    fact = (await tx.execute(query.order_by(outbox.c.id.desc()).limit(1))).scalar_one_or_none()
    return from_json(fact) if fact else None


async def newest_message(tx: Tx, chat_id: int) -> int | None:
    """The highest message id known where a chat's messages are numbered; None where none is."""
    if _numbers_for_itself(chat_id):
        query = select(chats.c.last_message_id).where(chats.c.id == chat_id)
    else:
        query = (
            select(chats.c.last_message_id).where(_SHARES_NUMBERS).order_by(chats.c.last_message_id.desc()).limit(1)
        )
    found: int | None = (await tx.execute(query)).scalar_one_or_none()
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
