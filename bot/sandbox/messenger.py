"""Telegram's Bot API as the bot meets it, and what a test or page may do about it."""

# ruff: noqa: ASYNC109 - callers say timeout=, as with every other thing one waits for

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, Literal

from bot.sandbox.bot_api import BotApi, Json, Refusal, Upload, bad_request
from bot.sandbox.calls import Call
from bot.sandbox.changes import Closing
from bot.sandbox.exchange import Dropped, Reply, meet_after, meet_before
from bot.sandbox.faults import Fault, Faults, Hold
from bot.sandbox.files import DOWNLOAD_BYTES, StoredFile
from bot.sandbox.flood import Flood
from bot.sandbox.memberships import Memberships
from bot.sandbox.menus import Menus
from bot.sandbox.messages import Handler, Messages
from bot.sandbox.webhook import Webhook
from bot.sandbox.world import World

_PHRASES = {
    400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 409: "Conflict",
    429: "Too Many Requests", 500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable",
}  # fmt: skip


class Messenger:
    """One bot's side of the Bot API. `calls` holds every call in the order they came.

    `faults` takes a method's name, a chat's id, or ``*`` as target.
    """

    def __init__(self, world: World, token: str) -> None:
        self.world = world
        self.token = token
        self.calls: list[Call] = []
        self.faults = Faults()
        self.flood = Flood(world.clock)
        self.webhook = Webhook(world)
        self.menus = Menus(world)
        self.messages = Messages(world, self.flood)
        self._api = BotApi.load()
        self._outage: Fault | None = None
        self._handlers: dict[str, Handler] = {
            **self.messages.methods(),
            **self.menus.methods(),
            **Memberships(world).methods(),
            **self.webhook.methods(),
            "getUpdates": lambda params, _: self._get_updates(params),
        }

    def calls_of(self, *methods: str, done: bool | None = None) -> list[Call]:
        """The calls of these methods; `done` keeps those whose work was, or was not, accepted."""
        return [call for call in self.calls if call.method in methods and done in (None, call.done)]

    async def wait_for_call(
        self, method: str, fits: Callable[[Call], bool] = lambda call: call.status != 0, timeout: float = 10.0
    ) -> Call:
        """The first call of a method that `fits`; by default one that was answered."""

        def look() -> Call | None:
            return next(filter(fits, self.calls_of(method)), None)

        def describe() -> str:
            return "\n".join(f"  {call.method} {call.status} {call.params}" for call in self.calls[-30:])

        return await self.world.changes.until(look, timeout, describe)

    async def wait_until_polled(self, timeout: float = 10.0) -> None:
        """Returns once a getUpdates is waiting."""
        await self.world.changes.until(lambda: self.world.updates.polled, timeout, lambda: "nobody polls")

    async def wait_until_confirmed(self, timeout: float = 10.0) -> None:
        """Returns once the bot has taken every update."""
        queue = self.world.updates
        await self.world.changes.until(lambda: not queue.pending, timeout, lambda: f"pending: {queue.pending}")

    def inject(self, update: Json) -> int:
        """Queues a raw update, however malformed; returns its id (given where there is none)."""
        return self.world.updates.put_raw(update)

    def fail(
        self,
        method: str = "*",
        status: int = 500,
        description: str | None = None,
        *,
        retry_after: int | None = None,
        times: int | None = 1,
    ) -> None:
        """The next `times` calls are refused as Telegram would refuse them; `retry_after` in seconds."""
        words = description or _PHRASES.get(status, "Error")
        if retry_after is not None and description is None:
            words = f"Too Many Requests: retry after {retry_after}"
        parameters = {"retry_after": retry_after} if retry_after is not None else None
        body = Refusal(status, words, parameters).as_json()
        self.faults.add(method, Fault(status=status, body=body), times)

    def reset(self, method: str = "*", when: Literal["before", "after"] = "before", times: int | None = 1) -> None:
        """The next `times` calls lose their connection, before the work or after it."""
        self.faults.add(method, Fault(reset=when), times)

    def delay(self, method: str, seconds: float, times: int | None = 1) -> None:
        """The next `times` calls take `seconds` longer."""
        self.faults.add(method, Fault(delay=seconds), times)

    def hold(self, method: str, when: Literal["before", "after"] = "after") -> Hold:
        """The next call stops until released: ``await hold.reached()``, then ``hold.release()``."""
        held = Hold(when)
        self.faults.add(method, Fault(hold=held))
        return held

    def outage(self, *, on: bool = True, status: int | None = None) -> None:
        """Until told otherwise every call loses its connection, or is answered with `status` and an HTML page."""
        page = "<html><body><h1>Bad Gateway</h1></body></html>"
        fault = Fault(reset="before") if status is None else Fault(status=status, body=page)
        self._outage = fault if on else None

    async def handle(self, token: str, name: str, given: Json) -> Reply:
        """One call. `given` holds strings, JSON values and `Upload`s; raises `Dropped` to lose the connection."""
        call = Call(name, given, self.world.clock())
        fault: Fault | None = None
        try:
            if token != self.token:
                raise Refusal(401, "Unauthorized")
            call.method = self._api.method_named(name)
            self.calls.append(call)
            fault = call.fault = self._outage or self.faults.take(call.method, str(given.get("chat_id")))
            if (instead := await meet_before(fault, self.world.changes)) is not None:
                return self._ended(call, instead)
            call.result = await self._perform(call)
            call.done = True
            reply = Reply.of({"ok": True, "result": call.result})
        except Refusal as refusal:
            call.result = refusal.as_json()
            reply = Reply.of(call.result, refusal.code)
        except Dropped:
            self._ended(call, None)
            raise
        except Closing:
            self._ended(call, None)
            raise Dropped from None
        try:
            reply = await meet_after(fault, reply)
        except Dropped:
            self._ended(call, None)
            raise
        return self._ended(call, reply)

    def file(self, token: str, path: str) -> StoredFile:
        """A download; `Refusal` 401 or 404, and 400 above 20 MB."""
        if token != self.token:
            raise Refusal(401, "Unauthorized")
        stored = self.world.files.found(path=path)
        if stored is None:
            raise Refusal(404, "Not Found")
        if len(stored.content) > DOWNLOAD_BYTES:
            raise bad_request("file is too big")
        return stored

    async def _perform(self, call: Call) -> Any:
        uploads = _attached(call.params)
        params = {name: value for name, value in call.params.items() if name not in uploads}
        call.params = {**self._api.check_call(call.method, params)}
        handler = self._handlers.get(call.method)
        if handler is None:
            raise bad_request(f"sandbox: {call.method} is not supported by the sandbox")
        result = handler(call.params, uploads)
        return await result if inspect.isawaitable(result) else result

    async def _get_updates(self, params: Json) -> list[Json]:
        queue = self.world.updates
        if not queue.webhook_active:
            queue.allow(params.get("allowed_updates"))
        return await queue.get(params.get("offset", 0), params.get("limit", 100), params.get("timeout", 0))

    def _ended(self, call: Call, reply: Reply | None) -> Reply:
        call.ended_at = self.world.clock()
        call.answered = reply is not None
        call.status = reply.status if reply is not None else 0
        self.world.changes.publish("call", method=call.method, status=call.status, chat_id=call.chat_id)
        return reply if reply is not None else Reply.of(None)


def _attached(given: Json) -> dict[str, Upload]:
    """The parts that other parameters refer to as ``attach://name``."""
    words = [value for value in given.values() if isinstance(value, str)]
    return {
        name: value
        for name, value in given.items()
        if isinstance(value, Upload) and any(f"attach://{name}" in word for word in words)
    }
