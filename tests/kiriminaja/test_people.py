"""The people of an answer: read only when asked for, whatever the bytes, and without a trace of them in a look."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, strategies as st

from bot.core.privacy import PackagePeople, Somebody
from bot.kiriminaja.people import MAX_TEXT, people_in
from tests.kiriminaja.test_client import PAGE_404, PAGE_502, WRONG_KEY, Script, client

RECORDED = json.loads((Path(__file__).parent.parent / "recorded" / "instant_under_way.json").read_text())
UNDER_WAY = httpx.Response(200, json=RECORDED)
ID = "PID-1754377171"
PEOPLE = (
    PackagePeople(
        "BDI-1754377171060",
        "GK-11-3289048",
        Somebody("Pengirim", "081200000001", "Wirobrajan, Kota Yogyakarta"),
        Somebody("Penerima", "081200000002", "Minomartani, Kec. Ngaglik, Kabupaten Sleman"),
        Somebody("Budi Santoso", "081200000003"),
    ),
)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["packages", "order_id", "awb", "origin", "destination", "driver", "name", "phone"]), inner
        )
    ),
)


async def ask(posts: list[httpx.Response], gets: list[httpx.Response]) -> tuple[PackagePeople, ...]:
    async with client(Script(posts, gets)) as kiriminaja:
        return await kiriminaja.people(ID)


async def test_the_recorded_people_are_read() -> None:
    """Sender, recipient and driver of each package."""
    assert await ask([], [UNDER_WAY]) == PEOPLE


async def test_the_sdks_way_leads_to_them_too() -> None:
    """Where the Instant host has no such call."""
    assert await ask([UNDER_WAY], [PAGE_404]) == PEOPLE


@pytest.mark.parametrize("answer", [PAGE_502, WRONG_KEY, httpx.Response(200, text="{"), httpx.Response(200, json={})])
async def test_no_answer_is_nobody(answer: httpx.Response) -> None:
    """A message goes out without them."""
    assert await ask([answer], [answer]) == ()


async def test_an_answer_about_another_payment_is_nobody() -> None:
    """Their names are not for this chat."""
    other = {**RECORDED, "result": RECORDED["result"] | {"payment_id": "PID-1"}}
    assert await ask([], [httpx.Response(200, json=other)]) == ()


async def test_a_look_shows_nobody() -> None:
    """Neither in its answer nor in a `repr`."""
    async with client(Script([], [UNDER_WAY])) as kiriminaja:
        shown = repr(await kiriminaja.fetch(ID, None)) + repr(kiriminaja)
    assert not any(part in shown for part in ("Penerima", "0812", "Budi", "Ngaglik"))


async def test_what_is_no_id_is_not_asked_for() -> None:
    """It would stand in a URL."""
    async with client(Script([], [])) as kiriminaja:
        with pytest.raises(ValueError, match="not a payment id"):
            await kiriminaja.people("../x")


def test_numbers_are_text_and_nothing_is_nobody() -> None:
    """A phone may come as a number; blank fields name nobody."""
    package = {"awb": 7, "origin": {"name": " ", "phone": ""}, "destination": {"phone": 812, "name": "x" * 5000}}
    assert people_in({"packages": [package, {"origin": {"name": "A"}}, 3]}) == (
        PackagePeople("7", "7", None, Somebody("x" * MAX_TEXT, "812"), None),
    )


@given(JSON)
def test_anything_is_read(value: Any) -> None:
    """Never raises, and what it finds is text."""
    fields = value if isinstance(value, dict) else {"packages": value}
    for people in people_in(fields):
        for person in (people.sender, people.recipient, people.driver):
            assert person is None or person.name or person.phone or person.address
