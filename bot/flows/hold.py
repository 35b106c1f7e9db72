"""While KiriminAja, or one side of it, does not answer: the looks that are due wait, and single probes find out when
it answers again.

What waits stands in the database, with since when; that it waits is known to this process alone. One that is started
meanwhile finds out by some looks of its own.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from bot.core.ids import Kind
from bot.flows.outages import Outages
from bot.kiriminaja.sides import Held, Side, Sides
from bot.storage import outages as rows
from bot.storage.engine import Tx
from bot.storage.payments import Due

_SHARE: Final = 0.8
"""How much of the call budget goes to what waited; the rest is for what comes due anew."""


@dataclass(frozen=True, slots=True)
class Holding:
    """What is held back at a moment."""

    sides: frozenset[Side]
    kinds: frozenset[Kind | None] | None
    """The kinds that are looked at as ever; None for all."""
    probes: tuple[tuple[Side, Due], ...]
    """Looks to make now, to see whether a side answers again."""
    next_at: datetime | None
    """When there is something to do again about what is held back."""
    has_alert: bool


class Hold:
    """Follows which sides are held back, and notes with their payments when that begins and ends."""

    def __init__(self, sides: Sides, outages: Outages, budget: float) -> None:
        """`budget`: calls a second."""
        self._sides = sides
        self._outages = outages
        self._apart = timedelta(seconds=1 / (_SHARE * budget))
        self._noted: frozenset[Side] = frozenset()
        self._log = structlog.get_logger("hold")

    async def round(self, tx: Tx, now: datetime, *, free: int, busy: Collection[str]) -> Holding:
        """Writes what changed; `free` says how many looks may be begun, `busy` which are under way.

        Once the transaction is through, `took_place` is to be told.
        """
        held = self._sides.held()
        over = self._noted - {one.side for one in held}
        for side in over:
            self._outages.note_released(side, await rows.release(tx, self._sides.kinds_of(side), now, self._apart))
        for one in held:
            if one.side not in self._noted:
                since = now - timedelta(seconds=one.troubled_for)
                await rows.note_trouble(tx, self._sides.kinds_of(one.side), since)
        if not held:
            return Holding(frozenset(), None, (), None, has_alert=False)
        probes = [(one.side, due) for one in held[:free] if (due := await self._probe(tx, one, busy))]
        waits = [one.wait for one in held if one.wait > 0]
        return Holding(
            frozenset(one.side for one in held),
            frozenset((*Kind, None)).difference(*(self._sides.kinds_of(one.side) for one in held)),
            tuple(probes),
            now + timedelta(seconds=min(waits)) if waits else None,
            await self._outages.go_on(tx, now),
        )

    def took_place(self, holding: Holding) -> None:
        """The transaction of a round is through, and its probes are on their way."""
        for side, _ in holding.probes:
            self._sides.begin_probe(side)
        if holding.sides != self._noted:
            problems = {one.side: one.problem for one in self._sides.held()}
            sides = {side.value: problems.get(side, "") for side in sorted(holding.sides)}
            self._log.warning("looks held back" if sides else "looks go on", sides=sides or None)
        self._noted = holding.sides

    async def _probe(self, tx: Tx, held: Held, busy: Collection[str]) -> Due | None:
        return await rows.probe(tx, self._sides.kinds_of(held.side), busy) if held.probes and not held.wait else None
