"""Several processes on one PostgreSQL: any receives, one works, any may die; another takes the work over in 15 s."""

import asyncio
import contextlib
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from bot.sandbox import Sandbox
from bot.sandbox.people import Person
from tests.databases import own_folder, start_postgres
from tests.e2e.several import Fleet
from tests.e2e.told import about_paid, in_order, pictures

TAKEN_OVER_WITHIN = 15.0


def alerts(url: str) -> list[str]:
    """The kinds of all that was ever told to operators, as it stands in the outbox."""
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT fact FROM outbox WHERE key LIKE 'ops:%' ORDER BY id").fetchall()
    return [str(row[0]).split()[0] for row in rows]


@pytest.mark.parametrize(("count", "webhook"), [(2, True), (4, False)], ids=["2-webhook", "4-polling"])
async def test_started_at_once_they_do_everything_once(
    sandbox: Sandbox, tmp_path: Path, postgres_url: str, count: int, webhook: bool
) -> None:
    """An empty database is migrated by one; commands and callbacks reach all, and nothing is doubled."""
    people = [sandbox.person(name) for name in ("Sari", "Tom", "Ayu")]
    async with Fleet.sail(count, sandbox, tmp_path, postgres_url, webhook=webhook) as fleet:
        assert fleet.logs.count("database migrated") == 1
        assert fleet.logs.count("lease taken") == 1
        payments = [sandbox.payments.instant(50_000 + number, packages=1) for number in range(2)]
        await asyncio.gather(*(person.send(f"/pay {payment.id}") for person in people for payment in payments))
        for person in people:
            await person.private_chat.wait_for(lambda _, who=person: len(pictures(who)) == len(payments))  # type: ignore[misc]
        for payment in payments:
            payment.pay()
            body = sandbox.kiriminaja.callback(payment, "validated_packages")
            pushes = [sandbox.kiriminaja.push(body, f"{bot.url}/kiriminaja") for bot in fleet.bots]
            assert {pushed.status for pushed in await asyncio.gather(*pushes)} == {200}
        for person in people:
            await person.private_chat.wait_for(lambda _, who=person: len(about_paid(who)) == len(payments))  # type: ignore[misc]
            await in_order(person)
            assert len(about_paid(person)) == len(pictures(person)) == len(payments)
            assert [sum(one.id in message.text for message in about_paid(person)) for one in payments] == [1, 1]
        assert fleet.logs.count("lease taken") == 1
        assert "Traceback" not in fleet.logs


async def test_a_frozen_holder_is_replaced_and_does_no_harm_when_it_wakes(
    sandbox: Sandbox, sari: Person, tmp_path: Path, migrated_postgres_url: str
) -> None:
    """Frozen in the middle of a look, it wakes to an answer of long ago; it stands by and is ready."""
    ops = sandbox.group("Ops", [sandbox.person("Rina")])
    async with Fleet.sail(2, sandbox, tmp_path, migrated_postgres_url, OPS_CHAT_IDS=str(ops.id)) as fleet:
        payment = sandbox.payments.express(65_000)
        await sari.send(f"/pay {payment.id}")
        await sari.private_chat.next_message()
        frozen = await fleet.holder()
        held = sandbox.kiriminaja.hold(payment.id, "after")
        await held.reached()
        frozen.freeze()
        held.release()  # it says unpaid, and nobody reads it for now
        (other,) = [bot for bot in fleet.bots if bot is not frozen]
        payment.pay()
        await other.logged("lease taken", within=TAKEN_OVER_WITHIN)
        await sari.private_chat.wait_for_text("✅", timeout=TAKEN_OVER_WITHIN)
        frozen.thaw()
        await frozen.logged("lease lost")
        await frozen.ready()
        assert (await frozen.readiness())[1]["work"] == "standby"
        assert await fleet.holder() is other
        await in_order(sari)
        assert len(about_paid(sari)) == len(pictures(sari)) == 1
        assert alerts(migrated_postgres_url) == ["AlertPaid"]
        assert fleet.logs.count("another program polls") <= 2
        assert fleet.logs.count("lease taken") == 2
        assert "Traceback" not in fleet.logs


async def test_a_holder_that_does_not_know_it_lost_quarrels_with_nobody(
    sandbox: Sandbox, sari: Person, tmp_path: Path, migrated_postgres_url: str
) -> None:
    """Its connection was cut: another works before it could notice, and operators hear of no foreign program."""
    ops = sandbox.group("Ops", [sandbox.person("Rina")])
    async with Fleet.sail(2, sandbox, tmp_path, migrated_postgres_url, OPS_CHAT_IDS=str(ops.id)) as fleet:
        first = await fleet.holder()
        (other,) = [bot for bot in fleet.bots if bot is not first]
        for _ in range(5):
            await sandbox.telegram.wait_until_polled()
            with psycopg.connect(migrated_postgres_url, autocommit=True) as connection:
                connection.execute("SELECT pg_terminate_backend(backend_pid) FROM lease")
            with contextlib.suppress(AssertionError):  # the first may have been quicker
                await other.logged("lease taken", within=2)
                break
        await first.logged("lease lost", within=5)
        await first.ready()
        await sandbox.telegram.wait_until_polled()
        await in_order(sari)
        assert len(sari.private_chat.from_bot) == 1
        assert fleet.logs.count("another program polls") <= 2
        assert alerts(migrated_postgres_url) == []
        assert "Traceback" not in fleet.logs


class Server:
    """A PostgreSQL of this test's own, which may be away."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self.url: str = server.get_uri()

    def stop(self) -> None:
        """At once, as by a crash."""
        process = self._server.get_postmaster_info().process
        process.send_signal(signal.SIGQUIT)
        process.wait(10)

    def start(self) -> None:
        """Back, under the same address."""
        self._server.ensure_postgres_running()


@pytest.fixture
def server() -> Iterator[Server]:
    with own_folder() as folder:
        made = start_postgres(folder)
        server = Server(made)
        yield server
        server.stop()
        made.cleanup()


async def test_all_survive_a_restart_of_the_database(
    sandbox: Sandbox, sari: Person, tmp_path: Path, server: Server
) -> None:
    """Each says that it is away; asked and paid meanwhile, both are told once, and no two quarrel over the polling."""
    ops = sandbox.group("Ops", [sandbox.person("Rina")])
    async with Fleet.sail(2, sandbox, tmp_path, server.url, OPS_CHAT_IDS=str(ops.id)) as fleet:
        payment = sandbox.payments.express(65_000)
        await sari.send(f"/pay {payment.id}")
        await sari.private_chat.next_message()
        await asyncio.to_thread(server.stop)
        payment.pay()
        await sari.send("/help")
        for bot in fleet.bots:
            await bot.logged("database out of reach")
            status, parts = await bot.readiness()
            assert (status, parts["database"]) == (503, "out of reach")
        await asyncio.to_thread(server.start)
        await sari.private_chat.wait_for_text("✅", timeout=TAKEN_OVER_WITHIN)
        await asyncio.gather(*(bot.ready() for bot in fleet.bots))
        await fleet.holder()
        await in_order(sari)
        assert len(about_paid(sari)) == len(pictures(sari)) == 1
        assert "Traceback" not in fleet.logs
        assert len(sari.private_chat.from_bot) == 4, sari.private_chat.transcript()
        assert alerts(server.url) == ["AlertPaid"]
