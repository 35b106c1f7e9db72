"""Messages of ours that are to say something else: links that were revoked, packages looked at anew."""

from datetime import datetime

from bot.core.facts import Fact
from bot.core.watch import Place
from bot.storage.engine import Tx
from bot.storage.notation import to_json
from bot.storage.outbox import RowKind, row_values
from bot.storage.payments import upsert
from bot.storage.tables import outbox


async def put_change(
    tx: Tx, place: Place, message_id: int, fact: Fact, *, locale: str, now: datetime, payment_id: str | None
) -> None:
    """Says what a message of ours is to say from now on, in its place; many such collapse into one edit."""
    key = f"change:{place.chat_id}:{message_id}"
    values = await row_values(tx, RowKind.CHANGE, key, place, locale, now, about_payment=False)
    values |= {"message_id": message_id, "payment_id": payment_id, "fact": to_json(fact)}
    again = {name: values[name] for name in ("state", "due_at", "locale", "fact")}
    again |= {"version": outbox.c.version + 1, "attempts": 0}
    statement = upsert(tx)(outbox).values(values)
    await tx.execute(statement.on_conflict_do_update(index_elements=["key"], set_=again))
