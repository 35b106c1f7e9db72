"""Everything in one database into another: backups of PostgreSQL, restoring, moving from SQLite to PostgreSQL.

The rows are read within one transaction and written within another, so a copy is whole or not there at all.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, cast

from sqlalchemy import Table, delete, func, insert, select, text

from bot.storage.engine import Database, Tx
from bot.storage.payments import upsert
from bot.storage.sqlite import SqliteTx
from bot.storage.tables import lease, metadata

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

_AT_ONCE: Final = 500
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
# In the order of their foreign keys. The lease belongs to the processes around a database, not to its contents.
_TABLES: Final[tuple[Table, ...]] = tuple(table for table in metadata.sorted_tables if table is not lease)


@asynccontextmanager
async def snapshot(database: Database) -> AsyncIterator[Tx]:
    """A transaction that sees one moment, however long it reads; nobody waits for it on PostgreSQL."""
    if database.is_sqlite:
        async with database.engine.begin() as tx:
            yield tx
        return
    async with database.postgres.connect() as connection:
        await connection.execution_options(isolation_level="REPEATABLE READ")
        async with connection.begin():
            yield connection


async def rows_in(tx: Tx) -> dict[str, int]:
    """How many rows each table holds that holds any, the lease apart."""
    counts = {table.name: await _count(tx, table) for table in _TABLES}
    return {name: count for name, count in counts.items() if count}


async def replace_all(source: Tx, target: Tx) -> dict[str, int]:
    """Puts the rows of `source` in the place of all rows of `target`; both are of this program's revision.

    Returns how many rows each table holds that holds any, counted in the target.
    """
    for table in reversed(_TABLES):
        await target.execute(delete(table))
    for table in _TABLES:
        async for part in _parts_of(source, table):
            await target.execute(insert(table), part)
        await _count_on(target, table)
    await _raise_token(source, target)
    return await rows_in(target)


async def _parts_of(source: Tx, table: Table) -> AsyncIterator[list[dict[str, Any]]]:
    """All rows, so many at a time."""
    query = select(table).order_by(*table.primary_key.columns)
    if isinstance(source, SqliteTx):
        for part in (await source.execute(query)).mappings().partitions(_AT_ONCE):
            yield [dict(row) for row in part]
    else:
        rows = await cast("AsyncConnection", source).stream(query)
        async for part in rows.mappings().partitions(_AT_ONCE):
            yield [dict(row) for row in part]


async def _count_on(tx: Tx, table: Table) -> None:
    """Lets PostgreSQL number new rows after those that were written with their numbers."""
    column = table.autoincrement_column
    if tx.dialect.name != "postgresql" or column is None:
        return
    sequence = func.pg_get_serial_sequence(table.name, column.name)
    highest = (await tx.execute(select(func.max(column)))).scalar_one()
    if highest is not None:
        await tx.execute(select(func.setval(sequence, highest)))


async def _raise_token(source: Tx, target: Tx) -> None:
    """Rows name the lease's token they were begun under: the next holder's must be higher than any of them."""
    token = (await source.execute(select(func.max(lease.c.token)))).scalar_one()
    if token is None:
        return
    row = upsert(target)(lease).values(name="work", token=token, holder="copied", expires_at=_EPOCH)
    higher = {"token": token}
    await target.execute(row.on_conflict_do_update(index_elements=["name"], set_=higher, where=lease.c.token < token))


async def _count(tx: Tx, table: Table) -> int:
    return (await tx.execute(select(func.count(text("*"))).select_from(table))).scalar_one()
