"""What a person's chat was told: read from the sandbox's Telegram, which alone knows."""

from bot.sandbox.chats import Message
from bot.sandbox.people import Person


def about_paid(person: Person) -> list[Message]:
    """The messages that tell "paid"."""
    return [message for message in person.private_chat.from_bot if message.photo is None and "✅" in message.text]


def pictures(person: Person) -> list[Message]:
    """The cards."""
    return [message for message in person.private_chat.from_bot if message.photo]


async def in_order(person: Person, within: float = 15.0) -> None:
    """One more command: what came before it has been told by then."""
    seen = len(person.private_chat.messages)
    await person.send("/id")
    await person.private_chat.wait_for(
        lambda messages: any(message.from_bot and str(person.id) in message.text for message in messages[seen:]),
        within,
    )
