"""KiriminAja's answers, as documented and as they go wrong."""

from __future__ import annotations

import asyncio
import json
from binascii import crc_hqx
from typing import Any

import httpx
import pytest

from bot.sandbox import Sandbox
from bot.sandbox.payloads import build
from bot.sandbox.provider import Mode
from tests.sandbox.conftest import FakeClock
from tests.sandbox.test_webhook import Receiver, receiver

__all__ = ["receiver"]

# What the documentation and the recorded samples show.
EXPRESS_FIELDS = [
    "payment_id",
    "qr_content",
    "method",
    "pay_time",
    "status",
    "status_code",
    "amount",
    "paid_at",
    "created_at",
]
INSTANT_FIELDS = ["payment_id", "amount", "status_code", "qr_content", "pay_time", "packages"]
PACKAGE_FIELDS = ["awb", "order_id", "service", "service_name", "status", "live_track_url", "origin", "destination"]
RECORDED = (
    "00020101021226600016ID.CO.SHOPEE.WWW0118936009180001228938020712289380303UME51440014ID.CO.QRIS.WWW0215ID2021072"
    "4181180303UME520453995303360540865000.005802ID5910KIRIMINAJA6011KAB. SLEMAN61055528162360520082022110311100323"
    "980708AA1606216304B823"
)


class Account:
    """The calls of a client with the key."""

    def __init__(self, sandbox: Sandbox, client: httpx.AsyncClient) -> None:
        self.sandbox = sandbox
        self.client = client
        self.headers = {"Authorization": f"Bearer {sandbox.kiriminaja.api_key}", "Accept": "application/json"}

    async def express(self, payment_id: str) -> httpx.Response:
        """The Express call."""
        url = f"{self.sandbox.url}/api/mitra/v2/get_payment"
        return await self.client.post(url, json={"payment_id": payment_id}, headers=self.headers)

    async def instant(self, payment_id: str) -> httpx.Response:
        """The Instant call."""
        url = f"{self.sandbox.url}/open-api/v1/instants/payment/{payment_id}"
        return await self.client.get(url, headers=self.headers)

    async def data(self, payment_id: str) -> dict[str, Any]:
        """Express' ``data``."""
        found: dict[str, Any] = (await self.express(payment_id)).json()["data"]
        return found

    async def result(self, payment_id: str) -> dict[str, Any]:
        """Instant's ``result``."""
        found: dict[str, Any] = (await self.instant(payment_id)).json()["result"]
        return found


@pytest.fixture
def account(sandbox: Sandbox, client: httpx.AsyncClient) -> Account:
    return Account(sandbox, client)


def valid(payload: str) -> bool:
    """Whether the CRC fits."""
    return f"{crc_hqx(payload[:-4].encode(), 0xFFFF):04X}" == payload[-4:]


def test_payloads_are_built_like_the_recorded_one() -> None:
    """With the sample's values the builder gives the sample, to the last digit."""
    assert build(amount=65_000, issued="20221103111003", serial=2398) == RECORDED


async def test_an_unpaid_express_payment(sandbox: Sandbox, account: Account, clock: FakeClock) -> None:
    """Fields, types and times are those of the sample: WIB digits here, UTC there."""
    clock.now = 1_667_448_603  # 2022-11-03 11:10:03 WIB
    payment = sandbox.payments.express(65_000)
    answer = (await account.express(payment.id)).json()
    data = answer.pop("data")
    assert answer == {"status": True, "text": "Success", "method": "payment"}
    assert list(data) == EXPRESS_FIELDS
    assert (data["status_code"], data["amount"], data["paid_at"]) == ("9", 65_000, None)
    assert (data["pay_time"], data["created_at"]) == ("20221103111003", "2022-11-03T04:10:03.000000Z")
    assert valid(data["qr_content"])
    assert "20221103111003" in data["qr_content"]
    assert "540865000.00" in data["qr_content"]


@pytest.mark.parametrize(
    ("proof", "paid_at", "qr", "label"),
    [
        ("full", True, False, True),
        ("paid_at", True, True, False),
        ("qr_null", False, False, False),
        ("label", False, True, True),
        ("bare", False, True, False),
    ],
)
async def test_each_proof_of_payment_alone(
    sandbox: Sandbox, account: Account, proof: Any, paid_at: bool, qr: bool, label: bool
) -> None:
    """status_code is "0" every time; what else says so is chosen."""
    payment = sandbox.payments.express()
    payment.pay(proof)
    data = await account.data(payment.id)
    shown = (data["paid_at"] is not None, data["qr_content"] is not None, data["status"] == "Pembayaran berhasil")
    assert (data["status_code"], *shown) == ("0", paid_at, qr, label)


@pytest.mark.parametrize("qr", ["broken_crc", "other_amount", "none"])
async def test_bad_qrs_are_bad(sandbox: Sandbox, account: Account, qr: Any) -> None:
    """A wrong CRC, another amount in tag 54 under a right CRC, or none at all."""
    content = (await account.data(sandbox.payments.express(65_000, qr=qr).id))["qr_content"]
    if qr == "none":
        assert content is None
    else:
        assert valid(content) == (qr == "other_amount")
        assert ("540865000.00" in content) == (qr == "broken_crc")


async def test_an_instant_payment_through_its_life(sandbox: Sandbox, account: Account) -> None:
    """Unpaid, paid with AWBs, a driver with a link, picked up, delivered; shapes as recorded."""
    payment = sandbox.payments.instant(54_000, packages=2)
    unpaid = await account.result(payment.id)
    assert list(unpaid) == INSTANT_FIELDS
    assert (unpaid["status_code"], [p["status"] for p in unpaid["packages"]]) == (9, [100, 100])
    assert list(unpaid["packages"][0]) == PACKAGE_FIELDS
    payment.pay()
    paid = await account.result(payment.id)
    assert (paid["status_code"], paid["qr_content"], paid["pay_time"]) == (0, None, None)
    assert all(package["awb"] and package["status"] == 105 for package in paid["packages"])
    payment.assign_driver(0)
    first, second = (await account.result(payment.id))["packages"]
    assert first["driver"]["name"]
    assert first["live_track_url"].startswith("http://")
    assert second["live_track_url"] is None
    payment.pick_up()
    payment.deliver(1)
    assert [p["status"] for p in (await account.result(payment.id))["packages"]] == [106, 200]
    assert payment.state == "picked up"


async def test_each_side_knows_its_own(sandbox: Sandbox, account: Account) -> None:
    """The Express call also knows PID ids, in ``result``; other prefixes are known to one side only."""
    xid, pid = sandbox.payments.express(), sandbox.payments.instant()
    old = sandbox.payments.instant(payment_id="OLD-77")
    assert (await account.express(pid.id)).json()["result"]["payment_id"] == pid.id
    for answer in (await account.instant(xid.id), await account.express(old.id)):
        assert answer.json()["status"] is False
    assert (await account.result(old.id))["payment_id"] == "OLD-77"


@pytest.mark.parametrize(
    ("shape", "status", "flag"), [("status_false", 200, False), ("not_found", 404, False), ("null", 200, True)]
)
async def test_unknown_ids_in_each_shape(
    sandbox: Sandbox, account: Account, shape: Any, status: int, flag: bool
) -> None:
    """All three mean there is no such payment."""
    sandbox.kiriminaja.unknown = shape
    for answer, field in ((await account.express("XID-404"), "data"), (await account.instant("PID-404"), "result")):
        assert (answer.status_code, answer.json()["status"], answer.json()[field]) == (status, flag, None)
    if shape == "status_false":
        recorded = {"status": False, "text": "data not found", "code": 2, "method": None, "result": None}
        assert answer.json() == recorded


async def test_a_wrong_key_is_401(sandbox: Sandbox, account: Account) -> None:
    """And is recorded like every request."""
    account.headers["Authorization"] = "Bearer other"
    payment = sandbox.payments.express()
    assert (await account.express(payment.id)).status_code == 401
    assert [(r.endpoint, r.status, r.at) for r in payment.requests] == [("express", 401, sandbox.kiriminaja.clock())]


async def test_a_qr_can_be_reissued(sandbox: Sandbox, account: Account, clock: FakeClock) -> None:
    """New payload, new pay_time; a changed amount brings its own."""
    payment = sandbox.payments.express(65_000)
    before = await account.data(payment.id)
    clock.now += 90
    payment.reissue()
    after = await account.data(payment.id)
    assert after["qr_content"] != before["qr_content"]
    assert after["pay_time"] > before["pay_time"]
    payment.change_amount(70_000)
    changed = await account.data(payment.id)
    assert (changed["amount"], "540870000.00" in changed["qr_content"]) == (70_000, True)


async def test_oddities_contradict_and_end(sandbox: Sandbox, account: Account) -> None:
    """Each is odd in its own way, and `normal` ends it."""
    payment = sandbox.payments.express()
    payment.odd("paid_at_unpaid")
    odd = await account.data(payment.id)
    assert (odd["status_code"], odd["paid_at"] is None) == ("9", False)
    payment.normal()
    payment.odd("label_opposite")
    assert (await account.data(payment.id))["status"] == "Pembayaran berhasil"
    payment.odd("other_id")
    assert (await account.data(payment.id))["payment_id"] != payment.id
    payment.odd("unknown_code")
    assert (await account.data(payment.id))["status_code"] == "7"
    payment.normal()
    assert await account.data(payment.id) == payment.as_json()


async def test_raw_answers_for_one_payment(sandbox: Sandbox, account: Account) -> None:
    """The next N are exactly as given, for this payment alone."""
    one, two = sandbox.payments.express(), sandbox.payments.express()
    one.answer_raw(418, "short and stout", headers={"X-Tea": "pot"}, times=2)
    assert (await account.express(two.id)).status_code == 200
    for _ in range(2):
        answer = await account.express(one.id)
        assert (answer.status_code, answer.text, answer.headers["x-tea"]) == (418, "short and stout", "pot")
    assert (await account.express(one.id)).status_code == 200


@pytest.mark.parametrize(
    ("mode", "status", "is_json"),
    [
        ("down", 503, True),
        ("html", 200, False),
        ("empty", 200, False),
        ("key_refused", 401, True),
        ("too_many", 429, True),
        ("truncated", 200, False),
        ("wrong_types", 200, True),
    ],
)
async def test_the_provider_can_be_unwell(
    sandbox: Sandbox, account: Account, mode: Mode, status: int, is_json: bool
) -> None:
    """Each mode answers every request its way until it is up again."""
    payment = sandbox.payments.express()
    sandbox.kiriminaja.set_mode(mode)
    answer = await account.express(payment.id)
    assert answer.status_code == status
    assert "retry-after" not in answer.headers
    if is_json:
        answer.json()
    else:
        with pytest.raises(json.JSONDecodeError):
            answer.json()
    sandbox.kiriminaja.set_mode("up")
    assert (await account.data(payment.id))["payment_id"] == payment.id


async def test_too_many_may_say_when(sandbox: Sandbox, account: Account) -> None:
    """Retry-After is there when asked for."""
    sandbox.kiriminaja.set_mode("too_many", retry_after=4)
    assert (await account.express("XID-1")).headers["retry-after"] == "4"


async def test_connections_can_be_reset(sandbox: Sandbox, account: Account) -> None:
    """No answer at all; the request is on record."""
    payment = sandbox.payments.express()
    sandbox.kiriminaja.set_mode("reset")
    with pytest.raises(httpx.ReadError):
        await account.express(payment.id)
    assert [request.status for request in await payment.wait_for_requests(1)] == [0]


async def test_a_look_can_be_held(sandbox: Sandbox, account: Account) -> None:
    """What is paid while the request stands still is in its answer."""
    payment = sandbox.payments.express()
    hold = sandbox.kiriminaja.hold(payment.id)
    looking = asyncio.create_task(account.data(payment.id))
    await hold.reached()
    payment.pay()
    hold.release()
    assert (await looking)["status_code"] == "0"


async def test_the_callback_url_is_kept(sandbox: Sandbox, account: Account) -> None:
    """One per account; nonsense is refused."""
    url = f"{sandbox.url}/api/mitra/set_callback"
    answer = await account.client.post(url, json={"url": "https://shop.id/hook"}, headers=account.headers)
    assert answer.json() == {"status": True, "method": "set_callback", "text": "Success"}
    assert sandbox.kiriminaja.callback_url == "https://shop.id/hook"
    answer = await account.client.post(url, json={"url": "shop"}, headers=account.headers)
    assert (answer.status_code, answer.json()["status"]) == (422, False)


async def test_callbacks_are_pushed_as_documented(sandbox: Sandbox, receiver: Receiver) -> None:
    """User agent, bearer and body; the status is handed back."""
    payment = sandbox.payments.instant()
    payment.pay()
    payment.cancel()
    body = sandbox.kiriminaja.callback(payment, "canceled_packages", reason="No driver")
    receiver.statuses = [202]
    pushed = await sandbox.kiriminaja.push(body, receiver.url)
    headers, received = await receiver.next()
    assert (pushed.status, pushed.accepted, received) == (202, True, body)
    assert headers["user-agent"] == "KiriminAja-Push-Services"
    assert headers["authorization"] == f"Bearer {sandbox.kiriminaja.api_key}"
    assert list(body) == ["method", "data", "payment", "packages"]
    assert (body["packages"][0]["status"], body["payment"]["status_code"]) == (300, 0)


def test_callback_shapes_are_the_recorded_ones() -> None:
    """Short without a payment id, deprecated with a plain date, the update's data as one object."""
    sandbox = Sandbox()
    payment = sandbox.payments.instant()
    make = sandbox.kiriminaja.callback
    assert list(make(payment, "processed_packages", short=True)["data"][0]) == ["order_id", "awb", "sorting_code"]
    assert len(make(payment, "return_finished_packages")["data"][0]["date"]) == 19
    assert make(payment, "update_instant_packages")["data"]["order_id"] == payment.packages[0].order_id
    complete = make(payment, "shipped_packages")
    assert list(complete["data"][0])[:4] == ["order_id", "awb", "date", "shipped_at"]
    assert {"live_tracking_url", "poly_line", "service_type"} < set(complete["packages"][0])
