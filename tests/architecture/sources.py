"""The bot's source files, parsed."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]


@dataclass(frozen=True)
class Source:
    """One Python file; `path` is relative to the repository."""

    path: str
    lines: int
    tree: ast.Module

    def at(self, node: ast.AST) -> str:
        """Where something stands, clickable."""
        return f"{self.path}:{getattr(node, 'lineno', 1)}"

    def within(self, *folders: str) -> bool:
        """Whether the file is, or lies in, one of these."""
        return any(self.path == folder or self.path.startswith(f"{folder}/") for folder in folders)


@cache
def sources() -> tuple[Source, ...]:
    """Every file of `bot/`."""
    found = []
    for file in sorted((ROOT / "bot").rglob("*.py")):
        text = file.read_text(encoding="utf-8")
        found.append(Source(file.relative_to(ROOT).as_posix(), text.count("\n"), ast.parse(text)))
    return tuple(found)


def imports(source: Source) -> Iterator[tuple[str, ast.AST]]:
    """The full name of each module or name imported anywhere in the file."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((f"{'.' * node.level}{node.module or ''}.{alias.name}", node) for alias in node.names)


def dotted(node: ast.expr) -> str:
    """`a.b.c` as text; the last part alone where what stands before it is no name."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=attr):
            before = dotted(value)
            return f"{before}.{attr}" if before else attr
        case _:
            return ""


def docstrings(tree: ast.Module) -> set[ast.expr]:
    """The strings that are no values: docstrings, and those that stand below an attribute."""
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    }
