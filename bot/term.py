"""The work of a process while it holds the lease: receiving, handling, looking, delivering; built anew each time."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from bot.chat.handlers import Chat, Flows
from bot.core.access import Access
from bot.core.cadence import Cadence
from bot.flows.admit import Admit, Latencies, Staff
from bot.flows.announce import Operators
from bot.flows.ask import Ask
from bot.flows.choose_language import ChooseLanguage
from bot.flows.come_and_go import ComeAndGo
from bot.flows.deliver import Deliver
from bot.flows.introduce import introduce
from bot.flows.keep import Keep
from bot.flows.lead import Leads
from bot.flows.look import Look
from bot.flows.outages import Outages
from bot.flows.pay_for import PayFor
from bot.flows.press import AnswerPress
from bot.flows.receive import Handle, Poll
from bot.flows.render import Renderer
from bot.flows.reveal import Reveal
from bot.flows.stop import StopWatches
from bot.flows.switch_alerts import SwitchAlerts
from bot.jobs import Jobs
from bot.kiriminaja.client import KiriminAja
from bot.messenger.account import Account
from bot.messenger.names import Names
from bot.messenger.pace import Pace
from bot.messenger.sender import Sender
from bot.messenger.updates import Updates
from bot.pictures import CardPainter
from bot.settings import Settings
from bot.storage.engine import Database
from bot.storage.lease import Lease
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


@dataclass(slots=True)
class Term:
    """What was built for one holding of the lease."""

    jobs: Jobs
    poll: Poll
    handle: Handle
    look: Look
    deliver: Deliver
    chat: Chat
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def end(self) -> None:
        """Stops receiving, then jobs, then what is under way."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self.jobs.stop()
        await asyncio.gather(
            self.handle.drain(DRAIN_SECONDS), self.look.drain(DRAIN_SECONDS), self.deliver.drain(DRAIN_SECONDS)
        )


async def begin_term(parts: Parts) -> Term:
    """Builds all that works while the lease is held, and sets it going."""
    settings, clock = parts.settings, utc_now
    operators = Operators(settings.ops_chat_ids, settings.locale)
    staff = Staff(settings.staff_user_ids)
    jobs = Jobs(clock)

    def wake_all() -> None:
        jobs.wake("look")
        jobs.wake("deliver")

    names = Names(parts.bot)
    look = Look(
        parts.database,
        parts.provider,
        cadence=Cadence(timedelta(seconds=settings.poll_first), settings.poll_budget),
        test_codes=settings.is_sandbox,
        operators=operators,
        outages=Outages(operators),
        clock=clock,
        wake_deliver=lambda: jobs.wake("deliver"),
    )
    deliver = Deliver(
        parts.database,
        parts.sender,
        Renderer(
            parts.words,
            parts.painter,
            Reveal(parts.database, parts.provider, staff),
            names=names,
            operators=operators,
        ),
        lease=parts.lease,
        pace=Pace(),
        operators=operators,
        clock=clock,
    )
    ask = Ask(
        parts.database,
        parts.provider,
        look,
        admit=Admit(Access(settings.access), staff, parts.latencies, operators=operators, clock=clock),
        sender=parts.sender,
        watch_time=settings.watch_time,
        operators=operators,
        clock=clock,
        wake=wake_all,
    )
    switch_alerts = SwitchAlerts(
        parts.database, ask, staff, operators=operators, clock=clock, wake=lambda: jobs.wake("deliver")
    )
    pay_for = PayFor(parts.database, names, clock=clock, wake=lambda: jobs.wake("deliver"))
    press = AnswerPress(
        parts.database,
        parts.sender,
        parts.words,
        look,
        ask,
        switch_alerts=switch_alerts,
        pay_for=pay_for,
        staff=settings.staff_user_ids,
        clock=clock,
        wake=wake_all,
    )
    leads = Leads(parts.database, parts.sender, staff)
    flows = Flows(
        ask,
        press,
        StopWatches(parts.database, ask, leads, clock=clock, wake=wake_all),
        ChooseLanguage(parts.database, ask, leads),
        ComeAndGo(parts.database, locale=settings.locale, clock=clock, wake=wake_all),
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
    poll = Poll(
        parts.database,
        parts.updates,
        operators=operators,
        clock=clock,
        wake=lambda: jobs.wake("handle"),
        wake_deliver=lambda: jobs.wake("deliver"),
    )
    jobs.add("handle", handle.run_due)
    jobs.add("look", look.run_due)
    jobs.add("deliver", deliver.run_due)
    jobs.add("lapse", pay_for.run_due)
    jobs.add("purge", Keep(parts.database, clock=clock).run_due, longest_pause=timedelta(hours=1))
    await chat.start()
    jobs.start()
    term = Term(jobs, poll, handle, look, deliver, chat)
    term.tasks = [
        asyncio.create_task(poll.run(), name="poll"),
        asyncio.create_task(introduce(parts.sender, parts.words), name="introduce"),
    ]
    return term
