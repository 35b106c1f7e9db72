"""Kinds of alerts, what goes into one message, and the buttons that choose."""

from datetime import timedelta
from typing import get_args

import pytest

from bot.core.alerting import AlertKind, kind_of, sort_of, switch_handle, switch_of
from bot.core.alerts import Alert, AlertClaim, AlertGuessing, AlertOdd, AlertPaid, AlertUnhandled, AlertWithheld
from bot.core.answer import Oddity
from bot.core.connections import (
    AlertKeyRefused,
    AlertKeyWorks,
    AlertMissed,
    AlertNotForwarded,
    AlertOtherPoller,
    AlertProviderBack,
    AlertProviderDown,
    AlertUndeliverable,
)
from bot.core.journey import AlertNoDriver, AlertPackageTrouble, Mishap
from bot.core.message import THIS_MESSAGE, Action, ActionButton, press_of
from bot.core.payer import PAYS_WITHIN, Payer
from bot.core.qris import QrisFault
from tests.core.making import T0

ALERTS: list[tuple[Alert, AlertKind, str | None]] = [
    (AlertPaid(65_000, T0), AlertKind.PAID, "AlertPaid"),
    (AlertPaid(65_000, T0, 65_000), AlertKind.PAID, "AlertPaid"),
    (AlertPaid(65_000, T0, late=True), AlertKind.DOUBT, "AlertPaid"),
    (AlertPaid(65_000, T0, 54_000), AlertKind.DOUBT, "AlertPaid"),
    (AlertOdd(Oddity.VANISHED), AlertKind.DOUBT, "AlertOdd:vanished"),
    (AlertWithheld(QrisFault.CRC), AlertKind.DOUBT, "AlertWithheld:crc"),
    (AlertClaim(T0), AlertKind.DOUBT, "AlertClaim"),
    (AlertPackageTrouble((Mishap("A", 300),)), AlertKind.PACKAGES, "AlertPackageTrouble"),
    (AlertNoDriver(15, ("A",)), AlertKind.PACKAGES, "AlertNoDriver:15"),
    (AlertNoDriver(60, ("A",)), AlertKind.PACKAGES, "AlertNoDriver:60"),
    (AlertKeyRefused(), AlertKind.CONNECTION, None),
    (AlertKeyWorks(), AlertKind.CONNECTION, None),
    (AlertProviderDown(T0), AlertKind.CONNECTION, None),
    (AlertProviderBack(T0, T0, 3), AlertKind.CONNECTION, None),
    (AlertOtherPoller(), AlertKind.CONNECTION, None),
    (AlertMissed(), AlertKind.CONNECTION, None),
    (AlertUndeliverable(5), AlertKind.OTHER, "AlertUndeliverable"),
    (AlertGuessing(5), AlertKind.OTHER, "AlertGuessing"),
    (AlertUnhandled(5), AlertKind.OTHER, "AlertUnhandled"),
    (AlertNotForwarded("500"), AlertKind.CONNECTION, None),
]


@pytest.mark.parametrize(("alert", "kind", "sort"), ALERTS)
def test_each_alert_has_its_kind_and_sort(alert: Alert, kind: AlertKind, sort: str | None) -> None:
    """A late or odd "paid" is in doubt; what is told alike goes together."""
    assert (kind_of(alert), sort_of(alert)) == (kind, sort)


def test_every_alert_is_in_the_table() -> None:
    """One that is new needs a kind."""
    assert {type(alert) for alert, _, _ in ALERTS} == set(get_args(Alert))


@pytest.mark.parametrize("kind", AlertKind)
@pytest.mark.parametrize("hear", [True, False])
def test_a_switch_comes_back_as_what_it_was(kind: AlertKind, hear: bool) -> None:
    """Out through a button and back."""
    handle = switch_handle(kind, hear=hear)
    assert press_of(ActionButton("Lunas", Action.SWITCH, handle).data) == (Action.SWITCH, handle)
    assert switch_of(handle) == (kind, hear)
    # As it stands in messages that were sent long ago.
    assert handle == f"{THIS_MESSAGE}{'hear' if hear else 'mute'}_{kind.value}"


@pytest.mark.parametrize("handle", ["", "of_this_message_", "of_this_message_hear_", "of_this_message_mute_all"])
def test_what_is_no_switch(handle: str) -> None:
    """Made up by hand, or of a kind that is no more."""
    assert switch_of(handle) is None


def test_a_payers_word_counts_for_five_minutes() -> None:
    """Up to, but not at, the end."""
    payer = Payer(5, -100, T0)
    assert payer.counts(T0)
    assert payer.counts(T0 + PAYS_WITHIN - timedelta(microseconds=1))
    assert not payer.counts(T0 + PAYS_WITHIN)
