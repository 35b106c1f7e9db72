"""The work of a process while it holds the lease: receiving, handling, looking, delivering; built anew each time."""

import asyncio
import gc
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from bot.chat.handlers import Chat, Flows
from bot.core.access import Access
from bot.core.cadence import Cadence
from bot.core.links import Handles
from bot.flows.admit import Admit, Latencies, Staff
from bot.flows.announce import Operators
from bot.flows.ask import Ask
from bot.flows.choose_language import ChooseLanguage
from bot.flows.come_and_go import ComeAndGo
from bot.flows.deliver import Deliver
from bot.flows.digest import TellDigest
from bot.flows.forward import PassOn
from bot.flows.guide import Guide
from bot.flows.hear import Hear
from bot.flows.introduce import introduce
from bot.flows.keep import Keep
from bot.flows.lead import Leads
from bot.flows.link import MakeLink
from bot.flows.link_buttons import LinkButtons
from bot.flows.look import Look
from bot.flows.open_link import OpenLink
from bot.flows.outages import Outages
from bot.flows.pay_for import PayFor
from bot.flows.press import AnswerPress
from bot.flows.pressed import Toasts
from bot.flows.receive import Handle, Poll
from bot.flows.register import Register
from bot.flows.render import Renderer
from bot.flows.report import Reports
from bot.flows.reveal import Reveal
from bot.flows.stop import StopWatches
from bot.flows.switch_alerts import SwitchAlerts
from bot.flows.take_in import TakeIn
from bot.flows.team import SetTeam
from bot.flows.tell_totals import TellTotals
from bot.flows.track import Track
from bot.jobs import Jobs
from bot.kiriminaja.client import KiriminAja
from bot.kiriminaja.push import Push
from bot.messenger.account import Account
from bot.messenger.members import Members
from bot.messenger.pace import Pace
from bot.messenger.sender import Sender
from bot.messenger.updates import Updates
from bot.metrics import Metrics
from bot.pictures import CardPainter, ChartPainter
from bot.settings import Settings
from bot.storage.engine import Database
from bot.storage.lease import Lease
from bot.storage.notify import Bell, listen
from bot.web.telegram import PATH as WEBHOOK_PATH
from bot.words.words import Words

DRAIN_SECONDS: Final = 2.5
"""How long what is under way may take to end; a stop is over within five seconds."""


def utc_now() -> datetime:
    """The clock every part is handed."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Parts:
    """What lasts as long as the process."""

    settings: Settings
    database: Database
    lease: Lease
    bot: Account
    updates: Updates
    provider: KiriminAja
    latencies: Latencies
    words: Words
    painter: CardPainter
    sender: Sender
    metrics: Metrics
    take_in: TakeIn


@dataclass(slots=True)
class Term:
    """What was built for one holding of the lease."""

    jobs: Jobs
    source: Poll | Register
    handle: Handle
    look: Look
    deliver: Deliver
    pass_on: PassOn | None
    chat: Chat
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    @property
    def failure(self) -> BaseException | None:
        """What ended something that should go on until the end."""
        over = [task for task in self.tasks if task.done() and not task.cancelled()]
        return next(filter(None, (task.exception() for task in over)), None)

    async def end(self) -> None:
        """Stops receiving, then jobs, then what is under way."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self.jobs.stop()
        drains = [self.handle.drain, self.look.drain, self.deliver.drain]
        drains += [self.pass_on.drain] if self.pass_on else []
        await asyncio.gather(*(drain(DRAIN_SECONDS) for drain in drains))


async def begin_term(parts: Parts) -> Term:
    """Builds all that works while the lease is held, and sets it going."""
    settings, clock = parts.settings, utc_now
    operators = Operators(settings.ops_chat_ids, settings.locale)
    members = Members(parts.bot)
    staff = Staff(settings.staff_user_ids, parts.database, members.is_member)
    handles = Handles(settings.telegram_bot_token.get_secret_value().encode(), parts.bot.username)
    jobs = Jobs(clock)

    def wake_all() -> None:
        jobs.wake("look")
        jobs.wake("deliver")

    look = Look(
        parts.database,
        parts.provider,
        cadence=Cadence(timedelta(seconds=settings.poll_first), settings.poll_budget),
        test_codes=settings.is_sandbox,
        operators=operators,
        outages=Outages(operators, parts.provider.sides),
        clock=clock,
        wake_deliver=lambda: jobs.wake("deliver"),
        metrics=parts.metrics,
        may_write=lambda: parts.lease.held,
    )
    deliver = Deliver(
        parts.database,
        parts.sender,
        Renderer(
            parts.words,
            parts.painter,
            Reveal(parts.provider, staff),
            Reports(parts.words, ChartPainter(), members, staff, zone=settings.timezone),
            handles,
            members=members,
            operators=operators,
        ),
        lease=parts.lease,
        pace=Pace(),
        operators=operators,
        clock=clock,
        metrics=parts.metrics,
    )
    access = Access(settings.access)
    admit = Admit(parts.database, access, staff, parts.latencies, operators=operators, clock=clock)
    ask = Ask(
        parts.database,
        parts.provider,
        look,
        admit=admit,
        sender=parts.sender,
        watch_time=settings.watch_time,
        operators=operators,
        clock=clock,
        wake=wake_all,
    )
    leads = Leads(members, staff)
    toasts = Toasts(parts.database, parts.sender, parts.words, clock=clock, wake=wake_all)
    track = Track(parts.database, look, clock=clock)
    links = LinkButtons(parts.database, toasts, ask, staff, track, handles, clock=clock, wake=wake_all)
    switch_alerts = SwitchAlerts(
        parts.database, ask, staff, operators=operators, clock=clock, wake=lambda: jobs.wake("deliver")
    )
    pay_for = PayFor(parts.database, members, clock=clock, wake=lambda: jobs.wake("deliver"))
    press = AnswerPress(
        parts.database, toasts, look, ask, leads, links, switch_alerts, pay_for, clock=clock, wake=wake_all
    )
    flows = Flows(
        ask,
        press,
        StopWatches(parts.database, ask, leads, clock=clock, wake=wake_all),
        ChooseLanguage(parts.database, ask, leads),
        ComeAndGo(parts.database, locale=settings.locale, clock=clock, wake=wake_all),
        TellTotals(ask, staff, zone=settings.timezone, clock=clock),
        MakeLink(parts.database, parts.provider, ask, staff, handles, clock=clock, wake=wake_all),
        OpenLink(parts.database, ask, admit, track, clock=clock, wake=wake_all),
        SetTeam(parts.database, ask, staff, clock=clock, wake=wake_all),
        Guide(ask, staff),
        switch_alerts,
    )
    chat = Chat(
        parts.bot,
        flows,
        group_locale=settings.locale,
        telegram_time=lambda: parts.updates.telegram_time,
    )
    handle = Handle(
        parts.database,
        chat.handle,
        operators=operators,
        clock=clock,
        wake_deliver=lambda: jobs.wake("deliver"),
    )
    pass_on = _pass_on(parts, operators, jobs)
    jobs.add(Bell.HANDLE, handle.run_due)
    jobs.add(Bell.HEAR, Hear(parts.database, look, clock=clock, wake=wake_all).run_due)
    jobs.add("look", look.run_due)
    jobs.add("deliver", deliver.run_due)
    jobs.add("lapse", pay_for.run_due)
    jobs.add("purge", Keep(parts.database, clock=clock).run_due, longest_pause=timedelta(hours=1))
    digest = TellDigest(
        parts.database,
        operators=operators,
        zone=settings.timezone,
        clock=clock,
        wake_deliver=lambda: jobs.wake("deliver"),
    )
    jobs.add("digest", digest.run_due, longest_pause=timedelta(hours=1))
    if pass_on:
        jobs.add("forward", pass_on.run_due)
    await chat.start()
    jobs.start()
    source = _source(parts, operators, jobs)
    term = Term(jobs, source, handle, look, deliver, pass_on, chat)
    term.tasks = [
        asyncio.create_task(source.run(), name="receive"),
        asyncio.create_task(listen(parts.database, jobs.wake), name="listen"),
        asyncio.create_task(introduce(parts.sender, parts.words), name="introduce"),
    ]
    _leave_alone_what_stays()
    return term


def _leave_alone_what_stays() -> None:
    """The collector of cycles goes over what was made since, and not over all that was imported: that took a tenth of
    the CPU of an update. Cycles are few here, so it need not look so often either."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


def _source(parts: Parts, operators: Operators, jobs: Jobs) -> Poll | Register:
    """Where updates come from."""
    settings = parts.settings
    if settings.telegram_webhook_url is None:
        return Poll(
            parts.database,
            parts.updates,
            parts.take_in,
            operators=operators,
            clock=utc_now,
            wake_deliver=lambda: jobs.wake("deliver"),
            doubt=parts.lease.doubt,
        )
    url = settings.telegram_webhook_url + WEBHOOK_PATH
    return Register(parts.updates, url, settings.webhook_secret, clock=utc_now)


def _pass_on(parts: Parts, operators: Operators, jobs: Jobs) -> PassOn | None:
    settings = parts.settings
    if settings.callback_forward_url is None:
        return None
    return PassOn(
        parts.database,
        Push(settings.kiriminaja_api_key.get_secret_value()),
        settings.callback_forward_url,
        operators=operators,
        clock=utc_now,
        wake_deliver=lambda: jobs.wake("deliver"),
        metrics=parts.metrics,
    )
