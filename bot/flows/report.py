"""Makes the shop's figures into what is sent: a picture with its caption, or a month as a file.

Counted at delivery, from the ledger. Who said they would pay is named only to those who may know it: staff in private,
and the very group it was said in.
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

import structlog

from bot.core import recap
from bot.core.chart import Chart
from bot.core.message import Message
from bot.core.recap import PayerAt, payer_of
from bot.core.totals import Entry, Recap, Report, Totals, figures_of, since, totals_of
from bot.core.watch import Place
from bot.flows.admit import Staff
from bot.messenger.members import Members
from bot.pictures import ChartPainter
from bot.storage import ledger
from bot.storage.engine import Tx
from bot.storage.outbox import Outgoing
from bot.words.words import Words

WITHIN: Final = 5.0
"""Seconds that a file may be held up for names."""
_NAMED: Final = 50
_AT_ONCE: Final = 8


@dataclass(frozen=True, slots=True)
class PictureMessage:
    """A picture of figures and its caption."""

    message: Message
    strings: Chart
    png: bytes = b""


@dataclass(frozen=True, slots=True)
class DocumentMessage:
    """A month's file and its caption."""

    message: Message
    name: str
    entries: tuple[Entry, ...]
    place: Place
    content: bytes = b""


class Reports:
    """Counts within a transaction; draws, writes and asks for names outside of it."""

    def __init__(self, words: Words, painter: ChartPainter, members: Members, staff: Staff, *, zone: ZoneInfo) -> None:
        self._words = words
        self._painter = painter
        self._members = members
        self._staff = staff
        self._zone = zone
        self._log = structlog.get_logger("report")

    async def gather(
        self, tx: Tx, row: Outgoing, fact: Report, now: datetime
    ) -> Message | PictureMessage | DocumentMessage:
        """The figures a fact asks for; a plain message where there is nothing to draw or to write."""
        if isinstance(fact, Recap):
            return await self._recap(tx, row, fact, now)
        entries = await ledger.since(tx, since(fact.as_of, self._zone))
        # In a thread, as the file below: a busy shop's month takes a tenth of a second.
        totals = await asyncio.to_thread(totals_of, entries, fact.as_of, self._zone)
        message = self._words.notice(fact, row.locale, totals=totals, now=now)
        strings = self._words.chart(fact.as_of, row.locale, totals, now=now)
        return PictureMessage(message, strings) if strings else message

    async def draw(self, rendered: PictureMessage | DocumentMessage) -> PictureMessage | DocumentMessage:
        """The same with its bytes."""
        if isinstance(rendered, PictureMessage):
            png = await asyncio.to_thread(self._painter.draw, rendered.strings)
            return replace(rendered, png=png)
        names = await self._names(await self._nameable(rendered.place, rendered.entries))
        return replace(rendered, content=await asyncio.to_thread(recap.as_csv, rendered.entries, self._zone, names))

    async def _recap(self, tx: Tx, row: Outgoing, fact: Recap, now: datetime) -> Message | DocumentMessage:
        month = fact.begins_at.astimezone(self._zone).date()
        entries = await ledger.between(tx, *recap.span_of(month, self._zone))
        paid = [entry for entry in entries if entry.paid_at is not None]
        totals = Totals(month=figures_of([entry for entry in entries if entry.paid_at is None], paid))
        message = self._words.notice(fact, row.locale, totals=totals, now=now)
        if not entries:
            return message
        return DocumentMessage(message, _file_name(month), tuple(entries), row.place)

    async def _nameable(self, place: Place, entries: Iterable[Entry]) -> frozenset[PayerAt]:
        """Those that may be named here."""
        payers = frozenset(filter(None, map(payer_of, entries)))
        # A private chat has its person's number.
        if payers and place.chat_id > 0 and await self._staff.knows(place.chat_id):
            return payers
        return frozenset(payer for payer in payers if payer[0] == place.chat_id)

    async def _names(self, payers: frozenset[PayerAt]) -> Mapping[PayerAt, str]:
        """What Telegram calls them now, as far as it says so in time."""
        names: dict[PayerAt, str] = {}
        at_once = asyncio.Semaphore(_AT_ONCE)

        async def ask(payer: PayerAt) -> None:
            async with at_once:
                if name := await self._members.name_of(*payer):
                    names[payer] = name

        try:
            async with asyncio.timeout(WITHIN):
                await asyncio.gather(*map(ask, sorted(payers)[:_NAMED]))
        except Exception as error:  # a file does not fail for a name
            self._log.info("payers not named", problem=type(error).__name__)
        return names


def _file_name(month: date) -> str:
    return f"paybot-{month:%Y-%m}.csv"
