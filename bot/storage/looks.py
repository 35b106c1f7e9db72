"""Payments whose looks ended at about the same time: read and locked together, moved on together."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache, partial
from itertools import groupby
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Select,
    String,
    Update,
    and_,
    bindparam,
    case,
    func,
    not_,
    or_,
    select,
)

from bot.core.payment import CLAIM_FOR, Payment, Status
from bot.storage.engine import Tx
from bot.storage.listed import is_listed
from bot.storage.payments import WITH_PACKAGES, payment_of
from bot.storage.tables import Moment, packages, payments

ByAge = list[tuple[timedelta, int]]

MOVED_ON: Final = ("looked_at", "failures", "troubled_since", "closes_at", "claim_until")
"""What `move_on` writes of a payment, besides when to look again."""

_ASKED: Final = is_listed(payments.c.id, "ids")
# What another transaction holds is left out: who waits for one row while it holds others may wait for ever.
_LOCK_FREE: Final = select(payments.c.id).where(_ASKED).order_by(payments.c.id).with_for_update(skip_locked=True)
_MANY: Final = WITH_PACKAGES.where(_ASKED).order_by(payments.c.id, packages.c.place)
_MOVED: Final = (payments.c.id, *(payments.c[name] for name in MOVED_ON), payments.c.look_at)


@cache
def _move_on_from_arrays() -> Update:
    """PostgreSQL: one statement for all rows, which come as a list a column, as each statement is a message there."""
    lists = [bindparam(f"all_{column.name}", type_=ARRAY(column.type)) for column in _MOVED]
    rows = func.unnest(*lists).table_valued(*(column.name for column in _MOVED)).render_derived("moved")
    return _moved_to([rows.c[column.name] for column in _MOVED])


@cache
def _move_on_from_json() -> Update:
    """SQLite: the same from a JSON list of rows, as parameters for each row take longer than the row."""
    row = func.json_each(bindparam("rows", type_=String)).table_valued("value", name="moved").c.value
    return _moved_to([func.json_extract(row, f"$[{place}]") for place, _ in enumerate(_MOVED)])


def _moved_to(values: Sequence[ColumnElement[Any]]) -> Update:
    """`values` stand for `_MOVED`, in its order."""
    which, *changes = values
    named = zip(_MOVED[1:], changes, strict=True)
    return payments.update().where(payments.c.id == which).values({column.name: value for column, value in named})


_FOLLOWED: Final = payments.c.status == Status.FOLLOWING
_OPEN: Final = or_(payments.c.status == Status.WAITING, payments.c.claim_until.is_not(None), _FOLLOWED)


def _is_by(step: int) -> ColumnElement[bool]:
    """Whether a payment has reached an age: it was there by `at<step>` (`claim<step>`: ten minutes later)."""
    at, claimed_at = bindparam(f"at{step}", type_=Moment), bindparam(f"claim{step}", type_=Moment)
    said = or_(payments.c.claim_until.is_(None), payments.c.claim_until <= claimed_at)
    return case((_FOLLOWED, payments.c.paid_at <= at), else_=and_(payments.c.asked_at <= at, said))


@cache
def _counted(steps: int) -> tuple[Select[tuple[int, int]], Select[tuple[bool, int, int]]]:
    """How many have reached the last age, of them those that are followed; and how many of each age the rest are.

    Apart, as nearly all are old where there are many, and to group a hundred thousand takes long.
    """
    is_old = _is_by(steps - 1)
    followed = func.coalesce(func.sum(case((_FOLLOWED, 1), else_=0)), 0).label("followed")
    old = select(func.count().label("number"), followed).where(_OPEN, payments.c.look_at.is_not(None), is_old)
    step = case(*((_is_by(step), step) for step in reversed(range(steps - 1))), else_=0).label("step")
    young = select(_FOLLOWED.label("followed"), step, func.count().label("number"))
    return old, young.where(_OPEN, payments.c.look_at.is_not(None), not_(is_old)).group_by("followed", "step")


_FIRST_OPEN: Final = (
    select(payments.c.id).where(_OPEN, payments.c.look_at.is_not(None)).limit(bindparam("at_most")).subquery()
)
_COUNT_OPEN: Final = select(func.count(_FIRST_OPEN.c.id))


async def count_open(tx: Tx, *, at_most: int) -> int:
    """How many payments share the calls, counted up to a number."""
    found: int = (await tx.execute(_COUNT_OPEN, {"at_most": at_most})).scalar_one()
    return found


async def by_age(tx: Tx, now: datetime, ages: Sequence[timedelta]) -> tuple[ByAge, ByAge]:
    """The payments watched closely, by the age the cadence counts, and those that are followed, by the time since they
    were paid: (age, how many). Of the `ages`, which rise from 0, each counts for the last it has reached."""
    times = {f"at{step}": now - age for step, age in enumerate(ages)}
    times |= {f"claim{step}": now - age + CLAIM_FOR for step, age in enumerate(ages)}
    is_old, is_young = _counted(len(ages))
    # With 100,000 open it takes 100 ms on SQLite, which nobody else is to wait for.
    old, young = await tx.run_sync(lambda db: (db.execute(is_old, times).one(), db.execute(is_young, times).all()))
    found: tuple[ByAge, ByAge] = ([(ages[-1], old.number - old.followed)], [(ages[-1], old.followed)])
    for row in young:
        found[bool(row.followed)].append((ages[row.step], row.number))
    return found


async def load_free(tx: Tx, payment_ids: Iterable[str]) -> Mapping[str, Payment]:
    """Those payments of these that are there and, on PostgreSQL, locked by nobody else; they are ours from then on."""
    ids = list(payment_ids)
    if tx.dialect.name == "postgresql":
        ids = list((await tx.execute(_LOCK_FREE, {"ids": ids})).scalars())
    rows = (await tx.execute(_MANY, {"ids": ids})).all()
    return {payment_id: payment_of(list(its)) for payment_id, its in groupby(rows, key=lambda row: str(row.id))}


async def move_on(tx: Tx, looked_at: Sequence[tuple[Payment, datetime | None]]) -> None:
    """Writes what changes with every look (`MOVED_ON`), and when to look next; of payments that are ours."""
    rows = [(payment.id, *(getattr(payment, name) for name in MOVED_ON), look_at) for payment, look_at in looked_at]
    if rows and tx.dialect.name == "postgresql":
        lists = zip(_MOVED, zip(*rows, strict=True), strict=True)
        await tx.execute(_move_on_from_arrays(), {f"all_{column.name}": [*its] for column, its in lists})
    elif rows:
        keep = partial(Moment().process_bind_param, dialect=tx.dialect)
        kept = [[keep(one) if isinstance(one, datetime) else one for one in row] for row in rows]
        await tx.execute(_move_on_from_json(), {"rows": json.dumps(kept)})
