"""Imports go downward only; the contracts stand in pyproject.toml, `[tool.importlinter]`."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT, Source, imports, sources

NOT_PURE = {
    "asyncio", "concurrent", "contextvars", "http", "io", "logging", "multiprocessing", "os", "pathlib", "random",
    "secrets", "select", "shutil", "signal", "socket", "sqlite3", "ssl", "subprocess", "tempfile", "threading", "time",
    "urllib", "uuid",
}  # fmt: skip


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    """Checks the contracts on a copy of `bot/` and pyproject.toml in `folder`."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()", "--no-cache"]
    env = os.environ | {"PYTHONPATH": str(folder), "NO_COLOR": "1"}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=120)


def test_every_contract_is_kept() -> None:
    """Floors, pure core, SQL, Telegram and httpx each in their place."""
    run = lint_imports(ROOT)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize(
    ("module", "line", "broken"),
    [
        ("core/bad.py", "import bot.storage", "Floors"),
        ("core/bad.py", "import httpx", "core imports nothing"),
        ("storage/bad.py", "import bot.messenger", "Floors"),
        ("web/bad.py", "import bot.chat", "Floors"),
        ("flows/bad.py", "import bot.chat", "Floors"),
        ("flows/bad.py", "import sqlalchemy", "SQL only in storage"),
        ("flows/bad.py", "import telegram", "Telegram's library"),
        ("flows/bad.py", "import httpx", "httpx only"),
        ("flows/bad.py", "def f() -> None:\n    import httpx", "httpx only"),
        ("adrift.py", "", "Floors"),
    ],
)
def test_the_contracts_notice_what_they_forbid(tmp_path: Path, module: str, line: str, broken: str) -> None:
    """A contract that cannot break guards nothing: each is broken on a small copy of the tree."""
    for folder in [
        "chat",
        "core",
        "flows",
        "kiriminaja",
        "messenger",
        "pictures",
        "sandbox",
        "storage",
        "web",
        "words",
    ]:
        (tmp_path / "bot" / folder).mkdir(parents=True)
        (tmp_path / "bot" / folder / "__init__.py").touch()
    (tmp_path / "bot" / "__init__.py").touch()
    (tmp_path / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    (tmp_path / "bot" / module).write_text(f"{line}\n")
    run = lint_imports(tmp_path)
    assert run.returncode == 1, run.stdout + run.stderr
    verdicts = [text for text in run.stdout.splitlines() if "BROKEN" in text]
    assert any(text.startswith(broken) for text in verdicts), run.stdout


@pytest.mark.parametrize("source", [s for s in sources() if s.within("bot/core")], ids=lambda s: s.path)
def test_the_core_imports_only_the_pure_part_of_the_standard_library(source: Source) -> None:
    """Checked against Python's own list: no third party, no clock, no I/O, no randomness."""
    for name, node in imports(source):
        top = name.split(".")[0]
        assert name.startswith("bot.core.") or top in sys.stdlib_module_names, f"{source.at(node)} imports {name}"
        assert top not in NOT_PURE, f"{source.at(node)} imports {name}"
