"""The shop as customers know it, and a way to reach it that can be tapped."""

import re
from dataclasses import dataclass

from bot.words.markup import Html, clean, escape, link, sane_url

_USERNAME = re.compile(r"@([A-Za-z][A-Za-z0-9_]{3,31})", re.ASCII)
_T_ME = re.compile(r"(?:https?://)?(?:www\.)?(?:t|telegram)\.me/(\S+)", re.ASCII | re.IGNORECASE)
_PHONE = re.compile(r"\+?\d[\d\s().-]{6,20}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Shop:
    """What the operator set of the shop."""

    name: str | None = None
    contact: str | None = None
    """`@name`, a `t.me` link or a phone number."""

    def linked(self) -> Html | None:
        """The contact as HTML: a link where it leads to a page. A phone number is left bare: the apps link it."""
        if not (contact := (self.contact or "").strip()):
            return None
        url, label = _address(contact)
        return link(url, label) if url else escape(label)

    def written(self) -> str | None:
        """The contact as plain text."""
        contact = (self.contact or "").strip()
        return clean(_address(contact)[1]) if contact else None


def _address(contact: str) -> tuple[str | None, str]:
    """Where a contact leads, if to a page, and how it is shown."""
    if match := _USERNAME.fullmatch(contact):
        return f"https://t.me/{match[1]}", contact
    if match := _T_ME.fullmatch(contact):
        name = f"@{match[1].rstrip('/')}"
        return sane_url(f"https://t.me/{match[1]}"), name if _USERNAME.fullmatch(name) else f"t.me/{match[1]}"
    if _PHONE.fullmatch(contact):
        return None, _international(contact)
    return sane_url(contact), contact


def _international(phone: str) -> str:
    """A phone number as Telegram recognises it in a text; a leading 0 is Indonesia's."""
    digits = re.sub(r"\D", "", phone)
    if digits.startswith("0"):
        digits = "62" + digits[1:]
    return f"+{digits}"
