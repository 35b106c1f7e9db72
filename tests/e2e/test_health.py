"""What an operator's Prometheus sees of a life: counted as it happened, and nothing of a person or a payment."""

import asyncio

import httpx

from bot.metrics import CONTENT_TYPE
from bot.sandbox import Sandbox
from bot.sandbox.people import Person
from bot.sandbox.provider import Mode
from tests.e2e.process import BotProcess
from tests.metering import read_samples


async def test_metrics_tell_of_a_payments_life(bot_on_each: BotProcess, sandbox: Sandbox, sari: Person) -> None:
    """Asked, looked at, paid and told: each is counted. No id, no key, no token, no chat."""
    payment = sandbox.payments.express(65_000)
    await sari.send(f"/pay {payment.id}")
    await sari.private_chat.wait_for_message(lambda message: message.photo is not None)
    payment.pay()
    await sari.private_chat.wait_for_text("Lunas")
    async with httpx.AsyncClient(trust_env=False) as client, asyncio.timeout(10):
        while True:  # the message is there a moment before it is noted
            answer = await client.get(f"{bot_on_each.url}/metrics")
            found = read_samples(answer.text)
            if found["paybot_paid_to_told_seconds_count"][()] == 1 and found["paybot_outbox_due"][()] == 0:
                break
    assert answer.headers["content-type"] == CONTENT_TYPE
    assert found["paybot_payments"]["paid",] == 1
    assert found["paybot_payments"]["waiting",] == 0
    assert found["paybot_looks_total"]["paid",] >= 1
    assert found["paybot_look_delay_seconds_count"][()] >= 1
    assert found["paybot_provider_calls_total"]["express", "unpaid"] >= 1
    assert found["paybot_deliveries_total"]["delivered",] >= 2
    assert found["paybot_updates_total"] == {("message",): 1}
    assert found["paybot_paid_to_told_seconds_sum"][()] < 5
    assert (found["paybot_lease_held"], found["paybot_ready"]) == ({(): 1}, {(): 1})
    for secret in (payment.id, str(sari.id), sandbox.telegram.token, sandbox.kiriminaja.api_key):
        assert secret not in answer.text


async def test_readyz_tells_how_kiriminaja_is_and_what_holds_updates_up(
    bot: BotProcess, sandbox: Sandbox, sari: Person
) -> None:
    """By the calls' outcomes; whatever it does, the bot is ready."""
    payment = sandbox.payments.express(65_000)
    status, parts = await bot.readiness()
    assert (status, parts["kiriminaja"], parts["migrations"], parts["updates"]) == (200, "unknown", "current", "ok")
    wanted: dict[Mode, str] = {"up": "ok", "down": "no usable answer since 20", "key_refused": "refuses the key"}
    for mode, said in wanted.items():
        sandbox.kiriminaja.set_mode(mode)
        await sari.send(f"/pay {payment.id}")
        async with asyncio.timeout(10):
            while not str(parts["kiriminaja"]).startswith(said):
                status, parts = await bot.readiness()
                assert status == 200
    assert sandbox.kiriminaja.api_key not in str(parts)
