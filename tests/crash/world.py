"""Who asks for what, and when what is paid: drawn from a seed, and played while the bot lives and dies."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from bot.sandbox import Sandbox
from bot.sandbox.chats import Chat
from bot.sandbox.payment import Payment
from bot.sandbox.people import Person


@dataclass(frozen=True)
class Watcher:
    """A chat in which a payment is asked for, once, and who asks."""

    person: Person
    chat: Chat
    payment: Payment

    async def happen(self) -> None:
        """Asks."""
        await self.person.send(f"/pay {self.payment.id}", self.chat)


@dataclass(frozen=True)
class Paid:
    """Somebody pays."""

    payment: Payment

    async def happen(self) -> None:
        """Pays."""
        self.payment.pay()


@dataclass(frozen=True)
class Question:
    """`/id`, whose answers can be counted."""

    person: Person
    chat: Chat

    async def happen(self) -> None:
        """Asks."""
        await self.person.send("/id", self.chat)


@dataclass(frozen=True)
class Deleted:
    """Somebody deletes the picture of a payment from their chat, where it is by then."""

    watcher: Watcher

    async def happen(self) -> None:
        """Deletes it."""
        payment, chat = self.watcher.payment, self.watcher.chat
        for message in [one for one in chat.from_bot if one.photo and payment.id in one.text]:
            await self.watcher.person.delete(message)


Event = Watcher | Paid | Question | Deleted


class World:
    """The same for the same seed. `watchers` and `questions` are those of the past."""

    def __init__(self, sandbox: Sandbox, payments: int, dice: random.Random) -> None:
        count = max(6, payments // 4)
        people = [sandbox.person(f"Person {n}", language_code=dice.choice(["id", "en"])) for n in range(count)]
        groups = [
            sandbox.group("Basic", people[:2]),
            sandbox.supergroup("Super", people[2:4]),
            sandbox.supergroup("Forum", people[4:6]),
        ]
        self.sandbox = sandbox
        self.watchers: list[Watcher] = []
        self.questions: list[Question] = []
        places = [(person, person.private_chat) for person in people]
        places += [(sandbox.telegram.world.people[next(iter(group.statuses))], group) for group in groups]
        moments: list[tuple[float, Event]] = []
        for number in range(payments):
            payment = sandbox.payments.express(50_000 + number)
            asked_at = dice.uniform(0, 0.6)
            for person, chat in dice.sample(places, dice.choice([1, 1, 2])):
                watcher = Watcher(person, chat, payment)
                moments.append((asked_at + dice.uniform(0, 0.1), watcher))
                if dice.random() < 0.1:
                    moments.append((asked_at + 0.2, Deleted(watcher)))
            if dice.random() < 0.85:
                moments.append((asked_at + dice.uniform(0, 0.4), Paid(payment)))
        moments += [(dice.uniform(0, 1), Question(person, chat)) for person, chat in places]
        self._places = places
        self._to_come = [event for _, event in sorted(moments, key=lambda moment: moment[0])]

    def part(self, lives_left: int) -> Iterator[Event]:
        """What happens in the next life, where so many are left with it: an even share."""
        share = -(-len(self._to_come) // max(1, lives_left))
        for _ in range(min(share, len(self._to_come))):
            yield self._to_come.pop(0)

    async def play(self, event: Event) -> None:
        """It happens, and is remembered."""
        match event:
            case Watcher():
                self.watchers.append(event)
            case Question():
                self.questions.append(event)
        await event.happen()

    async def ask_everywhere(self) -> None:
        """One more question in each chat: what was due before it has been said once it is answered."""
        for person, chat in self._places:
            await self.play(Question(person, chat))
