"""Every setting is explained to the operator, and nothing that is not one."""

import re
from pathlib import Path

import pytest

from bot.settings import Settings
from tests.deploy.reading import DEPLOY, ROOT, SETTINGS

EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")
OPERATORS = (DEPLOY / "README.md").read_text(encoding="utf-8")


def test_the_example_names_each_setting_once() -> None:
    """Commented out or not."""
    named = re.findall(r"(?m)^#?([A-Z][A-Z0-9_]*)=", EXAMPLE)
    assert sorted(named) == sorted(SETTINGS)


def test_the_example_asks_for_what_is_required_and_shows_the_defaults() -> None:
    """What has no `#` must be filled in; a value behind a `#` is the default, or a sample where there is none."""
    given = re.findall(r"(?m)^([A-Z][A-Z0-9_]*)=(.*)$", EXAMPLE)
    required = {name.upper() for name, field in Settings.model_fields.items() if field.is_required()}
    assert dict(given) == dict.fromkeys(required, "")
    for name, value in re.findall(r"(?m)^#([A-Z][A-Z0-9_]*)=(.+)$", EXAMPLE):
        default = Settings.model_fields[name.lower()].default
        assert default in (None, ()) or value == str(default), name


def test_the_example_is_read_alike_by_systemd_compose_and_us() -> None:
    """No comment behind a value, no quotes, no `export`, nothing to be expanded."""
    for line in EXAMPLE.splitlines():
        assert re.fullmatch(r"|#.*|[A-Z][A-Z0-9_]*=[^\s#'\"$]*", line), line


def test_the_example_starts_the_bot_once_filled_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Copied, with the two required values, and every sample taken in."""
    filled = EXAMPLE.replace("TELEGRAM_BOT_TOKEN=", "TELEGRAM_BOT_TOKEN=1:a").replace("API_KEY=", "API_KEY=k")
    (tmp_path / ".env").write_text(re.sub(r"(?m)^#(?=[A-Z][A-Z0-9_]*=.)", "", filled), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"{name}_FILE", raising=False)
    assert Settings.load().ops_chat_ids


def test_the_table_names_each_setting_once() -> None:
    """In the operator's README."""
    rows = re.findall(r"(?m)^\| (`[A-Z].*?) \|", OPERATORS.partition("## Settings")[2])
    named = [name for row in rows for name in re.findall(r"`([A-Z][A-Z0-9_]+)`", row)]
    assert sorted(named) == sorted(SETTINGS)


@pytest.mark.parametrize("path", ["README.md", "deploy/README.md"])
def test_what_a_readme_names_exists(path: str) -> None:
    """Links to files lead to files; names that look like a setting are one."""
    text = (ROOT / path).read_text(encoding="utf-8")
    for link in re.findall(r"\]\((?!https?://|#)([^)#]+)", text):
        assert ((ROOT / path).parent / link).exists(), link
    begins = {name.partition("_")[0] for name in SETTINGS if "_" in name}
    for name in re.findall(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b", text):
        if name.partition("_")[0] in begins:
            assert name.removesuffix("_FILE") in SETTINGS, name
