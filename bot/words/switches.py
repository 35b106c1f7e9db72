"""`/alerts`: whether alerts come to a place, which kinds, and the buttons that choose."""

from typing import Final

from bot.core.alerting import AlertKind, Switches, switch_handle
from bot.core.message import Action, ActionButton, Message
from bot.words.voice import Voice

_LABELS: Final = {
    AlertKind.PAID: "button.kind_paid",
    AlertKind.DOUBT: "button.kind_doubt",
    AlertKind.PACKAGES: "button.kind_packages",
    AlertKind.CONNECTION: "button.kind_connection",
    AlertKind.OTHER: "button.kind_other",
}


def switches_here(switches: Switches, voice: Voice) -> Message:
    """The state of a place, with a button a kind where alerts are on."""
    if not switches.is_on:
        return Message(voice.say("alerts.are_off"))
    return Message(voice.say("alerts.are_on"), tuple((_button(kind, switches, voice),) for kind in AlertKind))


def _button(kind: AlertKind, switches: Switches, voice: Voice) -> ActionButton:
    muted = kind in switches.muted
    what = voice.plain(_LABELS[kind])
    label = voice.plain("button.muted", what=what) if muted else voice.plain("button.heard", what=what)
    return ActionButton(label, Action.SWITCH, switch_handle(kind, hear=muted))
