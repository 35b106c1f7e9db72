"""Imports go downward only; the contracts stand in pyproject.toml, `[tool.importlinter]`."""

import os
import re
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
    env = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    env |= {"PYTHONPATH": str(folder), "NO_COLOR": "1", "COLUMNS": "200"}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=120)


def test_every_contract_is_kept() -> None:
    """Floors, pure core, SQL, Telegram and httpx each in their place."""
    run = lint_imports(ROOT)
    assert run.returncode == 0, run.stdout + run.stderr


FORBIDDEN = [
    ("core/bad_{}.py", "import bot.storage", "Floors"),
    ("core/bad_{}.py", "import httpx", "core imports nothing"),
    ("storage/bad_{}.py", "import bot.messenger", "Floors"),
    ("web/bad_{}.py", "import bot.chat", "Floors"),
    ("flows/bad_{}.py", "import bot.chat", "Floors"),
    ("sandbox/bad_{}.py", "import bot.words", "The sandbox"),
    ("flows/bad_{}.py", "import sqlalchemy", "SQL only in storage"),
    ("flows/bad_{}.py", "import telegram", "Telegram's library"),
    ("flows/bad_{}.py", "import httpx", "HTTP only"),
    ("flows/bad_{}.py", "def f() -> None:\n    import httpx", "HTTP only"),
]
FOLDERS = ["chat", "core", "flows", "kiriminaja", "messenger", "pictures", "sandbox", "storage", "web", "words"]


@pytest.fixture(scope="module")
def broken_tree(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A small copy of the tree with every forbidden import in it: what is said of each contract that it breaks."""
    tree = tmp_path_factory.mktemp("broken")
    for folder in FOLDERS:
        (tree / "bot" / folder).mkdir(parents=True)
        (tree / "bot" / folder / "__init__.py").touch()
    (tree / "bot" / "__init__.py").touch()
    (tree / "bot" / "adrift.py").touch()
    (tree / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    for number, (module, line, _) in enumerate(FORBIDDEN):
        (tree / "bot" / module.format(number)).write_text(f"{line}\n")
    run = lint_imports(tree)
    assert run.returncode == 1, run.stdout + run.stderr
    broken = run.stdout.partition("Broken contracts")[2]
    return {section.splitlines()[0]: section for section in re.split(r"\n(?=[^\n]+\n-{5,}\n)", broken)[1:]}


@pytest.mark.parametrize("number", range(len(FORBIDDEN)), ids=lambda number: f"{FORBIDDEN[number][:2]}")
def test_the_contracts_notice_what_they_forbid(broken_tree: dict[str, str], number: int) -> None:
    """A contract that cannot break guards nothing."""
    module, _, contract = FORBIDDEN[number]
    name = "bot." + module.format(number).removesuffix(".py").replace("/", ".")
    said = "".join(text for title, text in broken_tree.items() if title.startswith(contract))
    assert name in said, broken_tree


def test_a_module_without_a_floor_is_noticed(broken_tree: dict[str, str]) -> None:
    """Whoever adds one has to say where it stands."""
    assert "adrift" in "".join(broken_tree.values())


@pytest.mark.parametrize("source", [s for s in sources() if s.within("bot/core")], ids=lambda s: s.path)
def test_the_core_imports_only_the_pure_part_of_the_standard_library(source: Source) -> None:
    """Checked against Python's own list: no third party, no clock, no I/O, no randomness."""
    for name, node in imports(source):
        top = name.split(".")[0]
        assert name.startswith("bot.core.") or top in sys.stdlib_module_names, f"{source.at(node)} imports {name}"
        assert top not in NOT_PURE, f"{source.at(node)} imports {name}"
