"""Where the files lie, and how they are read."""

import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from bot.settings import Settings

ROOT: Final = Path(__file__).parents[2]
DEPLOY: Final = ROOT / "deploy"
SETTINGS: Final = frozenset(name.upper() for name in Settings.model_fields)


def text_of(name: str) -> str:
    """A file of `deploy/`."""
    return (DEPLOY / name).read_text(encoding="utf-8")


def yaml_of(name: str) -> Any:
    """A YAML file of `deploy/`, anchors and merges resolved."""
    return yaml.safe_load(text_of(name))


def tool(name: str, package: str) -> str:
    """The path of a program; where the machine lacks it the test is skipped."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed (Debian package {package})")
    return found


def run(*command: str | Path, **environment: str) -> str:
    """Runs a command that has to succeed, with these variables beside PATH; returns all it said."""
    done = subprocess.run(
        command, env={"PATH": "/usr/bin:/bin:/usr/sbin:/sbin"} | environment, capture_output=True, text=True,
        check=False, timeout=60,
    )  # fmt: skip
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    return said
