"""Which kinds of alerts there are to choose from, and which of many go into one message."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bot.core.alerts import Alert, AlertGuessing, AlertOdd, AlertPaid, AlertUnhandled, AlertWithheld
from bot.core.connections import AlertUndeliverable, ConnectionAlert
from bot.core.journey import AlertNoDriver, AlertPackageTrouble
from bot.core.message import THIS_MESSAGE

MOST_TOGETHER: Final = 25
"""Alerts one message tells: a line each fits Telegram's 4096 units and 100 entities, however long their ids."""


class AlertKind(StrEnum):
    """What a place may have switched off. Stored, and in buttons: names stay."""

    PAID = "paid"
    DOUBT = "doubt"  # late, another amount, odd answers, codes kept back, said to be paid
    PACKAGES = "packages"
    CONNECTION = "connection"  # KiriminAja down and back, its key, another poller
    OTHER = "other"  # undeliverable, put aside, guessed


@dataclass(frozen=True, slots=True)
class Switches:
    """What a place hears of."""

    is_on: bool
    muted: frozenset[AlertKind] = frozenset()


def switch_handle(kind: AlertKind, *, hear: bool) -> str:
    """What a button carries that has a kind heard, or not, in the place of its message: the outcome and not "the
    other way", so that two taps at once do no more than one."""
    return f"{THIS_MESSAGE}{'hear' if hear else 'mute'}_{kind}"


def switch_of(handle: str) -> tuple[AlertKind, bool] | None:
    """The kind such a handle names, and whether it is to be heard; None where it is no such handle."""
    for kind in AlertKind:
        for hear in (True, False):
            if handle == switch_handle(kind, hear=hear):
                return kind, hear
    return None


def kind_of(alert: Alert) -> AlertKind:
    """The kind under which an alert is switched."""
    match alert:
        case AlertPaid(late=late, amount=amount, shown_amount=shown):
            return AlertKind.DOUBT if late or shown not in {None, amount} else AlertKind.PAID
        case AlertPackageTrouble() | AlertNoDriver():
            return AlertKind.PACKAGES
        case AlertUndeliverable() | AlertUnhandled() | AlertGuessing():
            return AlertKind.OTHER
        case _:
            return AlertKind.CONNECTION if isinstance(alert, ConnectionAlert) else AlertKind.DOUBT


def sort_of(alert: Alert) -> str | None:
    """Alerts of the same sort go into one message when many come at once; None for one that stands alone."""
    name = type(alert).__name__
    match alert:
        case AlertOdd(oddity=oddity):
            return f"{name}:{oddity}"
        case AlertWithheld(fault=fault):
            return f"{name}:{fault}"
        case AlertNoDriver(minutes=minutes):
            return f"{name}:{minutes}"
        case AlertUndeliverable():
            return name
        case _:
            return None if isinstance(alert, ConnectionAlert) else name
