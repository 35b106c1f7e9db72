"""Facts about the bot's own connections, for the operators alone (see `core.facts`): whether KiriminAja answers,
Telegram hands over and takes messages, and CALLBACK_FORWARD_URL takes callbacks."""

from dataclasses import dataclass
from datetime import datetime

from bot.core.ids import Kind


@dataclass(frozen=True, slots=True)
class AlertKeyRefused:
    """KiriminAja refuses our API key (401)."""


@dataclass(frozen=True, slots=True)
class AlertKeyWorks:
    """KiriminAja takes our API key again."""


@dataclass(frozen=True, slots=True)
class AlertProviderDown:
    """KiriminAja has given no usable answer: to anything, or only about one kind of payment."""

    since: datetime
    only: Kind | None = None


@dataclass(frozen=True, slots=True)
class AlertProviderBack:
    """It answers again. `waited` counts the payments that could not be checked meanwhile; `since` and `only` are those
    of the alert before."""

    since: datetime
    back_at: datetime
    waited: int
    only: Kind | None = None


@dataclass(frozen=True, slots=True)
class AlertOtherPoller:
    """Another program fetches this bot's updates (409)."""


@dataclass(frozen=True, slots=True)
class AlertUndeliverable:
    """A chat could not be told "paid": Telegram's final no."""

    chat_id: int


@dataclass(frozen=True, slots=True)
class AlertMissed:
    """Alerts to the same place were too old to be told, once Telegram took them again."""


@dataclass(frozen=True, slots=True)
class AlertNotForwarded:
    """Callbacks could not be passed on to CALLBACK_FORWARD_URL for a day. `problem` is a short word for why."""

    problem: str


ConnectionAlert = (
    AlertKeyRefused | AlertKeyWorks | AlertProviderDown | AlertProviderBack | AlertOtherPoller | AlertUndeliverable
    | AlertMissed | AlertNotForwarded
)  # fmt: skip
