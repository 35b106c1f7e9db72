"""The control routes: what a page or another process does with a sandbox, as JSON under ``/sandbox``.

A POST must carry ``Content-Type: application/json``, so that no other site's form can reach a running demo.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from bot.sandbox.bot_api import Json
from bot.sandbox.changes import NothingHappened
from bot.sandbox.chats import Chat, Message
from bot.sandbox.payment_view import payment_view
from bot.sandbox.payments import ACTIONS
from bot.sandbox.people import Person
from bot.sandbox.pushes import Pushes
from bot.sandbox.views import argument_view, chat_view, message_view, person_view

if TYPE_CHECKING:
    from bot.sandbox.sandbox import Sandbox

Action = Callable[[Json], Awaitable[Any]]

# What a page need not see, and what would bury the rest.
_INTERNAL = frozenset({"call", "update", "update_confirmed", "polling", "poll_ended", "webhook_free"})


class Control:
    """Every wrong body is HTTP 400 and every unknown id 404, both ``{"error": "why"}``."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._pushes = Pushes(sandbox)

    def routes(self) -> list[Route]:
        """All under ``/sandbox``."""
        posts: dict[str, Action] = {
            "people": self.new_person,
            "chats": self.new_group,
            "send": self.send,
            "press": self.press,
            "edit": self.edit,
            "delete": self.delete,
            "membership": self.membership,
            "updates": self.inject,
            "payments": self.new_payment,
            "payments/{payment_id}/{action}": self.act,
            "provider": self.provider,
            "callbacks": self.callback,
            "telegram": self.telegram,
            "process": self.process,
        }
        return [
            Route("/sandbox/state", self.state),
            Route("/sandbox/chats/{chat_id}/messages", self.messages),
            Route("/sandbox/calls", self.calls),
            Route("/sandbox/requests", self.requests),
            Route("/sandbox/files/{unique_id}", self.file),
            Route("/sandbox/events", self.events),
            *(Route(f"/sandbox/{path}", _post(action), methods=["POST"]) for path, action in posts.items()),
        ]

    async def state(self, request: Request) -> Response:
        """Everything but messages: bot, cast, process, people, chats, payments, provider, the newest event's id."""
        sandbox = self._sandbox
        world = sandbox.telegram.world
        return JSONResponse(
            {
                "bot": world.bot,
                "cast": sandbox.cast.view() if sandbox.cast else [],
                "process": sandbox.process.view() if sandbox.process else None,
                "people": [person_view(person) for person in world.people.values()],
                "chats": [chat_view(chat) for chat in world.chats.values()],
                "payments": [payment_view(payment) for payment in sandbox.payments.all],
                "provider": {"mode": sandbox.kiriminaja.mode, "callback_url": sandbox.kiriminaja.callback_url},
                "flood": sandbox.telegram.flood.enabled,
                "last_event_id": sandbox.changes.last_id,
            }
        )

    async def messages(self, request: Request) -> Response:
        """A chat's messages, oldest first, deleted ones too."""
        try:
            # Starlette's own int takes no minus, and groups have negative ids.
            chat = self._chat({"chat_id": int(request.path_params["chat_id"])})
        except (KeyError, ValueError) as missing:
            return _error(missing, 404)
        return JSONResponse({"messages": [message_view(message) for message in chat.messages]})

    async def calls(self, request: Request) -> Response:
        """Every Bot API call; ``?after=N`` leaves out the first N."""
        shown = [
            {
                "method": call.method,
                "params": {k: argument_view(v) for k, v in call.params.items()},
                "at": call.at,
                "ended_at": call.ended_at,
                "done": call.done,
                "answered": call.answered,
                "status": call.status,
            }
            for call in self._sandbox.telegram.calls[int(request.query_params.get("after", 0)) :]
        ]
        return JSONResponse({"calls": shown})

    async def requests(self, request: Request) -> Response:
        """Every request to KiriminAja; ``?after=N`` leaves out the first N."""
        made = self._sandbox.kiriminaja.requests[int(request.query_params.get("after", 0)) :]
        fields = ("at", "ended_at", "endpoint", "payment_id", "status")
        return JSONResponse({"requests": [{name: getattr(one, name) for name in fields} for one in made]})

    async def file(self, request: Request) -> Response:
        """A picture or document, by its unique id."""
        stored = self._sandbox.telegram.world.files.found(unique_id=request.path_params["unique_id"])
        if stored is None:
            return _error(KeyError("no such file"), 404)
        return Response(stored.content, media_type=stored.media_type)

    async def events(self, request: Request) -> Response:
        """Server-sent events, each ``data:`` one JSON object; from ``Last-Event-ID`` or ``?after=``, else from now.

        ``?all=1`` includes the bot's calls and the queue's doings.
        """
        asked = request.headers.get("last-event-id") or request.query_params.get("after")
        after = int(asked) if asked and asked.isdigit() else self._sandbox.changes.last_id
        everything = request.query_params.get("all") == "1"

        async def lines() -> AsyncIterator[str]:
            yield ": open\n\n"
            async for event in self._sandbox.changes.stream(after):
                if everything or event["type"] not in _INTERNAL:
                    yield f"id: {event['id']}\ndata: {json.dumps(event, ensure_ascii=False)}\n\n"

        return StreamingResponse(lines(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})

    async def new_person(self, body: Json) -> Json:
        """``{first_name, user_id?, last_name?, username?, language_code?, started?}``."""
        return person_view(self._sandbox.person(body.pop("first_name"), **body))

    async def new_group(self, body: Json) -> Json:
        """``{title, members: [person_id], admins?: […], supergroup?, forum?, bot_status?, topics?: [name]}``."""
        members, admins = ([self._person(i) for i in body.pop(key, [])] for key in ("members", "admins"))
        topics = body.pop("topics", [])
        chat = self._sandbox.telegram.world.group(body.pop("title"), members, admins=admins, **body)
        for name in topics:
            self._sandbox.topic(chat, name)
        return chat_view(chat)

    async def send(self, body: Json) -> Json:
        """``{person_id, text, chat_id?, topic?, reply_to?: message_id}``; without a chat, in private."""
        person = self._person(body["person_id"])
        chat = self._chat(body) if body.get("chat_id") is not None else person.private_chat
        reply_to = (
            self._message({**body, "chat_id": chat.id, "message_id": body["reply_to"]})
            if body.get("reply_to")
            else None
        )
        return message_view(await person.send(body["text"], chat, topic=body.get("topic"), reply_to=reply_to))

    async def press(self, body: Json) -> Json:
        """``{person_id, chat_id, message_id, button?: text or index, data?, timeout?}``: waits for the answer."""
        person, message = self._person(body["person_id"]), self._message(body)
        answer = await person.press(
            message, body.get("button", 0), data=body.get("data"), timeout=body.get("timeout", 10.0)
        )
        return {"text": answer.text, "show_alert": answer.show_alert, "url": answer.url}

    async def edit(self, body: Json) -> Json:
        """``{person_id, chat_id, message_id, text}``."""
        message = self._message(body)
        await self._person(body["person_id"]).edit(message, body["text"])
        return message_view(message)

    async def delete(self, body: Json) -> Json:
        """``{person_id, chat_id, message_id}``."""
        message = self._message(body)
        await self._person(body["person_id"]).delete(message)
        return message_view(message)

    async def membership(self, body: Json) -> Json:
        """``{person_id, action: block|unblock|add_bot|remove_bot|upgrade, chat_id?, as_admin?}``."""
        person = self._person(body["person_id"])
        match body["action"]:
            case "block":
                await person.block()
            case "unblock":
                await person.unblock()
            case "add_bot":
                await person.add_bot(self._chat(body), as_admin=bool(body.get("as_admin")))
            case "remove_bot":
                await person.remove_bot(self._chat(body))
            case "upgrade":
                return chat_view(await person.upgrade(self._chat(body)))
            case other:
                raise ValueError(f"no such action: {other}")
        return chat_view(self._chat(body) if body.get("chat_id") is not None else person.private_chat)

    async def inject(self, body: Json) -> Json:
        """The body is the raw update."""
        return {"update_id": self._sandbox.telegram.inject(body)}

    async def new_payment(self, body: Json) -> Json:
        """``{kind: express|instant, amount?, payment_id?, packages?, qr?, payee?, city?}``."""
        payments = self._sandbox.payments
        makers: dict[str, Callable[..., Any]] = {"express": payments.express, "instant": payments.instant}
        return payment_view(makers[body.pop("kind")](**body))

    async def act(self, body: Json) -> Json:
        """``/sandbox/payments/<id>/<action>`` with the action's own fields, see `payments.ACTIONS`."""
        payment = self._sandbox.payments[body.pop("payment_id")]
        action, package = body.pop("action"), body.get("package")
        ACTIONS[action](payment, body)
        self._pushes.tell(payment, action, package)
        return payment_view(payment)

    async def provider(self, body: Json) -> Json:
        """``{mode, delay?, retry_after?}`` or ``{unknown: status_false|not_found|null}``."""
        provider = self._sandbox.kiriminaja
        if "unknown" in body:
            provider.unknown = body.pop("unknown")
        if "mode" in body:
            provider.set_mode(body.pop("mode"), **body)
        return {"mode": provider.mode, "unknown": provider.unknown}

    async def callback(self, body: Json) -> Json:
        """``{payment_id, method, package?, short?, reason?, url?}``: pushes one; tells the status answered."""
        provider, url = self._sandbox.kiriminaja, body.pop("url", None)
        payment = self._sandbox.payments[body.pop("payment_id")]
        pushed = await provider.push(provider.callback(payment, body.pop("method"), **body), url)
        return {"status": pushed.status, "error": pushed.error}

    async def telegram(self, body: Json) -> Json:
        """``{outage: bool, status?}``, ``{away: seconds}``, ``{flood: bool}``, ``{reset: method, when?, times?}``,
        ``{fail: method, status, retry_after?, times?}`` or ``{clear: true}``."""
        telegram = self._sandbox.telegram
        if "away" in body:
            self._sandbox.telegram_door.shut_for(float(body["away"]))
        if "outage" in body:
            telegram.outage(on=body["outage"], status=body.get("status"))
        if "flood" in body:
            telegram.flood.enabled = bool(body["flood"])
        if "fail" in body:
            how = {name: body[name] for name in ("retry_after", "times") if name in body}
            telegram.fail(body["fail"], body["status"], **how)
        if "reset" in body:
            telegram.reset(body["reset"], body.get("when", "before"), body.get("times", 1))
        if body.get("clear"):
            telegram.faults.clear()
        return {"flood": telegram.flood.enabled}

    async def process(self, body: Json) -> Json:
        """``{action: kill|start}``: a real kill -9 of the demo's bot, or its next life; answers how it stands."""
        process = self._sandbox.process
        if process is None:
            raise ValueError("the bot is no child of this sandbox")
        await {"kill": process.kill, "start": process.start}[body["action"]]()
        return process.view()

    def _person(self, person_id: int) -> Person:
        return self._sandbox.telegram.world.people[person_id]

    def _chat(self, body: Json) -> Chat:
        return self._sandbox.telegram.world.chats[body["chat_id"]]

    def _message(self, body: Json) -> Message:
        message = self._chat(body).message(body["message_id"])
        if message is None:
            raise KeyError(body["message_id"])
        return message


def _post(action: Action) -> Callable[[Request], Awaitable[Response]]:
    async def respond(request: Request) -> Response:
        if not request.headers.get("content-type", "").startswith("application/json"):
            return _error(ValueError("Content-Type must be application/json"), 415)
        try:
            body = json.loads(await request.body() or b"{}")
            if not isinstance(body, dict):
                raise ValueError("the body must be a JSON object")
            return JSONResponse(await action({**body, **request.path_params}))
        except KeyError as missing:
            return _error(missing, 404)
        except (ValueError, TypeError, AttributeError) as wrong:
            return _error(wrong, 400)
        except NothingHappened as late:
            return _error(late, 504)

    return respond


def _error(why: Exception, status: int) -> Response:
    words = f"there is no {why}" if isinstance(why, KeyError) else str(why)
    return JSONResponse({"error": words}, status)
