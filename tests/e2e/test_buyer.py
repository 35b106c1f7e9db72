"""What a buyer gets of a payment: its packages, and never the amount, the id, the code or anybody's name."""

import asyncio
import re

from bot.sandbox import Sandbox
from bot.sandbox.chats import Message
from bot.sandbox.payment import Payment
from bot.sandbox.people import Person
from tests.e2e.process import BotProcess


def assert_nothing_private(message: Message, payment: Payment) -> None:
    """As somebody from outside reads it."""
    assert message.photo is None
    shown = " ".join([message.text, *(button.value for button in message.buttons)])
    for package in payment.packages:
        assert package.awb
        assert package.awb in shown
        people = [str(value) for side in (package.origin, package.destination) for value in side.values() if value]
        assert not [name for name in people if len(name) > 4 and name in shown]
        assert package.order_id not in shown.replace(package.live_track_url or "", "")
    assert payment.id not in shown
    assert not re.search(r"Rp\s?\d", shown)
    assert not re.search(r"54[.,]?000", shown)


async def test_the_packages_are_passed_on_and_followed(
    bot: BotProcess, sandbox: Sandbox, sari: Person, tom: Person
) -> None:
    """One tap gives a text that survives copying; its link shows to anybody how the packages stand by now."""
    payment = sandbox.payments.instant(54_000, packages=2)
    await sari.send(f"/pay {payment.id}")
    payment.pay()
    payment.assign_driver()
    paid = await sari.private_chat.wait_for_message(lambda one: not one.photo and "✅" in one.text)
    assert (await sari.press(paid, "pembeli")).text
    passed_on = await sari.private_chat.wait_for_text("?start=")
    assert_nothing_private(passed_on, payment)
    url = payment.packages[0].live_track_url
    assert url
    assert url in passed_on.text
    assert not [entity for entity in passed_on.entities if entity["type"] not in ("url", "phone_number")]
    (copy,) = passed_on.buttons
    assert copy.action == "copy_text"
    handle = passed_on.text.partition("?start=")[2].split()[0]

    await tom.start(handle)
    shown = await tom.private_chat.next_message()
    assert_nothing_private(shown, payment)
    assert "delivered" not in shown.text.lower()
    payment.set_status(200)
    async with asyncio.timeout(10):
        # Pressed within POLL_FIRST of the last look it makes none.
        while "delivered" not in shown.text.lower():
            assert (await tom.press(shown, "Refresh")).text
    assert_nothing_private(shown, payment)
    assert [button.text for button in shown.buttons] == ["🔄 Refresh"]
    assert len(tom.private_chat.from_bot) == 1  # edited, and no watch of his own

    other = await tom.send("/help") and await tom.private_chat.wait_for_text("How it works")
    assert "no longer works" in (await tom.press(other, data=shown.buttons[0].value)).text
    assert "no longer works" in (await tom.press(shown, data=paid.buttons[-1].value)).text


async def test_one_package_fits_a_button_whole(bot: BotProcess, sandbox: Sandbox, tom: Person) -> None:
    """In a group whoever is there passes it on; KiriminAja out of reach, what was known is shown."""
    payment = sandbox.payments.instant(54_000)
    packing = sandbox.group("Packing", [tom])
    payment.pay()
    await tom.send(f"/pay {payment.id}", packing)
    paid = await packing.next_message()
    await tom.press(paid, "pembeli")
    passed_on = await packing.wait_for_text("?start=")
    assert passed_on.buttons[0].value == passed_on.text
    sandbox.kiriminaja.set_mode("down")
    await tom.start(passed_on.text.partition("?start=")[2].split()[0])
    assert_nothing_private(await tom.private_chat.next_message(), payment)
