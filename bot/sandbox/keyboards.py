"""What Telegram refuses in an inline keyboard (https://core.telegram.org/bots/api#inlinekeyboardbutton)."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from bot.sandbox.bot_api import Json, Refusal, bad_request
from bot.sandbox.entities import utf16_length

_ACTIONS = (
    "url",
    "callback_data",
    "web_app",
    "login_url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "copy_text",
    "callback_game",
    "pay",
)


def check_markup(markup: Json | None) -> None:
    """Raises `Refusal` 400 for a keyboard Telegram would refuse; other markups pass."""
    rows = (markup or {}).get("inline_keyboard", [])
    if sum(len(row) for row in rows) > 100:
        raise bad_request("reply markup is too long")
    for button in (button for row in rows for button in row):
        _check_button(button)


def _check_button(button: Json) -> None:
    if not button["text"].strip():
        raise bad_request("can't parse inline keyboard button: Text must be non-empty")
    actions = [name for name in _ACTIONS if name in button]
    if not actions:
        raise bad_request("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
    if len(actions) > 1:
        raise bad_request(f"sandbox: a button must have exactly one action, not {', '.join(actions)}")
    if "callback_data" in button and not 1 <= len(button["callback_data"].encode()) <= 64:
        raise bad_request("BUTTON_DATA_INVALID")
    if "copy_text" in button and not 1 <= utf16_length(button["copy_text"]["text"]) <= 256:
        raise bad_request("BUTTON_COPY_TEXT_INVALID")
    if "url" in button and (why := wrong_url(button["url"])):
        raise bad_request(f"inline keyboard button URL '{button['url']}' is invalid: {why}")


def wrong_url(url: str) -> str:
    """Why Telegram does not take a URL, empty where it does: http, https or tg, and a real host name or an IP."""
    parts = urlsplit(url if "://" in url or url.startswith("tg:") else f"http://{url}")
    if parts.scheme == "tg":
        return ""
    if parts.scheme not in ("http", "https", "ton"):
        return "Unsupported URL protocol"
    try:
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return "Wrong port number specified in the URL"
    return "" if _is_host(host) else "Wrong HTTP URL"


def _is_host(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return "." in host and re.fullmatch(r"[^\s.]+(\.[^\s.]+)*\.[^\W\d_][\w-]+", host) is not None
    return True


def refusal_for_text(length: int, *, caption: bool) -> Refusal | None:
    """The refusal for a text of `length` UTF-16 code units after parsing, None where it is fine."""
    if caption:
        return bad_request("message caption is too long") if length > 1024 else None
    if length == 0:
        return bad_request("message text is empty")
    return bad_request("message is too long") if length > 4096 else None
