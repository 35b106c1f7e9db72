"""What the demo adds to a sandbox: its page, its cast, the samples' buttons, and the bot as a child."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from bot.sandbox import Sandbox, pages
from bot.sandbox.cast import raise_curtain
from bot.sandbox.changes import Changes
from bot.sandbox.demo import sweep
from bot.sandbox.pages import page_routes
from bot.sandbox.process import BotProcess
from bot.settings import child_environment
from tests.sandbox.conftest import FakeClock


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A page of our own."""
    made = tmp_path / "page"
    made.mkdir()
    (made / "index.html").write_text("<!doctype html>")
    (made / "chat.js").write_text("export {}")
    (made / "mark.svg").write_text("<svg/>")
    (made / "notes.py").write_text("")
    (tmp_path / "secret.js").write_text("no")
    monkeypatch.setattr(pages, "FOLDER", made)
    return made


@pytest.mark.parametrize(
    ("path", "status", "media_type"),
    [
        ("/", 200, "text/html; charset=utf-8"),
        ("/page/chat.js", 200, "text/javascript; charset=utf-8"),
        ("/page/mark.svg", 200, "image/svg+xml"),
        ("/page/notes.py", 404, "text/plain; charset=utf-8"),
        ("/page/none.js", 404, "text/plain; charset=utf-8"),
        ("/page/", 404, "text/plain; charset=utf-8"),
        ("/page/%2e%2e/secret.js", 404, "text/plain; charset=utf-8"),
        ("/page//etc/passwd", 404, "text/plain; charset=utf-8"),
        ("/page/%00.js", 404, "text/plain; charset=utf-8"),
    ],
)
async def test_only_the_pages_own_files_are_served(folder: Path, path: str, status: int, media_type: str) -> None:
    """With the media type a browser asks of a module, never cached, nothing above the folder."""
    transport = httpx.ASGITransport(Starlette(routes=list(page_routes())))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        answer = await client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, media_type)
    assert answer.headers["cache-control"] == "no-cache"
    assert "default-src 'self'" in answer.headers["content-security-policy"]


async def test_the_state_tells_the_chat_list_in_order(sandbox: Sandbox, client: httpx.AsyncClient) -> None:
    """Who acts in each chat; a sandbox without a demo has no cast and no process."""
    address = f"{sandbox.url}/sandbox/state"
    bare = (await client.get(address)).json()
    assert (bare["cast"], bare["process"]) == ([], None)
    cast = raise_curtain(sandbox)
    told = (await client.get(address)).json()["cast"]
    assert [part["person_id"] for part in told] == [cast.sari.id, cast.tom.id, cast.rina.id, cast.rina.id]
    assert [part["chat_id"] for part in told] == list(cast.labels)


async def test_a_sandbox_without_a_child_cannot_kill(sandbox: Sandbox, client: httpx.AsyncClient) -> None:
    """A test's bot is the test's to end."""
    answer = await client.post(f"{sandbox.url}/sandbox/process", json={"action": "kill"})
    assert answer.status_code == 400


def test_the_samples_show_each_sort() -> None:
    """Express unpaid, with a broken QR and without one; Instant unpaid with two packages, and paid."""
    sandbox = Sandbox()
    payments = raise_curtain(sandbox).payments
    assert [(payment.kind, payment.qr, payment.state, len(payment.packages)) for payment in payments] == [
        ("express", "valid", "unpaid", 0),
        ("express", "broken_crc", "unpaid", 0),
        ("instant", "valid", "unpaid", 2),
        ("instant", "valid", "paid", 1),
        ("express", "none", "unpaid", 0),
    ]


async def act(client: httpx.AsyncClient, sandbox: Sandbox, payment_id: str, action: str, **how: Any) -> Any:
    answer = await client.post(f"{sandbox.url}/sandbox/payments/{payment_id}/{action}", json=how)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_payment_tells_what_makes_sense_next(sandbox: Sandbox, client: httpx.AsyncClient) -> None:
    """From unpaid to delivered, each package by itself; what is over is left alone."""
    payment_id = sandbox.payments.instant(packages=2).id
    seen = [(await act(client, sandbox, payment_id, "pay"))["actions"]]
    cancelled = await act(client, sandbox, payment_id, "cancel", package=1)
    assert [package["state"] for package in cancelled["packages"]] == ["paid", "cancelled"]
    assert [package["actions"] for package in cancelled["packages"]] == [["assign_driver", "cancel"], []]
    for action in ("assign_driver", "pick_up", "deliver"):
        shown = await act(client, sandbox, payment_id, action)
        seen.append(shown["actions"])
    assert seen == [["assign_driver", "cancel"], ["pick_up", "cancel"], ["deliver", "cancel"], []]
    assert [package["state"] for package in shown["packages"]] == ["delivered", "cancelled"]


async def test_a_new_qr_is_a_good_one(sandbox: Sandbox, client: httpx.AsyncClient) -> None:
    """KiriminAja mends a broken or missing code by issuing another, unless told to break it again."""
    broken = sandbox.payments.express(qr="broken_crc")
    assert (await act(client, sandbox, broken.id, "reissue"))["qr"] == "valid"
    assert (await act(client, sandbox, broken.id, "reissue", qr="none"))["qr_content"] is None
    assert (await act(client, sandbox, broken.id, "pay"))["actions"] == []


async def test_a_bot_that_cannot_start_is_told_once(tmp_path: Path, clock: FakeClock) -> None:
    """Without settings it exits 2: stopped, the status told, the log at hand."""
    ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    changes = Changes(clock)
    process = BotProcess(changes, tmp_path, child_environment({}), ended=ended.set_result)
    await process.start()
    assert process.view() == {"state": "starting", "pid": process.pid}
    assert await asyncio.wait_for(ended, 10) == 2
    assert process.view() == {"state": "stopped", "pid": None}
    assert "TELEGRAM_BOT_TOKEN" in process.last_lines(5)[-1]
    await process.stop()


def test_a_childs_environment_has_none_of_our_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """In any case, and as files; what is given counts, the rest passes."""
    for name in ("TELEGRAM_BOT_TOKEN", "database_url", "KIRIMINAJA_API_KEY_FILE", "POLL_FIRST", "ELSE"):
        monkeypatch.setenv(name, "theirs")
    made = child_environment({"POLL_FIRST": "2"})
    assert (made["POLL_FIRST"], made["ELSE"]) == ("2", "theirs")
    assert not {"TELEGRAM_BOT_TOKEN", "database_url", "KIRIMINAJA_API_KEY_FILE"} & set(made)


@pytest.mark.skipif(sys.platform == "win32", reason="the demo needs POSIX signals and locks")
def test_sweeping_spares_what_is_no_dead_demos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder without a lock, a file of that name and other folders stay."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    for name in ("paybot-demo-dead", "paybot-demo-young", "else"):
        (tmp_path / name).mkdir()
    (tmp_path / "paybot-demo-dead" / "lock").touch()
    (tmp_path / "paybot-demo-file").touch()
    sweep()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["else", "paybot-demo-file", "paybot-demo-young"]
