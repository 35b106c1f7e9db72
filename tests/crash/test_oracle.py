"""The judge of the crash runs: a run that cannot fail proves nothing."""

import random
from collections.abc import AsyncIterator
from io import BytesIO

import pytest
import segno

from bot.sandbox import Sandbox
from bot.sandbox.bot_api import Upload
from bot.sandbox.chats import Version
from tests.crash.oracle import Verdict, judge
from tests.crash.world import Question, Watcher, World


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """One payment that one chat has asked for."""
    async with Sandbox.serve() as sandbox:
        made = World(sandbox, 1, random.Random(1))
        person = sandbox.person("Sari", started=True)
        made.watchers.append(Watcher(person, person.private_chat, sandbox.payments.all[0]))
        yield made


def say(world: World, words: str, *, code: bool = False) -> None:
    """Telegram accepts a message of the bot's about the payment, with a picture that can be scanned or none."""
    [watcher] = world.watchers
    telegram, file = world.sandbox.telegram.world, None
    if code:
        drawn = BytesIO()
        segno.make(watcher.payment.qr_content or "").save(drawn, kind="png", scale=6, border=4)
        file = telegram.files.store("photo", Upload("qris.png", drawn.getvalue(), "image/png"))
    telegram.post(watcher.chat, None, Version(telegram.clock(), f"{words} {watcher.payment.id}", [], file))


def verdict(world: World, kills: int = 0) -> Verdict:
    """Of what was said so far."""
    return judge(world, kills=kills)


async def test_all_well_is_found_well(world: World) -> None:
    """A card, then the payment, then the news."""
    say(world, "scan this", code=True)
    assert verdict(world).broken == []
    world.watchers[0].payment.pay()
    world.sandbox.telegram.world.delete(world.watchers[0].chat.messages[0])
    say(world, "✅ paid")
    assert verdict(world).broken == []


async def test_nothing_said_is_lost(world: World) -> None:
    """An ask without an answer, a payment without news, a question without its number."""
    assert "not answered" in verdict(world).broken[0]
    world.watchers[0].payment.pay()
    assert "not told" in verdict(world).broken[0]
    world.questions.append(Question(world.watchers[0].person, world.watchers[0].chat))
    assert "1 asked" in verdict(world).broken[1]


async def test_paid_before_it_was_is_false(world: World) -> None:
    """Though it is true by now; and of what is never paid."""
    say(world, "scan this", code=True)
    say(world, "✅ paid")
    assert "before it was" in verdict(world).broken[0]
    world.watchers[0].payment.pay()
    assert any("before it was" in words for words in verdict(world).broken)


async def test_a_code_of_what_is_paid_is_found(world: World) -> None:
    """Whatever stands under it."""
    world.watchers[0].payment.pay()
    say(world, "✅ paid")
    say(world, "✅", code=True)
    assert verdict(world).broken == [
        f"{world.watchers[0].payment.id} in {world.watchers[0].chat.id}: asked to pay what is paid"
    ]


async def test_two_cards_are_one_too_many(world: World) -> None:
    """Also of what is not paid."""
    say(world, "scan this", code=True)
    say(world, "scan this", code=True)
    assert "2 cards" in verdict(world).broken[0]


async def test_twice_is_weighed_against_kills(world: World) -> None:
    """One kill explains one repetition, not two."""
    world.watchers[0].payment.pay()
    for _ in range(2):
        say(world, "✅ paid")
    assert verdict(world, kills=1).broken == []
    say(world, "✅ paid")
    assert verdict(world, kills=1).broken == ["2 told and 0 answered twice: too often"]


@pytest.mark.parametrize(("minutes", "is_answer"), [(11, True), (9, False)])
async def test_an_offer_answers_only_who_waited_for_ten_minutes(world: World, minutes: int, is_answer: bool) -> None:
    """A code that old is not sent unasked."""
    [watcher] = world.watchers
    telegram = world.sandbox.telegram.world
    asked_at = telegram.clock()
    telegram.post(watcher.chat, watcher.person, Version(asked_at, f"/pay {watcher.payment.id}", []))
    markup = {"inline_keyboard": [[{"text": "Show", "callback_data": "show"}]]}
    offer = Version(asked_at + minutes * 60, f"Still want to pay {watcher.payment.id}?", [], None, markup)
    telegram.post(watcher.chat, None, offer)
    assert (verdict(world).broken == []) is is_answer
