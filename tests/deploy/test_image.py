"""The Containerfile: no engine runs here, so it is read, and what can be run of it is run."""

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.deploy.reading import ROOT, SETTINGS, text_of


def instructions() -> list[tuple[str, str]]:
    """Instruction and arguments, continued lines joined, comments left out."""
    text = re.sub(r"(?m)^#.*\n", "", text_of("Containerfile")).replace("\\\n", " ")
    return [
        (word, " ".join(rest.split())) for word, _, rest in (line.partition(" ") for line in text.splitlines()) if word
    ]


def last(instruction: str) -> str:
    """The arguments of the one that counts."""
    return [arguments for word, arguments in instructions() if word == instruction][-1]


def test_the_images_are_named_plainly() -> None:
    """No registry's host, and a version each."""
    for word, arguments in instructions():
        if word == "FROM":
            assert re.fullmatch(r"python:3\.1[1-9]-slim( AS build)?", arguments)


def test_it_does_not_run_as_root() -> None:
    """A number, so that an orchestrator can see it; nothing is done as root after it."""
    words = [word for word, _ in instructions()]
    user, group = map(int, last("USER").split(":"))
    assert user > 0
    assert group > 0
    assert "RUN" not in words[words.index("USER") :]
    assert last("STOPSIGNAL") == "SIGTERM"


def test_only_what_the_locks_name_is_installed() -> None:
    """Each `pip` installs from a lock with hashes, or has no index at all."""
    commands = [part for word, arguments in instructions() if word == "RUN" for part in arguments.split("&&")]
    installing = [command for command in commands if re.search(r"\bpip (--python \S+ )?(install|wheel)\b", command)]
    assert len(installing) == 4
    for command in installing:
        locked = re.search(r"--require-hashes --only-binary :all: -r (\S+)", command)
        assert locked or "--no-index" in command, command


def test_what_is_copied_exists_and_is_let_in() -> None:
    """The ignore file lets in what is copied, and neither settings nor databases."""
    _, *allowed = [line for line in text_of("Containerfile.dockerignore").splitlines() if not line.startswith("#")]
    patterns = [re.escape(line[1:]).replace(r"\*", "[^/]*") + "(/.*)?" for line in allowed if line.startswith("!")]
    copied = [
        source
        for word, arguments in instructions()
        if word == "COPY" and not arguments.startswith("--from")
        for source in arguments.split()[:-1]
    ]
    assert {"bot", "deploy/requirements.lock", "deploy/build.lock"} <= set(copied)
    for source in copied:
        assert (ROOT / source).exists(), source
        assert any(re.fullmatch(pattern, source) for pattern in patterns), source
    for secret in (".env", "paybot.db", "deploy/.env", "deploy/secrets/database_url"):
        assert not any(re.fullmatch(pattern, secret) for pattern in patterns), secret


def test_its_environment_is_settings_and_pythons_own() -> None:
    """And holds no secret."""
    names = [pair.partition("=")[0] for pair in last("ENV").split()]
    ours = {name for name in names if name != "PATH" and not name.startswith("PYTHON")}
    assert ours == {"HTTP_HOST", "HTTP_PORT", "LOG_FORMAT"}
    assert ours <= SETTINGS


@pytest.fixture
def answering() -> Iterator[tuple[int, list[int]]]:
    """A port where `/healthz` answers with the status in the list."""
    status = [200]

    class Health(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status[0] if self.path == "/healthz" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with HTTPServer(("127.0.0.1", 0), Health) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.server_port, status
        server.shutdown()
        thread.join()


def test_the_health_check_tells_well_from_unwell(answering: tuple[int, list[int]]) -> None:
    """The very command, also where the machine has a proxy; nothing there is unwell, too."""
    port, status = answering
    (command,) = re.findall(r"CMD (\[.*\])$", last("HEALTHCHECK"))
    python, *arguments = json.loads(command)
    assert python == "python"

    def code(at: int) -> int:
        environment = dict(os.environ) | {"HTTP_PORT": str(at), "http_proxy": "http://127.0.0.1:9"}
        return subprocess.run(
            [sys.executable, *arguments], env=environment, check=False, capture_output=True, timeout=20
        ).returncode

    assert code(port) == 0
    status[0] = 503
    assert code(port) == 1
    assert code(1) == 1
