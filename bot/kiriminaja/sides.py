"""KiriminAja's sides, Express and Instant: each fares by itself, so that one that is down does not stop the other.

A side is held back while its breaker is open, and all are in a pause after a 429 that is too long to wait out: plain
looks stay where they are. A person's ask goes out all the same.
"""

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bot.core.answer import Answer, Missing, Refused, Statement, Unwell
from bot.core.ids import Kind
from bot.kiriminaja.breaker import FIRST_PROBE, Breaker
from bot.kiriminaja.pace import PATIENCE, Pace

HELD_BACK: Final = Unwell("held_back")
"""What a plain look gets that was not made."""


class Side(StrEnum):
    """A host of KiriminAja; a metric's label."""

    EXPRESS = "express"
    INSTANT = "instant"


@dataclass(frozen=True, slots=True)
class Held:
    """A side to which no plain looks go for now."""

    side: Side
    troubled_for: float
    """Seconds since the first call in a row that it did not answer; 0 in a mere pause."""
    problem: str
    """Why, as the last call ended: for the log."""
    wait: float
    """Seconds until a probe may go out, or the pause is over."""
    probes: bool
    """Whether a single look may find out that it answers again; else it takes but time."""


class Sides:
    """How each side fares, by the calls this process made. Of no use but to spare calls: nothing depends on it."""

    def __init__(
        self,
        pace: Pace,
        *,
        has_instant: bool,
        first_probe: float = FIRST_PROBE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`has_instant`: whether Instant has a host of its own. `first_probe` in seconds."""
        self._pace = pace
        self._problems: dict[Side, str] = {}
        self._breakers = {Side.EXPRESS: Breaker(first_probe=first_probe, clock=clock)}
        if has_instant:
            self._breakers[Side.INSTANT] = Breaker(first_probe=first_probe, clock=clock)

    @property
    def all(self) -> Collection[Side]:
        """The hosts there are."""
        return self._breakers.keys()

    def side_of(self, kind: Kind | None) -> Side:
        """Which side is asked about a kind of payment; an unknown kind is asked for at Express first."""
        return Side.INSTANT if kind is Kind.INSTANT and Side.INSTANT in self._breakers else Side.EXPRESS

    def kinds_of(self, side: Side) -> frozenset[Kind | None]:
        """The kinds of payments a side is asked about."""
        return frozenset(kind for kind in (*Kind, None) if self.side_of(kind) is side)

    def note(self, side: Side, answer: Answer) -> None:
        """Takes in how a look ended. A 429 is the pace's business: the side lives."""
        match answer:
            case Statement() | Missing():
                self._breakers[side].answered()
            case Refused():
                self._breakers[side].failed(refused=True)
                self._problems[side] = "the key is refused"
            case Unwell() if answer != HELD_BACK:
                self._breakers[side].failed()
                self._problems[side] = answer.reason

    def is_held(self, kind: Kind | None) -> bool:
        """Whether a plain look at such a payment is better not made now."""
        return self._breakers[self.side_of(kind)].is_open or self._pace.paused_for > PATIENCE

    def state(self) -> Mapping[str, bool]:
        """Whether each side is held back."""
        held = {one.side for one in self.held()}
        return {side: side in held for side in self._breakers}

    def held(self) -> tuple[Held, ...]:
        """The sides that are held back now."""
        pause = self._pace.paused_for
        paused = pause > PATIENCE
        return tuple(
            Held(
                side,
                breaker.failing_for if breaker.is_open else 0.0,
                self._problems.get(side, "") if breaker.is_open else "asked too often",
                pause if paused else max(pause, breaker.probe_in),
                probes=not paused,
            )
            for side, breaker in self._breakers.items()
            if paused or breaker.is_open
        )

    def begin_probe(self, side: Side) -> None:
        """A look goes out to see whether a side answers again."""
        self._breakers[side].begin_probe()
