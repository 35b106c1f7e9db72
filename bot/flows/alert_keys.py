"""The keys of alerts in the outbox: an alert is told once for each."""

from datetime import datetime
from typing import assert_never

from bot.core.alerts import Alert, AlertClaim, AlertGuessing, AlertOdd, AlertPaid, AlertUnhandled, AlertWithheld
from bot.core.connections import (
    AlertKeyRefused,
    AlertKeyWorks,
    AlertMissed,
    AlertNotForwarded,
    AlertOtherPoller,
    AlertProviderBack,
    AlertProviderDown,
    AlertUndeliverable,
    ConnectionAlert,
)
from bot.core.journey import AlertNoDriver, AlertPackageTrouble
from bot.core.watch import Place
from bot.storage import alerts
from bot.storage.engine import Tx
from bot.storage.outbox import ALERT_KEY


async def key_of(tx: Tx, alert: Alert, payment_id: str | None, now: datetime) -> str:
    """What an alert is about, once for each place it is told in."""
    if isinstance(alert, ConnectionAlert):
        return await _key_of_connection(tx, alert, payment_id, now)
    return _key(alert, payment_id, now)


def key_at(about: str, place: Place) -> str:
    """The whole key, from `key_of` and the place where it is told."""
    return f"{ALERT_KEY}{about}:{place.chat_id}:{place.topic_id or 0}"


async def _key_of_connection(tx: Tx, alert: ConnectionAlert, payment_id: str | None, now: datetime) -> str:
    match alert:
        case AlertKeyRefused():
            return f"key_refused:{await _turn(tx, 'key_works')}"
        case AlertKeyWorks():
            return f"key_works:{await _turn(tx, 'key_refused')}"
        case AlertProviderDown(since=since, only=only):
            return f"provider_down:{only or 'all'}:{since.timestamp():.6f}"
        case AlertProviderBack(since=since, only=only):
            return f"provider_back:{only or 'all'}:{since.timestamp():.6f}"
        case AlertOtherPoller():
            return f"other_poller:{now.timestamp():.6f}"
        case AlertMissed():
            return f"missed:{now:%Y%m%d}"
        case AlertUndeliverable(chat_id=chat_id):
            return f"undeliverable:{payment_id}:{chat_id}"
        case AlertNotForwarded():
            # Once a day: a receiver that is away misses all that comes.
            return f"not_forwarded:{now:%Y%m%d}"
        case _:
            assert_never(alert)


async def _turn(tx: Tx, contrary: str) -> int:
    """Every look finds a key refused, or taken: that is told again only once the contrary was."""
    told = await alerts.last_told(tx, contrary)
    return told.number if told else 0


def _key(
    alert: AlertPaid | AlertOdd | AlertWithheld | AlertClaim | AlertPackageTrouble | AlertNoDriver | AlertGuessing
    | AlertUnhandled,
    payment_id: str | None,
    now: datetime,
) -> str:  # fmt: skip
    match alert:
        case AlertPaid():
            return f"paid:{payment_id}"
        case AlertOdd(oddity=oddity):
            return f"odd:{oddity}:{payment_id}"
        case AlertWithheld(fault=fault):
            return f"withheld:{fault}:{payment_id}"
        case AlertClaim():
            return f"claim:{payment_id}"
        case AlertPackageTrouble(mishaps=mishaps):
            return f"package:{mishaps[0].code}:{payment_id}:{now.timestamp():.6f}"
        case AlertNoDriver(minutes=minutes):
            return f"nodriver:{minutes}:{payment_id}:{now.timestamp():.6f}"
        case AlertGuessing(who=who):
            return f"guessing:{who}:{now:%Y%m%d}"
        case AlertUnhandled(update_id=update_id):
            return f"unhandled:{update_id}"
        case _:
            assert_never(alert)
