"""The public side: two routes, by POST, and nothing else. Checked with the real Caddy where it is installed."""

import os
import re
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.deploy.reading import DEPLOY, run, text_of, tool, yaml_of


def test_it_is_pointed_at_the_bots() -> None:
    """By the name and port the compose file gives them; the site is the address Telegram is told."""
    found = re.search(r"dynamic a (\w+) (\d+)", text_of("Caddyfile"))
    assert found
    assert found[1] in yaml_of("compose.yaml")["services"]
    assert found[2] == yaml_of("compose.yaml")["services"][found[1]]["environment"]["HTTP_PORT"]
    assert re.findall(r"\{\$(\w+)\}", text_of("Caddyfile")) == ["TELEGRAM_WEBHOOK_URL"]
    assert "TELEGRAM_WEBHOOK_URL" in yaml_of("compose.yaml")["services"]["caddy"]["environment"]


def test_caddy_takes_the_file(tmp_path: Path) -> None:
    """It is valid, and written as Caddy would write it."""
    caddy = tool("caddy", "caddy")
    environment = {"HOME": str(tmp_path), "TELEGRAM_WEBHOOK_URL": "https://bot.example.com"}
    said = run(caddy, "validate", "--adapter", "caddyfile", "--config", DEPLOY / "Caddyfile", **environment)
    assert "Valid configuration" in said
    assert '"level":"warn"' not in said
    run(caddy, "fmt", "--diff", DEPLOY / "Caddyfile", **environment)


@pytest.fixture
def reached() -> Iterator[tuple[int, list[str]]]:
    """A bot that notes what reaches it: its port, and method and path of each call."""
    calls: list[str] = []

    class Bot(BaseHTTPRequestHandler):
        def _note(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            calls.append(f"{self.command} {self.path} {body.decode()}")
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = _note

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Bot) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.server_port, calls
        server.shutdown()
        thread.join()


@pytest.fixture
def caddy_port(reached: tuple[int, list[str]], tmp_path: Path) -> Iterator[int]:
    """The real Caddy with our file over plain HTTP on loopback; `bot` is the one above."""
    caddy = tool("caddy", "caddy")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    config = tmp_path / "Caddyfile"
    config.write_text(text_of("Caddyfile").replace("dynamic a bot 8080", f"dynamic a localhost {reached[0]}"))
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(tmp_path), "TELEGRAM_WEBHOOK_URL": f"http://127.0.0.1:{port}",
    }  # fmt: skip
    with (
        (tmp_path / "caddy.log").open("wb") as log,
        subprocess.Popen(
            [caddy, "run", "--adapter", "caddyfile", "--config", config], env=environment, stdout=log, stderr=log
        ) as process,
    ):
        try:
            deadline = time.monotonic() + 20
            while not answers(port):
                assert process.poll() is None, (tmp_path / "caddy.log").read_text()
                assert time.monotonic() < deadline, (tmp_path / "caddy.log").read_text()
                time.sleep(0.02)
            yield port
        finally:
            process.terminate()
            process.wait(10)


def answers(port: int) -> bool:
    """Whether somebody listens."""
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def ask(port: int, method: str, path: str, body: bytes | None = None) -> int:
    """The status of one call; the path goes out as it is."""
    connection = HTTPConnection("127.0.0.1", port, timeout=15)
    try:
        connection.request(method, path, body)
        return connection.getresponse().status
    finally:
        connection.close()


def test_only_the_two_hooks_come_through(caddy_port: int, reached: tuple[int, list[str]]) -> None:
    """With their bodies; neither the inner routes nor ways around by spelling."""
    assert ask(caddy_port, "POST", "/telegram", b"update") == 200
    assert ask(caddy_port, "POST", "/kiriminaja", b"callback") == 200
    passed = ["POST /telegram update", "POST /kiriminaja callback"]
    assert reached[1] == passed
    for path in (
        "/", "/metrics", "/readyz", "/healthz", "/telegram/", "/telegram/x", "/telegram/../metrics", "//metrics",
        "/telegram/..%2fmetrics", "/metrics?/telegram", "/%6detrics", "/kiriminaja/../readyz",
    ):  # fmt: skip
        for method in ("GET", "POST", "PUT"):
            assert ask(caddy_port, method, path, b"x" if method != "GET" else None) == 404, f"{method} {path}"
    for method in ("GET", "HEAD", "PUT", "DELETE"):
        assert ask(caddy_port, method, "/telegram") == 404
        assert ask(caddy_port, method, "/kiriminaja") == 404
    assert reached[1] == passed
