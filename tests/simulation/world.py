"""A world: what happens in it by itself, the process that lives in it, and all that is told there."""

import asyncio
import random
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from bot.core.answer import Answer, Refused, Throttled, Unwell
from bot.core.message import Action, ActionButton
from tests.simulation.messenger import SUPERGROUPS, Chat, Messenger
from tests.simulation.planned import Deed, Plan
from tests.simulation.process import Process
from tests.simulation.provider import Provider, callback_about

BEGAN: Final = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
OPS: Final = -90
TAKEN_OVER_AFTER: Final = 11.0
"""Seconds after which another process takes the work over from one that froze: the lease's ten, and a bit."""


def moment(seconds: float) -> datetime:
    """A second of the world as a time of day."""
    return BEGAN + timedelta(seconds=seconds)


@dataclass(frozen=True, slots=True)
class Violation:
    """A promise that was broken."""

    promise: str
    how: str


@dataclass(slots=True)
class Asked:
    """A command somebody wrote."""

    at: float
    chat: int
    topic: int | None
    update: int
    command: str
    payments: tuple[str, ...]


class World:
    """One world, run once."""

    def __init__(
        self, plan: Plan, loop: asyncio.AbstractEventLoop, live: Callable[["Process"], Coroutine[Any, Any, None]]
    ) -> None:
        """`live` is what a process does."""
        self.plan = plan
        self._live = live
        self._loop = loop
        self.chance = random.Random(plan.seed)
        self.weather = plan.weather
        self.history: list[tuple[float, str, str]] = []
        self.violations: list[Violation] = []
        self.asked: list[Asked] = []
        self.watch_asks: set[int] = set()
        """Updates that may begin a watch."""
        self.blocks: list[tuple[float, int, bool]] = []
        """When which chat blocked the bot (True) or took it back."""
        self.kills: list[tuple[float, float]] = []
        """When a process died or froze, and when work went on."""
        self.floods: list[tuple[float, int]] = []
        self.lost_lease: set[int] = set()
        """Processes that froze for so long that another one took over."""
        self.messenger = Messenger(self)
        self.provider = Provider(self, plan.bills)
        for chat_id, person in [*plan.chats, (OPS, 9)]:
            self.messenger.add(chat_id, person)
        self._fates = list(plan.dies_at)
        self._pauses = list(plan.down_for)
        self._numbers = 0
        self.alive: list[Process] = []

    # --- time and chance ---

    @property
    def now(self) -> float:
        """Seconds since the beginning."""
        return self._loop.time()

    def clock(self) -> datetime:
        """What time it is."""
        return moment(self.now)

    def happens(self, share: float) -> bool:
        """Whether something does that happens so often."""
        return share > 0 and self.now < self.plan.heals_at and self.chance.random() < share

    def is_telegram_out(self) -> bool:
        """Whether nobody reaches Telegram."""
        return any(span.holds(self.now) for span in self.plan.telegram_out)

    def provider_trouble(self) -> Answer | None:
        """Why KiriminAja does not answer at all, if so."""
        for span in self.plan.provider_out:
            if span.holds(self.now):
                troubles: dict[str, Answer] = {
                    "down": Unwell("server_error"),
                    "refused": Refused(),
                    "throttled": Throttled(20.0),
                }
                return troubles[span.how]
        return None

    def telegram_latency(self) -> float:
        """Seconds a call takes."""
        return self.chance.choice((0.05, 0.1, 0.3)) if not self.happens(self.weather.slow) else 6.0

    def provider_latency(self) -> float:
        """Seconds a call takes."""
        return self.chance.choice((0.1, 0.3, 0.6)) if not self.happens(self.weather.slow) else 13.0

    def disk_pause(self) -> float:
        """Seconds a transaction waits for its turn."""
        return self.chance.choice((0.005, 0.02, 0.2)) if self.happens(self.weather.disk) else 0.0

    # --- what is noted ---

    def note(self, what: str, about: str) -> None:
        """A line of the history."""
        self.history.append((self.now, what, about))

    def violate(self, promise: str, how: str) -> None:
        """A promise is broken."""
        self.violations.append(Violation(promise, how))
        self.note("VIOLATION", f"{promise}: {how}")

    def flooded(self, chat: Chat, process: Process) -> None:
        """Somebody sends where Telegram said "not before". What was frozen on its way since cannot know."""
        if not process.has_lost_lease:
            self.floods.append((self.now, chat.first_id))

    # --- processes ---

    def fate_of_process(self) -> tuple[int, int, float]:
        """After how many steps the next process dies, and freezes for how long; 0 where it does not."""
        dies_at = self._fates.pop(0) if self._fates and self.now < self.plan.heals_at else 0
        freezes_at, frozen_for = (0, 0.0)
        if self.plan.freezes_at and self._numbers == 1:
            freezes_at, frozen_for = self.plan.freezes_at
        return dies_at, freezes_at, frozen_for

    def start_process(self) -> None:
        """Another life of the bot."""
        self._numbers += 1
        process = Process(self, self._numbers)
        self.alive.append(process)
        self.note("started", f"process {process.number}")
        process.begin(self._live(process))

    def killed(self, process: Process) -> None:
        """A process is gone; another one comes after a while, unless there is one."""
        self.alive = [other for other in self.alive if other is not process]
        if all(other.has_lost_lease for other in self.alive):
            pause = self._pauses.pop(0) if self._pauses else 1.0
            self.kills.append((self.now, self.now + pause))
            self.later(pause, self.start_process)
        else:
            self.kills.append((self.now, self.now))

    def froze(self, process: Process, seconds: float) -> None:
        """A process stands still; if for long another one takes over, and it learns so when it wakes."""
        self.kills.append((self.now, self.now + min(seconds, TAKEN_OVER_AFTER)))
        if seconds > TAKEN_OVER_AFTER:

            def take_over() -> None:
                if not process.is_dead:
                    process.has_lost_lease = True
                    self.lost_lease.add(process.number)
                    self.start_process()

            def give_up() -> None:
                if not process.is_dead:
                    self.note("gave up", f"process {process.number}")
                    self.kills.append((self.now, self.now))
                    self.alive.remove(process)
                    process.kill()

            self.later(TAKEN_OVER_AFTER, take_over)
            self.later(seconds + self.chance.choice((0.5, 3.0)), give_up)

    def later(self, seconds: float, what: Callable[[], object]) -> None:
        """Something happens after a while."""
        self._loop.call_later(seconds, what)

    # --- what happens by itself ---

    async def run(self) -> None:
        """From the beginning to the end."""
        self.start_process()
        for deed in self.plan.deeds:
            self.later(deed.at, lambda deed=deed: self._do(deed))  # type: ignore[misc]
        for at, payment_id, method, number in self.plan.pushes:
            self.later(at, lambda about=(payment_id, method, number): self._push(*about))  # type: ignore[misc]
        for span in self.plan.provider_out:
            self.later(span.begin, lambda span=span: self.note("provider", f"{span.how} until {span.end:.0f}"))  # type: ignore[misc]
        for span in self.plan.telegram_out:
            self.later(span.begin, lambda span=span: self.note("Telegram", f"out until {span.end:.0f}"))  # type: ignore[misc]
        for bill in self.plan.bills:
            if bill.paid_at is not None:
                self.later(bill.paid_at, lambda bill=bill: self.note("paid", bill.id))  # type: ignore[misc]
        await asyncio.sleep(self.plan.ends_at)
        for process in self.alive:
            process.kill()
        await asyncio.sleep(0.1)

    def _do(self, deed: Deed) -> None:
        chat = self.messenger.chat(deed.chat)
        match deed.what:
            case "block" | "unblock":
                if chat.is_blocked is (deed.what == "block"):
                    return
                chat.is_blocked = deed.what == "block"
                self.blocks.append((self.now, deed.chat, chat.is_blocked))
                self.messenger.block(chat, is_there=not chat.is_blocked)
            case "migrate":
                if chat.moved_to is None and chat.id == chat.first_id:
                    self.messenger.migrate(chat, SUPERGROUPS + chat.id)
            case "delete":
                ours = [number for number, message in chat.messages.items() if message.is_ours and message.picture]
                if ours:
                    del chat.messages[self.chance.choice(ours)]
            case "forget files":
                self.messenger.forget_files()
            case "press":
                self._press(chat, deed.about)
            case command:
                if not chat.is_blocked:
                    update = self.messenger.say(chat, f"{command} {deed.about}".strip(), deed.topic)
                    ids = tuple(deed.about.split())
                    self.asked.append(Asked(self.now, deed.chat, deed.topic, update, command, ids))
                    self.watch_asks |= {update} if command == "/pay" else set()
        self.note("person", f"{deed.chat}: {deed.what} {deed.about}")

    def _press(self, chat: Chat, wanted: str) -> None:
        """A person presses a button of one of the messages they see, the wanted one where it is there."""
        buttons = [
            (number, button)
            for number, message in chat.messages.items()
            for row in message.keyboard
            for button in row
            if isinstance(button, ActionButton)
        ]
        liked = [found for found in buttons if found[1].action == wanted] or buttons
        if liked and not chat.is_blocked:
            number, button = self.chance.choice(liked)
            self.note("press", f"{chat.id} #{number} {button.data[:24]}")
            update = self.messenger.press(chat, number, button)
            self.watch_asks |= {update} if button.action in {Action.GO_ON, Action.SHOW} else set()

    def _push(self, payment_id: str, method: str, number: int) -> None:
        """A callback comes, if there is anybody to take it."""
        process = self.alive[-1] if self.alive else None
        accept = process.accept if process else None
        if process is None or accept is None:
            return
        self.note("callback", f"{payment_id} {method} {number}")
        callback = callback_about(self.provider.bills[payment_id], method, number)

        async def push() -> None:
            with suppress(TimeoutError):  # it is told 503, and may come again or not
                await accept(callback, b"", "")

        process.begin(push())
