"""The lists of packages: they stand in the messages that told "paid", and are edited there."""

from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, select

from bot.core.facts import Paid
from bot.core.watch import Watch
from bot.storage.engine import Tx
from bot.storage.notation import from_json
from bot.storage.outbox import RowKind, put_card
from bot.storage.tables import outbox

_PAID_MESSAGE: Final = (
    select(outbox.c.message_id, outbox.c.fact)
    .where(outbox.c.chat_id == bindparam("chat"), outbox.c.watch_id == bindparam("watch"))
    .where(outbox.c.message_id.is_not(None), outbox.c.fact.startswith(f"{Paid.__name__} ", autoescape=True))
    .order_by(outbox.c.id.desc())
    .limit(1)
)


async def put_list(tx: Tx, watch: Watch, now: datetime) -> None:
    """Says that a watch's list is out of date."""
    await put_card(tx, watch, now, RowKind.LIST)


async def paid_message(tx: Tx, watch: Watch) -> tuple[int, Paid] | None:
    """The last message that told a watch's place "paid", with what it said; None where it is gone or not sent yet."""
    row = (await tx.execute(_PAID_MESSAGE, {"chat": watch.place.chat_id, "watch": watch.id})).one_or_none()
    fact = from_json(row.fact) if row else None
    return (row.message_id, fact) if row and isinstance(fact, Paid) else None


async def forget_message(tx: Tx, chat_id: int, message_id: int) -> None:
    """A message of ours is gone from a chat: nothing is edited there any more, nor answered to."""
    gone = outbox.update().where(outbox.c.chat_id == chat_id, outbox.c.message_id == message_id)
    await tx.execute(gone.values(message_id=None))
