"""What our messages in a chat show: asked by their ids, which the outbox keeps."""

from sqlalchemy import or_, select

from bot.core.commands import OpenPayments
from bot.core.facts import Fact, WatchClosed
from bot.core.watch import Watch
from bot.storage.engine import Tx
from bot.storage.notation import from_json
from bot.storage.tables import outbox


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


async def messages_above(tx: Tx, chat_id: int, message_id: int) -> frozenset[int]:
    """Ids of our noted messages in a chat above one."""
    query = select(outbox.c.message_id).where(outbox.c.chat_id == chat_id, outbox.c.message_id > message_id)
    return frozenset((await tx.execute(query)).scalars())
