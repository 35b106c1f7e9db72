"""A Telegram that answers from a list, below python-telegram-bot and above the network."""

import json
from typing import Any, Final

from telegram import Bot
from telegram.request import BaseRequest, RequestData

TOKEN: Final = "123456789:AAF_no-real-token_but-shaped-like-one"

CHAT: Final = {"id": 5, "type": "private", "first_name": "Sari"}
MESSAGE: Final = {"message_id": 41, "date": 1_770_000_000, "chat": CHAT}
PHOTO: Final = [
    {"file_id": "small", "file_unique_id": "s", "width": 90, "height": 90},
    {"file_id": "large", "file_unique_id": "l", "width": 800, "height": 800},
]


def refusal(code: int, description: str, **parameters: Any) -> tuple[int, bytes]:
    """How Telegram says no."""
    body = {"ok": False, "error_code": code, "description": description}
    return code, json.dumps(body | ({"parameters": parameters} if parameters else {})).encode()


def success(result: object) -> tuple[int, bytes]:
    """How Telegram says yes."""
    return 200, json.dumps({"ok": True, "result": result}).encode()


class FakeTelegram(BaseRequest):
    """Gives one answer, or raises one error, to all that is asked; keeps what it was asked."""

    def __init__(self, answer: tuple[int, bytes] | Exception) -> None:
        self.answer = answer
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.files: dict[str, Any] = {}

    @property
    def read_timeout(self) -> float | None:
        """Not waited for."""
        return 1.0

    async def initialize(self) -> None:
        """Nothing to open."""

    async def shutdown(self) -> None:
        """Nothing to close."""

    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *_: Any, **__: Any
    ) -> tuple[int, bytes]:
        """Notes the call by its method's name."""
        assert method == "POST"
        self.calls.append((url.rpartition("/")[2], dict(request_data.parameters) if request_data else {}))
        self.files = dict(request_data.multipart_data or {}) if request_data else {}
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def bot_at(telegram: BaseRequest, base_url: str = "https://api.telegram.org") -> Bot:
    """A bot that talks to `telegram` alone."""
    return Bot(TOKEN, base_url=f"{base_url}/bot", request=telegram, get_updates_request=telegram)
