"""The composition root: builds each part once, starts them in order, stops them in order.

Start: HTTP → database → Telegram → lease → work. Stop: receiving → jobs → what is under way → HTTP → database.
"""

import asyncio
import contextlib
import signal
import socket
import uuid
from collections.abc import Mapping
from typing import TextIO

import structlog
from starlette.routing import Route

from bot import __version__
from bot.core.readiness import Parts as Condition, ProviderState
from bot.flows.accept import Accept
from bot.flows.admit import Latencies
from bot.flows.own import new_owner_link, owner_is_missing
from bot.flows.take_in import TakeIn
from bot.kiriminaja.client import KiriminAja
from bot.kiriminaja.pace import Pace as ProviderPace
from bot.logs import Lasting
from bot.messenger.account import OutOfReach, TokenRefused, close_account, learn_name, open_account
from bot.messenger.sender import Sender
from bot.messenger.updates import Updates
from bot.metrics import Metrics
from bot.pictures import CardPainter
from bot.settings import Settings
from bot.shell.owner import owner_text
from bot.storage.depths import depths
from bot.storage.engine import Database, DatabaseError, is_out_of_reach
from bot.storage.lease import Lease
from bot.storage.mounts import expect_own_disk
from bot.storage.notify import Bell
from bot.term import Parts, Term, begin_term, utc_now
from bot.web import health, kiriminaja, metrics, telegram
from bot.web.listening import CannotListen
from bot.web.server import Web
from bot.words.words import Shop, Words


class StartError(Exception):
    """The process cannot do its work as it is set up; the text is one line with the mend."""


class App:
    """One process of `paybot run`."""

    def __init__(self, settings: Settings, *, terminal: TextIO | None = None) -> None:
        """`terminal`: where an operator reads along, if anywhere."""
        self._settings = settings
        self._terminal = terminal
        self._log = structlog.get_logger("app")
        self._database = Database(settings.database_url)
        self._lease = Lease(self._database, f"{socket.gethostname()[:40]}:{uuid.uuid4().hex[:12]}")
        token = settings.telegram_bot_token.get_secret_value()
        self._bot = open_account(settings.telegram_api_url, token)
        self._updates = Updates(settings.telegram_api_url, token)
        self._latencies = Latencies()
        self._provider_state = ProviderState()
        self._metrics = Metrics(__version__)
        self._provider = KiriminAja(
            settings.kiriminaja_api_key.get_secret_value(),
            settings.kiriminaja_express_url,
            settings.kiriminaja_instant_url,
            pace=ProviderPace(settings.poll_budget),
            observe=self._note_call,
            first_probe=settings.poll_first,
        )
        self._parts = Parts(
            settings,
            self._database,
            self._lease,
            self._bot,
            self._updates,
            self._provider,
            self._latencies,
            Words(shop=Shop(settings.shop_name, settings.shop_contact), zone=settings.timezone),
            CardPainter(),
            Sender(self._bot),
            self._metrics,
            TakeIn(self._database, clock=utc_now, wake=lambda: self._wake(Bell.HANDLE), metrics=self._metrics),
        )
        self._web = Web(settings.http_host, settings.http_port, self._routes())
        self._database_open = self._telegram_answered = self._standby = False
        self._term: Term | None = None

    async def run(self) -> None:
        """Runs until SIGTERM or SIGINT. Raises `StartError` where the set-up has to be mended first."""
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for signal_number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(signal_number, stop.set)
        work = asyncio.create_task(self._work(), name="work")
        stopping = asyncio.create_task(stop.wait(), name="stop")
        try:
            await asyncio.wait([work, stopping], return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
            work.cancel()
            await asyncio.gather(stopping, work, return_exceptions=True)
            await self._close()
        if not work.cancelled() and (error := work.exception()):
            raise error

    async def _work(self) -> None:
        try:
            await self._web.start()
        except CannotListen as error:
            raise StartError(str(error)) from None
        self._log.info("listening", host=self._settings.http_host, port=self._web.port, version=__version__)
        await asyncio.gather(self._open_database(), self._meet_telegram())
        await self._look_for_owner()
        self._log.info("ready", sandbox=self._settings.is_sandbox)
        try:
            while True:
                try:
                    await self._hold_lease()
                except Exception as error:
                    if not is_out_of_reach(error):
                        raise
                    self._database.trouble.note(error)
                    with contextlib.suppress(Exception):
                        await self._lease.disconnect()
                await asyncio.sleep(0.5)
        finally:
            await self._end_term()

    async def _look_for_owner(self) -> None:
        """Where nobody is staff yet, whoever has started us at a terminal may become owner: past the log, which others
        read."""
        if self._terminal is None or self._settings.staff_user_ids:
            return
        try:
            if not await owner_is_missing(self._database):
                return
            url = await new_owner_link(self._database, self._bot.username, utc_now())
        except Exception as error:
            if not is_out_of_reach(error):
                raise
            self._log.warning("no link for the owner: `paybot owner` prints one", problem=type(error).__name__)
            return
        self._terminal.write(owner_text(url) + "\n")
        self._terminal.flush()

    async def _hold_lease(self) -> None:
        """One round: take the lease where it is free, keep it where it is ours, let go where it is not."""
        if not self._lease.held:
            await self._end_term()
            self._standby = not await self._lease.take()
            self._database.trouble.is_over()
            if self._standby:
                return
            self._log.info("lease taken", token=self._lease.token)
        while self._lease.held:
            if self._term and (error := self._term.failure):
                self._log.error("work failed, begun anew", problem=type(error).__name__, exc_info=error)
                await self._end_term()
            if self._term is None:
                # Never a holder that does no work: nobody else can, meanwhile.
                self._term = await begin_term(self._parts)
            await self._lease.until_renewal()
            if not await self._lease.renew():
                break
        self._log.warning("lease lost")
        await self._end_term()

    def _routes(self) -> list[Route]:
        """All doors of the HTTP side; `/telegram` also while we poll, as what comes from before that is ours, too."""
        settings = self._settings
        accept = Accept(
            self._database,
            forwards=settings.callback_forward_url is not None,
            clock=utc_now,
            wake=lambda: self._wake(Bell.HEAR),
            metrics=self._metrics,
        )
        return [
            *health.routes(self._readiness),
            *metrics.routes(self._exposition),
            *kiriminaja.routes(settings.kiriminaja_api_key.get_secret_value(), accept),
            *telegram.routes(settings.webhook_secret, self._parts.take_in),
        ]

    def _wake(self, bell: Bell) -> None:
        """Sets the work going that somebody left us, where this process does it."""
        if self._term is not None:
            self._term.jobs.wake(bell)

    async def _open_database(self) -> None:
        try:
            if path := self._database.path:
                expect_own_disk(path)
            await self._database.open_patiently()
        except DatabaseError as error:
            raise StartError(str(error)) from None
        self._database_open = True

    async def _meet_telegram(self) -> None:
        """Waits for Telegram to answer; what it refuses is the operator's to mend."""
        pause, trouble = 0.2, Lasting(self._log, "Telegram out of reach", "Telegram back")
        while not self._telegram_answered:
            try:
                await learn_name(self._bot)
                self._telegram_answered = True
                trouble.is_over()
            except TokenRefused as error:
                raise StartError(str(error)) from None
            except OutOfReach as error:
                trouble.note(str(error))
                await asyncio.sleep(pause)
                pause = min(pause * 2, 10)

    async def _end_term(self) -> None:
        term, self._term = self._term, None
        if term is not None:
            await term.end()

    async def _close(self) -> None:
        await self._web.stop()
        for closing in (self._provider.aclose, self._updates.close, lambda: close_account(self._bot)):
            with contextlib.suppress(Exception):
                await closing()
        with contextlib.suppress(Exception):
            await self._lease.release()
        await self._database.close()
        self._log.info("stopped")

    def _note_call(self, endpoint: str, outcome: str, seconds: float) -> None:
        self._latencies.note(seconds)
        self._provider_state.note(outcome, utc_now())
        self._metrics.note_call(endpoint, outcome, seconds)

    async def _exposition(self) -> bytes:
        """The metrics; without those of the database where it is out of reach."""
        ready, _ = await self._readiness()
        counted = None
        if self._database_open:
            with contextlib.suppress(Exception):
                async with asyncio.timeout(2), self._database.begin() as tx:
                    counted = await depths(tx, utc_now())
        return self._metrics.show(
            ready=ready,
            holds_lease=self._lease.held,
            payments=counted.payments if counted else None,
            outbox=counted.outbox if counted else None,
            held_back=self._provider.sides.state(),
        )

    async def _readiness(self) -> tuple[bool, Mapping[str, str]]:
        now, term = utc_now(), self._term
        migrated = await self._database.is_current() if self._database_open else None
        trouble = self._database.trouble.problem
        condition = Condition(
            version=__version__,
            database=migrated is not None and trouble is None,
            trouble=trouble,
            migrated=migrated,
            telegram=self._telegram_answered,
            works=term is not None,
            standby=self._standby and term is None,
            updates=term is not None and term.source.is_fresh(now),
            no_updates_for=term.source.problem if term else None,
            jobs=term is not None and term.jobs.are_fresh(now),
            kiriminaja=str(self._provider_state),
            last_failed_push=term.source.last_failed_push if term else None,
        )
        return condition.are_ready, condition.told()
