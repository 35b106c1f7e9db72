"""What KiriminAja's side may send: answers, callbacks, the people in them, and headers with times."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, Final

from bot.core.answer import Answer, Code, Statement, Throttled, Unwell, Verdict, oddity_of, verdict_on
from bot.core.callbacks import METHODS, Callback, news_of
from bot.core.ids import Kind, is_id
from bot.core.payment import Decision, decide
from bot.core.privacy import BULLET, PackagePeople, Somebody
from bot.kiriminaja.answers import MAX_BODY, accepted, is_html, payment_fields, read_answer, retry_after
from bot.kiriminaja.callbacks import read_callback
from bot.kiriminaja.people import people_in
from bot.messenger.updates import Updates
from tests.core.making import RULES, T0, waiting
from tests.fuzz import wild
from tests.fuzz.running import Parser

RECORDED: Final = [
    json.loads(path.read_bytes())
    for path in sorted((Path(__file__).parent.parent / "recorded").glob("*.json"))
]  # fmt: skip
SECRET_NAME: Final = "Rahasia Zqxj"
"""Planted as every name, phone and address; nothing but `people` may hold it."""
PERSONAL: Final = ("name", "phone", "address")
EVENT: Final = {
    "order_id": "BDI-1", "awb": "GK-1", "date": "2025-08-05T06:59:31.000000Z", "shipped_at": "2025-08-05 13:59:31",
    "finished_at": None, "returned_at": None,
}  # fmt: skip
CALLBACKS: Final[list[Any]] = [
    {"method": method, "data": [EVENT, {"order_id": "BDI-2"}], "payment": {"payment_id": "PID-1754377171"},
     "packages": [{"order_id": "BDI-1", "awb": "GK-1", "service": "gosend", "status": 106,
                   "origin": {"name": "x", "phone": "y", "address": "z"}}]}
    for method in sorted(METHODS)
] + [{"method": "processed_packages", "data": [{"order_id": "OID-1", "awb": "DEVEL-4"}]},
     {"method": "update_instant_packages", "data": EVENT}]  # fmt: skip


def _with_people(dice: Random, tree: Any) -> bytes:
    """JSON in which whoever is named is called `SECRET_NAME`."""
    waiting, seen = [tree], 0
    while waiting and (seen := seen + 1) < 2000:
        holder = waiting.pop()
        if isinstance(holder, dict):
            holder |= {key: SECRET_NAME for key in PERSONAL if key in holder}
        if isinstance(holder, dict | list):
            waiting += holder.values() if isinstance(holder, dict) else holder
    return wild.as_json(dice, tree)


Asked = tuple[int, dict[str, str], bytes, Kind | None]


def make_answer(dice: Random) -> Asked:
    """Status, headers, body, and which product was asked."""
    status = (
        200 if dice.random() < 0.6 else dice.choice((0, 100, 201, 204, 302, 400, 401, 404, 422, 429, 500, 503, 999))
    )
    headers = {"Content-Type": "application/json", "Retry-After": make_time(dice)} if dice.random() < 0.3 else {}
    body = _with_people(dice, wild.mutated(dice, dice.choice(RECORDED)))
    return status, headers, body, dice.choice((None, Kind.EXPRESS, Kind.INSTANT))


def parse_answer(given: Asked) -> tuple[Answer, Decision]:
    """All that is read of an answer, and what it decides."""
    status, headers, body, kind = given
    answer = read_answer(status, headers, body, kind=kind, now=T0)
    accepted(status, headers, body, now=T0)
    is_html(headers, body)
    people_in(payment_fields(body))
    known = waiting()
    return answer, decide(known, answer, T0 + timedelta(seconds=5), RULES)


def judge_answer(given: Asked, outcome: tuple[Answer, Decision]) -> None:
    """Paid only where the bytes say so; nobody's name anywhere."""
    answer, decision = outcome
    status, _, body, _ = given
    assert "Zqxj" not in repr((answer, decision)), "a person's name left the parser"
    match answer:
        case Statement():
            assert len(body) <= MAX_BODY
            assert status in {200, 201, 202, 203}, "a statement without success"
            assert answer.amount is None or (type(answer.amount) is int and answer.amount >= 0)
            assert is_id(answer.payment_id)
            answer.digest.encode()
            odd = oddity_of(answer, answer.payment_id)
            if odd is None and verdict_on(answer) is not Verdict.UNPAID:
                assert answer.code is Code.PAID
                assert says_paid(body), "paid, and the body does not say so"
        case Throttled():
            assert answer.retry_after is None or 0 <= answer.retry_after <= 900
        case Unwell():
            assert answer.reason.isascii() and len(answer.reason) < 40
    assert not decision.payment.settled or says_paid(body)


def says_paid(body: bytes) -> bool:
    """Whether an object of the documented shape in a body has code 0, read without our models."""
    said = json.loads(body.removeprefix(b"\xef\xbb\xbf").decode())
    if not isinstance(said, dict) or said.get("status") is not True:
        return False
    places = [said[place] for place in ("data", "result") if isinstance(said.get(place), dict) and said[place]]
    if len(places) != 1 or not isinstance(places[0].get("payment_id"), str):
        return False
    code = places[0].get("status_code")
    return type(code) is not bool and (
        (isinstance(code, int) and code == 0)
        or code == "0"
        or (isinstance(code, str) and " ".join(code.lower().split())[:80] == "pembayaran berhasil")
    )


def make_callback(dice: Random) -> bytes:
    """A callback's body."""
    return _with_people(dice, wild.mutated(dice, dice.choice(CALLBACKS)))


def judge_callback(given: bytes, callback: Callback | None) -> None:
    """Names nobody, says the same of the same, and can be told or not."""
    if callback is None:
        return
    assert "Zqxj" not in repr(callback)
    assert callback.label in METHODS | {"unknown"}
    assert len(callback.digest) == 64
    assert read_callback(given) == callback
    assert callback.payment_id is None or is_id(callback.payment_id)
    if callback.event and (news := news_of(callback.event, callback.parcels, [])):
        assert news_of(callback.event, callback.parcels, [news]) is None, "told twice"


GOOD_TIMES: Final = (
    "7", "0.5", "120", "Tue, 05 Aug 2025 07:00:00 GMT", "05 Aug 2025 07:00:00 +0700", "Tue, 5 Aug 25 7:0 (WIB) EST",
    "Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 01 Jan 0001 00:00:00 GMT", "Tue, 05 Aug 2025 07:00:00 +99999999999999",
)  # fmt: skip


def make_time(dice: Random) -> str:
    """`Retry-After`, or `Date`; no longer than httpx takes a header."""
    return wild.text(dice)[:100_000] if dice.random() < 0.2 else wild.bent(dice, dice.choice(GOOD_TIMES))


def parse_time(given: str) -> tuple[float | None, datetime]:
    """Both headers."""
    updates = _updates()
    updates._ahead = timedelta(0)
    updates._compare_clocks(given)
    return retry_after({"retry-after": given}, T0), updates.telegram_time


@cache
def _updates() -> Updates:
    """Made once: its client reads the system's certificates."""
    return Updates("https://api.telegram.org", "1:a")


def judge_time(_given: str, outcome: tuple[float | None, datetime]) -> None:
    """A pause within its bounds, and a time to reckon with."""
    pause, time = outcome
    assert pause is None or 0 <= pause <= 900
    assert time.tzinfo is UTC
    assert time - T0  # a message's age is told by it


ADDRESSES: Final = (
    "Jl. Kyai Mojo No. 12, Wirobrajan, Kota Yogyakarta", "Minomartani, Kec. Ngaglik, Kabupaten Sleman",
    "Kec.Kb. Jeruk", "Kecamatan Ogan Komering Ulu Selatan RT 5 hp 081200000001",
)  # fmt: skip


def make_person(dice: Random) -> Mapping[str, object]:
    """The fields of an answer with somebody in it."""
    person = {
        "name": wild.bent(dice, "Budi Santoso"),
        "phone": wild.bent(dice, "+62 812-0000-0003"),
        "address": wild.bent(dice, dice.choice(ADDRESSES)),
    }
    person |= {key: wild.text(dice) for key in PERSONAL if dice.random() < 0.2}
    packages = [{"order_id": "O-1", "destination": person, "driver": person, "origin": wild.mutated(dice, person)}]
    return {"packages": wild.mutated(dice, packages) if dice.random() < 0.2 else packages}


def parse_person(given: Mapping[str, object]) -> list[tuple[PackagePeople, PackagePeople]]:
    """The people, and their masks."""
    return [(one, one.masked()) for one in people_in(given)]


def judge_person(_given: Mapping[str, object], outcome: list[tuple[PackagePeople, PackagePeople]]) -> None:
    """A mask tells nobody who it is."""
    for whole, mask in outcome:
        assert mask.sender is None and mask.driver is None
        if whole.recipient and mask.recipient:
            _is_masked(whole.recipient, mask.recipient)


def _is_masked(whole: Somebody, mask: Somebody) -> None:
    if whole.name and mask.name:
        hidden = mask.name.split()
        assert all(word.count(BULLET) >= len(word) - 1 for word in hidden)
        assert not {word for word in whole.name.split() if word.strip(BULLET)} & set(hidden), "a word in full"
    digits = sum(character.isdecimal() for character in mask.phone or "")
    assert digits <= 3
    if mask.address is not None:
        assert whole.address is not None
        assert len(mask.address) <= 40
        assert all(word in whole.address for word in mask.address.split()), "a word that is not in the address"
        assert not any(character.isdecimal() for character in mask.address)
    assert "Zqxj" not in repr(mask)


PARSERS: Final = (
    Parser("answers", make_answer, parse_answer, judge_answer),
    Parser("callbacks", make_callback, read_callback, judge_callback),
    Parser("times", make_time, parse_time, judge_time),
    Parser("people", make_person, parse_person, judge_person),
)
