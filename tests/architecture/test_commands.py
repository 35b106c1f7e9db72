"""A command stands in three places: what handles it, the menu, and the help."""

import ast
import re
from typing import Final

import pytest

from bot.core.facts import Help
from bot.core.locales import LOCALES
from tests.architecture.sources import ROOT
from tests.words.samples import NAMELESS, NOW

NOT_IN_THE_MENU: Final = {"start"}
"""Telegram has a button of its own for it."""
NOT_IN_THE_HELP: Final = {"start", "help", "id"}
"""What one is in already, and what only a technician asks for."""

languages = pytest.mark.parametrize("locale", LOCALES)


def handled() -> set[str]:
    """The keys of `commands` in `bot/chat/handlers.py`."""
    tree = ast.parse((ROOT / "bot" / "chat" / "handlers.py").read_text(encoding="utf-8"))
    (table,) = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "commands"
    ]
    return (
        set(ast.literal_eval(ast.List([key for key in table.keys if key]))) if isinstance(table, ast.Dict) else set()
    )


@languages
def test_what_is_handled_is_in_the_menu(locale: str) -> None:
    """And nothing else is."""
    menu = {command for command, _ in NAMELESS.menu(locale, of_groups=True, of_staff=True)}
    assert menu == handled() - NOT_IN_THE_MENU


@languages
def test_what_is_handled_is_in_the_help(locale: str) -> None:
    """For staff, who may do all of it. `/pay` stands there as it is typed."""
    guide = NAMELESS.notice(Help(for_staff=True), locale, now=NOW).html
    assert set(re.findall(r"(?<!<)/([a-z]+)", guide)) == handled() - NOT_IN_THE_HELP
