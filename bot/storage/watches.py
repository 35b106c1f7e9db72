"""Watches: which place follows which payment, and which message shows its card."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import Select, Update, bindparam, select

from bot.core.payer import Payer
from bot.core.payment import Payment, Status
from bot.core.watch import Place, Watch, WatchState
from bot.storage.engine import Tx
from bot.storage.payments import WITH_PACKAGES, payment_of
from bot.storage.tables import packages, payments, watches

_AT: Final = select(watches).where(
    watches.c.payment_id == bindparam("payment"),
    watches.c.chat_id == bindparam("chat"),
    watches.c.topic_id == bindparam("topic"),
)
_BY_HANDLE: Final = select(watches).where(watches.c.handle == bindparam("named"))
_BY_ID: Final = select(watches).where(watches.c.id == bindparam("watch"))
_OPEN_AT: Final = (
    select(watches)
    .join(payments, payments.c.id == watches.c.payment_id)
    .where(
        watches.c.chat_id == bindparam("chat"),
        watches.c.topic_id == bindparam("topic"),
        watches.c.state == WatchState.ACTIVE,
        payments.c.status == Status.WAITING,
    )
    .order_by(watches.c.asked_at, watches.c.id)
)
_ADD: Final = watches.insert().returning(watches)
_RENEW: Final = (
    watches.update()
    .where(watches.c.id == bindparam("watch"))
    .values(
        state=bindparam("to"),
        locale=bindparam("speaks"),
        asked_by=bindparam("by"),
        asked_at=bindparam("now"),
        part=bindparam("named"),
    )
    .returning(watches)
)
_FORGET_CARD: Final = (
    watches.update()
    .where(watches.c.id == bindparam("watch"), watches.c.card_message_id == bindparam("message"))
    .values(card_message_id=None, card_face=None)
)
_NOTE_FACE: Final = (
    watches.update()
    .where(watches.c.id == bindparam("watch"), watches.c.card_message_id == bindparam("message"))
    .values(card_face=bindparam("face"))
)


async def at(tx: Tx, payment_id: str, place: Place) -> Watch | None:
    """A place's watch on a payment, in whatever state."""
    told = {"payment": payment_id, "chat": place.chat_id, "topic": place.topic_id or 0}
    row = (await tx.execute(_AT, told)).one_or_none()
    return None if row is None else watch_of(row)


async def by_handle(tx: Tx, handle: str) -> Watch | None:
    """The watch a button names."""
    row = (await tx.execute(_BY_HANDLE, {"named": handle})).one_or_none()
    return None if row is None else watch_of(row)


async def by_id(tx: Tx, watch_id: int) -> Watch | None:
    """A watch by its number."""
    row = (await tx.execute(_BY_ID, {"watch": watch_id})).one_or_none()
    return None if row is None else watch_of(row)


_BESIDE: Final = (*watches.c, payments.c.payer_id, payments.c.payer_chat_id, payments.c.payer_since)
"""What `with_payment` reads besides what `payment_of` does; its columns come last."""


@cache
def _with_payment() -> Select[Any]:
    query = WITH_PACKAGES.add_columns(*(column.label(f"beside_{column.name}") for column in _BESIDE))
    joined = query.join(watches, watches.c.payment_id == payments.c.id)
    return joined.where(watches.c.id == bindparam("watch")).order_by(packages.c.place)


async def with_payment(tx: Tx, watch_id: int) -> tuple[Watch, Payment, Payer | None] | None:
    """A watch by its number, with its payment and who said last that they pay it."""
    rows = (await tx.execute(_with_payment(), {"watch": watch_id})).all()
    if not rows:
        return None
    *watch, payer_id, payer_chat_id, payer_since = rows[0][-len(_BESIDE) :]
    payer = Payer(payer_id, payer_chat_id, payer_since) if payer_since is not None else None
    return watch_of(watch), payment_of(rows), payer


@cache
def _of_payment(states: frozenset[WatchState]) -> Select[Any]:
    of_payment = watches.c.payment_id == bindparam("payment")
    return select(watches).where(of_payment, watches.c.state.in_(sorted(states))).order_by(watches.c.id)


async def of_payment(tx: Tx, payment_id: str, states: Iterable[WatchState]) -> Sequence[Watch]:
    """A payment's watches in the given states, oldest first."""
    found = await tx.execute(_of_payment(frozenset(states)), {"payment": payment_id})
    return [watch_of(row) for row in found.all()]


async def open_at(tx: Tx, place: Place) -> Sequence[Watch]:
    """A place's active watches on payments that are watched closely, oldest ask first."""
    found = await tx.execute(_OPEN_AT, {"chat": place.chat_id, "topic": place.topic_id or 0})
    return [watch_of(row) for row in found.all()]


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
    return watch_of((await tx.execute(_ADD, values)).one())


async def renew(
    tx: Tx, watch: Watch, *, locale: str, asked_by: int | None, now: datetime, part: str | None = None
) -> Watch:
    """Asked again: the watch is active and speaks the asker's language."""
    new = {"to": WatchState.ACTIVE, "speaks": locale, "by": asked_by, "now": now, "named": part}
    return watch_of((await tx.execute(_RENEW, {"watch": watch.id} | new)).one())


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


async def note_face(tx: Tx, watch_id: int, message_id: int, face: str) -> None:
    """What the card's message shows now, if it is the card still."""
    await tx.execute(_NOTE_FACE, {"watch": watch_id, "message": message_id, "face": face})


async def forget_card(tx: Tx, watch_id: int, message_id: int) -> None:
    """The card's message is gone; the next card is a new one."""
    await tx.execute(_FORGET_CARD, {"watch": watch_id, "message": message_id})


@cache
def _changing(*names: str) -> Update:
    change = watches.update().where(watches.c.id == bindparam("watch"))
    return change.values({name: bindparam(f"new_{name}") for name in names})


async def _change(tx: Tx, watch_id: int, values: dict[str, Any]) -> None:
    new = {f"new_{name}": value for name, value in values.items()}
    await tx.execute(_changing(*values), {"watch": watch_id} | new)


def watch_of(row: Sequence[Any]) -> Watch:
    """A row of the table as a watch: its columns in the order of the table."""
    number, payment_id, chat_id, topic_id, state, *rest = row
    return Watch(number, payment_id, Place(chat_id, topic_id or None), WatchState(state), *rest)
