"""Links `t.me/<bot>?start=<handle>`: what they open, for how long, and how a handle is made without being kept.

Kept is a handle's hash alone. A handle that a message shows is derived from a random seed, which lies in the outbox or
is a watch's own, and a key that lies in no database: a leaked backup opens nothing, yet a message that is delivered
again shows the same link. A link that is out stays good when the key changes, as only its hash is compared.
"""

import hmac
import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Final

from bot.core.ids import LONGEST_TEXT

_BYTES: Final = 24
"""Of a derived handle: 192 bits, 32 characters. Telegram takes 64 characters of `A-Za-z0-9_-`."""
_HANDLE: Final = re.compile(r"[A-Za-z0-9_-]{22,64}", re.ASCII)
_LINK: Final = re.compile(
    r"(?<![\w.-])(?:https?://)?t\.me/(\w+)\?start=([A-Za-z0-9_-]{1,64})(?![\w-])", re.ASCII | re.IGNORECASE
)


class Purpose(StrEnum):
    """What a link opens. Stored with it: names stay, and are short."""

    PAY = "pay"  # a payment, as `/pay` shows it, whatever ACCESS says
    TRACK = "track"  # a payment's packages and nothing else of it
    OWNER = "owner"  # the ownership of the bot, once


LASTS: Final[dict[Purpose, timedelta]] = {
    Purpose.PAY: timedelta(days=7),
    Purpose.TRACK: timedelta(days=30),
    Purpose.OWNER: timedelta(hours=1),
}
"""How long a link is good for."""


@dataclass(frozen=True, slots=True)
class Link:
    """A link, as it is kept."""

    digest: str
    purpose: Purpose
    made_at: datetime
    expires_at: datetime
    payment_id: str | None = None
    made_by: int | None = None
    revoked_at: datetime | None = None
    used_at: datetime | None = None

    def opens(self, now: datetime) -> bool:
        """Whether it still works: not revoked, in time, and the ownership not taken with it yet."""
        used_up = self.purpose is Purpose.OWNER and self.used_at is not None
        return self.revoked_at is None and now < self.expires_at and not used_up


def new_link(
    handle: str, purpose: Purpose, now: datetime, *, payment_id: str | None = None, made_by: int | None = None
) -> Link:
    """A link for a handle, good from now on for as long as its purpose has it."""
    return Link(digest_of(handle), purpose, now, now + LASTS[purpose], payment_id, made_by)


@dataclass(frozen=True, slots=True)
class Handles:
    """Derives handles, and spells the links of `bot`, its username without the `@`."""

    key: bytes = field(repr=False)
    bot: str

    def of(self, purpose: Purpose, seed: str) -> str:
        """The handle that belongs to a seed; nobody without the key can tell it."""
        made = hmac.digest(self.key, f"paybot link {purpose}:{seed}".encode(), "sha256")
        return urlsafe_b64encode(made[:_BYTES]).decode()

    def url(self, handle: str) -> str:
        """The link, to be opened in Telegram."""
        return url_of(self.bot, handle)


def url_of(bot: str, handle: str) -> str:
    """A link to the bot of that username."""
    return f"https://t.me/{bot}?start={handle}"


def payload_within(text: str, bot: str) -> str | None:
    """What the first link to `bot` within a text starts it with: somebody pasted it instead of opening it."""
    if len(text) > LONGEST_TEXT:
        return None
    found = (start for name, start in _LINK.findall(text) if name.casefold() == bot.casefold())
    return next(found, None)


def is_handle(text: str) -> bool:
    """Whether a text could be a handle of ours."""
    return _HANDLE.fullmatch(text) is not None


def digest_of(handle: str) -> str:
    """What is kept of a handle: its SHA-256, in hex. Anything somebody may have typed has one."""
    return sha256(handle.encode("utf-8", "backslashreplace")).hexdigest()


# --- facts: like those in `core.facts` they hold no text, no handle and nothing personal ---


@dataclass(frozen=True, slots=True)
class LinkMade:
    """A link that opens a payment, which need not be known here yet; while it works the message shows it, made anew
    from its seed."""

    payment_id: str
    seed: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class MayNotLink:
    """Only staff make links."""


@dataclass(frozen=True, slots=True)
class LinkRefused:
    """A link that was never ours, is over or was revoked: nobody is told which."""


@dataclass(frozen=True, slots=True)
class OpenInPrivate:
    """A link was sent into a group; what it opens is for one person."""


@dataclass(frozen=True, slots=True)
class ForBuyer:
    """A payment's packages, to be passed on to whoever gets them."""


@dataclass(frozen=True, slots=True)
class Tracked:
    """A payment's packages as they stand now, for whoever holds the link with this digest."""

    link: str


LinkFact = LinkMade | MayNotLink | LinkRefused | OpenInPrivate | ForBuyer | Tracked


# --- answers to a button press alone ---


@dataclass(frozen=True, slots=True)
class SeeBelow:
    """What was asked for comes as a new message."""


@dataclass(frozen=True, slots=True)
class LinkRevoked:
    """The link opens nothing any more."""


@dataclass(frozen=True, slots=True)
class LinkNotYours:
    """Only staff, and who made it, revoke a link."""


@dataclass(frozen=True, slots=True)
class LinkOver:
    """The link that led to this message no longer works."""


LinkPress = SeeBelow | LinkRevoked | LinkNotYours | LinkOver
