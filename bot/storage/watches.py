"""Watches: which place follows which payment, and which message shows its card."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select

from bot.core.watch import Place, Watch, WatchState
from bot.storage.engine import Tx
from bot.storage.tables import watches


async def at(tx: Tx, payment_id: str, place: Place) -> Watch | None:
    """A place's watch on a payment, in whatever state."""
    query = select(watches).where(
        watches.c.payment_id == payment_id,
        watches.c.chat_id == place.chat_id,
        watches.c.topic_id == (place.topic_id or 0),
    )
    row = (await tx.execute(query)).one_or_none()
    return None if row is None else _watch(row)


async def by_handle(tx: Tx, handle: str) -> Watch | None:
    """The watch a button names."""
    row = (await tx.execute(select(watches).where(watches.c.handle == handle))).one_or_none()
    return None if row is None else _watch(row)


async def by_id(tx: Tx, watch_id: int) -> Watch | None:
    """A watch by its number."""
    row = (await tx.execute(select(watches).where(watches.c.id == watch_id))).one_or_none()
    return None if row is None else _watch(row)


async def of_payment(tx: Tx, payment_id: str, states: Iterable[WatchState]) -> Sequence[Watch]:
    """A payment's watches in the given states, oldest first."""
    query = (
        select(watches)
        .where(watches.c.payment_id == payment_id, watches.c.state.in_([*states]))
        .order_by(watches.c.id)
    )
    return [_watch(row) for row in (await tx.execute(query)).all()]


async def add(
    tx: Tx, payment_id: str, place: Place, *, locale: str, asked_by: int | None, handle: str, now: datetime
) -> Watch:
    """A new, active watch."""
    values = {
        "payment_id": payment_id,
        "chat_id": place.chat_id,
        "topic_id": place.topic_id or 0,
        "state": WatchState.ACTIVE,
        "locale": locale,
        "asked_by": asked_by,
        "asked_at": now,
        "handle": handle,
    }
    row = (await tx.execute(watches.insert().values(values).returning(watches))).one()
    return _watch(row)


async def renew(tx: Tx, watch: Watch, *, locale: str, asked_by: int | None, now: datetime) -> Watch:
    """Asked again: the watch is active and speaks the asker's language."""
    values = {"state": WatchState.ACTIVE, "locale": locale, "asked_by": asked_by, "asked_at": now}
    again = watches.update().where(watches.c.id == watch.id).values(values).returning(watches)
    return _watch((await tx.execute(again)).one())


async def set_state(tx: Tx, watch_id: int, state: WatchState) -> None:
    """Moves a watch on."""
    await _change(tx, watch_id, {"state": state})


async def note_card(tx: Tx, watch_id: int, message_id: int, face: str) -> None:
    """Which message shows the card, and the digest of what it shows."""
    await _change(tx, watch_id, {"card_message_id": message_id, "card_face": face})


async def forget_card(tx: Tx, watch_id: int, message_id: int) -> None:
    """The card's message is gone; the next card is a new one."""
    gone = watches.update().where(watches.c.id == watch_id, watches.c.card_message_id == message_id)
    await tx.execute(gone.values(card_message_id=None, card_face=None))


async def _change(tx: Tx, watch_id: int, values: dict[str, Any]) -> None:
    await tx.execute(watches.update().where(watches.c.id == watch_id).values(values))


def _watch(row: Row[Any]) -> Watch:
    return Watch(
        id=row.id,
        payment_id=row.payment_id,
        place=Place(row.chat_id, row.topic_id or None),
        state=WatchState(row.state),
        locale=row.locale,
        asked_by=row.asked_by,
        asked_at=row.asked_at,
        handle=row.handle,
        card_message_id=row.card_message_id,
        card_face=row.card_face,
    )
