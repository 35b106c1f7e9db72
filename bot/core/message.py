"""A message ready to be sent: escaped HTML and its buttons, before Telegram's own classes come in."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Action(StrEnum):
    """What a button under a message does. Goes over the wire: names stay, and are short."""

    CHECK = "check"
    STOP = "stop"
    GO_ON = "go_on"
    CLAIM = "claim"
    RENEW = "renew"
    SHOW = "show"
    BUYER = "buyer"
    REFRESH = "refresh"
    REVOKE = "revoke"
    SWITCH = "switch"
    PAYER = "mine"


THIS_MESSAGE: Final = "of_this_message_"
"""Stands in a button for a handle, where the message it is under says what it is about."""


@dataclass(frozen=True, slots=True)
class ActionButton:
    """Calls us back. `handle` names the watch without telling anything of it."""

    label: str
    action: Action
    handle: str

    @property
    def data(self) -> str:
        """`callback_data`: at most 64 bytes (Bot API)."""
        return f"{self.action}:{self.handle}"


@dataclass(frozen=True, slots=True)
class LinkButton:
    """Opens a page. Telegram takes `https` here; an `http` link belongs in the text."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class CopyButton:
    """Copies a text of 1–256 characters."""

    label: str
    text: str


Button = ActionButton | LinkButton | CopyButton
Keyboard = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True)
class Message:
    """Text or caption: Telegram HTML, every value in it escaped."""

    html: str
    keyboard: Keyboard = ()
    silent: bool = False


@dataclass(frozen=True, slots=True)
class Toast:
    """The answer to a button press: plain text of at most 200 characters."""

    text: str
    alert: bool = False
    """Whether it stays until closed, for what must not be missed."""


_PRESS = re.compile(rf"({'|'.join(Action)}):([A-Za-z0-9_-]{{16,43}})", re.ASCII)


def press_of(data: str) -> tuple[Action, str] | None:
    """Action and handle of a pressed button; None when the data is not ours."""
    match = _PRESS.fullmatch(data)
    return (Action(match[1]), match[2]) if match else None
