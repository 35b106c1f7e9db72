"""A list as one parameter finds what SQLAlchemy's `in_` finds, whatever is in it."""

from collections.abc import Collection
from typing import Any

import pytest
from sqlalchemy import BigInteger, Column, MetaData, String, Table, insert, select

from bot.storage.engine import Database
from bot.storage.listed import is_listed

KEPT = Table("kept", MetaData(), Column("number", BigInteger, primary_key=True), Column("name", String(64)))
NUMBERS = [-1_001_234_567_890, -1, 0, 1, 5_000_000_000, 2**63 - 1]
NAMES = ["XID-1", "xid-1", "O'Neil", '"', "\\", "{1,2}", "[]", "", "null", "Bü ☕", "1"]


@pytest.fixture
async def kept(database: Database) -> Database:
    """A table of numbers and names, and one row without a name."""
    rows: list[dict[str, Any]] = [{"number": number, "name": None} for number in NUMBERS]
    rows += [{"number": 100 + place, "name": name} for place, name in enumerate(NAMES)]
    async with database.begin() as tx:
        await tx.run_sync(KEPT.metadata.create_all)
        await tx.execute(insert(KEPT), rows)
    return database


@pytest.mark.parametrize(
    ("column", "given"),
    [
        (KEPT.c.number, []),
        (KEPT.c.number, [0]),
        (KEPT.c.number, NUMBERS),
        (KEPT.c.number, frozenset(range(-1, 300))),
        (KEPT.c.name, []),
        (KEPT.c.name, NAMES),
        (KEPT.c.name, {"XID-1", "nobody"}),
        *((KEPT.c.name, [name]) for name in NAMES),
    ],
)
async def test_what_is_listed_is_found_and_the_rest_is_found_without_it(
    kept: Database, column: Column[Any], given: Collection[Any]
) -> None:
    """As with `in_`, a row that has nothing there is in no list, and beside none but an empty one."""
    async with kept.begin() as tx:
        for ours, plain in (
            (is_listed(column, "given"), column.in_(given)),
            (~is_listed(column, "given"), column.not_in(given)),
        ):
            order = select(KEPT.c.number).order_by(KEPT.c.number)
            found = (await tx.execute(order.where(ours), {"given": given})).scalars().all()
            assert found == (await tx.execute(order.where(plain))).scalars().all()
