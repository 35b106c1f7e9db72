"""One life of the bot, put together by its own composition root; and what stands in the places of the real parts."""

import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, Final
from unittest.mock import patch
from zoneinfo import ZoneInfo

import structlog

from bot import term
from bot.core.access import Access
from bot.core.watch import Place
from bot.flows.accept import Accept
from bot.flows.admit import Latencies
from bot.flows.take_in import TakeIn
from bot.storage.lease import Lease
from bot.storage.notify import Bell
from tests.simulation.account import SenderOf, UpdatesOf
from tests.simulation.database import database_of, opened
from tests.simulation.hands import Hands
from tests.simulation.planned import Plan
from tests.simulation.process import Process, SimulatedJobs, nothing
from tests.simulation.provider import ProviderOf
from tests.simulation.words import PlainPainter, PlainWords
from tests.simulation.world import OPS, World


async def live(process: Process) -> None:
    """As `bot.app`, as far as it matters here."""
    world = process.world
    database = database_of(process)
    lease = _Lease(process, database)
    terms: list[term.Term] = []

    def wake(bell: Bell) -> None:
        if terms:
            terms[0].jobs.wake(bell)

    take_in = TakeIn(database, clock=world.clock, wake=lambda: wake(Bell.HANDLE), metrics=_METRICS)
    process.accept = Accept(
        database, forwards=False, clock=world.clock, wake=lambda: wake(Bell.HEAR), metrics=_METRICS
    )
    await lease.take()
    parts: Any = SimpleNamespace(
        settings=_settings(world.plan), database=database, lease=lease, bot=SimpleNamespace(username="bot"),
        updates=UpdatesOf(process, world.messenger), provider=ProviderOf(process, world.provider),
        latencies=Latencies(), words=PlainWords(), painter=PlainPainter(),
        sender=SenderOf(process, world.messenger), metrics=_METRICS, take_in=take_in,
    )  # fmt: skip
    terms.append(await term.begin_term(parts))
    for task in terms[0].tasks:
        process.adopt(task)


def _settings(plan: Plan) -> Any:
    return SimpleNamespace(
        ops_chat_ids=(Place(OPS),), locale="id", staff_user_ids=frozenset(), access=Access.OPEN,
        telegram_bot_token=_Secret(), kiriminaja_api_key=_Secret(), telegram_webhook_url=None,
        callback_forward_url=None, is_sandbox=False, poll_first=plan.poll_first, poll_budget=plan.poll_budget,
        watch_time=timedelta(seconds=plan.watch_for), timezone=ZoneInfo("Asia/Jakarta"),
    )  # fmt: skip


class _Lease(Lease):
    """Held until another process took over."""

    def __init__(self, process: Process, database: Any) -> None:
        super().__init__(database, f"process {process.number}")
        self._process = process

    @property
    def held(self) -> bool:
        """Whether this process may work."""
        return super().held and not self._process.has_lost_lease


class _Secret:
    def get_secret_value(self) -> str:
        """A key."""
        return "0:secret"


class _Uncounted:
    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_, **__: None


_METRICS: Final[Any] = _Uncounted()


@contextmanager
def in_place_of_the_real(world: World) -> Iterator[None]:
    """The bot's composition, with the virtual clock, and without what needs Telegram's library or APScheduler."""

    def collect(_: object, method: str, event: Mapping[str, Any]) -> Any:
        if method in {"error", "exception"} or event.get("event") == "update failed":
            world.violate("nothing fails unforeseen", str(dict(event)))
        raise structlog.DropEvent

    before = structlog.get_config()
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(40),
        processors=[structlog.processors.format_exc_info, collect],
        cache_logger_on_first_use=False,
    )
    opened().empty()
    kept = random.getstate()
    random.seed(world.plan.seed)
    try:
        with (
            patch.multiple(
                term, utc_now=world.clock, Jobs=SimulatedJobs, Chat=Hands, introduce=nothing, Members=_Members
            ),
        ):
            yield
    finally:
        random.setstate(kept)
        structlog.configure(**before)


class _Members:
    """Nobody leads a group."""

    def __init__(self, _: object) -> None:
        pass

    async def is_admin(self, chat_id: int, person_id: int) -> bool:
        """No."""
        return False

    async def is_member(self, chat_id: int, person_id: int) -> bool:
        """No."""
        return False

    async def first_name_of(self, chat_id: int, person_id: int) -> str | None:
        """Not told."""
        return None
