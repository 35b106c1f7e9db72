"""What is asked again and again goes through its partial index, however long the history has grown."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final

import pytest
from sqlalchemy import Connection, event, text

from bot.core.cadence import AGES
from bot.core.ids import Kind
from bot.storage import inbox, looks, outages, payments, tables, waiting
from bot.storage.engine import Database, Tx
from tests.storage.making import T0

HISTORY: Final = 5_000
OPEN: Final = 5

ASKED: Final[dict[str, tuple[str, Callable[[Tx], Awaitable[object]]]]] = {
    "payments to look at": ("payments_look_at", lambda tx: payments.due(tx, T0, 64, [])),
    "payments to look at beside some": ("payments_look_at", lambda tx: payments.due(tx, T0, 64, ["XID-1", "XID-2"])),
    "payments that share the calls": ("payments_look_at", lambda tx: looks.count_open(tx, at_most=11)),
    "payments by age": ("payments_look_at", lambda tx: looks.by_age(tx, T0, AGES)),
    "payments to probe with": ("payments_look_at", lambda tx: outages.probe(tx, [Kind.EXPRESS, None], ["XID-1"])),
    "messages to deliver": ("outbox_due", lambda tx: waiting.due(tx, T0, limit=256, except_for=[1, 2])),
    "the next message": ("outbox_due", lambda tx: waiting.next_due_at(tx, [])),
    "the next message beside some": ("outbox_due", lambda tx: waiting.next_due_at(tx, [1, 2])),
    "updates to handle": ("inbox_new", lambda tx: inbox.waiting(tx, 256, [1, 2])),
}


@pytest.fixture
async def grown(database: Database) -> AsyncIterator[Database]:
    """A database with a long history, in which little is open."""
    numbers = range(HISTORY)
    async with database.begin() as tx:
        await tx.execute(
            tables.payments.insert(),
            [
                {
                    "id": f"XID-{number}", "status": "waiting" if number < OPEN else "done", "asked_at": T0,
                    "closes_at": T0, "look_at": T0 if number < OPEN else None, "seen": True, "alerted": "",
                    "failures": 0,
                }
                for number in numbers
            ],
        )  # fmt: skip
        await tx.execute(
            tables.outbox.insert(),
            [
                {
                    "key": f"k{number}", "kind": "notice", "chat_id": number % 50, "topic_id": 0, "locale": "id",
                    "state": "due" if number < OPEN else "sent", "created_at": T0, "due_at": T0,
                }
                for number in numbers
            ],
        )  # fmt: skip
        await tx.execute(
            tables.inbox.insert(),
            [
                {
                    "update_id": number, "chat_id": number % 50, "received_at": T0,
                    "state": "new" if number < OPEN else "done", "body": "{}",
                }
                for number in numbers
            ],
        )  # fmt: skip
        await tx.execute(text("ANALYZE"))
    yield database


async def plans_of(database: Database, ask: Callable[[Tx], Awaitable[object]]) -> list[str]:
    """How the database goes about each statement that `ask` makes."""
    made: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        made.append((statement, parameters))

    async with database.begin() as tx:
        event.listen(database.engine.sync_engine, "before_cursor_execute", note)
        try:
            await ask(tx)
        finally:
            event.remove(database.engine.sync_engine, "before_cursor_execute", note)
        explain = "EXPLAIN QUERY PLAN " if database.is_sqlite else "EXPLAIN "

        def explained(connection: Connection) -> list[Any]:
            return [connection.exec_driver_sql(explain + statement, given).all() for statement, given in made]

        plans = await tx.run_sync(explained)
    return ["\n".join(str(row[-1]) for row in rows) for rows in plans]


@pytest.mark.parametrize("question", ASKED)
async def test_what_is_open_is_found_by_its_index(grown: Database, question: str) -> None:
    """Neither the table nor a whole other index is read."""
    index, ask = ASKED[question]
    for plan in await plans_of(grown, ask):
        assert index in plan, plan
        assert "Seq Scan" not in plan, plan


async def test_payments_are_read_and_moved_on_by_their_ids(grown: Database) -> None:
    """Those whose looks ended, however many others there are."""

    async def conclude(tx: Tx) -> None:
        known = await looks.load_free(tx, ["XID-1", "XID-2"])
        await looks.move_on(tx, [(payment, T0) for payment in known.values()])

    plans = await plans_of(grown, conclude)
    assert len(plans) == (2 if grown.is_sqlite else 3)
    for plan in plans:
        assert ("SEARCH payments" in plan) if grown.is_sqlite else ("payments_pkey" in plan), plan


@pytest.mark.parametrize("question", ASKED)
async def test_the_index_is_taken_before_the_statistics_are(database: Database, question: str) -> None:
    """A new SQLite file has never seen an ANALYZE; PostgreSQL is kept from its tables, as they are all but empty."""
    index, ask = ASKED[question]

    async def unaided(tx: Tx) -> None:
        await ask(tx)

    if not database.is_sqlite:
        async with database.begin() as tx:
            await tx.execute(text(f"ALTER DATABASE {database.postgres.url.database} SET enable_seqscan = off"))
        await database.engine.dispose()
    plans = await plans_of(database, unaided)
    assert plans
    assert all(index in plan for plan in plans), plans
