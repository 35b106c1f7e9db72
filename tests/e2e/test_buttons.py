"""The buttons under a QR: every press is answered, and only meant ones do anything."""

import pytest

from bot.sandbox import Sandbox
from bot.sandbox.people import Person
from tests.e2e.process import BotProcess
from tests.e2e.scanning import scanned, scanned_at_any_size


async def test_check_now_answers_with_the_time_of_the_look(bot: BotProcess, sandbox: Sandbox, tom: Person) -> None:
    """Unpaid: not recorded, checked when, don't pay twice; one fresh call."""
    payment = sandbox.payments.express(65_000)
    await tom.send(f"/pay {payment.id}")
    card = await tom.private_chat.next_message()
    answer = await tom.press(card, "check")
    assert "not recorded" in answer.text.lower()
    assert ":" in answer.text


async def test_check_now_finds_it_paid(bot: BotProcess, sandbox: Sandbox, tom: Person) -> None:
    """The press is answered and the chat is told as by any other look."""
    payment = sandbox.payments.express(65_000)
    await tom.send(f"/pay {payment.id}")
    card = await tom.private_chat.next_message()
    payment.pay()
    answer = await tom.press(card, "check")
    assert "paid" in answer.text.lower()
    assert "✅" in (await tom.private_chat.next_message()).text


async def test_a_slow_provider_does_not_hold_the_answer_up(bot: BotProcess, sandbox: Sandbox, tom: Person) -> None:
    """Answered "checking" at once; the outcome comes as a message."""
    payment = sandbox.payments.express(65_000)
    await tom.send(f"/pay {payment.id}")
    card = await tom.private_chat.next_message()
    sandbox.kiriminaja.set_mode("slow", delay=3)
    await tom.press(card, "check", timeout=3.5)
    assert "recorded" in (await tom.private_chat.next_message(timeout=10)).text


async def test_stop_takes_the_code_away_and_go_on_brings_it_back(
    bot: BotProcess, sandbox: Sandbox, sari: Person
) -> None:
    """Stopped: nothing is told any more and nothing looked at; going on shows the same code and tells."""
    payment = sandbox.payments.express(65_000)
    await sari.send(f"/pay {payment.id}")
    card = await sari.private_chat.next_message()
    await sari.press(card, "Berhenti")
    await sari.private_chat.wait_for(lambda _: card.edits == 1)
    assert card.photo
    assert scanned_at_any_size(card.photo) == []

    await sari.press(card, 0)
    shown = await sari.private_chat.next_message()
    assert shown.photo
    assert scanned(shown.photo) == [payment.qr_content]
    payment.pay()
    assert "✅" in (await sari.private_chat.next_message()).text


async def test_after_stop_the_chat_hears_nothing(bot: BotProcess, sandbox: Sandbox, sari: Person, tom: Person) -> None:
    """Who stopped is not told; who still watches is."""
    payment = sandbox.payments.express(65_000)
    for person in (sari, tom):
        await person.send(f"/pay {payment.id}")
    card = await sari.private_chat.next_message()
    await tom.private_chat.next_message()
    await sari.press(card, "Berhenti")
    payment.pay()
    assert "✅" in (await tom.private_chat.next_message()).text
    await sari.send("/help")
    assert "✅" not in (await sari.private_chat.next_message()).text


async def test_in_a_group_only_who_asked_or_an_admin_may_stop(
    bot: BotProcess, sandbox: Sandbox, sari: Person, tom: Person
) -> None:
    """A bystander's press changes nothing, and is answered."""
    boss = sandbox.person("Boss", language_code="id")
    group = sandbox.supergroup("Market", [sari, tom, boss], admins=[boss])
    payment = sandbox.payments.express(65_000)
    await sari.send(f"/pay {payment.id}", group)
    card = await group.next_message()
    await tom.press(card, "Berhenti")
    seen = len(payment.requests)
    await payment.wait_for_requests(seen + 2)
    assert card.edits == 0
    await boss.press(card, "Berhenti")
    await group.wait_for(lambda _: card.edits == 1)


@pytest.mark.parametrize("data", ["stop:" + "A" * 22, "nonsense", "stop:", "x" * 64, "stop:../../etc"])
async def test_a_forged_press_is_answered_and_changes_nothing(
    bot: BotProcess, sandbox: Sandbox, sari: Person, data: str
) -> None:
    """Handles are random; what is no handle of this chat does nothing."""
    payment = sandbox.payments.express(65_000)
    await sari.send(f"/pay {payment.id}")
    card = await sari.private_chat.next_message()
    await sari.press(card, 0, data=data)
    seen = len(payment.requests)
    await payment.wait_for_requests(seen + 2)
    assert card.edits == 0


async def test_a_handle_from_another_chat_does_nothing(
    bot: BotProcess, sandbox: Sandbox, sari: Person, tom: Person
) -> None:
    """Chat and message must match."""
    payment = sandbox.payments.express(65_000)
    for person in (sari, tom):
        await person.send(f"/pay {payment.id}")
    saris = await sari.private_chat.next_message()
    toms = await tom.private_chat.next_message()
    await tom.press(toms, 0, data=saris.buttons[1].value)
    seen = len(payment.requests)
    await payment.wait_for_requests(seen + 2)
    assert saris.edits == 0
