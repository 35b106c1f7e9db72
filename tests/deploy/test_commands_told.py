"""The operator's README tells every shell command."""

import re
from typing import Any

from typer.main import get_command

from bot.cli import cli
from tests.deploy.reading import text_of

ELSEWHERE = {"run", "demo"}
"""What the units, the image and the first README start."""


def told() -> set[str]:
    """The commands of the table. In a row a group stands before its first command alone: `outbox list`, `show`."""
    table = text_of("README.md").partition("## Commands")[2].partition("\n## ")[0]
    found = set()
    for row in re.findall(r"(?m)^\| (`.*?) \|", table):
        group = ""
        for span in re.findall(r"`([a-z][^`]*)`", row):
            words = [word for word in span.split() if word.islower()]
            group = words[0] if len(words) == 2 else group
            found.add(" ".join(words if len(words) == 2 or not group else [group, *words]))
    return found


def leaves(command: Any, path: str = "") -> set[str]:
    """Every command below one, by its whole name."""
    below = getattr(command, "commands", None)
    if below is None:
        return {path}
    return {leaf for name, child in below.items() for leaf in leaves(child, f"{path} {name}".strip())}


def test_every_command_is_told() -> None:
    """`paybot run` and the demo are explained where they are used."""
    there = leaves(get_command(cli))
    assert there >= ELSEWHERE
    assert there - ELSEWHERE <= told()


def test_the_table_is_read_as_it_is_meant() -> None:
    """A group before its first command stands for the row."""
    assert {"check", "qr", "callback test", "outbox discard", "db restore"} <= told()
