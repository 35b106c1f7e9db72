"""The gate: which ids somebody may ask for (ACCESS), and who has guessed too often. Every ask goes through it."""

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from typing import Final

from bot.core.access import Access, may_ask, waits_until
from bot.core.facts import AlertGuessing, AskedTooOften, NotAllowed, NotFound
from bot.core.watch import Place
from bot.flows.announce import Operators, alert_operators
from bot.storage import guesses, watches
from bot.storage.engine import Tx

_REMEMBERED: Final = 64
_AT_FIRST: Final = (0.15, 0.6)
"""Seconds between which a refusal waits before there has been any look to copy."""


class Staff:
    """Who sees everything: STAFF_USER_IDS."""

    def __init__(self, configured: frozenset[int]) -> None:
        self._configured = configured

    async def includes(self, _tx: Tx, person_id: int | None) -> bool:
        """Whether a person is staff; where it is not known who it is, no."""
        return person_id in self._configured


class Latencies:
    """How long KiriminAja took of late, so that a refusal takes as long as an answer would."""

    def __init__(self) -> None:
        self._seconds: deque[float] = deque(maxlen=_REMEMBERED)

    def note(self, seconds: float) -> None:
        """A call took that long."""
        self._seconds.append(seconds)

    def draw(self) -> float:
        """One of them, in seconds."""
        return random.choice(self._seconds) if self._seconds else random.uniform(*_AT_FIRST)  # noqa: S311  # no secret


class Admit:
    """Says who may ask, and counts what strangers tried in vain."""

    def __init__(
        self,
        access: Access,
        staff: Staff,
        latencies: Latencies,
        *,
        operators: Operators,
        clock: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._access = access
        self._staff = staff
        self._latencies = latencies
        self._operators = operators
        self._clock = clock
        self._sleep = sleep

    async def refused(
        self, tx: Tx, person_id: int | None, place: Place, payment_ids: Iterable[str]
    ) -> frozenset[str] | AskedTooOften:
        """Those of the ids that may not be asked for, or that none may for a while. In a group the person counts."""
        if await self._staff.includes(tx, person_id):
            return frozenset()
        now = self._clock()
        until = waits_until(await guesses.of(tx, _guesser(person_id, place), now))
        if until is not None and until > now:
            return AskedTooOften(until)
        return frozenset(
            [
                payment_id
                for payment_id in payment_ids
                if not may_ask(
                    self._access, is_staff=False, holds_link=await _holds_link(tx, person_id, place, payment_id)
                )
            ]
        )

    async def note_unknown(
        self, tx: Tx, person_id: int | None, place: Place, payment_id: str
    ) -> NotFound | NotAllowed:
        """Somebody asked for an id that is unknown or not theirs: what they are told. A stranger's guess is counted,
        and the operators hear of one guess too many."""
        if await self._staff.includes(tx, person_id):
            return NotFound(payment_id)
        now, who = self._clock(), _guesser(person_id, place)
        await guesses.note(tx, who, payment_id, now)
        if waits_until(await guesses.of(tx, who, now)) is not None:
            await alert_operators(tx, AlertGuessing(who), now, self._operators)
        # Where not everybody may ask, whether an id exists is nothing for strangers.
        return NotFound(payment_id) if self._access is Access.OPEN else NotAllowed(payment_id)

    async def linger(self) -> None:
        """Takes the time of a look, without one."""
        await self._sleep(self._latencies.draw())


def _guesser(person_id: int | None, place: Place) -> int:
    """Whose guesses are counted together: a person's, else those of the chat that an anonymous one writes in."""
    return place.chat_id if person_id is None else person_id


async def _holds_link(tx: Tx, person_id: int | None, place: Place, payment_id: str) -> bool:
    """Whether the payment was opened to this person: their own private chat has been shown it."""
    return person_id == place.chat_id and await watches.at(tx, payment_id, place) is not None
