"""What waited while the bot was off: answered oldest first, and no QR for an ask nobody may still want."""

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.sandbox import Sandbox
from bot.sandbox.people import Person
from tests.e2e.process import BotProcess
from tests.e2e.scanning import scanned


class SetClock:
    """The real time, set back by `behind` seconds."""

    behind = 0.0

    def __call__(self) -> float:
        return time.time() - self.behind


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
async def world(clock: SetClock) -> AsyncIterator[Sandbox]:
    async with Sandbox.serve(clock=clock) as served:
        yield served


async def wrote(person: Person, clock: SetClock, text: str, *, minutes_ago: float) -> None:
    """Somebody wrote while the bot was off."""
    clock.behind = 60 * minutes_ago
    await person.send(text)
    clock.behind = 0


@pytest.mark.parametrize(("language", "sorry"), [("id", "Maaf"), ("en", "Sorry")])
async def test_an_old_ask_gets_one_line_and_a_button_that_asks_afresh(
    world: Sandbox, clock: SetClock, tmp_path: Path, migrated_sqlite_url: str, language: str, sorry: str
) -> None:
    """No call before the press; the press brings the QR, and the watch."""
    person = world.person("Budi", language_code=language)
    payment = world.payments.express(65_000)
    await wrote(person, clock, f"/pay {payment.id}", minutes_ago=30)
    async with BotProcess.against(world, tmp_path, migrated_sqlite_url, POLL_FIRST="0.3"):
        told = await person.private_chat.next_message()
        assert told.photo is None
        assert sorry in told.text
        assert payment.id in told.text
        assert "\n" not in told.text
        assert payment.requests == []
        await person.press(told, 0)
        card = await person.private_chat.next_message()
        assert card.photo
        assert scanned(card.photo) == [payment.qr_content]
        payment.pay()
        assert "✅" in (await person.private_chat.next_message()).text
        await person.press(told, 0)
        assert "✅" in (await person.private_chat.next_message()).text


async def test_what_waited_is_answered_oldest_first(
    world: Sandbox, clock: SetClock, tmp_path: Path, migrated_sqlite_url: str
) -> None:
    """An old ask, an old question, a recent ask: in their order, the recent one with its QR."""
    sari = world.person("Sari", language_code="id")
    old, recent = (world.payments.express(amount) for amount in (65_000, 70_000))
    await wrote(sari, clock, f"/pay {old.id}", minutes_ago=40)
    await wrote(sari, clock, "/help", minutes_ago=35)
    await wrote(sari, clock, f"/status {old.id}", minutes_ago=30)
    await wrote(sari, clock, recent.id.lower(), minutes_ago=9)
    async with BotProcess.against(world, tmp_path, migrated_sqlite_url):
        first, second, third, fourth = [await sari.private_chat.next_message() for _ in range(4)]
    assert old.id in first.text
    assert first.buttons
    assert "Cara pakai" in second.text
    assert "dicek" in third.text
    assert fourth.photo


async def test_a_message_from_the_future_is_answered_at_once(
    world: Sandbox, clock: SetClock, tmp_path: Path, migrated_sqlite_url: str
) -> None:
    """Clocks differ; only what is surely old is held back."""
    sari = world.person("Sari", language_code="id")
    payment = world.payments.express(65_000)
    await wrote(sari, clock, f"/pay {payment.id}", minutes_ago=-30)
    async with BotProcess.against(world, tmp_path, migrated_sqlite_url):
        assert (await sari.private_chat.next_message()).photo


async def test_an_offer_serves_its_own_chat_only(
    world: Sandbox, clock: SetClock, tmp_path: Path, migrated_sqlite_url: str
) -> None:
    """The button under another message says nothing."""
    sari = world.person("Sari", language_code="id")
    payment = world.payments.express(65_000)
    await wrote(sari, clock, f"/pay {payment.id}", minutes_ago=30)
    async with BotProcess.against(world, tmp_path, migrated_sqlite_url):
        told = await sari.private_chat.next_message()
        await sari.send("/help")
        other = await sari.private_chat.next_message()
        answer = await sari.press(other, data=told.buttons[0].value)
        assert "tidak berlaku" in answer.text
        assert payment.requests == []


async def test_a_stranger_is_offered_nothing(
    world: Sandbox, clock: SetClock, tmp_path: Path, migrated_sqlite_url: str
) -> None:
    """Where only staff may ask, an old ask of somebody else is refused like a new one."""
    sari = world.person("Sari", language_code="id")
    payment = world.payments.express(65_000)
    await wrote(sari, clock, f"/pay {payment.id}", minutes_ago=30)
    async with BotProcess.against(world, tmp_path, migrated_sqlite_url, ACCESS="staff"):
        told = await sari.private_chat.next_message()
        assert not told.buttons
        await sari.send(f"/pay {payment.id}")
        assert (await sari.private_chat.next_message()).text == told.text
        assert payment.requests == []


async def test_a_link_opened_long_ago_opens_when_its_button_is_pressed(
    world: Sandbox, clock: SetClock, tmp_path: Path, migrated_sqlite_url: str
) -> None:
    """Where nobody else may ask: the offer lets in whom the link let in."""
    sari, rina = world.person("Sari", language_code="id"), world.person("Rina", language_code="en")
    payment = world.payments.express(65_000)
    async with BotProcess.against(world, tmp_path, migrated_sqlite_url, ACCESS="staff", STAFF_USER_IDS=str(rina.id)):
        await rina.send(f"/link {payment.id}")
        link = (await rina.private_chat.next_message()).buttons[0].value
        await wrote(sari, clock, f"/start {link.partition('=')[2]}", minutes_ago=30)
        offer = await sari.private_chat.next_message()
        assert not offer.photo
        await sari.press(offer)
        assert (await sari.private_chat.next_message()).photo
