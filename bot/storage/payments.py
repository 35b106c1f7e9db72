"""Payments and their packages."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from functools import cache
from operator import attrgetter
from typing import Any, Final

from sqlalchemy import ColumnElement, CompoundSelect, Row, bindparam, or_, select, union_all
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from bot.core.answer import Oddity
from bot.core.ids import Kind
from bot.core.packages import Package, Step
from bot.core.payment import Payment, Status
from bot.core.qris import QrisFault
from bot.storage.engine import Tx
from bot.storage.listed import is_listed
from bot.storage.tables import Moment, packages, payments

_REST: Final = ("kind", "status", "withheld", "oddity", "alerted")
_PLAIN: Final = tuple(field.name for field in fields(Payment) if field.name not in {*_REST, "packages"})

# Statements are built once: building one takes five times as long as SQLite takes to carry it out.
_LOCK: Final = select(payments.c.id).where(payments.c.id == bindparam("payment")).with_for_update()
WITH_PACKAGES: Final = select(
    *(payments.c[name] for name in (*_PLAIN, *_REST)),
    *(column.label(f"package_{column.name}") for column in packages.c),
).outerjoin(packages, packages.c.payment_id == payments.c.id)
"""What `payment_of` reads, once restricted and in the order of places. The columns of `_PLAIN` come first."""
_ONE_WITH_PACKAGES: Final = WITH_PACKAGES.where(payments.c.id == bindparam("payment")).order_by(packages.c.place)
_PACKAGES: Final = (
    select(*(column.label(f"package_{column.name}") for column in packages.c))
    .where(packages.c.payment_id == bindparam("payment"))
    .order_by(packages.c.place)
)
_DROP_PACKAGES: Final = packages.delete().where(packages.c.payment_id == bindparam("payment"))
_ADD_PACKAGES: Final = packages.insert()


def upsert(tx: Tx) -> Any:
    """The dialect's `INSERT` that knows `ON CONFLICT`."""
    return postgres_insert if tx.dialect.name == "postgresql" else sqlite_insert


async def load(tx: Tx, payment_id: str) -> Payment | None:
    """A payment with its packages; on PostgreSQL its row is locked until the transaction ends."""
    if tx.dialect.name == "postgresql":
        # By itself: a join would show the packages as they were before the lock was waited for.
        await tx.execute(_LOCK, {"payment": payment_id})
    return await read(tx, payment_id)


async def read(tx: Tx, payment_id: str) -> Payment | None:
    """The same without a lock."""
    rows = (await tx.execute(_ONE_WITH_PACKAGES, {"payment": payment_id})).all()
    return payment_of(rows) if rows else None


def is_surely_new(tx: Tx, known: Payment | None) -> bool:
    """Whether a payment that was not found is not there until the caller saves it: on PostgreSQL another transaction
    may add it at that moment."""
    return known is None and tx.dialect.name != "postgresql"


@cache
def _saving(insert: Any) -> Any:
    statement = insert(payments)
    written = {*_PLAIN, *_REST, "look_at"} - {"id"}
    changed = {name: statement.excluded[name] for name in sorted(written)}
    return statement.on_conflict_do_update(index_elements=["id"], set_=changed)


async def save(tx: Tx, payment: Payment, look_at: datetime | None, *, is_new: bool = False) -> None:
    """Writes a payment whole, with when to look at it next (None: not by itself). `is_new`: whether it was surely
    not there before, and so has no packages."""
    values = {name: getattr(payment, name) for name in _PLAIN} | {
        "kind": payment.kind,
        "status": payment.status,
        "withheld": payment.withheld,
        "oddity": payment.oddity,
        "alerted": " ".join(sorted(payment.alerted)),
        "look_at": look_at,
    }
    await tx.execute(_saving(upsert(tx)), values)
    if payment.packages or not is_new:
        await _save_packages(tx, payment.id, payment.packages)


_BY_PACKAGE: Final = (
    select(payments.c.id)
    .join(packages, packages.c.payment_id == payments.c.id)
    .where(or_(packages.c.awb_key == bindparam("number"), packages.c.order_key == bindparam("number")))
    .order_by(payments.c.asked_at.desc(), payments.c.id)
    .limit(1)
)


async def by_package(tx: Tx, number: str) -> str | None:
    """The payment to which a package with this AWB or order id belongs, in any case; the one asked for last."""
    return (await tx.execute(_BY_PACKAGE, {"number": _key(number)})).scalar_one_or_none()


_HASTENED: Final = (
    select(payments.c.status, payments.c.looked_at, payments.c.look_at)
    .where(payments.c.id == bindparam("payment"))
    .with_for_update()
)
_LOOK_AT: Final = payments.update().where(payments.c.id == bindparam("payment")).values(look_at=bindparam("at"))


async def hasten(tx: Tx, payment_id: str, now: datetime, shortest: timedelta) -> Status | None:
    """Makes a payment due, if it is looked at by itself at all, but not sooner after its last look than `shortest`.

    Returns its status; None where it is unknown or not looked at.
    """
    row = (await tx.execute(_HASTENED, {"payment": payment_id})).one_or_none()
    if row is None or row.look_at is None:
        return None
    looked_at: datetime | None = row.looked_at
    # A last look in the future was noted by a clock that was set back since.
    floor = looked_at + shortest if looked_at and looked_at <= now else now
    at = max(now, floor)
    if row.look_at > at:
        await tx.execute(_LOOK_AT, {"payment": payment_id, "at": at})
    return Status(row.status)


_CLAIM: Final = payments.update().where(payments.c.id == bindparam("payment")).values(claim_until=bindparam("until"))
_LOOK_BY: Final = _LOOK_AT.where(payments.c.look_at > bindparam("at"))


async def note_claim(tx: Tx, payment: Payment, look_at: datetime) -> None:
    """Keeps that a payment is said to be paid, and looks at it by then."""
    await tx.execute(_CLAIM, {"payment": payment.id, "until": payment.claim_until})
    await tx.execute(_LOOK_BY, {"payment": payment.id, "at": look_at})


_STOP_LOOKING: Final = (
    payments.update()
    .where(payments.c.id == bindparam("payment"), payments.c.status == Status.WAITING)
    .values(status=Status.STOPPED, look_at=None, claim_until=None)
)


async def stop_looking(tx: Tx, payment_id: str) -> None:
    """Puts a payment to rest: no chat watches it any more."""
    await tx.execute(_STOP_LOOKING, {"payment": payment_id})


@dataclass(frozen=True, slots=True)
class Due:
    """A payment to look at: which product to ask, and since when it is due."""

    payment_id: str
    kind: Kind | None
    since: datetime


_SINCE: Final = attrgetter("since")


def of_kinds(kinds: Collection[Kind | None]) -> ColumnElement[bool]:
    """Whether a payment is of one of these kinds; None is among them for one that nobody knows yet."""
    known = payments.c.kind.in_([kind for kind in kinds if kind])
    return or_(known, payments.c.kind.is_(None)) if None in kinds else known


@cache
def _due_and_next(kinds: frozenset[Kind | None] | None) -> CompoundSelect[Any]:
    query = select(payments.c.id, payments.c.kind, payments.c.look_at).order_by(payments.c.look_at)
    query = query.where(~is_listed(payments.c.id, "busy"))
    if kinds is not None:
        query = query.where(of_kinds(kinds))
    due = query.where(payments.c.look_at <= bindparam("now", type_=Moment)).limit(bindparam("most"))
    later = query.where(payments.c.look_at > bindparam("now", type_=Moment)).limit(1)
    # SQLite takes a limit for a part only where that is a query within one.
    return union_all(select(due.subquery("due")), select(later.subquery("later")))


async def due(
    tx: Tx,
    now: datetime,
    limit: int,
    except_for: Collection[str],
    kinds: frozenset[Kind | None] | None = None,
) -> tuple[Sequence[Due], datetime | None]:
    """Payments (of these kinds) to look at now, the most overdue first; and when the first of the rest is due."""
    rows = (await tx.execute(_due_and_next(kinds), {"now": now, "most": limit, "busy": except_for})).all()
    found = sorted((Due(row.id, Kind(row.kind) if row.kind else None, row.look_at) for row in rows), key=_SINCE)
    if found and found[-1].since > now:
        return found[:-1], found[-1].since
    return found, None


async def _save_packages(tx: Tx, payment_id: str, found: tuple[Package, ...]) -> None:
    if _packages((await tx.execute(_PACKAGES, {"payment": payment_id})).all()) == found:
        return
    await tx.execute(_DROP_PACKAGES, {"payment": payment_id})
    rows = [
        {"payment_id": payment_id, "place": place}
        | {field.name: getattr(package, field.name) for field in fields(Package)}
        | {"told": " ".join(sorted(package.told))}
        | {"order_key": _key(package.order_id), "awb_key": _key(package.awb) if package.awb else None}
        for place, package in enumerate(found)
    ]
    if rows:
        await tx.execute(_ADD_PACKAGES, rows)


def _key(number: str) -> str:
    return number.strip().casefold()


def payment_of(rows: Sequence[Row[Any]]) -> Payment:
    """A payment from its rows: one a package, or one without."""
    row = rows[0]
    return Payment(
        **dict(zip(_PLAIN, row, strict=False)),
        kind=Kind(row.kind) if row.kind else None,
        status=Status(row.status),
        withheld=QrisFault(row.withheld) if row.withheld else None,
        oddity=Oddity(row.oddity) if row.oddity else None,
        alerted=frozenset(row.alerted.split()),
        packages=_packages(rows) if row.package_place is not None else (),
    )


def _packages(rows: Sequence[Row[Any]]) -> tuple[Package, ...]:
    return tuple(
        Package(
            row.package_order_id,
            row.package_awb,
            row.package_courier,
            row.package_service,
            row.package_status,
            row.package_live_url,
            row.package_has_driver,
            frozenset(map(Step, row.package_told.split())),
        )
        for row in rows
    )
