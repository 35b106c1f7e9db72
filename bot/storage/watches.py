"""Watches: which place follows which payment, and which message shows its card."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select

from bot.core.payment import Status
from bot.core.watch import Place, Watch, WatchState
from bot.storage.engine import Tx
from bot.storage.tables import payments, watches


async def at(tx: Tx, payment_id: str, place: Place) -> Watch | None:
    """A place's watch on a payment, in whatever state."""
    query = select(watches).where(
        watches.c.payment_id == payment_id,
        watches.c.chat_id == place.chat_id,
        watches.c.topic_id == (place.topic_id or 0),
    )
    row = (await tx.execute(query)).one_or_none()
    return None if row is None else watch_of(row)


async def by_handle(tx: Tx, handle: str) -> Watch | None:
    """The watch a button names."""
    row = (await tx.execute(select(watches).where(watches.c.handle == handle))).one_or_none()
    return None if row is None else watch_of(row)


async def by_id(tx: Tx, watch_id: int) -> Watch | None:
    """A watch by its number."""
    row = (await tx.execute(select(watches).where(watches.c.id == watch_id))).one_or_none()
    return None if row is None else watch_of(row)


async def of_payment(tx: Tx, payment_id: str, states: Iterable[WatchState]) -> Sequence[Watch]:
    """A payment's watches in the given states, oldest first."""
    query = (
        select(watches)
        .where(watches.c.payment_id == payment_id, watches.c.state.in_([*states]))
        .order_by(watches.c.id)
    )
    return [watch_of(row) for row in (await tx.execute(query)).all()]


async def open_at(tx: Tx, place: Place) -> Sequence[Watch]:
    """A place's active watches on payments that are watched closely, oldest ask first."""
    query = (
        select(watches)
        .join(payments, payments.c.id == watches.c.payment_id)
        .where(
            watches.c.chat_id == place.chat_id,
            watches.c.topic_id == (place.topic_id or 0),
            watches.c.state == WatchState.ACTIVE,
            payments.c.status == Status.WAITING,
        )
        .order_by(watches.c.asked_at, watches.c.id)
    )
    return [watch_of(row) for row in (await tx.execute(query)).all()]


async def add(
    tx: Tx,
    payment_id: str,
    place: Place,
    *,
    locale: str,
    asked_by: int | None,
    handle: str,
    now: datetime,
    part: str | None = None,
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
        "part": part,
    }
    row = (await tx.execute(watches.insert().values(values).returning(watches))).one()
    return watch_of(row)


async def renew(
    tx: Tx, watch: Watch, *, locale: str, asked_by: int | None, now: datetime, part: str | None = None
) -> Watch:
    """Asked again: the watch is active and speaks the asker's language."""
    values = {"state": WatchState.ACTIVE, "locale": locale, "asked_by": asked_by, "asked_at": now, "part": part}
    again = watches.update().where(watches.c.id == watch.id).values(values).returning(watches)
    return watch_of((await tx.execute(again)).one())


async def set_state(tx: Tx, watch_id: int, state: WatchState) -> None:
    """Moves a watch on. Where it ends so does its word that the payment is paid."""
    over = {} if state is WatchState.ACTIVE else {"claimed_at": None}
    await _change(tx, watch_id, {"state": state} | over)


async def note_claim(tx: Tx, watch_id: int, at: datetime | None) -> None:
    """This chat says that it has paid; None once it has heard what came of it."""
    await _change(tx, watch_id, {"claimed_at": at})


async def note_card(tx: Tx, watch_id: int, message_id: int, face: str) -> None:
    """Which message shows the card, and the digest of what it shows."""
    await _change(tx, watch_id, {"card_message_id": message_id, "card_face": face})


async def forget_card(tx: Tx, watch_id: int, message_id: int) -> None:
    """The card's message is gone; the next card is a new one."""
    gone = watches.update().where(watches.c.id == watch_id, watches.c.card_message_id == message_id)
    await tx.execute(gone.values(card_message_id=None, card_face=None))


async def _change(tx: Tx, watch_id: int, values: dict[str, Any]) -> None:
    await tx.execute(watches.update().where(watches.c.id == watch_id).values(values))


def watch_of(row: Row[Any]) -> Watch:
    """A row of the table as a watch."""
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
        claimed_at=row.claimed_at,
        part=row.part,
    )
