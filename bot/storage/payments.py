"""Payments and their packages."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, func, or_, select
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from bot.core.answer import Oddity
from bot.core.ids import Kind
from bot.core.packages import Package, Step
from bot.core.payer import PAYS_WITHIN, Payer
from bot.core.payment import Payment, Status, fresh_since
from bot.core.qris import QrisFault
from bot.storage.engine import Tx
from bot.storage.tables import packages, payments

_PLAIN: Final = tuple(
    field.name
    for field in fields(Payment)
    if field.name not in {"kind", "status", "withheld", "oddity", "alerted", "packages"}
)


def upsert(tx: Tx) -> Any:
    """The dialect's `INSERT` that knows `ON CONFLICT`."""
    return postgres_insert if tx.dialect.name == "postgresql" else sqlite_insert


async def load(tx: Tx, payment_id: str) -> Payment | None:
    """A payment with its packages; on PostgreSQL its row is locked until the transaction ends."""
    row = (await tx.execute(select(payments).where(payments.c.id == payment_id).with_for_update())).one_or_none()
    return None if row is None else payment_of(row, await _packages(tx, payment_id))


async def read(tx: Tx, payment_id: str) -> Payment | None:
    """The same without a lock."""
    row = (await tx.execute(select(payments).where(payments.c.id == payment_id))).one_or_none()
    return None if row is None else payment_of(row, await _packages(tx, payment_id))


async def save(tx: Tx, payment: Payment, look_at: datetime | None) -> None:
    """Writes a payment whole, with when to look at it next (None: not by itself)."""
    values = {name: getattr(payment, name) for name in _PLAIN} | {
        "kind": payment.kind,
        "status": payment.status,
        "withheld": payment.withheld,
        "oddity": payment.oddity,
        "alerted": " ".join(sorted(payment.alerted)),
        "look_at": look_at,
    }
    statement = upsert(tx)(payments).values(values)
    changed = {name: statement.excluded[name] for name in values if name != "id"}
    await tx.execute(statement.on_conflict_do_update(index_elements=["id"], set_=changed))
    await _save_packages(tx, payment.id, payment.packages)


async def by_package(tx: Tx, number: str) -> str | None:
    """The payment to which a package with this AWB or order id belongs, in any case; the one asked for last."""
    key = _key(number)
    query = (
        select(payments.c.id)
        .join(packages, packages.c.payment_id == payments.c.id)
        .where(or_(packages.c.awb_key == key, packages.c.order_key == key))
        .order_by(payments.c.asked_at.desc(), payments.c.id)
        .limit(1)
    )
    return (await tx.execute(query)).scalar_one_or_none()


async def hasten(tx: Tx, payment_id: str, now: datetime, shortest: timedelta) -> Status | None:
    """Makes a payment due, if it is looked at by itself at all, but not sooner after its last look than `shortest`.

    Returns its status; None where it is unknown or not looked at.
    """
    query = select(payments.c.status, payments.c.looked_at, payments.c.look_at)
    row = (await tx.execute(query.where(payments.c.id == payment_id).with_for_update())).one_or_none()
    if row is None or row.look_at is None:
        return None
    looked_at: datetime | None = row.looked_at
    # A last look in the future was noted by a clock that was set back since.
    floor = looked_at + shortest if looked_at and looked_at <= now else now
    at = max(now, floor)
    if row.look_at > at:
        await tx.execute(payments.update().where(payments.c.id == payment_id).values(look_at=at))
    return Status(row.status)


async def note_claim(tx: Tx, payment: Payment, look_at: datetime) -> None:
    """Keeps that a payment is said to be paid, and looks at it by then."""
    said = payments.update().where(payments.c.id == payment.id)
    await tx.execute(said.values(claim_until=payment.claim_until))
    await tx.execute(said.where(payments.c.look_at > look_at).values(look_at=look_at))


async def payer_of(tx: Tx, payment_id: str) -> Payer | None:
    """Who said last that they pay it, until they took it back or five minutes were over."""
    columns = (payments.c.payer_id, payments.c.payer_chat_id, payments.c.payer_since)
    row = (await tx.execute(select(*columns).where(payments.c.id == payment_id))).one_or_none()
    return Payer(*row) if row and row.payer_since is not None else None


async def note_payer(tx: Tx, payment_id: str, payer: Payer | None) -> None:
    """Keeps who says that they pay it; None where they take it back."""
    values = {
        "payer_id": payer.person_id if payer else None,
        "payer_chat_id": payer.chat_id if payer else None,
        "payer_since": payer.since if payer else None,
    }
    await tx.execute(payments.update().where(payments.c.id == payment_id).values(values))


async def let_payers_lapse(tx: Tx, now: datetime) -> Sequence[str]:
    """Forgets words that are five minutes old; returns their payments."""
    old = payments.update().where(payments.c.payer_since <= now - PAYS_WITHIN)
    cleared = old.values(payer_id=None, payer_chat_id=None, payer_since=None).returning(payments.c.id)
    return sorted((await tx.execute(cleared)).scalars())


async def next_lapse_at(tx: Tx) -> datetime | None:
    """When the next such word is over."""
    first: datetime | None = (await tx.execute(select(func.min(payments.c.payer_since)))).scalar_one()
    return first + PAYS_WITHIN if first else None


async def stop_looking(tx: Tx, payment_id: str) -> None:
    """Puts a payment to rest: no chat watches it any more."""
    waiting = payments.update().where(payments.c.id == payment_id, payments.c.status == Status.WAITING)
    await tx.execute(waiting.values(status=Status.STOPPED, look_at=None, claim_until=None))


@dataclass(frozen=True, slots=True)
class Due:
    """A payment to look at: which product to ask, and since when it is due."""

    payment_id: str
    kind: Kind | None
    since: datetime


def of_kinds(kinds: Collection[Kind | None]) -> ColumnElement[bool]:
    """Whether a payment is of one of these kinds; None is among them for one that nobody knows yet."""
    known = payments.c.kind.in_([kind for kind in kinds if kind])
    return or_(known, payments.c.kind.is_(None)) if None in kinds else known


async def due(
    tx: Tx,
    now: datetime,
    limit: int,
    except_for: Iterable[str],
    kinds: Collection[Kind | None] | None = None,
) -> Sequence[Due]:
    """Payments (of these kinds) to look at now, the most overdue first."""
    query = select(payments.c.id, payments.c.kind, payments.c.look_at).where(payments.c.look_at <= now)
    if kinds is not None:
        query = query.where(of_kinds(kinds))
    if busy := list(except_for):
        query = query.where(payments.c.id.not_in(busy))
    rows = (await tx.execute(query.order_by(payments.c.look_at).limit(limit))).all()
    return [Due(row.id, Kind(row.kind) if row.kind else None, row.look_at) for row in rows]


async def next_due_at(
    tx: Tx, except_for: Iterable[str], kinds: Collection[Kind | None] | None = None
) -> datetime | None:
    """When the next look (at one of these kinds) is due."""
    # SQLite takes the partial index only where the query says what the index does.
    query = select(func.min(payments.c.look_at)).where(payments.c.look_at.is_not(None))
    if kinds is not None:
        query = query.where(of_kinds(kinds))
    if busy := list(except_for):
        query = query.where(payments.c.id.not_in(busy))
    found: datetime | None = (await tx.execute(query)).scalar_one()
    return found


async def ages_of_waiting(tx: Tx, now: datetime) -> list[tuple[timedelta, int]]:
    """Ages of the payments watched closely, for sharing out the call budget."""
    closely = or_(payments.c.status == Status.WAITING, payments.c.claim_until.is_not(None))
    query = select(payments.c.asked_at, payments.c.claim_until).where(closely, payments.c.look_at.is_not(None))
    return [(now - fresh_since(row.asked_at, row.claim_until), 1) for row in (await tx.execute(query)).all()]


async def _packages(tx: Tx, payment_id: str) -> tuple[Package, ...]:
    query = select(packages).where(packages.c.payment_id == payment_id).order_by(packages.c.place)
    return tuple(map(package_of, (await tx.execute(query)).all()))


def package_of(row: Row[Any]) -> Package:
    """A package from its row."""
    return Package(
        row.order_id,
        row.awb,
        row.courier,
        row.service,
        row.status,
        row.live_url,
        row.has_driver,
        frozenset(map(Step, row.told.split())),
    )


async def _save_packages(tx: Tx, payment_id: str, found: tuple[Package, ...]) -> None:
    await tx.execute(packages.delete().where(packages.c.payment_id == payment_id))
    rows = [
        {"payment_id": payment_id, "place": place}
        | {field.name: getattr(package, field.name) for field in fields(Package)}
        | {"told": " ".join(sorted(package.told))}
        | {"order_key": _key(package.order_id), "awb_key": _key(package.awb) if package.awb else None}
        for place, package in enumerate(found)
    ]
    if rows:
        await tx.execute(packages.insert(), rows)


def _key(number: str) -> str:
    return number.strip().casefold()


def payment_of(row: Row[Any], found: tuple[Package, ...]) -> Payment:
    """A payment from its row and its packages."""
    return Payment(
        **{name: getattr(row, name) for name in _PLAIN},
        kind=Kind(row.kind) if row.kind else None,
        status=Status(row.status),
        withheld=QrisFault(row.withheld) if row.withheld else None,
        oddity=Oddity(row.oddity) if row.oddity else None,
        alerted=frozenset(row.alerted.split()),
        packages=found,
    )
