"""Webhooks (https://core.telegram.org/bots/api#setwebhook): updates are POSTed until the bot says 2xx."""

from __future__ import annotations

import asyncio
import ipaddress
import re
from functools import partial
from urllib.parse import urlsplit

from bot.sandbox.bot_api import Json, bad_request
from bot.sandbox.changes import Closing
from bot.sandbox.messages import Handler, Uploads
from bot.sandbox.push import Pushed, post_json
from bot.sandbox.world import World


class Webhook:
    """Delivers in order per chat, up to ``max_connections`` chats at once.

    After a refusal the same update is sent again after `retry_delay` seconds, or the answer's ``Retry-After``.
    """

    def __init__(self, world: World, *, retry_delay: float = 0.2) -> None:
        self._world = world
        self.retry_delay = retry_delay
        self.url = ""
        self.secret = ""
        self.max_connections = 40
        self.last_error: tuple[float, str] | None = None
        self._sending: dict[int, asyncio.Task[None]] = {}
        self._pump: asyncio.Task[None] | None = None

    def methods(self) -> dict[str, Handler]:
        """The Bot API's names."""
        return {"setWebhook": self.set, "deleteWebhook": self.delete, "getWebhookInfo": self.info}

    def set(self, params: Json, uploads: Uploads) -> bool:
        """setWebhook; plain http is taken for loopback only, the real server takes https only."""
        if not params["url"]:
            return self.delete(params, uploads)
        if why := _wrong(params["url"]):
            raise bad_request(f"bad webhook: {why}")
        if not re.fullmatch(r"[A-Za-z0-9_-]{0,256}", params.get("secret_token", "")):
            raise bad_request("secret token contains unallowed characters")
        if not 1 <= params.get("max_connections", 40) <= 100:
            raise bad_request("max_connections must be between 1 and 100")
        self.url, self.secret = params["url"], params.get("secret_token", "")
        self.max_connections = params.get("max_connections", 40)
        self.last_error = None
        queue = self._world.updates
        queue.allow(params.get("allowed_updates"))
        if params.get("drop_pending_updates"):
            queue.pending.clear()
        queue.webhook_was_set()
        self.resume()
        return True

    def resume(self) -> None:
        """Delivers where a webhook is set: at once, and again after a stop of the sandbox."""
        if self.url and self._pump is None:
            self._pump = asyncio.create_task(self._run())

    def delete(self, params: Json, uploads: Uploads) -> bool:
        """deleteWebhook."""
        self.url = ""
        self._world.updates.webhook_active = False
        if params.get("drop_pending_updates"):
            self._world.updates.pending.clear()
        self._stop_pump()
        return True

    def info(self, params: Json, uploads: Uploads) -> Json:
        """getWebhookInfo."""
        queue = self._world.updates
        shown: Json = {
            "url": self.url,
            "has_custom_certificate": False,
            "pending_update_count": len(queue.pending),
        }
        if self.url:
            shown["max_connections"] = self.max_connections
        if queue.allowed:
            shown["allowed_updates"] = queue.allowed
        if self.last_error is not None:
            shown |= {"last_error_date": int(self.last_error[0]), "last_error_message": self.last_error[1]}
        return shown

    async def close(self) -> None:
        """Stops delivering; what is pending stays."""
        tasks = [*self._sending.values()] + ([self._pump] if self._pump is not None else [])
        self._stop_pump()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _stop_pump(self) -> None:
        for task in [*self._sending.values(), *([self._pump] if self._pump is not None else [])]:
            task.cancel()
        self._pump = None

    async def _run(self) -> None:
        try:
            while True:
                self._start_sending()
                await self._world.changes.next()
        except Closing:
            return

    def _start_sending(self) -> None:
        """Takes up the oldest update of each chat that none is being sent of."""
        for update in self._world.updates.pending:
            if len(self._sending) >= self.max_connections:
                return
            chat = _chat_of(update)
            if chat not in self._sending:
                task = asyncio.create_task(self._send(update))
                self._sending[chat] = task
                task.add_done_callback(partial(self._sent, chat))

    def _sent(self, chat: int, _: asyncio.Task[None]) -> None:
        self._sending.pop(chat, None)
        self._world.changes.publish("webhook_free")

    async def _send(self, update: Json) -> None:
        headers = {"X-Telegram-Bot-Api-Secret-Token": self.secret} if self.secret else {}
        pushed = await post_json(self.url, update, headers)
        if pushed.accepted:
            self._world.updates.confirm(update["update_id"])
            return
        why = pushed.error or f"Wrong response from the webhook: {pushed.status}"
        self.last_error = (self._world.clock(), why)
        self._world.changes.publish("webhook_error", message=why)
        try:
            await self._world.changes.pause(self._delay(pushed))
        except Closing:
            return

    def _delay(self, pushed: Pushed) -> float:
        asked = pushed.headers.get("retry-after", "")
        return float(asked) if asked.isdigit() else self.retry_delay


def _chat_of(update: Json) -> int:
    for kind, payload in update.items():
        if kind != "update_id" and isinstance(payload, dict):
            about = payload.get("message", payload)
            chat = about.get("chat") if isinstance(about, dict) else None
            if isinstance(chat, dict) and isinstance(chat.get("id"), int):
                return int(chat["id"])
    return 0


def _wrong(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme == "https" and parts.hostname:
        return ""
    try:
        loopback = parts.hostname == "localhost" or ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        loopback = False
    return "" if parts.scheme == "http" and loopback else "An HTTPS URL must be provided for webhook"
