"""The buttons under a QR: every press is answered, and only meant ones do anything."""

import asyncio
import sqlite3
import time
from typing import Any

import pytest

from bot.sandbox import Sandbox
from bot.sandbox.chats import Message
from bot.sandbox.payment import Payment
from bot.sandbox.people import Person
from tests.e2e.process import BotProcess
from tests.e2e.scanning import scanned, scanned_at_any_size


async def shown(person: Person, payment: Payment) -> Message:
    """Asks for a payment; returns its card."""
    await person.send(f"/pay {payment.id}")
    card = await person.private_chat.next_message()
    assert card.photo
    return card


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


async def test_a_forged_press_is_answered_and_changes_nothing(bot: BotProcess, sandbox: Sandbox, sari: Person) -> None:
    """Handles are random; what is no handle of this chat does nothing."""
    payment = sandbox.payments.express(65_000)
    await sari.send(f"/pay {payment.id}")
    card = await sari.private_chat.next_message()
    for data in ("stop:" + "A" * 22, "nonsense", "stop:", "x" * 64, "stop:../../etc"):
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


async def test_already_paid_is_answered_with_the_time_and_not_to_pay_twice(
    bot: BotProcess, sandbox: Sandbox, sari: Person, tom: Person
) -> None:
    """An alert that stays until closed, in each one's language; nothing is claimed to be paid."""
    payment = sandbox.payments.express(65_000)
    for person, button, words in (
        (sari, "Sudah bayar", ("Belum tercatat pada", "Jangan bayar dua kali")),
        (tom, "Already paid", ("Not recorded at", "Don't pay twice")),
    ):
        answer = await person.press(await shown(person, payment), button)
        assert all(part in answer.text for part in words)
        assert answer.show_alert


async def test_already_paid_finds_it_paid(bot: BotProcess, sandbox: Sandbox, tom: Person) -> None:
    """Then there is nothing to wait for."""
    payment = sandbox.payments.express(65_000)
    card = await shown(tom, payment)
    payment.pay()
    assert "Paid: Rp65,000" in (await tom.press(card, "Already paid")).text
    assert "✅" in (await tom.private_chat.next_message()).text


async def test_new_qr_says_when_it_is_still_the_same(
    bot: BotProcess, sandbox: Sandbox, sari: Person, tom: Person
) -> None:
    """A fresh call, an answer, and no message."""
    payment = sandbox.payments.express(65_000)
    for person, button, words in ((sari, "QR baru", "masih sama"), (tom, "New QR", "same QR code")):
        card = await shown(person, payment)
        assert words in (await person.press(card, button)).text
        assert card.edits == 0


async def test_new_qr_brings_another_code_into_the_same_message(
    bot: BotProcess, sandbox: Sandbox, tom: Person
) -> None:
    """The picture is replaced, and both the answer and a message say to delete the old one."""
    payment = sandbox.payments.express(65_000)
    card = await shown(tom, payment)
    payload = payment.reissue()
    answer = await tom.press(card, "New QR")
    told = await tom.private_chat.next_message()
    assert "delete the old picture" in told.text
    await tom.private_chat.wait_for(lambda _: card.edits > 0)
    assert card.photo
    assert scanned(card.photo) == [payload]
    # A look of the watch may have been first; then the code is the same as what it brought.
    assert "delete the old picture" in answer.text or "same QR code" in answer.text


@pytest.mark.parametrize("button", ["Check now", "Already paid", "New QR"])
async def test_a_press_finds_a_paid_payment_paid(bot: BotProcess, sandbox: Sandbox, tom: Person, button: str) -> None:
    """Whichever button it was, also while the receipt is on its way, also again."""
    payment = sandbox.payments.express(65_000)
    card = await shown(tom, payment)
    data = next(pressed.value for pressed in card.buttons if button in pressed.text)
    payment.pay()
    for _ in range(2):
        assert "Paid" in (await tom.press(card, data=data)).text
    assert "✅" in (await tom.private_chat.next_message()).text
    await tom.send("/help")
    assert "✅" not in (await tom.private_chat.next_message()).text


BUTTONS = ("Cek sekarang", "Sudah bayar", "QR baru")


@pytest.mark.parametrize(
    ("mode", "buttons"),
    # After a 429 there is a pause, so that a second press waits for its turn.
    [("down", BUTTONS), ("reset", BUTTONS), ("key_refused", BUTTONS), *(("too_many", (one,)) for one in BUTTONS)],
)
async def test_with_the_provider_in_trouble_a_press_is_answered_at_once(
    bot: BotProcess, sandbox: Sandbox, sari: Person, mode: Any, buttons: tuple[str, ...]
) -> None:
    """It says so, and not to pay again; nothing is said to be paid or changed."""
    cards = [await shown(sari, sandbox.payments.express(65_000 + number)) for number, _ in enumerate(buttons)]
    sandbox.kiriminaja.set_mode(mode)
    for card, button in zip(cards, buttons, strict=True):
        answer = await sari.press(card, button, timeout=3)
        assert "gangguan" in answer.text, button
        assert "jangan bayar lagi" in answer.text, button
        assert card.edits == 0, button


async def test_with_a_slow_provider_every_press_is_answered_and_the_outcome_told_once(
    bot: BotProcess, sandbox: Sandbox, tom: Person
) -> None:
    """Presses wait neither for each other nor for an ask in the same chat."""
    payment, other = sandbox.payments.express(65_000), sandbox.payments.express(70_000)
    card = await shown(tom, payment)
    sandbox.kiriminaja.set_mode("slow", delay=5)
    await tom.send(f"/pay {other.id}")
    began = time.monotonic()
    answers = await asyncio.gather(*(tom.press(card, "Check now", timeout=4) for _ in range(3)))
    stopped = await tom.press(card, "Stop", timeout=1)
    assert time.monotonic() - began < 4
    assert {answer.text for answer in answers} == {"Checking…"}
    assert "No longer watched" in stopped.text
    sandbox.kiriminaja.set_mode("up")
    await tom.private_chat.wait_for_text("Not recorded")
    await tom.private_chat.wait_for_text(other.id)
    await tom.send("/help")
    await tom.private_chat.wait_for_text("How it works")
    assert sum("Not recorded" in message.text for message in tom.private_chat.from_bot) == 1


async def test_going_on_twice_shows_one_code(bot: BotProcess, sandbox: Sandbox, sari: Person) -> None:
    """A thumb that trembles makes no second picture; each press is answered."""
    payment = sandbox.payments.express(65_000)
    card = await shown(sari, payment)
    await sari.press(card, "Berhenti")
    await sari.private_chat.wait_for(lambda _: card.edits == 1)
    data = card.buttons[0].value
    for answer in await asyncio.gather(*(sari.press(card, data=data) for _ in range(3))):
        assert "Dipantau lagi" in answer.text
    assert (await sari.private_chat.next_message()).photo
    await sari.send("/help")
    await sari.private_chat.wait_for_text("Cara pakai")
    assert sum(message.photo is not None for message in sari.private_chat.from_bot) == 1


async def test_after_stop_the_old_buttons_change_nothing(bot: BotProcess, sandbox: Sandbox, tom: Person) -> None:
    """Pressed on a phone that has not shown the edit yet."""
    payment = sandbox.payments.express(65_000)
    card = await shown(tom, payment)
    old = {button.text: button.value for button in card.buttons}
    await tom.press(card, "Stop")
    for text, data in old.items():
        if "Copy ID" not in text:
            assert (await tom.press(card, data=data)).text
    payment.pay()
    await tom.send("/help")
    assert "How it works" in (await tom.private_chat.next_message()).text
    assert not any("✅" in message.text for message in tom.private_chat.from_bot)


async def test_stop_while_a_look_is_under_way_is_stopped(bot: BotProcess, sandbox: Sandbox, sari: Person) -> None:
    """The look ends after the press and finds it paid: who stopped is not told, and sees no code."""
    payment = sandbox.payments.express(65_000)
    card = await shown(sari, payment)
    held = sandbox.kiriminaja.hold(payment.id)
    await held.reached()
    assert "Berhenti dipantau" in (await sari.press(card, "Berhenti")).text
    payment.pay()
    held.release()
    await sari.private_chat.wait_for(lambda _: card.edits > 0)
    assert card.photo
    assert scanned_at_any_size(card.photo) == []
    await sari.send("/help")
    assert "Cara pakai" in (await sari.private_chat.next_message()).text


async def test_stop_of_what_was_just_paid_says_so(bot: BotProcess, sandbox: Sandbox, sari: Person) -> None:
    """Pressed on the card as it was; the receipt stays a receipt."""
    payment = sandbox.payments.express(65_000)
    card = await shown(sari, payment)
    stop = next(button.value for button in card.buttons if "Berhenti" in button.text)
    payment.pay()
    assert "✅" in (await sari.private_chat.next_message()).text
    assert "Lunas" in (await sari.press(card, data=stop)).text
    await sari.private_chat.wait_for(lambda _: card.edits > 0)
    assert "Lunas" in card.text


async def test_in_a_group_the_answer_to_a_press_is_in_the_persons_language(
    bot: BotProcess, sandbox: Sandbox, sari: Person, tom: Person
) -> None:
    """The card speaks the group's language; only Tom sees what answers his press. He may check, and not stop."""
    group = sandbox.supergroup("Market", [sari, tom])
    payment = sandbox.payments.express(65_000)
    await sari.send(f"/pay {payment.id}", group)
    card = await group.next_message()
    assert "Bayar" in card.text
    assert "Not recorded" in (await tom.press(card, "Cek sekarang")).text
    assert "only for the person who asked" in (await tom.press(card, "Berhenti")).text
    assert card.edits == 0
    await sari.press(card, "Berhenti")
    await group.wait_for(lambda _: card.edits == 1)


async def test_a_press_under_a_purged_payment_is_answered_politely(
    bot: BotProcess, sandbox: Sandbox, tom: Person, migrated_sqlite_url: str
) -> None:
    """A month later the payment is no longer kept: what to do instead."""
    payment = sandbox.payments.express(65_000)
    card = await shown(tom, payment)
    bot.kill()
    await bot.ended()
    with sqlite3.connect(migrated_sqlite_url.removeprefix("sqlite:///")) as database:
        for table in ("outbox", "watches", "packages", "payments"):
            database.execute(f"DELETE FROM {table}")
    database.close()
    await bot.start()
    for button in card.buttons[:4]:
        assert "send the payment ID again" in (await tom.press(card, data=button.value)).text
