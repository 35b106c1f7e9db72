"""What a world is made of."""

from dataclasses import dataclass
from typing import Final

from tests.simulation.provider import Bill


@dataclass(frozen=True, slots=True)
class Weather:
    """How often what goes wrong: shares of one."""

    refused: float = 0.0
    answer_lost: float = 0.0
    unsure: float = 0.0
    flood: float = 0.0
    too_old: float = 0.0
    fetch_failed: float = 0.0
    call_failed: float = 0.0
    slow: float = 0.0
    odd: float = 0.0
    disk: float = 0.0


CALM: Final = Weather()


@dataclass(frozen=True, slots=True)
class Span:
    """A time in which something is away; `how` as the provider has it."""

    begin: float
    end: float
    how: str = "down"

    def holds(self, now: float) -> bool:
        """Whether it is now."""
        return self.begin <= now < self.end


@dataclass(frozen=True, slots=True)
class Deed:
    """What a person does, at a second: `what` is a command, a button, or what happens to a chat."""

    at: float
    chat: int
    what: str
    about: str = ""
    topic: int | None = None


@dataclass(slots=True)
class Plan:
    """What a world is made of; `tests.simulation.plan` makes it from a number."""

    seed: int
    bills: list[Bill]
    chats: list[tuple[int, int]]
    """Id and person."""
    deeds: list[Deed]
    pushes: list[tuple[float, str, str, int]]
    """Callbacks: when, about which payment, with which method and number."""
    weather: Weather
    provider_out: list[Span]
    telegram_out: list[Span]
    dies_at: list[int]
    """After how many steps each process dies; once used up, no more do."""
    down_for: list[float]
    freezes_at: tuple[int, float] | None
    heals_at: float
    """From then on nothing goes wrong any more."""
    ends_at: float
    watch_for: float
    poll_first: float
    poll_budget: float
