"""`paybot demo` as somebody at a terminal meets it: its own process, real signals, a real end."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.at_terminal import Demo
from tests.e2e.process import free_port


@pytest.fixture
async def demo(tmp_path: Path, migrated_sqlite: Path) -> AsyncIterator[Demo]:
    async with Demo(tmp_path, migrated_sqlite) as running:
        yield running


def becomes(state: str) -> Callable[[dict[str, Any]], bool]:
    """Fits the event of the bot's new state."""
    return lambda event: event["type"] == "process" and event["state"] == state


def lives(pid: int) -> bool:
    """Whether a process runs; a dead one that nobody has asked after does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


async def gone(pid: int) -> None:
    """Returns when the process is no more."""
    async with asyncio.timeout(5):
        while lives(pid):  # noqa: ASYNC110 - another's child, there is no event
            await asyncio.sleep(0.01)


async def test_the_page_is_served_and_nothing_may_come_from_elsewhere(demo: Demo) -> None:
    """HTML at `/`, with a policy that names this address alone."""
    answer = await demo.client.get("/")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert "default-src 'self'" in answer.headers["content-security-policy"]


async def test_the_bot_plays_with_the_cast(tmp_path: Path) -> None:
    """Four chats, a payment of each sort, the bot running; neither `.env`, environment nor proxy leak in."""
    async with Demo(tmp_path) as demo:
        state = await demo.get("state")
        assert [part["label"] for part in state["cast"]] == [
            *("Sari, customer", "Tom, customer (English)", "Rina, staff", "Ops group")
        ]
        assert state["cast"][3]["person_id"] == state["cast"][2]["person_id"]
        assert state["process"]["state"] == "running"
        assert lives(state["process"]["pid"])
        assert os.getpgid(state["process"]["pid"]) != demo.process.pid  # a terminal's Ctrl-C does not reach it
        sari = state["cast"][0]["chat_id"]
        await demo.post("send", person_id=sari, text=f"/pay {state['payments'][0]['payment_id']}")
        event = await demo.until(lambda event: bool(event.get("message", {}).get("photo_url")), after=0)
        assert event["message"]["chat_id"] == sari


@pytest.mark.parametrize("moment", ["before", "at work"])
async def test_a_command_pending_at_the_kill_is_answered_once(demo: Demo, moment: str) -> None:
    """kill -9, before the command or in the middle of it: after the start there is one answer."""
    state = await demo.get("state")
    sari, payment = state["cast"][0]["chat_id"], state["payments"][0]["payment_id"]
    if moment == "before":
        assert await demo.post("process", action="kill") == {"state": "stopped", "pid": None}
        await demo.post("send", person_id=sari, text=f"/pay {payment}")
    else:
        await demo.post("provider", mode="slow", delay=60)
        await demo.post("send", person_id=sari, text=f"/pay {payment}")
        await demo.until(lambda event: event["type"] in ("request", "chat_action"), after=state["last_event_id"])
        await demo.post("process", action="kill")
        await demo.post("provider", mode="up")
    await gone(state["process"]["pid"])
    assert await demo.answers(sari) == []

    before = (await demo.get("state"))["last_event_id"]
    started = await demo.post("process", action="start")
    assert started["state"] == "starting"
    assert started["pid"] != state["process"]["pid"]
    await demo.until(becomes("running"), after=before)
    shown = await demo.until(lambda event: bool(event.get("message", {}).get("photo_url")), after=before)
    await demo.post("send", person_id=sari, text="/help")
    await demo.until(lambda event: event["type"] == "message" and event["message"]["from_bot"], after=shown["id"])
    assert sum(payment in message["text"] for message in await demo.answers(sari)) == 1


async def test_kill_and_start_twice_are_once(demo: Demo) -> None:
    """A button pressed twice does no more than once."""
    pid = await demo.pid()
    assert (await demo.post("process", action="start"))["pid"] == pid
    killed = [await demo.post("process", action="kill") for _ in range(2)]
    assert killed == [{"state": "stopped", "pid": None}] * 2


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda sent: sent.name)
@pytest.mark.parametrize("bot", ["running", "killed", "frozen"])
async def test_the_end_is_quick_and_quiet_and_leaves_nothing(demo: Demo, sent: signal.Signals, bot: str) -> None:
    """Within three seconds, exit 0, not a word, no process, no file: also when the bot is dead or hangs."""
    pid = await demo.pid()
    if bot == "killed":
        await demo.post("process", action="kill")
    if bot == "frozen":
        os.kill(pid, signal.SIGSTOP)
    os.killpg(demo.process.pid, sent)
    assert await demo.ended(within=3) == 0
    assert await demo.errors() == ""
    assert (await demo.rest()).strip() == ""
    assert not lives(pid)
    assert list(demo.temporary.iterdir()) == []


async def test_the_end_is_quiet_while_the_bot_starts_and_a_page_listens(tmp_path: Path) -> None:
    """Ctrl-C as soon as the address is told, with a stream of events open."""
    demo = Demo(tmp_path)
    await demo.spawn()
    url = re.findall(r"http://[^ ]+", await demo.hears("http"))[0]
    async with (
        httpx.AsyncClient(trust_env=False) as client,
        client.stream("GET", f"{url}/sandbox/events"),
    ):
        demo.process.send_signal(signal.SIGINT)
        assert await demo.ended(within=3) == 0
    assert await demo.errors() == ""
    assert list(demo.temporary.iterdir()) == []


async def test_a_port_in_use_is_one_line(demo: Demo, tmp_path: Path, migrated_sqlite: Path) -> None:
    """Exit 2, and the option to choose another is named."""
    second = Demo(tmp_path, migrated_sqlite, port=httpx.URL(demo.url).port or 0)
    await second.spawn()
    assert await second.ended() == 2
    said = (await second.errors()).splitlines()
    assert len(said) == 1
    assert "--port" in said[0]
    assert len(list(demo.temporary.iterdir())) == 1


async def test_a_chosen_port_is_taken(tmp_path: Path, migrated_sqlite: Path) -> None:
    """`--port` is where the page is."""
    port = free_port()
    async with Demo(tmp_path, migrated_sqlite, port=port) as demo:
        assert demo.url == f"http://127.0.0.1:{port}"


async def test_a_bot_that_dies_by_itself_is_told_at_both_ends(demo: Demo) -> None:
    """The page hears "stopped", the terminal how it ended, and the page can start it again."""
    before = (await demo.get("state"))["last_event_id"]
    os.kill(await demo.pid(), signal.SIGKILL)
    event = await demo.until(becomes("stopped"), after=before)
    assert event["pid"] is None
    assert "SIGKILL" in await demo.hears("stopped by itself")
    await demo.post("process", action="start")
    await demo.until(becomes("running"), after=event["id"])


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a child die with its parent")
async def test_a_killed_demo_takes_the_bot_along_and_the_next_one_tidies_up(
    tmp_path: Path, migrated_sqlite: Path
) -> None:
    """kill -9 of the demo: no orphan; its folder goes at the next start, a living demo's stays."""
    async with Demo(tmp_path) as first:
        pid = await first.pid()
        first.process.send_signal(signal.SIGKILL)
        await first.ended()
        await gone(pid)
        [left] = first.temporary.iterdir()
    async with Demo(tmp_path, migrated_sqlite) as second:
        [own] = second.temporary.iterdir()
        assert own != left
        async with Demo(tmp_path, migrated_sqlite):
            assert own.exists()


async def test_a_foreign_name_is_turned_away(demo: Demo) -> None:
    """DNS rebinding: another site's name that points to loopback reaches nothing."""
    for path in ("/sandbox/state", "/sandbox/events", "/"):
        answer = await demo.client.get(path, headers={"Host": "shop.example.com:8765"})
        assert answer.status_code == 400
    for name in ("localhost", "localhost:8765", "127.0.0.1"):
        assert (await demo.client.get("/sandbox/state", headers={"Host": name})).status_code == 200
