"""The shell command, as a process: what it says, where, and its exit status."""

import asyncio
import json
import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import cast

import pytest

from bot import __version__
from bot.sandbox import Sandbox
from tests.e2e import nursery

TOKEN = "123456789:AAF_no-real-token_but-shaped-like-one"
PATIENCE = 20
"""Seconds after which a command counts as hanging."""
_KEPT = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "PYTHONPATH") if name in os.environ}
_KEPT["NO_COLOR"] = "1"


@pytest.fixture
def free_port() -> Iterator[int]:
    """A port that nobody listens on, and nobody else is given meanwhile."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


@pytest.fixture
def settings(free_port: int) -> dict[str, str]:
    """All that a start needs, with nothing of the network's in reach."""
    nowhere = f"http://127.0.0.1:{free_port}"
    return {
        "TELEGRAM_BOT_TOKEN": TOKEN, "TELEGRAM_API_URL": nowhere, "KIRIMINAJA_API_KEY": "key-0001",
        "KIRIMINAJA_EXPRESS_URL": nowhere, "HTTP_PORT": "0",
    }  # fmt: skip


def paybot(folder: Path, *arguments: str, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs a command in a folder, with these variables alone."""
    return nursery.run(*arguments, env=_KEPT | environment, cwd=folder, stdin=stdin, within=PATIENCE)


def paybot_from_nothing(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """As at a terminal: Python, and all it takes to get there."""
    return subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        cwd=folder,
        env=_KEPT,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )


def assert_refused(run: subprocess.CompletedProcess[str], *named: str, status: int = 2) -> None:
    """Exit 2 (1: not now), one line of the command's own on standard error that names what to mend, no traceback."""
    assert run.returncode == status, run.stderr
    assert "Traceback" not in run.stderr + run.stdout
    assert TOKEN not in run.stderr
    (line,) = run.stderr.splitlines()
    assert line.startswith("paybot: ")
    for name in named:
        assert name in line


def test_the_version_is_told(tmp_path: Path) -> None:
    """And nothing is made or read for it."""
    run = paybot_from_nothing(tmp_path, "--version")
    assert (run.returncode, run.stdout, run.stderr) == (0, f"paybot {__version__}\n", "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [("--help",), ("run", "--help")], ids=" ".join)
def test_help_needs_no_settings(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """The first thing one tries."""
    run = paybot_from_nothing(tmp_path, *arguments)
    assert (run.returncode, run.stderr) == (0, "")
    assert "Usage" in run.stdout
    assert "run" in run.stdout


def test_an_unknown_command_is_refused(tmp_path: Path) -> None:
    """With the command's name, on standard error."""
    run = paybot(tmp_path, "fly")
    assert run.returncode == 2
    assert "fly" in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize("name", ["TELEGRAM_BOT_TOKEN", "KIRIMINAJA_API_KEY"])
def test_a_run_without_what_is_required_is_refused(tmp_path: Path, settings: dict[str, str], name: str) -> None:
    """The variable and where to get it: that line is all that is said, and nothing is made."""
    del settings[name]
    run = paybot(tmp_path, "run", **settings)
    assert_refused(run, name)
    assert len(run.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_run_says_which_name_nothing_reads(tmp_path: Path, settings: dict[str, str]) -> None:
    """In the log and beside the start, as it may be another program's."""
    (tmp_path / ".env").write_text("POLL_FRIST=3\n")
    with socket.create_server(("127.0.0.1", 0)) as other:
        run = paybot(tmp_path, "run", **settings | {"HTTP_PORT": str(other.getsockname()[1])})
    assert_refused(run, "HTTP_PORT")
    (line,) = [line for line in run.stdout.splitlines() if "warning" in line]
    assert "POLL_FRIST" in line
    assert "POLL_FIRST" in line


@pytest.mark.parametrize("group", ["callback", "outbox", "db"])
def test_a_group_of_commands_alone_shows_them(tmp_path: Path, group: str) -> None:
    """As `paybot` does."""
    run = paybot(tmp_path, group)
    assert "Commands" in run.stdout + run.stderr
    assert "Missing command" not in run.stderr


def test_a_value_and_a_file_at_once_are_refused(tmp_path: Path, settings: dict[str, str]) -> None:
    """Nobody could tell which one counts."""
    (tmp_path / "token").write_text(TOKEN)
    run = paybot(tmp_path, "run", **settings, TELEGRAM_BOT_TOKEN_FILE="token")
    assert_refused(run, "TELEGRAM_BOT_TOKEN", "TELEGRAM_BOT_TOKEN_FILE")
    assert len(run.stderr.splitlines()) == 1


def test_a_port_in_use_is_refused(tmp_path: Path, settings: dict[str, str]) -> None:
    """Before the database is touched."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        run = paybot(tmp_path, "run", **settings | {"HTTP_PORT": str(port), "LOG_LEVEL": "warning"})
    assert_refused(run, "HTTP_PORT", str(port))
    assert len(run.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("sqlite:////dev/null/paybot.db", "cannot be written"),
        ("sqlite:///folder", "cannot be used"),
        ("postgresql://host:port/name", "postgresql://user:password@host"),
    ],
    ids=["folder that is none", "file that is none", "url that is none"],
)
def test_a_database_that_cannot_be_used_is_refused(
    tmp_path: Path, settings: dict[str, str], url: str, said: str
) -> None:
    """Waiting would mend none of these."""
    (tmp_path / "folder").mkdir()
    run = paybot(tmp_path, "run", **settings, DATABASE_URL=url)
    assert_refused(run, "DATABASE_URL", said)


def test_settings_come_from_the_env_file_of_the_working_directory(tmp_path: Path, settings: dict[str, str]) -> None:
    """The token is found; what is wrong there is named."""
    lines = settings | {"LOG_LEVEL": "loud"}
    (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in lines.items()))
    assert_refused(paybot(tmp_path, "run"), "LOG_LEVEL")


class Account(BaseHTTPRequestHandler):
    """KiriminAja's side of `set_callback`; the server's `asked` holds the URLs."""

    def do_POST(self) -> None:
        """One call."""
        server = cast("AccountServer", self.server)
        url = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["url"]
        known = self.headers["Authorization"] == "Bearer key-0001"
        if known and self.path == "/api/mitra/set_callback":
            server.asked.append(url)
        body = json.dumps({"status": known, "method": "set_callback", "text": "Success"}).encode()
        self.send_response(200 if known else 401)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


class AccountServer(HTTPServer):
    """Serves until it is shut down."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Account)
        self.asked: list[str] = []


@pytest.fixture
def account(settings: dict[str, str]) -> Iterator[AccountServer]:
    """The account the settings lead to."""
    server = AccountServer()
    settings["KIRIMINAJA_EXPRESS_URL"] = f"http://127.0.0.1:{server.server_port}"
    serving = threading.Thread(target=server.serve_forever, args=(0.01,))
    serving.start()
    yield server
    server.shutdown()
    serving.join()
    server.server_close()


OURS, BEFORE = "https://bot.example.com/kiriminaja", "https://shop.example.com/hook"


def test_the_callback_url_is_set_and_the_one_before_offered(
    tmp_path: Path, settings: dict[str, str], account: AccountServer
) -> None:
    """The line for `.env` stands by itself; without one before, and with `--yes`, there is none."""
    run = paybot(tmp_path, "callback", "set", OURS, stdin=f"{BEFORE}\n", **settings)
    assert run.returncode == 0, run.stderr
    assert f"CALLBACK_FORWARD_URL={BEFORE}" in run.stdout.splitlines()
    for more, stdin in ((), "\n"), (("--yes",), ""):
        run = paybot(tmp_path, "callback", "set", OURS, *more, stdin=stdin, **settings)
        assert run.returncode == 0, run.stderr
        assert f"✓ KiriminAja now pushes to {OURS}" in run.stdout
        assert "CALLBACK_FORWARD_URL" not in run.stdout
    assert account.asked == [OURS] * 3


def test_a_callback_url_that_cannot_be_set_is_told_in_one_line(
    tmp_path: Path, settings: dict[str, str], account: AccountServer, free_port: int
) -> None:
    """Not https, a wrong key, nobody there; nothing is registered."""
    for url in ("http://bot.example.com/kiriminaja", "bot.example.com", "https://", "https://a b/"):
        assert_refused(paybot(tmp_path, "callback", "set", url, "--yes", **settings), "https://bot.example.com")
    wrong = settings | {"KIRIMINAJA_API_KEY": "key-0002"}
    assert_refused(paybot(tmp_path, "callback", "set", OURS, "--yes", **wrong), "KIRIMINAJA_API_KEY", "127.0.0.1")
    nowhere = settings | {"KIRIMINAJA_EXPRESS_URL": f"http://127.0.0.1:{free_port}"}
    assert_refused(paybot(tmp_path, "callback", "set", OURS, "--yes", **nowhere), "KIRIMINAJA_EXPRESS_URL", status=1)
    assert account.asked == []


def test_a_sample_that_nobody_takes_fails(tmp_path: Path, settings: dict[str, str], free_port: int) -> None:
    """One ✗ line with the mend, exit 1."""
    run = paybot(tmp_path, "callback", "test", **settings | {"HTTP_PORT": str(free_port)})
    assert (run.returncode, run.stderr) == (1, "")
    (line,) = run.stdout.splitlines()
    assert line.startswith("✗ ")
    assert f"127.0.0.1:{free_port}" in line


def test_an_owners_link_is_not_made_where_telegram_is_out_of_reach(tmp_path: Path, settings: dict[str, str]) -> None:
    """The link holds the bot's name, which Telegram tells; no database is made meanwhile."""
    assert_refused(paybot(tmp_path, "owner", **settings), "TELEGRAM_API_URL", status=1)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("given", "named", "status"),
    [
        ({"TELEGRAM_BOT_TOKEN": ""}, "TELEGRAM_BOT_TOKEN", 2),
        ({"TELEGRAM_BOT_TOKEN": "1:wrong"}, "TELEGRAM_BOT_TOKEN", 2),
        ({"DATABASE_URL": "sqlite:////dev/null/paybot.db"}, "DATABASE_URL", 2),
        ({"DATABASE_URL": "sqlite:///folder"}, "DATABASE_URL", 2),
        ({"DATABASE_URL": "postgresql://nobody@127.0.0.1:{port}/none"}, "DATABASE_URL", 1),
    ],
    ids=["no token", "wrong token", "no folder", "no file", "no server"],
)
async def test_what_keeps_an_owners_link_from_being_made_is_named(
    tmp_path: Path, free_port: int, given: dict[str, str], named: str, status: int
) -> None:
    """In one line with the mend; a server that is away may be back in a moment."""
    (tmp_path / "folder").mkdir()
    async with Sandbox.serve() as sandbox:
        settings = sandbox.settings() | {name: value.format(port=free_port) for name, value in given.items()}
        run = await asyncio.to_thread(lambda: paybot(tmp_path, "owner", **settings))
    assert_refused(run, named, status=status)


async def test_an_owners_link_is_printed_before_the_first_start(tmp_path: Path) -> None:
    """The database is made for it; what is kept there does not tell the link."""
    async with Sandbox.serve() as sandbox:
        run = await asyncio.to_thread(lambda: paybot(tmp_path, "owner", **sandbox.settings()))
    assert (run.returncode, run.stderr) == (0, "")
    told, link = run.stdout.splitlines()
    assert "owner" in told
    name, _, handle = link.partition("?start=")
    assert name == "https://t.me/paybot_sandbox_bot"
    assert re.fullmatch(r"[A-Za-z0-9_-]{22,64}", handle)
    assert handle.encode() not in (tmp_path / "paybot.db").read_bytes()
