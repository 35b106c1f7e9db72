"""Express and Instant fare by themselves: what is held back, and which calls are made all the same."""

import asyncio
import json

import httpx
import pytest

from bot.core.answer import Missing, Refused, Statement, Throttled, Unwell
from bot.core.ids import Kind
from bot.kiriminaja.breaker import OPENS_AFTER
from bot.kiriminaja.client import KiriminAja
from bot.kiriminaja.pace import PATIENCE, Pace
from bot.kiriminaja.sides import HELD_BACK, Side, Sides
from bot.kiriminaja.wire import HttpxWire
from tests.kiriminaja.test_client import EXPRESS, INSTANT, KEY, PAGE_404, told
from tests.kiriminaja.virtual import VirtualTime

DOWN = httpx.Response(503, json={"message": "Service Unavailable"})


class Account:
    """Hosts that answer as they are told to, and a client for them."""

    def __init__(self, instant: str | None = INSTANT) -> None:
        self.trouble: dict[str, httpx.Response] = {}
        self.asked: list[str] = []
        self.time = VirtualTime()
        self.client = KiriminAja(
            KEY,
            EXPRESS,
            instant,
            pace=Pace(1000, clock=self.time.clock, sleep=self.time.sleep),
            clock=self.time.clock,
            wire=lambda: HttpxWire(httpx.AsyncClient(transport=httpx.MockTransport(self._answer))),
        )

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.host)
        if trouble := self.trouble.get(request.url.host):
            return httpx.Response(trouble.status_code, headers=trouble.headers, content=trouble.content)
        if request.method == "GET":
            return told("result", request.url.path.rpartition("/")[2])
        payment_id = json.loads(request.content)["payment_id"]
        return told("result" if payment_id.startswith("PID") else "data", payment_id)

    async def look(self, payment_id: str, times: int = 1, *, urgent: bool = False) -> object:
        """The last of so many answers."""
        answer: object = None
        for _ in range(times):
            answer = await self.time.run(self.client.fetch(payment_id, None, urgent=urgent))
        return answer

    @property
    def held(self) -> set[Side]:
        return {one.side for one in self.client.sides.held()}


async def test_a_side_that_is_down_is_let_be_and_the_other_one_is_not() -> None:
    """Looks at Instant wait without a call; Express goes on as ever."""
    account = Account()
    account.trouble["instant.test"] = DOWN
    assert await account.look("PID-1234", OPENS_AFTER) == Unwell("http_503")
    assert account.held == {Side.INSTANT}
    account.asked.clear()
    assert await account.look("PID-1234", 50) is HELD_BACK
    assert account.asked == []
    assert isinstance(await account.look("XID-1234"), Statement)
    assert account.asked == ["express.test"]


async def test_a_person_asks_all_the_same_and_an_answer_lets_the_others_go_on() -> None:
    """It serves as the probe."""
    account = Account()
    account.trouble["express.test"] = DOWN
    await account.look("XID-1234", OPENS_AFTER)
    assert await account.look("XID-5678", urgent=True) == Unwell("http_503")
    assert account.held == {Side.EXPRESS}
    account.trouble.clear()
    assert isinstance(await account.look("XID-5678", urgent=True), Statement)
    assert account.held == set()
    assert isinstance(await account.look("XID-1234"), Statement)


async def test_a_web_page_in_place_of_the_instant_call_is_no_trouble_where_the_other_way_answers() -> None:
    """A host that has no such call at all: every look ends well by the SDKs' way."""
    account = Account()
    account.trouble["instant.test"] = PAGE_404
    assert isinstance(await account.look("PID-1234", 3 * OPENS_AFTER), Statement)
    assert account.held == set()


async def test_without_a_host_of_its_own_instant_is_a_matter_of_the_express_side() -> None:
    """One host, one breaker."""
    account = Account(instant=None)
    account.trouble["express.test"] = DOWN
    await account.look("PID-1234", OPENS_AFTER)
    assert account.held == {Side.EXPRESS}
    assert account.client.sides.kinds_of(Side.EXPRESS) == {Kind.EXPRESS, Kind.INSTANT, None}
    assert account.client.sides.state() == {"express": True}


async def test_an_id_of_unknown_kind_found_at_instant_does_not_call_express_well() -> None:
    """Each side answers for itself, also within one look."""
    account = Account()
    account.trouble["express.test"] = DOWN
    assert isinstance(await account.look("PICK-1234", OPENS_AFTER), Statement)
    assert account.held == {Side.EXPRESS}


async def test_looks_that_wait_for_their_turn_when_it_opens_are_not_made() -> None:
    """Fifty in the queue of a slow pace: the failures that open it are the last calls."""
    account = Account()
    account.trouble["express.test"] = DOWN
    looks = [account.client.fetch(f"XID-1{number:03}", None) for number in range(50)]
    answers = await account.time.run(asyncio.gather(*looks))
    assert answers.count(HELD_BACK) == 50 - len(account.asked)
    assert len(account.asked) < OPENS_AFTER + 20


async def test_a_pause_too_long_to_wait_out_holds_all_back_until_it_is_over() -> None:
    """A 429 is no failure: no probe is needed, time is."""
    account = Account()
    account.trouble["express.test"] = httpx.Response(429, headers={"Retry-After": "60"})
    assert await account.look("XID-1234", urgent=True) == Throttled(60)
    account.trouble.clear()
    assert account.held == set(Side)
    assert all(not one.probes and one.wait == 60 for one in account.client.sides.held())
    assert await account.look("PID-1234") is HELD_BACK
    assert await account.look("PID-1234", urgent=True) == Throttled(60)
    assert account.asked == ["express.test"]
    account.time.now += 60 - PATIENCE
    assert account.held == set()
    assert isinstance(await account.look("PID-1234"), Statement)


@pytest.mark.parametrize(
    ("answer", "opens"),
    [(Unwell("timeout"), True), (Unwell("html"), True), (Refused(), True), (Missing(), False),
     (Throttled(1), False), (HELD_BACK, False)],
)  # fmt: skip
def test_what_opens_a_side(answer: Missing | Refused | Throttled | Unwell, opens: bool) -> None:
    """No usable answer, or a refused key; not what the pace takes care of, nor what was never asked."""
    sides = Sides(Pace(5), has_instant=True)
    for _ in range(OPENS_AFTER):
        sides.note(Side.EXPRESS, answer)
    assert sides.is_held(Kind.EXPRESS) is opens
    assert sides.is_held(None) is opens
    assert not sides.is_held(Kind.INSTANT)
