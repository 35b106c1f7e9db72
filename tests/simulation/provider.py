"""KiriminAja as a model: what a payment is in truth, and what the API says of it, which lags, lapses and errs."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from bot.core.answer import Answer, Code, Missing, Refused, Statement, Throttled, Unwell
from bot.core.callbacks import Callback, Parcel
from bot.core.ids import Kind, kind_of
from bot.core.packages import Package
from bot.kiriminaja.flights import Flight, Flights
from bot.kiriminaja.pace import Pace
from bot.kiriminaja.sides import HELD_BACK, Sides
from tests.core.making import emv
from tests.simulation.process import Process

if TYPE_CHECKING:
    from tests.simulation.world import World

_CALLS_PER_SECOND: Final = 5.0


@dataclass(frozen=True, slots=True)
class Issue:
    """A code that counts from a moment on; None: there is none to pay."""

    since: float
    bill: str | None
    amount: int
    is_whole: bool = True


@dataclass(slots=True)
class Bill:
    """A payment in truth."""

    id: str
    kind: Kind
    is_known: bool
    issues: Sequence[Issue]
    paid_at: float | None
    lag: float
    """Seconds after which the API knows."""
    doubt: float
    """Seconds for which it then says so in an odd way."""
    proof: str
    """What proves it: `paid_at`, a label, the missing code; or nothing but saying it twice."""
    journey: Sequence[tuple[float, int]] = ()
    """Its packages: seconds after payment, and the status from then on."""
    erred: bool = False

    def is_paid(self, now: float) -> bool:
        """Whether the money has gone."""
        return self.paid_at is not None and now >= self.paid_at

    def issue(self, now: float) -> Issue:
        """What is to be paid at a moment."""
        return [issue for issue in self.issues if issue.since <= now][-1]


@cache
def payload(bill: str, amount: int, *, is_whole: bool = True) -> str:
    """A QR payload."""
    good = emv(t54=str(amount), t62=f"01{len(bill):02}{bill}")
    return good if is_whole else good[:-4] + "0000"


class Provider:
    """What lasts when processes die."""

    def __init__(self, world: "World", bills: Sequence[Bill]) -> None:
        self._world = world
        self.bills = {bill.id: bill for bill in bills}
        self.usable: list[float] = []
        """When a usable answer was given."""

    def answer(self, payment_id: str) -> Answer:
        """What the API says now."""
        world, now = self._world, self._world.now
        if trouble := world.provider_trouble():
            return trouble
        if world.happens(world.weather.call_failed):
            troubles: list[Answer] = [Unwell("server_error"), Unwell("not_json"), Throttled(None), Throttled(3.0)]
            return world.chance.choice(troubles)
        self.usable.append(now)
        bill = self.bills[payment_id]
        if not bill.is_known:
            return Missing()
        return self._statement(bill, now)

    def _statement(self, bill: Bill, now: float) -> Statement:
        issue = bill.issue(now)
        qr = payload(issue.bill, issue.amount, is_whole=issue.is_whole) if issue.bill else None
        told: dict[str, Any] = {
            "payment_id": bill.id, "kind": bill.kind, "code": Code.UNPAID, "raw_code": "9", "amount": issue.amount,
            "labels": frozenset({"billing berhasil dibuat"}), "qr": qr, "packages": _packages(bill, now),
        }  # fmt: skip
        if bill.paid_at is None or now < bill.paid_at + bill.lag:
            return Statement(**told | self._error(bill))
        paid = {"code": Code.PAID, "raw_code": "0", "labels": frozenset()}
        if now < bill.paid_at + bill.lag + bill.doubt:
            return Statement(**told | paid | {"labels": frozenset({"pending"})})
        proof: dict[str, dict[str, Any]] = {
            "paid_at": {"has_paid_at": True, "qr": None},
            "label": {"labels": frozenset({"settlement"})},
            "no code": {"qr": None},
            "twice": {},
        }
        return Statement(**told | paid | proof[bill.proof])

    def _error(self, bill: Bill) -> dict[str, Any]:
        """A wrong answer while unpaid, never two in a row."""
        bill.erred = not bill.erred and self._world.happens(self._world.weather.odd)
        if not bill.erred:
            return {}
        errors: list[dict[str, Any]] = [
            {"code": Code.UNKNOWN, "raw_code": "7"},
            {"has_paid_at": True},
            {"labels": frozenset({"paid"})},
            {"code": Code.PAID, "raw_code": "0", "labels": frozenset()},  # without proof, once
            {"payment_id": "XID-999999"},
        ]
        error = self._world.chance.choice(errors)
        self._world.note("odd", f"{bill.id}: {error}")
        # A code that was not there proves nothing: without one the answer would be proof.
        return error if error.get("code") is not Code.PAID or bill.issue(self._world.now).bill else {}


class ProviderOf:
    """As `bot.kiriminaja.client.KiriminAja`: its pace, sides and flights, and the model in the place of HTTP."""

    def __init__(self, process: Process, provider: Provider) -> None:
        world = process.world
        self._process, self._provider = process, provider
        self._flights = Flights()
        # Wider than what looks are spread over: a second process would not know what the first one spent.
        self._pace = Pace(_CALLS_PER_SECOND, clock=lambda: world.now)
        self.sides = Sides(self._pace, has_instant=True, clock=lambda: world.now)

    async def fetch(self, payment_id: str, kind: Kind | None, *, urgent: bool = False, fresh: bool = False) -> Answer:
        """A look; those under way together share one."""
        kind = kind or kind_of(payment_id)

        async def ask(flight: Flight) -> Answer:
            answer = await self._call(payment_id, kind, flight)
            self.sides.note(self.sides.side_of(kind), answer)
            return answer

        return await self._flights.join((payment_id, kind), ask, urgent=urgent, fresh=fresh)

    async def _call(self, payment_id: str, kind: Kind | None, flight: Flight) -> Answer:
        if (pause := await self._pace.turn(urgent=flight.urgent)) is not None:
            return pause if flight.urgent else HELD_BACK
        if self.sides.is_held(kind) and not flight.urgent:
            return HELD_BACK
        flight.called = True
        world = self._process.world
        await self._process.reach("look")
        await asyncio.sleep(world.provider_latency())
        answer = self._provider.answer(payment_id)
        await asyncio.sleep(0.02)
        await self._process.reach("looked")
        world.note("look", f"{payment_id}: {_short(answer)}")
        if isinstance(answer, Throttled):
            self._pace.throttled(answer.retry_after)
        elif not isinstance(answer, Unwell):
            self._pace.answered()
        return answer

    async def people(self, payment_id: str, *, urgent: bool = False) -> tuple[()]:
        """Nobody is named."""
        return ()


def callback_about(bill: Bill, method: str, number: int) -> Callback:
    """What the provider pushes, true or not."""
    return Callback(method, f"{bill.id}:{method}:{number}", bill.id, (Parcel(f"ORD-{bill.id}"),))


def _packages(bill: Bill, now: float) -> tuple[Package, ...]:
    if not bill.journey:
        return ()
    since = now - bill.paid_at if bill.paid_at is not None else -1.0
    status = [100, *(status for after, status in bill.journey if after <= since)][-1]
    return (Package(f"ORD-{bill.id}", status=status, has_driver=status == 101, courier="gosend"),)


def _short(answer: Answer) -> str:
    if isinstance(answer, Statement):
        return (
            f"{answer.code} {answer.amount} {sorted(answer.labels)} paid_at={answer.has_paid_at} qr={bool(answer.qr)}"
        )
    return "refused" if isinstance(answer, Refused) else str(answer)
