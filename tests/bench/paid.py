"""How soon "paid" is said by an idle bot: from the callback's push, and from KiriminAja's answer to a look.

Run by hand: ``python -m tests.bench paid``. The end is when the sandbox's Telegram has taken the message to the chat
that watches. By callback the next look by itself is far off; by look nobody pushes anything.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from statistics import median
from typing import Any, Final

from bot.sandbox.payment import Payment
from bot.sandbox.people import Person
from tests.bench.programs import OURS, Program, running

SAMPLES: Final = 40
_MUST: Final = 100.0  # ms


async def told_at(program: Program, person: Person) -> float:
    """When the message that says "paid" was taken."""
    call = await program.sandbox.telegram.wait_for_call(
        "sendMessage", lambda call: call.done and call.chat_id == person.id, timeout=10
    )
    assert call.ended_at is not None
    return call.ended_at


async def by_callback(program: Program, person: Person, payment: Payment) -> float:
    """Seconds from the push."""
    payment.pay()
    provider = program.sandbox.kiriminaja
    began = time.time()
    pushed = await provider.push(provider.callback(payment, "validated_packages"), f"{program.url}/kiriminaja")
    assert pushed.status == 200
    return await told_at(program, person) - began


async def by_look(program: Program, person: Person, payment: Payment) -> float:
    """Seconds from the answer that says so."""
    payment.pay()
    told = await told_at(program, person)
    answered = [one.ended_at for one in payment.requests if one.ended_at and one.ended_at >= (payment.paid_at or 0)]
    return told - answered[0]


async def sample(way: Callable[[Program, Person, Payment], Awaitable[float]], poll_first: str) -> Sequence[float]:
    """So many, one after another, in milliseconds, in order of size."""
    async with running(OURS, POLL_FIRST=poll_first, POLL_BUDGET="1000") as program:
        found = []
        for person in program.people(SAMPLES + 2):
            payment = program.sandbox.payments.express(65_000)
            await person.send(f"/pay {payment.id}")
            await person.private_chat.wait_for_message(lambda message: message.photo is not None)
            await asyncio.sleep(0.6)  # idle again, and longer after the last look than hints have to be apart
            found.append(await way(program, person, payment) * 1000)
        return sorted(found[2:])  # the first ones warm up


def main() -> dict[str, Any]:
    """Measures and prints; returns what the line of JSON says."""
    print(f"{'from':>24} {'median':>9} {'p95':>9} {'most':>9} {'p95 at most':>12}")
    result: dict[str, Any] = {"samples": SAMPLES}
    for name, way, poll_first in (("callback", by_callback, "60"), ("look", by_look, "0.4")):
        times = asyncio.run(sample(way, poll_first))
        row = {"median_ms": median(times), "p95_ms": times[int(len(times) * 0.95) - 1], "most_ms": times[-1]}
        result[name] = {key: round(value, 1) for key, value in row.items()}
        print(f"{name:>24} " + " ".join(f"{value:6.1f} ms" for value in row.values()) + f" {_MUST:9.0f} ms")
    return result
