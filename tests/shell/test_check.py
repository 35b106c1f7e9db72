"""`paybot check` against all that can be wrong: each is one line with its mend, and nothing secret."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bot.sandbox import Sandbox
from bot.sandbox.faults import Fault
from bot.settings import SANDBOX_EXPRESS_URL, Settings
from bot.shell.check import check, run_check
from bot.shell.check_kiriminaja import Environments
from bot.shell.findings import Mark
from bot.storage.engine import Database
from tests.e2e.process import BotProcess, free_port
from tests.shell.conftest import MakeSettings

UNKNOWN_ID = {"status": False, "text": "data not found", "code": 2, "method": None, "data": None}


async def found(settings: Settings, **more: Any) -> dict[str, tuple[Mark, str]]:
    """Mark and text by what they are about; each is one line, and none holds a secret."""
    lines = await check(settings, **more)
    for line in map(str, lines):
        assert "\n" not in line
        assert settings.telegram_bot_token.get_secret_value() not in line
        assert settings.kiriminaja_api_key.get_secret_value() not in line
    return {line.about: (line.mark, line.said) for line in lines}


def assert_bad(lines: Mapping[str, tuple[Mark, str]], about: str, *said: str) -> None:
    """This one is wrong, and says so; no other is."""
    assert {name for name, (mark, _) in lines.items() if mark is Mark.BAD} == {about}
    for part in said:
        assert part in lines[about][1]


async def test_where_all_is_well_nothing_is_to_be_mended(sandbox: Sandbox, make_settings: MakeSettings) -> None:
    """Before the first start: no database yet, no ops chat. Nothing is sent, and nothing is made."""
    lines = await found(make_settings())
    assert {mark for mark, _ in lines.values()} == {Mark.GOOD, Mark.UNKNOWN}
    assert "@paybot_sandbox_bot" in lines["Telegram token"][1]
    assert lines["webhook"] == (Mark.GOOD, "none, as wanted.")
    assert lines["KiriminAja key"][0] is Mark.GOOD
    assert "nothing there yet" in lines["database"][1]
    assert {call.method for call in sandbox.telegram.calls} == {"getMe", "getWebhookInfo"}


@pytest.mark.parametrize("token", ["1:wrong", "not-even-shaped-like-one"])
async def test_a_wrong_token_is_told(make_settings: MakeSettings, token: str) -> None:
    """What cannot be asked for without it is not judged."""
    lines = await found(make_settings(TELEGRAM_BOT_TOKEN=token, OPS_CHAT_IDS="-5"))
    assert_bad(lines, "Telegram token", "TELEGRAM_BOT_TOKEN is refused", "@BotFather")
    assert lines["webhook"][0] is Mark.UNKNOWN


async def test_a_wrong_key_is_told(make_settings: MakeSettings) -> None:
    """By both hosts, where there are two."""
    lines = await found(make_settings(KIRIMINAJA_API_KEY="wrong-key", KIRIMINAJA_INSTANT_URL=""))
    assert_bad(lines, "KiriminAja key", "KIRIMINAJA_API_KEY is refused", "copy it again")


async def test_a_key_of_the_other_environment_is_told(sandbox: Sandbox, make_settings: MakeSettings) -> None:
    """The other host takes it; a key that nobody takes is simply wrong."""
    async with Sandbox.serve(api_key="key-of-production") as production:
        both = Environments(*(one.settings()["KIRIMINAJA_EXPRESS_URL"] for one in (sandbox, production)))
        settings = make_settings(KIRIMINAJA_API_KEY="key-of-production", KIRIMINAJA_INSTANT_URL="")
        lines = await found(settings, environments=both)
        assert_bad(lines, "KiriminAja key", "key of production", f"KIRIMINAJA_EXPRESS_URL={both.production}")
        settings = make_settings(KIRIMINAJA_API_KEY=sandbox.kiriminaja.api_key, KIRIMINAJA_EXPRESS_URL=both.production)
        lines = await found(settings, environments=both)
        assert_bad(lines, "KiriminAja key", "key of the sandbox", f"KIRIMINAJA_EXPRESS_URL={both.sandbox}")
        settings = make_settings(KIRIMINAJA_API_KEY="nobodys-key", KIRIMINAJA_INSTANT_URL="")
        assert_bad(await found(settings, environments=both), "KiriminAja key", "copy it again")


async def test_a_dead_host_is_not_a_wrong_token_or_key(make_settings: MakeSettings) -> None:
    """Each is named with the variable that leads there."""
    nowhere = f"http://127.0.0.1:{free_port()}"
    lines = await found(make_settings(TELEGRAM_API_URL=nowhere))
    assert_bad(lines, "Telegram token", "out of reach", "TELEGRAM_API_URL")
    dead = {"KIRIMINAJA_EXPRESS_URL": nowhere, "KIRIMINAJA_INSTANT_URL": ""}
    lines = await found(make_settings(TELEGRAM_API_URL=nowhere, **dead))
    assert lines["clock"] == (Mark.UNKNOWN, "nobody was there to ask for the time.")
    for about, variable in (("Telegram token", "TELEGRAM_API_URL"), ("KiriminAja key", "KIRIMINAJA_EXPRESS_URL")):
        mark, said = lines[about]
        assert mark is Mark.BAD
        assert "out of reach" in said
        assert variable in said


async def test_a_host_that_never_answers_does_not_hold_up_the_rest(
    sandbox: Sandbox, make_settings: MakeSettings
) -> None:
    """The check ends by its own time."""
    held = sandbox.telegram.hold("getMe", "before")
    lines = await found(make_settings(), part_within=1.5)
    held.release()
    assert_bad(lines, "Telegram", "no answer within 1.5 s")
    assert lines["KiriminAja key"][0] is Mark.GOOD


@pytest.mark.parametrize(
    ("mode", "mark", "said"),
    [
        ("down", Mark.BAD, "http_503"),
        ("reset", Mark.BAD, "out of reach"),
        ("html", Mark.BAD, "KIRIMINAJA_EXPRESS_URL"),
        ("too_many", Mark.UNKNOWN, "too often"),
    ],
)
async def test_a_provider_in_trouble_is_told_as_such(
    sandbox: Sandbox, make_settings: MakeSettings, mode: Any, mark: Mark, said: str
) -> None:
    """And the key is not called wrong."""
    sandbox.kiriminaja.set_mode(mode)
    lines = await found(make_settings())
    assert lines["KiriminAja key"][0] is mark
    assert said in lines["KiriminAja key"][1]
    assert "refused" not in lines["KiriminAja key"][1]


@pytest.mark.parametrize(
    ("off", "mark", "said"),
    [(0, Mark.GOOD, "right"), (20, Mark.GOOD, "20 s"), (120, Mark.BAD, "120 s ahead"), (-120, Mark.BAD, "s behind")],
)
async def test_a_clock_that_is_off_is_told(
    sandbox: Sandbox, make_settings: MakeSettings, off: int, mark: Mark, said: str
) -> None:
    """Against the dates of both; the sandbox names none by itself."""
    now = datetime.now(UTC).replace(microsecond=0)
    date = {"Date": (now - timedelta(seconds=off)).strftime("%a, %d %b %Y %H:%M:%S GMT")}
    sandbox.kiriminaja.answer_raw(200, UNKNOWN_ID, target="express", headers=date)
    lines = await found(make_settings(), clock=lambda: now)
    assert lines["clock"][0] is mark
    assert said in lines["clock"][1]
    assert "timedatectl" in lines["clock"][1] or mark is Mark.GOOD


async def test_ops_chats_are_asked_for_one_by_one(sandbox: Sandbox, make_settings: MakeSettings) -> None:
    """Where the bot may write, where it is not, and what became of the group."""
    rina = sandbox.person("Rina", started=True)
    forum = sandbox.supergroup("Ops", [rina], admins=[rina], forum=True)
    open_topic, closed_topic = (sandbox.topic(forum, name) for name in ("Alerts", "Old"))
    closed_topic.closed = True
    left = sandbox.group("Left", [rina], bot_status="left")
    small = sandbox.group("Small", [rina], admins=[rina])
    upgraded = await rina.upgrade(small)
    places = {
        f"{forum.id}": (Mark.GOOD, "Ops: the bot may write there"),
        f"{forum.id}:{open_topic.thread_id}": (Mark.GOOD, "the bot may write there"),
        f"{forum.id}:{closed_topic.thread_id}": (Mark.BAD, "the topic is closed: open it"),
        f"{forum.id}:9999": (Mark.BAD, "no such topic"),
        f"{left.id}": (Mark.BAD, "not in this chat"),
        f"{small.id}": (Mark.BAD, f"put {upgraded.id} into OPS_CHAT_IDS"),
        f"{rina.id}": (Mark.GOOD, "a private chat"),
        "-77": (Mark.BAD, "Telegram does not know it"),
    }
    lines = await found(make_settings(OPS_CHAT_IDS=",".join(places)))
    for place, (mark, said) in places.items():
        assert lines[f"ops chat {place}"][0] is mark, lines[f"ops chat {place}"]
        assert said in lines[f"ops chat {place}"][1]
    assert not any("Rina" in said for _, said in lines.values())
    assert not forum.from_bot


@pytest.mark.parametrize(
    ("method", "result"),
    [
        ("getChatMember", {"status": "restricted", "can_send_messages": False}),
        ("getChatMember", {"status": "left"}),
        ("getChat", {"id": -1, "type": "supergroup", "permissions": {"can_send_messages": False}}),
        ("sendChatAction", None),
    ],
    ids=["restricted", "left", "muted group", "no right"],
)
async def test_a_chat_or_topic_without_rights_is_told(
    sandbox: Sandbox, make_settings: MakeSettings, method: str, result: Any
) -> None:
    """By whichever of Telegram's answers says so."""
    rina = sandbox.person("Rina")
    forum = sandbox.supergroup("Ops", [rina], admins=[rina], forum=True)
    topic = sandbox.topic(forum, "Alerts")
    if result is None:
        sandbox.telegram.fail(method, 400, "Bad Request: not enough rights to send text messages to the chat")
    else:
        sandbox.telegram.faults.add(method, Fault(status=200, body={"ok": True, "result": result}))
    about = f"{forum.id}:{topic.thread_id}"
    lines = await found(make_settings(OPS_CHAT_IDS=about))
    assert_bad(lines, f"ops chat {about}", "the bot")
    assert "administrator" in lines[f"ops chat {about}"][1] or "add it" in lines[f"ops chat {about}"][1]


async def test_a_webhook_is_held_against_the_settings(sandbox: Sandbox, make_settings: MakeSettings) -> None:
    """Another program's, none yet, ours, and one that Telegram cannot deliver to."""
    hook = sandbox.telegram.webhook
    mine = f"http://127.0.0.1:{free_port()}"
    wanted = make_settings(TELEGRAM_WEBHOOK_URL=mine)
    assert "not set yet" in (await found(wanted))["webhook"][1]
    hook.url = "https://elsewhere.example/secret-path"
    mark, said = (await found(wanted))["webhook"]
    assert (mark, "elsewhere.example" in said, "secret-path" in said) == (Mark.BAD, True, False)
    mark, said = (await found(make_settings(TELEGRAM_WEBHOOK_URL="")))["webhook"]
    assert (mark, "TELEGRAM_WEBHOOK_URL is not set" in said) == (Mark.BAD, True)
    hook.url = f"{mine}/telegram"
    wanted = make_settings(TELEGRAM_WEBHOOK_URL=mine)
    assert (await found(wanted))["webhook"][0] is Mark.GOOD
    sandbox.telegram.inject({"message": {}})
    hook.last_error = (datetime.now(UTC).timestamp(), "Connection refused")
    mark, said = (await found(wanted))["webhook"]
    assert (mark, "Connection refused" in said) == (Mark.BAD, True)


async def test_a_database_of_another_revision_is_told_and_left_as_it_is(
    make_settings: MakeSettings, migrated_url: str
) -> None:
    """No migration by a look."""
    settings = make_settings(DATABASE_URL=migrated_url)
    assert (await found(settings))["database"][0] is Mark.GOOD
    database = Database(migrated_url)
    await database.open_existing()
    async with database.begin() as tx:
        await tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    await database.close()
    assert_bad(await found(settings), "database", "newer", "update paybot")


async def test_a_database_out_of_reach_is_told(make_settings: MakeSettings, tmp_path: Path) -> None:
    """A server that is not there; a file that is none."""
    settings = make_settings(DATABASE_URL=f"postgresql://somebody:pa55word@/none?host={tmp_path}")
    lines = await found(settings)
    assert_bad(lines, "database", "out of reach", "DATABASE_URL")
    assert "pa55word" not in str(lines)
    (tmp_path / "notes.txt").write_text("no database " * 100)
    assert_bad(await found(make_settings(DATABASE_URL=f"sqlite:///{tmp_path}/notes.txt")), "database", "DATABASE_URL")


async def test_a_port_in_use_is_told_unless_it_is_our_own(
    sandbox: Sandbox, make_settings: MakeSettings, sqlite_url: str, tmp_path: Path
) -> None:
    """The check is made beside a running bot more often than not."""
    settings = make_settings(HTTP_PORT=str(free_port()), DATABASE_URL=sqlite_url)
    assert "is free" in (await found(settings))["HTTP port"][1]
    settings = make_settings(HTTP_PORT=sandbox.url.rpartition(":")[2])
    assert_bad(await found(settings), "HTTP port", "HTTP_PORT", "stop what uses it")
    async with BotProcess.against(sandbox, tmp_path, sqlite_url) as bot:
        lines = await found(make_settings(HTTP_PORT=str(bot.port), DATABASE_URL=sqlite_url))
    assert "a paybot is running there" in lines["HTTP port"][1]
    assert "up to date" in lines["database"][1]
    assert Mark.BAD not in {mark for mark, _ in lines.values()}


def test_a_missing_setting_is_the_one_thing_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing else can be looked at."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TELEGRAM_BOT_TOKEN", raising=False)
    monkeypatch.setenv("KIRIMINAJA_API_KEY", "key")
    assert run_check() == 1
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("✗ settings: TELEGRAM_BOT_TOKEN is not set")
    assert second.startswith("– ")


def test_the_sandbox_is_told_loudly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """First and last; nothing is asked here."""
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "TELEGRAM_BOT_TOKEN": "1:x", "KIRIMINAJA_API_KEY": "key", "KIRIMINAJA_EXPRESS_URL": SANDBOX_EXPRESS_URL,
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)

    async def nothing(_: Settings) -> list[Any]:
        return []

    monkeypatch.setattr("bot.shell.check.check", nothing)
    assert run_check() == 0
    first, last = capsys.readouterr().out.splitlines()
    assert "SANDBOX" in first
    assert first == last


def test_a_misspelt_setting_is_told_and_is_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also where the settings are wrong, and before they are: it is why."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TELEGRAM_BOT_TOKEN", raising=False)
    (tmp_path / ".env").write_text("TELEGRAM_TOKEN=1:x\nPOLL_FRIST=3\n")
    assert run_check() == 1
    near, slip, fault, _ = capsys.readouterr().out.splitlines()
    assert near == "– settings: nothing reads TELEGRAM_TOKEN: is it meant to be TELEGRAM_BOT_TOKEN?"
    assert slip == "– settings: nothing reads POLL_FRIST: is it meant to be POLL_FIRST?"
    assert fault.startswith("✗ settings: TELEGRAM_BOT_TOKEN is not set")
