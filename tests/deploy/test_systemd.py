"""The units: shut in as far as the bot allows, and starting what exists."""

import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from bot.settings import Settings
from tests.deploy.reading import DEPLOY, ROOT, SETTINGS, run, text_of, tool

UNITS = ("paybot.service", "paybot@.service")
MOST_EXPOSED = 2.0


def directives(unit: str) -> dict[str, list[str]]:
    """Each directive with all its values."""
    found: dict[str, list[str]] = defaultdict(list)
    for name, value in re.findall(r"(?m)^([A-Za-z]+)=(.*)$", text_of(unit)):
        found[name].append(value)
    return found


def one(unit: str, name: str) -> str:
    """A directive that stands once."""
    (value,) = directives(unit)[name]
    return value


@pytest.mark.parametrize("unit", UNITS)
def test_the_exposure_is_small(unit: str, tmp_path: Path) -> None:
    """By systemd's own measure."""
    analyze = tool("systemd-analyze", "systemd")
    instance = tmp_path / unit.replace("@", "@sari")
    instance.write_text(text_of(unit), encoding="utf-8")
    try:
        said = run(analyze, "security", "--offline=true", "--no-pager", instance)
    except AssertionError as error:
        if "unrecognized option" in str(error):  # before version 250
            pytest.skip("this systemd-analyze cannot judge a file")
        raise
    level = re.search(r"Overall exposure level for \S+: (\d+\.\d+)", said)
    assert level, said
    assert float(level[1]) <= MOST_EXPOSED


@pytest.mark.parametrize("unit", UNITS)
def test_systemd_understands_all_of_it(unit: str, tmp_path: Path) -> None:
    """No unknown directive, no wrong value. What it starts is put elsewhere, as /opt/paybot is the operator's."""
    analyze = tool("systemd-analyze", "systemd")
    instance = tmp_path / unit.replace("@", "@sari")
    instance.write_text(text_of(unit).replace("/opt/paybot/bin/paybot", "/bin/true"), encoding="utf-8")
    assert run(analyze, "verify", "--man=no", instance, SYSTEMD_LOG_LEVEL="warning") == ""


def test_the_two_units_differ_by_the_shop_alone() -> None:
    """What is mended in one is mended in both."""
    single = re.sub(r"(?m)^#.*\n", "", text_of("paybot.service"))
    template = re.sub(r"(?m)^#.*\n", "", text_of("paybot@.service"))
    assert template.replace(" (%i)", "").replace("paybot-%i", "paybot").replace("%i.env", "paybot.env") == single


@pytest.mark.parametrize("unit", UNITS)
def test_the_database_lies_in_the_state_directory(unit: str) -> None:
    """The default is relative to the working directory, which is the one folder that can be written to."""
    assert Settings.model_fields["database_url"].default == "sqlite:///paybot.db"
    assert one(unit, "WorkingDirectory") == f"%S/{one(unit, 'StateDirectory')}"
    assert one(unit, "User") == one(unit, "StateDirectory")
    assert one(unit, "ProtectSystem") == "strict"


@pytest.mark.parametrize("unit", UNITS)
def test_what_it_starts_exists(unit: str) -> None:
    """`paybot` is the script of pyproject.toml, and the command behind it is one."""
    path, *arguments = one(unit, "ExecStart").split()
    assert path == "/opt/paybot/bin/paybot"
    assert '\npaybot = "bot.cli:main"\n' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    said = run(sys.executable, "-m", "bot", *arguments, "--help", PYTHONPATH=str(ROOT), NO_COLOR="1", COLUMNS="200")
    assert f"paybot {arguments[0]}" in said.replace("python -m bot", "paybot")


@pytest.mark.parametrize("unit", UNITS)
def test_a_wrong_setting_is_not_tried_again(unit: str) -> None:
    """Exit 2 ends it for good; everything else is started again, for ever."""
    from bot.cli import EXIT_MEND

    assert one(unit, "Restart") == "always"
    assert one(unit, "RestartPreventExitStatus") == str(EXIT_MEND)
    assert one(unit, "StartLimitIntervalSec") == "0"


def test_the_credential_the_comment_shows_is_a_setting() -> None:
    """`<NAME>_FILE`, at the place systemd puts it."""
    shown = re.findall(r"(?m)^# +(LoadCredential|Environment)=(\S+)$", text_of("paybot.service"))
    (_, credential), (_, variable) = shown
    name, _, path = variable.partition("=")
    assert name.removesuffix("_FILE") in SETTINGS
    assert path == f"%d/{credential.partition(':')[0]}"


@pytest.mark.parametrize(
    ("shop", "unit"), [("paybot", "paybot.service"), ("sari", "paybot@.service")], ids=["one shop", "several"]
)
def test_commands_beside_the_service_run_as_it_does(shop: str, unit: str, tmp_path: Path) -> None:
    """`paybot-as`: the unit's settings, user and folder. systemd-run is one that tells what it was given."""
    (tmp_path / "systemd-run").write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n', encoding="utf-8")
    (tmp_path / "systemd-run").chmod(0o755)
    given = run(DEPLOY / "paybot-as", shop, "outbox", "list", "--all", PATH=f"{tmp_path}:/usr/bin:/bin").splitlines()
    assert given[-4:] == ["/opt/paybot/bin/paybot", "outbox", "list", "--all"]
    properties = dict(line.removeprefix("--property=").split("=", 1) for line in given if "--property=" in line)
    for name in ("DynamicUser", "User", "StateDirectory", "StateDirectoryMode", "UMask", "EnvironmentFile"):
        assert properties.pop(name) == one(unit, name).replace("%i", shop), name
    assert properties == {
        "WorkingDirectory": one(unit, "WorkingDirectory").replace("%i", shop).replace("%S", "/var/lib")
    }


def test_a_command_without_a_shop_is_refused() -> None:
    """With how it is used."""
    done = subprocess.run([DEPLOY / "paybot-as", "check"], capture_output=True, text=True, check=False, timeout=10)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("usage: paybot-as")
