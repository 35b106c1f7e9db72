"""The bot through every kind of trouble, on either side: asked, answered once; paid, told once."""

import asyncio
from pathlib import Path

from bot.sandbox import Sandbox
from bot.sandbox.chats import Message
from bot.sandbox.faults import KINDS
from bot.sandbox.payment import Payment
from bot.sandbox.people import Person
from tests.e2e.process import BotProcess

PATIENCE = 60.0
"""Seconds: a call that is never answered is given up after twelve, and said again five later."""


def cards(person: Person) -> list[Message]:
    """The pictures."""
    return [message for message in person.private_chat.from_bot if message.photo]


def about_paid(person: Person) -> list[Message]:
    """The messages that tell "paid"."""
    return [message for message in person.private_chat.from_bot if message.photo is None and "✅" in message.text]


def besides(person: Person) -> list[Message]:
    """All other messages: that there is trouble, where there is."""
    return [message for message in person.private_chat.from_bot if message not in cards(person) + about_paid(person)]


async def ask_and_pay(person: Person, payment: Payment) -> None:
    """One customer's day."""
    await person.send(f"/pay {payment.id}")
    await person.private_chat.wait_for(lambda _: cards(person), PATIENCE)
    payment.pay()
    await person.private_chat.wait_for(lambda _: about_paid(person), PATIENCE)
    await person.private_chat.wait_for(lambda _: "✅" in cards(person)[0].text, PATIENCE)


async def test_each_kind_of_trouble_on_each_side_is_lived_through(
    sandbox: Sandbox, tmp_path: Path, migrated_sqlite_url: str
) -> None:
    """All at once, each for a customer of its own: what Telegram accepted in the end is the same for all."""
    days: dict[str, tuple[Person, Payment]] = {}
    for kind, fault in KINDS.items():
        for side in ("telegram", "kiriminaja"):
            person, payment = sandbox.person(f"{kind} at {side}", started=True), sandbox.payments.express(65_000)
            days[f"{kind} at {side}"] = (person, payment)
            if side == "telegram":
                sandbox.telegram.faults.add(str(person.id), fault)
            else:
                sandbox.kiriminaja.faults.add(payment.id, fault)
    settings = {"POLL_FIRST": "0.5", "POLL_BUDGET": "50"}
    async with BotProcess.against(sandbox, tmp_path, migrated_sqlite_url, **settings) as bot:
        await asyncio.gather(*(ask_and_pay(*day) for day in days.values()))
    told = {name: (len(cards(person)), len(about_paid(person))) for name, (person, _) in days.items()}
    assert told == dict.fromkeys(days, (1, 1))
    assert [name for name, (person, _) in days.items() if len(besides(person)) > 1] == []
    assert not [name for name in days if name in bot.log], "an answer that is no JSON names people: not into the log"
