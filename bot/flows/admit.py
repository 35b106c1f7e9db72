"""The gate: who is staff, which ids somebody may ask for (ACCESS), and who has guessed too often. Every ask goes
through it."""

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Final

from bot.core.access import Access, may_ask, waits_until
from bot.core.alerts import AlertGuessing
from bot.core.facts import AskedTooOften, NotAllowed, NotFound
from bot.core.watch import Place
from bot.flows.announce import Operators, alert_operators
from bot.flows.asker import Asker
from bot.storage import chats, guesses, staff as listed_staff, watches
from bot.storage.engine import Database, Tx

_REMEMBERED: Final = 64
_AT_FIRST: Final = (0.15, 0.6)
"""Seconds between which a refusal waits before there has been any look to copy."""
_TELL_WITHIN: Final = 5.0
"""Seconds that Telegram may take to say who is a member."""


class Staff:
    """Who sees everything: STAFF_USER_IDS, the owner, and whoever is a member of a team group right now."""

    def __init__(
        self, configured: frozenset[int], database: Database, is_member: Callable[[int, int], Awaitable[bool]]
    ) -> None:
        """`is_member` asks Telegram whether a person (second) is in a group (first)."""
        self._configured = configured
        self._database = database
        self._is_member = is_member
        self._told: dict[tuple[int, int], bool] = {}

    async def knows(self, person_id: int | None, *, update_id: int | None = None) -> bool:
        """Whether a person is staff; where it is not known who it is, or Telegram can't say, no.

        Never to be called within a transaction, as it may ask Telegram: each team group at most once an update.
        """
        if person_id is None or person_id in self._configured:
            return person_id is not None
        async with self._database.begin() as tx:
            if await listed_staff.includes(tx, person_id):
                return True
            teams = await chats.teams(tx)
        if not teams or update_id is None:
            return await self._is_in_one(teams, person_id)
        about = (update_id, person_id)
        if about not in self._told:
            self._told[about] = await self._is_in_one(teams, person_id)
            # An update is handled within moments, so what was told of the oldest is of no more use.
            while len(self._told) > _REMEMBERED:
                del self._told[next(iter(self._told))]
        return self._told[about]

    async def _is_in_one(self, teams: Iterable[int], person_id: int) -> bool:
        return any(await asyncio.gather(*(self._is_in(team, person_id) for team in teams)))

    async def _is_in(self, team: int, person_id: int) -> bool:
        try:
            async with asyncio.timeout(_TELL_WITHIN):
                return await self._is_member(team, person_id)
        except TimeoutError:
            return False


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
        database: Database,
        access: Access,
        staff: Staff,
        latencies: Latencies,
        *,
        operators: Operators,
        clock: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._database = database
        self._access = access
        self._staff = staff
        self._latencies = latencies
        self._operators = operators
        self._clock = clock
        self._sleep = sleep

    async def recognised(self, asker: Asker) -> Asker:
        """The asker, with whether it is staff. Not within a transaction (`Staff.knows`)."""
        return replace(asker, is_staff=await self._staff.knows(asker.person_id, update_id=asker.update_id))

    async def refused(self, asker: Asker, payment_ids: Iterable[str] = ()) -> frozenset[str] | AskedTooOften:
        """Those of the ids that may not be asked for, or that none may for a while. In a group the person counts."""
        refused = await self._database.share(
            lambda tx: self._refused_to_strangers(tx, asker.person_id, asker.place, payment_ids)
        )
        # Most may do what they want to do: Telegram is asked only about the others.
        return frozenset() if refused and (await self.recognised(asker)).is_staff else refused

    async def _refused_to_strangers(
        self, tx: Tx, person_id: int | None, place: Place, payment_ids: Iterable[str]
    ) -> frozenset[str] | AskedTooOften:
        now = self._clock()
        until = waits_until(await guesses.of(tx, _guesser(person_id, place), now))
        if until is not None and until > now:
            return AskedTooOften(until)
        if may_ask(self._access, is_staff=False, holds_link=False):
            return frozenset()
        return frozenset(
            [
                payment_id
                for payment_id in payment_ids
                if not may_ask(
                    self._access, is_staff=False, holds_link=await _holds_link(tx, person_id, place, payment_id)
                )
            ]
        )

    async def note_unknown(self, tx: Tx, asker: Asker, payment_id: str) -> NotFound | NotAllowed:
        """A `recognised` asker asked for an id that is unknown or not theirs: what they are told. A stranger's guess
        is counted, and the operators hear of one guess too many."""
        if asker.is_staff:
            return NotFound(payment_id)
        await self.note_miss(tx, asker, payment_id)
        # Where not everybody may ask, whether an id exists is nothing for strangers.
        return NotFound(payment_id) if self._access is Access.OPEN else NotAllowed(payment_id)

    async def note_miss(self, tx: Tx, asker: Asker, guess: str) -> None:
        """A stranger tried what opens nothing: an id, or a link. Staff's misses don't count."""
        if asker.is_staff:
            return
        now, who = self._clock(), _guesser(asker.person_id, asker.place)
        await guesses.note(tx, who, guess, now)
        if waits_until(await guesses.of(tx, who, now)) is not None:
            await alert_operators(tx, AlertGuessing(who), now, self._operators)

    async def linger(self) -> None:
        """Takes the time of a look, without one."""
        await self._sleep(self._latencies.draw())


def _guesser(person_id: int | None, place: Place) -> int:
    """Whose guesses are counted together: a person's, else those of the chat that an anonymous one writes in."""
    return place.chat_id if person_id is None else person_id


async def _holds_link(tx: Tx, person_id: int | None, place: Place, payment_id: str) -> bool:
    """Whether the payment was opened to this person: their own private chat has been shown it."""
    return person_id == place.chat_id and await watches.at(tx, payment_id, place) is not None
