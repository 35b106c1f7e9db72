"""Messages of ours that are to say something else (links that were revoked, packages looked at anew), or to go."""

from datetime import datetime
from functools import cache
from typing import Any

from bot.core.facts import Fact
from bot.core.watch import Place, Watch
from bot.storage.engine import Tx
from bot.storage.notation import to_json
from bot.storage.outbox import RowKind, new_row, row_values
from bot.storage.payments import upsert
from bot.storage.tables import outbox


@cache
def _wanting(insert: Any, *names: str) -> Any:
    """The statement that adds a row or makes it due anew, with what is `names` there."""
    statement = new_row(insert)
    again = {name: statement.excluded[name] for name in ("state", "due_at", *names)}
    again |= {"version": outbox.c.version + 1, "attempts": 0}
    return statement.on_conflict_do_update(index_elements=["key"], set_=again)


async def put_change(
    tx: Tx, place: Place, message_id: int, fact: Fact, *, locale: str, now: datetime, payment_id: str | None
) -> None:
    """Says what a message of ours is to say from now on, in its place; many such collapse into one edit."""
    key = f"change:{place.chat_id}:{message_id}"
    values = row_values(RowKind.CHANGE, key, place, locale, now, about_payment=False)
    values |= {"message_id": message_id, "payment_id": payment_id, "fact": to_json(fact)}
    await tx.execute(_wanting(upsert(tx), "locale", "fact"), values)


async def put_erase(tx: Tx, watch: Watch, message_id: int, now: datetime) -> None:
    """Takes away a message that shows a watch's card and is not, or no longer, the one that counts."""
    key = f"erase:{watch.place.chat_id}:{message_id}"
    values = row_values(RowKind.ERASE, key, watch.place, watch.locale, now)
    values |= {"message_id": message_id, "watch_id": watch.id, "payment_id": watch.payment_id}
    # Once it was left, as it had become the card; now it may have to go after all.
    await tx.execute(_wanting(upsert(tx)), values)
