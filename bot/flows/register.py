"""Has Telegram push its updates: registers our URL, and looks after it from time to time."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from bot.core.readiness import told_time
from bot.logs import Lasting
from bot.messenger.updates import ALLOWED, Batch, Conflict, Fetched, Updates, Webhook, problem_of

CHECK_EVERY: Final = timedelta(minutes=3)
_FRESH_FOR: Final = 3 * CHECK_EVERY
_LONGEST_PAUSE: Final = 30.0


class Register:
    """The webhook, kept by the process that works."""

    def __init__(self, updates: Updates, url: str, secret: str, *, clock: Callable[[], datetime]) -> None:
        """`url`: where Telegram is to call, whole."""
        self._updates = updates
        self._url = url
        self._secret = secret
        self._clock = clock
        self._log = structlog.get_logger("register")
        self._trouble = Lasting(self._log, "webhook not looked after", "webhook looked after again")
        self._told: tuple[int, str] | None = None
        self.agreed_at: datetime | None = None
        """When Telegram last said that it calls us."""
        self.problem: str | None = None
        """Why the webhook could not be set or asked for, where the last try failed."""

    @property
    def last_failed_push(self) -> str | None:
        """When Telegram last could not call us, and why, as it says itself."""
        if self._told is None:
            return None
        at, why = self._told
        return f"{told_time(datetime.fromtimestamp(at, UTC))} {why}" if at < 2**33 else why

    def is_fresh(self, now: datetime) -> bool:
        """Whether Telegram is known to call us. Judged by its word: a quiet bot is not sick."""
        return self.agreed_at is not None and now - self.agreed_at < _FRESH_FOR

    async def run(self) -> None:
        """Registers, whatever was registered before, and checks every few minutes; until cancelled."""
        is_set, failures = False, 0
        while True:
            said: Webhook | Fetched
            if is_set:
                said = await self._updates.webhook()
            else:
                said = await self._updates.set_webhook(self._url, self._secret)
            match said:
                case Webhook():
                    # Telegram shows neither the secret nor who changed something.
                    is_set = said.url == self._url and set(said.allowed) == set(ALLOWED)
                    self._tell(said, is_set)
                case Batch():
                    self._log.info("webhook set")
                    is_set = True
                case _:
                    failures += 1
                    self.problem = problem_of(said)
                    self._trouble.note(self.problem)
                    after = None if isinstance(said, Conflict) else getattr(said, "after", None)
                    await asyncio.sleep(
                        after if after is not None else min(0.5 * 2 ** min(failures, 6), _LONGEST_PAUSE)
                    )
                    continue
            failures, self.problem = 0, None
            self._trouble.is_over()
            if is_set:
                self.agreed_at = self._clock()
                await asyncio.sleep(CHECK_EVERY.total_seconds())

    def _tell(self, said: Webhook, is_set: bool) -> None:
        if not is_set:
            self._log.warning("webhook was changed by another program: setting it again")
        if said.error and said.error != self._told:
            self._log.warning("Telegram could not call us", problem=said.error[1], waiting=said.waiting)
        self._told = said.error
