"""Settings: each by value, file and `.env`; what is wrong is one line that names the variable and no secret."""

import os
import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.core.watch import Place
from bot.settings import (
    SANDBOX_EXPRESS_URL,
    SANDBOX_INSTANT_URL,
    Settings,
    SettingsError,
    child_environment,
    misspelt_names,
)

TOKEN = "123456789:AAF_no-real-token_but-shaped-like-one"
KEY = "kiriminaja-key-0001"
CANARY = "S3cr3t-Canary"

# name: (default, a text, what it comes to, a text that is wrong or None where every text is right)
SETTINGS: dict[str, tuple[Any, str, Any, str | None]] = {
    "TELEGRAM_API_URL": ("https://api.telegram.org", "http://localhost:8081/", "http://localhost:8081", "localhost"),
    "TELEGRAM_WEBHOOK_URL": (None, "https://bot.example/base/", "https://bot.example/base", "ftp://bot.example"),
    "TELEGRAM_WEBHOOK_SECRET": (None, "abc_DEF-123", "abc_DEF-123", "with!mark"),
    "KIRIMINAJA_EXPRESS_URL": (SANDBOX_EXPRESS_URL, "https://k.example", "https://k.example", "https://k.example?a=b"),
    "KIRIMINAJA_INSTANT_URL": (SANDBOX_INSTANT_URL, "https://i.example", "https://i.example", "https://"),
    "CALLBACK_FORWARD_URL": (None, "http://shop.example/hook", "http://shop.example/hook", "http://shop:port"),
    "DATABASE_URL": ("sqlite:///paybot.db", "postgres://u:p@h/d", "postgresql://u:p@h/d", "mysql://h/d"),
    "OPS_CHAT_IDS": ((), "-1001:7, 5,,5", (Place(-1001, 7), Place(5)), "-1001:0"),
    "STAFF_USER_IDS": (frozenset(), "7, 8,7,", frozenset({7, 8}), "7, 0"),
    "ACCESS": ("open", " Staff ", "staff", "anyone"),
    "SHOP_NAME": (None, "Toko Sari", "Toko Sari", "x" * 61),
    "SHOP_CONTACT": (None, "@sari", "@sari", "x" * 101),
    "WATCH_FOR": (86400, "0.5", 0.5, "0"),
    "POLL_FIRST": (2, "1.25", 1.25, "soon"),
    "POLL_BUDGET": (5, "0.1", 0.1, "-1"),
    "LOCALE": ("id", "EN", "en", "fr"),
    "TIMEZONE": (ZoneInfo("Asia/Jakarta"), "Asia/Makassar", ZoneInfo("Asia/Makassar"), "Asia/Atlantis"),
    "HTTP_HOST": ("127.0.0.1", "0.0.0.0", "0.0.0.0", None),
    "HTTP_PORT": (8080, "0", 0, "65536"),
    "LOG_LEVEL": ("info", "Debug", "debug", "loud"),
    "LOG_FORMAT": ("console", "JSON", "json", "xml"),
}
REQUIRED = {"TELEGRAM_BOT_TOKEN": TOKEN, "KIRIMINAJA_API_KEY": KEY}
SECRET_NAMES = (*REQUIRED, "TELEGRAM_WEBHOOK_SECRET")

each = pytest.mark.parametrize("name", SETTINGS)


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An environment with what is required alone, and an empty working directory."""
    for name in list(os.environ):
        if name.upper().removesuffix("_FILE") in {*SETTINGS, *REQUIRED}:
            monkeypatch.delenv(name)
    for name, value in REQUIRED.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)


def value_of(name: str) -> Any:
    """A setting as it is loaded; of a secret its text."""
    value = getattr(Settings.load(), name.lower())
    return value.get_secret_value() if hasattr(value, "get_secret_value") else value


def refusal(name: str, *never: str) -> str:
    """The one line that names `name` and the mend, and tells nothing of `never`."""
    with pytest.raises(SettingsError) as refused:
        Settings.load()
    line = str(refused.value)
    assert line.startswith(name), line
    assert "\n" not in line
    assert not any(secret in line for secret in never), line
    assert refused.value.__suppress_context__ or refused.value.__context__ is None
    return line


def test_the_table_above_is_the_interface() -> None:
    """No setting without a test, none that the interface doesn't know."""
    assert {name.upper() for name in Settings.model_fields} == {*SETTINGS, *REQUIRED}


@each
def test_a_setting_has_its_default(name: str) -> None:
    """Unset, and set to nothing: the same."""
    assert value_of(name) == SETTINGS[name][0]


@each
def test_an_empty_setting_is_unset(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As compose files leave them."""
    monkeypatch.setenv(name, "")
    monkeypatch.setenv(f"{name}_FILE", "")
    assert value_of(name) == SETTINGS[name][0]


@each
def test_a_setting_comes_from_the_environment(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under its own name."""
    _, text, value, _ = SETTINGS[name]
    monkeypatch.setenv(name, text)
    assert value_of(name) == value


@each
def test_a_setting_comes_from_a_mounted_file(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without the line end an editor leaves."""
    _, text, value, _ = SETTINGS[name]
    (tmp_path / "mounted").write_text(f"{text}\n")
    monkeypatch.setenv(f"{name}_FILE", str(tmp_path / "mounted"))
    assert value_of(name) == value


@each
def test_a_setting_comes_from_the_env_file_of_the_working_directory(name: str, tmp_path: Path) -> None:
    """The environment goes before it (below)."""
    _, text, value, _ = SETTINGS[name]
    (tmp_path / ".env").write_text(f"{name}='{text}'\n")
    assert value_of(name) == value


def test_the_environment_goes_before_the_env_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """And an empty variable lets it through."""
    (tmp_path / ".env").write_text("SHOP_NAME=file\n")
    monkeypatch.setenv("SHOP_NAME", "environment")
    assert value_of("SHOP_NAME") == "environment"
    monkeypatch.setenv("SHOP_NAME", "")
    assert value_of("SHOP_NAME") == "file"


def test_a_files_name_may_stand_in_the_env_file(tmp_path: Path) -> None:
    """Both roads to a mounted secret are the same."""
    (tmp_path / "mounted").write_text("Toko\r\n")
    (tmp_path / ".env").write_text(f"SHOP_NAME_FILE={tmp_path / 'mounted'}\nSOMETHING_ELSE=1\n")
    assert value_of("SHOP_NAME") == "Toko"


@pytest.mark.parametrize("name", [*SETTINGS, *REQUIRED])
@pytest.mark.parametrize("value_in", ["environment", ".env"])
@pytest.mark.parametrize("file_in", ["environment", ".env"])
def test_a_value_and_a_file_at_once_are_refused(
    name: str, value_in: str, file_in: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Wherever each of them stands."""
    text = REQUIRED.get(name) or SETTINGS[name][1]
    (tmp_path / "mounted").write_text(text)
    lines = []
    monkeypatch.delenv(name, raising=False)
    for variable, value, place in ((name, text, value_in), (f"{name}_FILE", str(tmp_path / "mounted"), file_in)):
        if place == "environment":
            monkeypatch.setenv(variable, value)
        else:
            lines.append(f"{variable}='{value}'\n")
    (tmp_path / ".env").write_text("".join(lines))
    assert f"{name}_FILE" in refusal(name)


def test_an_empty_variable_hides_no_clash(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Empty is unset: the value in `.env` counts, and clashes with the file."""
    (tmp_path / "mounted").write_text("Toko")
    (tmp_path / ".env").write_text(f"SHOP_NAME=Lain\nSHOP_NAME_FILE={tmp_path / 'mounted'}\n")
    monkeypatch.setenv("SHOP_NAME", "")
    refusal("SHOP_NAME")


@pytest.mark.parametrize("name", [name for name, row in SETTINGS.items() if row[3] is not None])
def test_a_wrong_value_is_refused_in_one_line(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the variable's name."""
    wrong = SETTINGS[name][3]
    assert wrong is not None
    monkeypatch.setenv(name, wrong)
    assert refusal(name).startswith(f"{name} is wrong: ")


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("TELEGRAM_API_URL", "https://[::1"), ("TELEGRAM_API_URL", "https://h:99999"),
        ("TELEGRAM_API_URL", "https://exa mple.com"), ("TELEGRAM_API_URL", "https://h/#part"),
        ("DATABASE_URL", "sqlite:///"), ("DATABASE_URL", "sqlite://paybot.db"), ("DATABASE_URL", "paybot.db"),
        ("OPS_CHAT_IDS", "5:x"), ("OPS_CHAT_IDS", "5:7:9"), ("OPS_CHAT_IDS", "5;6"), ("OPS_CHAT_IDS", "1_000"),
        ("OPS_CHAT_IDS", "9" * 40), ("OPS_CHAT_IDS", "5:-1"), ("STAFF_USER_IDS", "-5"), ("STAFF_USER_IDS", "1_0"),
        ("WATCH_FOR", "inf"), ("WATCH_FOR", "nan"), ("WATCH_FOR", "-1"), ("WATCH_FOR", "1 day"),
        ("WATCH_FOR", "1e12"), ("POLL_FIRST", "0"), ("POLL_BUDGET", "0"), ("POLL_BUDGET", "inf"),
        ("TIMEZONE", "/etc/localtime"), ("TIMEZONE", "../x"), ("TIMEZONE", "Asia"), ("TIMEZONE", "WIB"),
        ("HTTP_PORT", "-1"), ("HTTP_PORT", "http"), ("HTTP_PORT", "80.5"),
        ("TELEGRAM_WEBHOOK_SECRET", "x" * 257), ("TELEGRAM_WEBHOOK_SECRET", "a b"),
        ("TELEGRAM_BOT_TOKEN", "123:abc def"), ("TELEGRAM_BOT_TOKEN", "https://t.me/x"),
        ("KIRIMINAJA_API_KEY", "k\u00e9y"), ("KIRIMINAJA_API_KEY", "two\nlines"),
    ],
)  # fmt: skip
def test_other_wrong_values_are_refused_too(name: str, wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the start, not at the first use."""
    monkeypatch.setenv(name, wrong)
    refusal(name)


@pytest.mark.parametrize(
    ("name", "source"), [("TELEGRAM_BOT_TOKEN", "@BotFather"), ("KIRIMINAJA_API_KEY", "dashboard")]
)
@pytest.mark.parametrize("how", ["unset", "empty", "empty file"])
def test_a_missing_setting_is_named_with_where_to_get_it(
    name: str, source: str, how: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Both that are required."""
    monkeypatch.delenv(name)
    if how == "empty":
        monkeypatch.setenv(name, "")
    elif how == "empty file":
        (tmp_path / "empty").write_text("\n")
        monkeypatch.setenv(f"{name}_FILE", str(tmp_path / "empty"))
    assert source in refusal(f"{name} is not set")


@pytest.mark.parametrize("name", SECRET_NAMES)
def test_a_wrong_secret_is_not_told(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the value, nor what of it was understood."""
    monkeypatch.setenv(name, f"{CANARY} {CANARY}")
    refusal(name, CANARY, "input_value")


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("DATABASE_URL", f"mysql://u:{CANARY}@h/d"),
        ("CALLBACK_FORWARD_URL", f"https://u:{CANARY}@h:port/"),
        ("CALLBACK_FORWARD_URL", f"https://u:{CANARY}"),
        ("TELEGRAM_API_URL", f"ftp://u:{CANARY}@h"),
    ],
)
def test_a_password_in_a_wrong_url_is_not_told(name: str, wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """`urllib` would tell it as a port that is none."""
    monkeypatch.setenv(name, wrong)
    refusal(name, CANARY)


@pytest.mark.parametrize("name", [*SECRET_NAMES, "DATABASE_URL"])
def test_a_secret_in_the_place_of_its_files_path_is_not_told(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An easy mistake, and the line is pasted into chats."""
    monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(f"{name}_FILE", CANARY)
    assert "FileNotFoundError" in refusal(f"{name}_FILE", CANARY)


def test_a_mounted_file_that_is_no_text_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A folder, as container engines make one for a file that is missing, or bytes."""
    monkeypatch.setenv("SHOP_NAME_FILE", str(tmp_path))
    assert "IsADirectoryError" in refusal("SHOP_NAME_FILE")
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    monkeypatch.setenv("SHOP_NAME_FILE", str(tmp_path / "bytes"))
    assert "UnicodeDecodeError" in refusal("SHOP_NAME_FILE")
    monkeypatch.delenv("SHOP_NAME_FILE")
    (tmp_path / ".env").write_text("SHOP_NAME_FILE=/run/\0name\n")
    assert "ValueError" in refusal("SHOP_NAME_FILE")


def test_an_env_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    """In one line, as everything."""
    (tmp_path / ".env").write_bytes(b"SHOP_NAME=\xff\xfe\n")
    refusal(".env")


@pytest.mark.parametrize(
    ("express", "instant", "comes_to"),
    [
        (None, None, SANDBOX_INSTANT_URL),
        (SANDBOX_EXPRESS_URL, None, SANDBOX_INSTANT_URL),
        (f"{SANDBOX_EXPRESS_URL}/", "", SANDBOX_INSTANT_URL),
        ("https://client.kiriminaja.com", None, None),
        ("https://client.kiriminaja.com", "", None),
        ("https://tdev.kiriminaja.com.evil.example", None, None),
        ("http://tdev.kiriminaja.com", None, None),
        ("https://client.kiriminaja.com", "https://live.example", "https://live.example"),
        (None, "https://own.example", "https://own.example"),
    ],
)
def test_a_live_key_never_reaches_the_staging_host(
    express: str | None, instant: str | None, comes_to: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The Instant host follows the Express host, unless it is named."""
    for name, value in (("KIRIMINAJA_EXPRESS_URL", express), ("KIRIMINAJA_INSTANT_URL", instant)):
        if value is not None:
            monkeypatch.setenv(name, value)
    settings = Settings.load()
    assert settings.kiriminaja_instant_url == comes_to
    assert settings.is_sandbox == (settings.kiriminaja_express_url == SANDBOX_EXPRESS_URL)


def test_the_watch_time_is_a_duration(monkeypatch: pytest.MonkeyPatch) -> None:
    """Decimals allowed."""
    monkeypatch.setenv("WATCH_FOR", "1.5")
    assert Settings.load().watch_time == timedelta(seconds=1.5)


@pytest.mark.parametrize(
    ("url", "passwords"),
    [
        ("postgresql://u:pass-word@h/d", {"pass-word"}),
        ("postgresql://u:p%40ss@h/d", {"p%40ss", "p@ss"}),
        ("postgresql://u:pa/ss@h/d", {"pa/ss"}),
        ("postgresql://h/d?user=u&password=p%40ss", {"p@ss"}),
        ("postgresql://u@h/d", set()),
        ("sqlite:///a:b@c.db", set()),
    ],
)
def test_the_databases_password_is_a_secret(url: str, passwords: set[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """As it stands in the URL, and as it is."""
    monkeypatch.setenv("DATABASE_URL", url)
    found = Settings.load()
    assert {*found.secrets} - {TOKEN, KEY, found.webhook_secret} == passwords


def test_the_webhook_secret_comes_from_the_token_unless_it_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same at each start and in each process, of Telegram's alphabet, and not the token."""
    made = Settings.load().webhook_secret
    assert re.fullmatch(r"[A-Za-z0-9_-]{32,256}", made)
    assert made == Settings.load().webhook_secret
    assert TOKEN not in made
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", TOKEN + "x")
    assert Settings.load().webhook_secret != made
    monkeypatch.setenv("TELEGRAM_WEBHOOK_SECRET", "hook-secret")
    assert Settings.load().webhook_secret == "hook-secret"


def test_every_secret_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the log must never show; printing the settings shows none of the marked ones."""
    monkeypatch.setenv("TELEGRAM_WEBHOOK_SECRET", "hook-secret")
    monkeypatch.setenv("CALLBACK_FORWARD_URL", "https://u:forward-secret@h/")
    settings = Settings.load()
    assert {*settings.secrets} == {TOKEN, KEY, "hook-secret", "forward-secret"}
    assert not any(secret in repr(settings) for secret in (TOKEN, KEY, "hook-secret"))


def test_a_child_process_gets_none_of_our_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """But what it is given, and the rest of the environment."""
    monkeypatch.setenv("SHOP_NAME_FILE", "/x")
    monkeypatch.setenv("SOMETHING_ELSE", "1")
    environment = child_environment({"SHOP_NAME": "demo"})
    assert environment["SHOP_NAME"] == "demo"
    assert environment["SOMETHING_ELSE"] == "1"
    assert not {"SHOP_NAME_FILE", "TELEGRAM_BOT_TOKEN", "KIRIMINAJA_API_KEY"} & set(environment)


@pytest.mark.parametrize(
    ("listens", "reached"),
    [("0.0.0.0", "127.0.0.1"), ("::", "::1"), ("127.0.0.1", "127.0.0.1"), ("10.0.0.7", "10.0.0.7")],
)
def test_what_listens_everywhere_is_reached_over_loopback(
    monkeypatch: pytest.MonkeyPatch, listens: str, reached: str
) -> None:
    monkeypatch.setenv("HTTP_HOST", listens)
    assert Settings.load().own_host == reached


@pytest.mark.parametrize(
    ("name", "meant"),
    [("POLL_FRIST", "POLL_FIRST"), ("time_zone", "TIMEZONE"), ("KIRIMINAJA_APIKEY_FILE", "KIRIMINAJA_API_KEY_FILE")],
)
def test_a_name_that_is_nearly_ours_is_told(monkeypatch: pytest.MonkeyPatch, name: str, meant: str) -> None:
    """From `.env` and, as under systemd, from the environment; its value is not."""
    Path(".env").write_text(f"{name}={CANARY}\n")
    assert misspelt_names() == {name.upper(): meant}
    Path(".env").unlink()
    monkeypatch.setenv(name, CANARY)
    assert misspelt_names() == {name.upper(): meant}


def test_other_programs_names_are_none_of_ours() -> None:
    """What stands in a `.env` beside ours: the compose file's, a proxy's, an empty slip."""
    others = (
        "HTTP_PROXY HTTPS_PROXY NO_PROXY TZ LANG LOCALE_ARCHIVE LOGNAME HOSTNAME ACCESS_TOKEN COMPOSE_PROJECT_NAME "
        "POSTGRES_PASSWORD POSTGRES_DB DATABASE_HOST TELEGRAM_API_ID TELEGRAM_API_HASH TELEGRAM_CHAT_ID WEBHOOK_URL"
    )
    Path(".env").write_text("".join(f"{name}=1\n" for name in others.split()) + "POLL_FRIST=\n")
    assert misspelt_names() == {}


def test_names_in_a_file_that_cannot_be_read_are_not_looked_at() -> None:
    """`Settings.load` says what is wrong with it."""
    Path(".env").write_bytes(b"SHOP_NAME=\xff\n")
    assert misspelt_names() == {}


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("TELEGRAM_WEBHOOK_SECRET", "with!mark", "Telegram takes up to 256 letters, digits, _ and - here."),
        ("POLL_FIRST", "soon", "it should be a valid number."),
    ],
)
def test_a_wrong_value_is_told_in_a_plain_sentence(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str, said: str
) -> None:
    """Names keep their capitals, and nothing tells how it was read."""
    monkeypatch.setenv(name, text)
    with pytest.raises(SettingsError, match=rf"^{re.escape(f'{name} is wrong: {said}')}$"):
        Settings.load()
