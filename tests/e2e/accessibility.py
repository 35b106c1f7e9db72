"""What is wrong with a page for those who hear it or see it badly: by own checks, and axe-core where npm put it."""

import os
from functools import cache
from pathlib import Path
from typing import Final

from playwright.sync_api import Page

_OWN_CHECKS: Final = Path(__file__).with_suffix(".js")
_AXE: Final = "node_modules/axe-core/axe.min.js"
_RULES: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@cache
def axe() -> str | None:
    """The source of axe-core: the file AXE_PATH names, else what `npm install axe-core` left around here, or None."""
    named = os.environ.get("AXE_PATH")
    places = [Path(named)] if named else [folder / _AXE for folder in Path(__file__).resolve().parents]
    return next((place.read_text(encoding="utf-8") for place in places if place.is_file()), None)


def problems(page: Page) -> list[str]:
    """A line each; empty is good."""
    found: list[str] = page.evaluate(_OWN_CHECKS.read_text(encoding="utf-8"))
    if (source := axe()) is not None:
        page.evaluate(source)
        result = page.evaluate("rules => axe.run(document, {runOnly: rules})", _RULES)
        for rule in result["violations"]:
            found += [f"axe {rule['id']}: {node['html'][:140]}" for node in rule["nodes"]]
    return found
