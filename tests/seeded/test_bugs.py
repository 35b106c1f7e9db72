"""The seeded bugs still fit the program. That each is caught, `python -m tests.seeded` shows."""

import ast
from pathlib import Path
from typing import Final

import pytest

from tests.seeded.bug import Bug
from tests.seeded.bugs import BUGS

ROOT: Final = Path(__file__).parent.parent.parent


def test_there_are_enough_and_each_has_a_name_of_its_own() -> None:
    """Twenty is what was promised."""
    assert len(BUGS) >= 20
    assert len({(bug.file, bug.old, bug.new) for bug in BUGS.values()}) == len(BUGS)


@pytest.mark.parametrize("bug", BUGS.values(), ids=BUGS)
def test_a_bug_can_be_made_and_names_a_test(bug: Bug) -> None:
    """What it changes stands there once, what comes of it is Python, and the test is there."""
    text = (ROOT / bug.file).read_text(encoding="utf-8")
    assert text.count(bug.old) == 1, f"{bug.file} has it {text.count(bug.old)} times"
    assert ast.dump(ast.parse(text.replace(bug.old, bug.new))) != ast.dump(ast.parse(text))
    file, _, test = bug.test.rpartition("::")
    tree = ast.parse((ROOT / file.partition("::")[0]).read_text(encoding="utf-8"))
    assert test in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
