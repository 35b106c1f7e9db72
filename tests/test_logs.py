"""Logs: one line an event, none lost, and nothing in them that must not be seen."""

import io
import json
import logging
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import quote

import pytest
import structlog
from telegram.error import TelegramError
from telegram.request import HTTPXRequest

from bot.logs import Lasting, set_up

TOKEN = "123456789:AAF_canary-of-the-bot-token_00"
KEY = "canary-of-the-kiriminaja-key"
PASSWORD = "canary%40of the/database"
SECRETS = (TOKEN, KEY, PASSWORD, "", "abc")

OTHER_TOKEN = "987654321:ZZZ_a-token-of-another-bot_0000"
BEARER = "eyJhbGciOi.a-bearer-of-nobody.knows"
PHONES = ("081234567890", "6281234567890", "+6281234567890", "0812-3456-7890", "+62 812 3456 7890", "62 812-3456-7890")
# Ours, and what has a token's shape, are found anywhere; phones at the start of a word; bearers behind that word.
ANYWHERE = (TOKEN, KEY, PASSWORD, quote(PASSWORD), quote(TOKEN, safe=""), OTHER_TOKEN)
CANARIES = (*((canary, f"https://h/bot{canary}/x") for canary in ANYWHERE),
            *((phone, f"call {phone}, please") for phone in PHONES),
            (BEARER, f"Authorization: Bearer {BEARER}"))  # fmt: skip
"""What must not be seen, and a text that holds it."""

each_canary = pytest.mark.parametrize(("canary", "said"), CANARIES, ids=[canary for canary, _ in CANARIES])

LEVELS = ("debug", "info", "warning", "error", "critical")
LIBRARIES = (
    "httpx",
    "httpcore.http11",
    "sqlalchemy.engine",
    "telegram.ext",
    "apscheduler.jobstores",
    "asyncio",
    "x.y",
)


class Lines(io.StringIO):
    """What was written, line by line; a terminal if wanted."""

    terminal = False
    form = "console"

    def isatty(self) -> bool:
        return self.terminal

    def taken(self) -> str:
        """All so far, which is then forgotten."""
        text = self.getvalue()
        self.seek(0)
        self.truncate()
        return text


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    """Leaves no trace in `logging`."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in list(logging.Logger.manager.loggerDict)}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name in list(logging.Logger.manager.loggerDict):
        logging.getLogger(name).setLevel(levels.get(name, logging.NOTSET))
    structlog.reset_defaults()


@pytest.fixture(params=["json", "console", "terminal"])
def lines(request: pytest.FixtureRequest) -> Lines:
    """Each form in turn, all levels."""
    lines = Lines()
    lines.terminal = request.param == "terminal"
    lines.form = "json" if request.param == "json" else "console"
    begin(lines, SECRETS)
    return lines


def begin(lines: Lines, secrets: Iterable[str]) -> None:
    """Sets the log up, and no library quiet. Called within a test it also takes pytest's own handlers away."""
    set_up(level="debug", form=lines.form, secrets=secrets, stream=lines)
    for name in LIBRARIES:
        logging.getLogger(name.partition(".")[0]).setLevel(logging.DEBUG)


def assert_clean(text: str) -> None:
    """None of the canaries in the text, colours or not."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    for canary, _ in CANARIES:
        assert canary not in plain, plain


def assert_whole(text: str, lines: int = 1) -> None:
    """In JSON that many lines, each an object; otherwise at least as many."""
    found = text.splitlines()
    if text.startswith("{"):
        assert len(found) == lines
        assert all(isinstance(json.loads(line), dict) for line in found)
    assert len(found) >= lines


def test_what_is_not_known_takes_no_room(lines: Lines) -> None:
    """Nothing, no, and none of them are three things: only the first is left out."""
    structlog.get_logger("ours").info("delivered", payment=None, again=False, messages=0)
    text = lines.taken()
    assert "payment" not in text
    assert "again" in text
    assert "messages" in text


@each_canary
@pytest.mark.parametrize("level", LEVELS)
def test_no_secret_is_logged_by_us(lines: Lines, canary: str, said: str, level: str) -> None:
    """As the event, as a value, nested, as a key, as bytes and as an object's text."""
    assert canary in said
    values: list[dict[str, Any]] = [
        {"value": said},
        {"value": json.dumps({"a": said})},
        {"value": {"deep": [said, (said,)]}},
        {"value": {said: 1}},
        {"value": ValueError(said)},
        {"value": said.encode()},
        {"value": [ValueError(said)]},
    ]
    log = getattr(structlog.get_logger("ours"), level)
    log(said)
    for value in values:
        log("event", **value)
    text = lines.taken()
    assert_clean(text)
    assert_whole(text, 1 + len(values))


@pytest.mark.parametrize("canary", PHONES)
def test_a_bare_phone_is_no_value(lines: Lines, canary: str) -> None:
    """Right after a colour, too."""
    structlog.get_logger("ours").info(canary, phone=canary)
    text = lines.taken()
    assert_clean(text)
    assert text.count("[phone]") == 2


@pytest.mark.parametrize("name", LIBRARIES)
@pytest.mark.parametrize("level", LEVELS)
def test_no_secret_is_logged_by_a_library(lines: Lines, name: str, level: str) -> None:
    """Whatever a library puts into its lines."""
    log = getattr(logging.getLogger(name), level)
    for _, said in CANARIES:
        log('HTTP Request: POST %s "%s"', said, [said])
        log({"headers": [said]})
    text = lines.taken()
    assert_clean(text)
    assert_whole(text, 2 * len(CANARIES))


def fail(said: str) -> None:
    """A chain of three exceptions, each with a secret, a note, and one among the locals."""
    kept_here = f"{said} {said}"
    try:
        try:
            raise KeyError(said)
        except KeyError as error:
            raise ValueError(kept_here) from error
    except ValueError as error:
        error.add_note(said)
        raise RuntimeError(said) from error


@each_canary
@pytest.mark.parametrize("through", ["structlog", "logging"])
def test_no_secret_is_logged_in_a_traceback(lines: Lines, canary: str, said: str, through: str) -> None:
    """Nor in its causes and notes; the traceback itself is there."""
    assert canary in said
    try:
        fail(said)
    except RuntimeError:
        (structlog.get_logger("ours") if through == "structlog" else logging.getLogger("x")).exception("failed")
    text = lines.taken()
    assert_clean(text)
    assert_whole(text)
    for name in ("RuntimeError", "ValueError", "KeyError", "failed"):
        assert name in text


def test_a_traceback_tells_no_locals(lines: Lines) -> None:
    """People's names and addresses are among them."""

    def handle(name: str) -> None:
        assert name
        raise RuntimeError("away")

    try:
        handle("".join(["Bu", "di"]))  # not as it would stand in the source line
    except RuntimeError:
        structlog.get_logger("ours").exception("failed")
    assert "Budi" not in lines.taken()


class Unprintable:
    """An object that fails to say what it is."""

    def __repr__(self) -> str:
        raise RuntimeError(TOKEN)


@pytest.mark.parametrize(
    "call",
    [
        lambda: logging.getLogger("x").error("%d of %s", TOKEN),  # noqa: PLE1206  # the mistake itself
        lambda: logging.getLogger("x").error("%s", Unprintable()),
        lambda: structlog.get_logger("x").error("event", value=Unprintable()),
        lambda: structlog.get_logger("x").error("event", value=_circle()),
        lambda: structlog.get_logger("x").error(f"a lone \ud800 surrogate {TOKEN}"),
        lambda: logging.getLogger("x").error("a lone \ud800 surrogate %s", TOKEN),
        lambda: structlog.get_logger("x").error(12345, value={1: 2}, other={3, 4}),
    ],
    ids=["arguments", "repr", "repr of ours", "circle", "surrogate of ours", "surrogate", "no text"],
)  # fmt: skip
def test_no_line_is_lost(lines: Lines, call: Callable[[], Any], capsys: pytest.CaptureFixture[str]) -> None:
    """What cannot be formatted is logged as far as it goes, and not by `logging`'s own unredacted complaint."""
    begin(lines, SECRETS)
    call()
    text = lines.taken()
    assert text.strip()
    assert_clean(text)
    assert_whole(text)
    text.encode()
    assert capsys.readouterr().err == ""


def _circle() -> list[Any]:
    circle: list[Any] = []
    circle.append(circle)
    return circle


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (81234567890, "81234567890"),  # no leading zero: no phone
        (6281234567890, "[phone]"),
        (6281234567, "6281234567"),  # a person's id at Telegram
        (-1006281234567, "-1006281234567"),
        (0.0812345678, "0.0812345678"),
        ("XID-08123456789", "XID-08123456789"),
        ("2026-08-12T08:12:34.081234Z", "2026-08-12T08:12:34.081234Z"),
    ],
)
def test_what_only_looks_like_a_phone_stays(lines: Lines, value: object, shown: str) -> None:
    """Ids, fractions and times are what one looks for in a log; JSON stays JSON."""
    structlog.get_logger("ours").info("event", value=value)
    text = lines.taken()
    assert_whole(text)
    assert shown in text


def test_numbers_stay_numbers_in_json() -> None:
    """A password of digits makes no broken JSON of them."""
    stream = Lines()
    set_up(level="info", form="json", secrets=["8080"], stream=stream)
    structlog.get_logger("ours").info("event", port=8080, other=5, flag=True, nested={"port": 8080}, part=0.5)
    line = json.loads(stream.taken())
    assert (line["port"], line["other"], line["flag"], line["part"]) == ("[redacted]", 5, True, 0.5)
    assert line["nested"] == {"port": "[redacted]"}


def test_a_secret_with_quotes_is_found_in_every_form(lines: Lines) -> None:
    """JSON and `repr` write it otherwise."""
    secret = 'quote"back\\slash'
    begin(lines, [secret])
    structlog.get_logger("ours").info("event", value=secret, deep=[secret])
    text = lines.taken()
    assert "slash" not in text
    assert text.count("[redacted]") == 2


def test_a_line_says_when_where_and_how_bad(lines: Lines) -> None:
    """The same for our lines and a library's."""
    structlog.get_logger("ours").warning("first", payment="XID-1")
    logging.getLogger("x.y").warning("second %s", 2)
    first, second = re.sub(r"\x1b\[[0-9;]*m", "", lines.taken()).splitlines()
    for line, *parts in ((first, "first", "ours", "warning", "XID-1"), (second, "second 2", "x.y", "warning")):
        assert re.search(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", line)
        assert all(part in line for part in parts)


def test_the_context_is_told(lines: Lines) -> None:
    """Bound once, in every line."""
    with structlog.contextvars.bound_contextvars(update=7, key=KEY):
        structlog.get_logger("ours").info("event")
    text = lines.taken()
    assert "update" in text
    assert_clean(text)


@pytest.mark.parametrize("level", ["debug", "info", "warning", "error"])
def test_the_level_is_obeyed(level: str) -> None:
    """By us and by libraries; those that log URLs or every request are never below a warning."""
    stream = Lines()
    set_up(level=level, form="json", secrets=[], stream=stream)
    for name in (
        "ours",
        "sqlalchemy_like",
        "httpx",
        "httpcore.http11",
        "telegram.ext",
        "apscheduler.jobstores",
    ):
        for written in LEVELS:
            getattr(logging.getLogger(name), written)("line")
    rank = {name: number for number, name in enumerate(LEVELS)}
    told = [(line["logger"], line["level"]) for line in map(json.loads, stream.taken().splitlines())]
    for name in ("ours", "sqlalchemy_like"):
        assert [one for logger, one in told if logger == name] == list(LEVELS[rank[level] :])
    for name in ("httpx", "httpcore.http11", "telegram.ext", "apscheduler.jobstores"):
        assert [one for logger, one in told if logger == name] == list(LEVELS[max(rank[level], rank["warning"]) :])


def test_an_answer_that_is_no_json_is_not_logged(lines: Lines) -> None:
    """It names people; python-telegram-bot would print it whole."""
    with pytest.raises(TelegramError):
        HTTPXRequest.parse_json_payload(b'{"ok": true, "result": {"chat": {"first_name": "Sari"')
    assert lines.taken() == ""


def test_setting_up_again_replaces(lines: Lines) -> None:
    """No line twice."""
    again = Lines()
    set_up(level="info", form="json", secrets=[], stream=again)
    structlog.get_logger("ours").info("event")
    assert lines.taken() == ""
    assert len(again.taken().splitlines()) == 1


def test_it_goes_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    """Standard error is for the one line that names what to mend."""
    set_up(level="info", form="console", secrets=[])
    structlog.get_logger("ours").info("event")
    captured = capsys.readouterr()
    assert captured.err == ""
    assert "event" in captured.out
    assert "\x1b" not in captured.out


def test_trouble_that_lasts_is_told_when_it_begins_changes_goes_on_and_ends() -> None:
    """An hour of it, tried every ten seconds, with another problem once in between: nine lines and not 361."""
    now = 100.0
    with structlog.testing.capture_logs() as said:
        lasting = Lasting(structlog.get_logger("x"), "away", "back", lambda: now)
        lasting.is_over()
        for number in range(361):
            lasting.note("refused" if number == 5 else "timed out")
            now += 10
        lasting.is_over()
        lasting.note("timed out")
    assert all(line["log_level"] == "warning" for line in said)
    assert [(line["event"], line["seconds"], line["failed"]) for line in said] == [
        ("away", 0, 1), ("away", 50, 6), *(("away", 650 + 600 * n, 66 + 60 * n) for n in range(5)),
        ("back", 3610.0, 361), ("away", 0, 1),
    ]  # fmt: skip
    assert said[1]["problem"] == "refused"
