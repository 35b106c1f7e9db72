"""Outcomes are a closed set: whatever python-telegram-bot or httpx raise, a call ends in exactly one."""

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from telegram import error as errors
from telegram.error import TelegramError
from telegram.request import HTTPXRequest

from bot.core.message import Message
from bot.core.watch import Place
from bot.messenger import outcomes
from bot.messenger.outcomes import Moved, Outcome, RetryAt, Undeliverable, outcome_of
from bot.messenger.sender import Sender
from tests.messenger.faking import bot_at

RAISED: dict[type[TelegramError], tuple[TelegramError, Outcome]] = {
    errors.TelegramError: (TelegramError("x"), RetryAt("x", maybe_sent=True)),
    errors.Forbidden: (errors.Forbidden("blocked"), Undeliverable("blocked", chat_is_gone=True)),
    errors.InvalidToken: (errors.InvalidToken("x"), RetryAt("the token is refused")),
    errors.EndPointNotFound: (errors.EndPointNotFound("x"), RetryAt("EndPointNotFound", maybe_sent=True)),
    errors.NetworkError: (errors.NetworkError("Bad Gateway"), RetryAt("Bad Gateway", maybe_sent=True)),
    errors.BadRequest: (errors.BadRequest("x"), Undeliverable("x")),
    errors.TimedOut: (errors.TimedOut(), RetryAt("TimedOut", maybe_sent=True)),
    errors.ChatMigrated: (errors.ChatMigrated(-5), Moved(-5)),
    errors.RetryAfter: (errors.RetryAfter(3), RetryAt("429", after=3.0)),
    errors.Conflict: (errors.Conflict("x"), RetryAt("Conflict")),
    errors.PassportDecryptionError: (
        errors.PassportDecryptionError("x"),
        RetryAt("PassportDecryptionError", maybe_sent=True),
    ),
}

SURELY_NOT_SENT = {httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout}


def kinds(base: type[Exception]) -> Iterator[type[Exception]]:
    """A class of errors and all below it."""
    yield base
    for kind in base.__subclasses__():
        yield from kinds(kind)


def test_the_table_names_every_error_of_the_library() -> None:
    """A new release may bring another."""
    ours = {kind for kind in kinds(TelegramError) if kind.__module__ == errors.__name__}
    assert set(RAISED) == ours


@pytest.mark.parametrize("kind", RAISED, ids=lambda kind: kind.__name__)
async def test_every_error_of_the_library_has_one_outcome(kind: type[TelegramError]) -> None:
    """By its own kind, whatever it is a kind of."""
    error, outcome = RAISED[kind]

    async def call() -> None:
        raise error

    assert await outcome_of(call) == outcome


@pytest.mark.parametrize("kind", sorted(set(kinds(httpx.TransportError)), key=str), ids=lambda kind: kind.__name__)
async def test_only_what_never_left_is_surely_not_sent(kind: Any) -> None:
    """Every error the connection can raise, through python-telegram-bot's own client."""

    def fail(request: httpx.Request) -> httpx.Response:
        raise kind("x", request=request)

    client = HTTPXRequest(httpx_kwargs={"transport": httpx.MockTransport(fail)})
    await client.initialize()
    outcome = await Sender(bot_at(client)).send_text(Place(5), Message("halo"))
    await client.shutdown()
    assert outcome == RetryAt(kind.__name__, maybe_sent=kind not in SURELY_NOT_SENT)


async def test_a_call_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer may come byte by byte for ever, each in time."""
    monkeypatch.setattr(outcomes, "CALL_TIMEOUT", 0.01)
    assert await outcome_of(asyncio.Event().wait) == RetryAt("TimeoutError", maybe_sent=True)
