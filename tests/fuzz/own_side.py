"""What people paste, what operators set, and what lies in our own outbox and logs."""

import atexit
import os
import re
from contextlib import chdir
from datetime import date
from functools import cache
from pathlib import Path
from random import Random
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any, Final
from unittest.mock import patch

from pydantic import ValidationError

from bot.core.ids import ids_after_command, ids_within, is_id, kind_of, may_be_number
from bot.core.links import digest_of, is_handle, payload_within
from bot.core.message import Action, press_of
from bot.core.qris import QrisFault, fault_of, parse
from bot.core.recap import month_named
from bot.logs import Redactor
from bot.settings import Settings, SettingsError
from bot.storage.notation import _FACTS, from_json, to_json
from tests.core.making import SAMPLE, crc16, emv
from tests.fuzz import wild
from tests.fuzz.running import Parser
from tests.test_settings import CANARY, KEY, SETTINGS, TOKEN


def make_qris(dice: Random) -> tuple[str, int | None]:
    """A payload, as a rule with a right checksum, and the amount it is to be paid for."""
    tags = {
        f"t{tag}": wild.bent(dice, "65000" if tag == 54 else "360")[:99] for tag in (53, 54, 59) if dice.random() < 0.3
    }
    try:
        payload = dice.choice((lambda: SAMPLE, lambda: emv(**tags), lambda: wild.text(dice)))()
        if dice.random() < 0.5:
            payload = wild.bent(dice, payload[:-4])
            payload += crc16(payload) if len(payload) < 2000 else "0000"
    except UnicodeEncodeError:
        payload = wild.text(dice)
    return payload, dice.choice((65_000, 65_000, 0, None, 10**18, 6_500_000))


def parse_qris(given: tuple[str, int | None]) -> tuple[QrisFault | None, Any]:
    """The check, and the fields."""
    return fault_of(*given), parse(given[0])


def judge_qris(given: tuple[str, int | None], outcome: tuple[QrisFault | None, Any]) -> None:
    """Shown only with checksum, currency and amount right, each reckoned anew."""
    payload, amount = given
    fault, qris = outcome
    if fault is None:
        assert payload[-4:].upper() == crc16(payload[:-4])
        assert type(qris.amount) is int and qris.amount == amount
        assert qris.fields["53"] == "360"
        assert "".join(f"{tag}{len(value):02}{value}" for tag, value in qris.fields.items()) == payload


PASTED: Final = (
    "XID-4875081955", "bayar xid - 12345 dan PID-1754377171 ya", "BDI-1754377171060", "XID-1,XID-2;XID-3",
    "INV/2026/03",
    "https://t.me/sari_paybot?start=abcdefghijklmnopqrstuvwxyz", "t.me/SARI_PAYBOT?start=x https://t.me/other?start=y",
)  # fmt: skip


def make_pasted(dice: Random) -> str:
    """A text with ids or links in it, or nearly."""
    return wild.text(dice) if dice.random() < 0.3 else wild.bent(dice, dice.choice(PASTED))


def parse_ids(given: str) -> tuple[list[str], list[str] | None]:
    """The ids in a text, and after a command."""
    may_be_number(given)
    return ids_within(given), ids_after_command(given)


def judge_ids(given: str, outcome: tuple[list[str], list[str] | None]) -> None:
    """Nothing but an id reaches a call, and none that was not written."""
    within, after = outcome
    squeezed = re.sub(r"\s", "", given).upper()
    for one in within:
        assert is_id(one) and one.isascii() and kind_of(one) is not None
        assert one in squeezed
        assert ids_within(one) == [one]
    assert len(set(within)) == len(within)
    for one in after or ():
        assert is_id(one) and one.isascii() and len(one) <= 64


def parse_links(given: str) -> tuple[str | None, bool, str]:
    """A pasted link, or a typed handle."""
    return payload_within(given, "sari_paybot"), is_handle(given), digest_of(given)


def judge_links(given: str, outcome: tuple[str | None, bool, str]) -> None:
    """Only links to this bot count; a handle is kept as a hash."""
    payload, handle, digest = outcome
    assert payload is None or (payload in given and "sari_paybot" in given.casefold())
    assert not handle or re.fullmatch(r"[\w-]{22,64}", given, re.ASCII)
    assert re.fullmatch(r"[0-9a-f]{64}", digest) and (len(given) != 64 or digest != given)


def make_press(dice: Random) -> str:
    """A button's data."""
    good = f"{dice.choice(tuple(Action))}:{'abcdefghijklmnopqrstuv'}"
    return wild.text(dice) if dice.random() < 0.2 else wild.bent(dice, good)


def judge_press(given: str, outcome: tuple[Action, str] | None) -> None:
    """What is taken is what the button carried."""
    assert outcome is None or ":".join(outcome) == given


def make_month(dice: Random) -> str:
    """What follows `/recap`."""
    words = ("maret 2026", "2026-03", "03/26", "202603", "last month", "bulan lalu", "Agt", "13", "0001-99", "dec 99")
    return wild.text(dice) if dice.random() < 0.3 else wild.bent(dice, dice.choice(words))


def parse_month(given: str) -> date | None:
    """The month that is meant."""
    return month_named(given, date(2026, 3, 31))


def judge_month(_given: str, month: date | None) -> None:
    """A first day, in a year of this century or near."""
    assert month is None or (month.day == 1 and 2000 <= month.year < 2100)


Set = tuple[dict[str, str], bytes]


def make_settings(dice: Random) -> Set:
    """An environment, and a `.env`."""
    good = {"TELEGRAM_BOT_TOKEN": TOKEN, "KIRIMINAJA_API_KEY": KEY} | {
        name: value for name, (_, value, _, wrong) in SETTINGS.items() if dice.random() < 0.3 or wrong is None
    }
    told = {name: _odd_setting(dice, value) for name, value in good.items()}
    for name in dice.sample(sorted(SETTINGS), 2):
        if dice.random() < 0.3:
            told[name] = _odd_setting(dice, CANARY)
        elif dice.random() < 0.1:
            told.pop(name, None)
            told[f"{name}_FILE"] = _odd_setting(dice, "/no/such/file/" + CANARY)
    environment = {name: value for name, value in told.items() if dice.random() < 0.5 and _is_carried(value)}
    begins, signs, quotes = ("", "", "export ", " "), ("=", "=", " = ", ": "), ("", "", '"', "'")
    lines = "".join(
        f"{dice.choice(begins)}{name}{dice.choice(signs)}{dice.choice(quotes)}{value}\n"
        for name, value in told.items()
        if name not in environment
    )
    file = wild.bent(dice, lines) if dice.random() < 0.3 else lines
    return environment, file.encode("utf-8", dice.choice(("replace", "surrogatepass")))


def _odd_setting(dice: Random, good: str) -> str:
    match dice.randrange(20):
        case 0:
            return wild.text(dice)[:1000]  # an operator writes no more, and python-dotenv takes the square of it
        case 1 | 2:
            return wild.bent(dice, good)
        case _:
            return good


def _is_carried(value: str) -> bool:
    """Whether an environment can hold it."""
    try:
        return "\0" not in value and bool(value.encode("utf-8", "surrogateescape"))
    except UnicodeEncodeError:
        return False


@cache
def _folder() -> Path:
    """For the `.env`; one a process."""
    folder = mkdtemp(prefix="paybot-fuzz-")
    atexit.register(rmtree, folder, ignore_errors=True)
    return Path(folder)


def parse_settings(given: Set) -> Settings | SettingsError:
    """The settings, or the one line that says what is wrong."""
    environment, file = given
    (_folder() / ".env").write_bytes(file)
    with patch.dict(os.environ, environment, clear=True), chdir(_folder()):
        try:
            settings = Settings.load()
        except SettingsError as error:
            return error
    assert settings.own_host and settings.webhook_secret and settings.watch_time
    Redactor(settings.secrets)
    return settings


def judge_settings(_given: Set, outcome: Settings | SettingsError) -> None:
    """One line without the value; and a `repr` without secrets."""
    if isinstance(outcome, SettingsError):
        said = str(outcome)
        assert CANARY not in said and TOKEN not in said and KEY not in said
        assert said.isprintable() and len(said) < 300, said
    else:
        token = outcome.telegram_bot_token.get_secret_value()
        assert len(token) < 10 or token not in repr(outcome)
        assert outcome.webhook_secret.isascii()


FACTS: Final = (
    'Paid {"amount":65000,"recorded_at":"2026-02-03T03:42:07Z","shown_amount":null,"late":false,"already":false}',
    'NotFound {"payment_id":"XID-1"}', 'Withheld {"fault":"crc"}', "Welcome {}", 'AlertPaid {"amount":1}',
    'ExpressNews {"event":"shipped","parcels":[{"order_id":"O-1","awb":null,"courier":"gosend"}]}',
    'Ids {"chat_id":5,"topic_id":null,"person_id":7}', 'Total {"payments":2,"amount":130000}',
)  # fmt: skip


def make_fact(dice: Random) -> str:
    """A fact as the outbox has it, or nearly."""
    name, _, data = dice.choice(FACTS).partition(" ")
    name = dice.choice((name, name, name, dice.choice(tuple(_FACTS)), wild.text(dice)[:50]))
    token = dice.choice((data, wild.bent(dice, data), wild.bent(dice, data), wild.text(dice)[:5000], *wild.SPLICES))
    made = wild.SPLICES[token](dice) if token in wild.SPLICES else token
    return f"{name} {made}"


def parse_fact(given: str) -> Any:
    """The fact; None where the text holds none, which `from_json` says by these two."""
    try:
        return from_json(given)
    except (KeyError, ValidationError):
        return None


def judge_fact(_given: str, fact: Any) -> None:
    """What was read is written so that it is read the same again."""
    assert fact is None or from_json(to_json(fact)) == fact


LINES: Final = (
    f"GET https://api.telegram.org/bot{TOKEN}/getMe", f"Authorization: Bearer {KEY}", "call 0812-3456-7890 now",
    "+62 812 3456 7890", "XID-081234567890", f"{KEY}{KEY}", "12345:" + "A" * 30,
)  # fmt: skip


def make_line(dice: Random) -> str:
    """A line for the log; what others send stands in none at length."""
    return (
        wild.text(dice)[:100_000] if dice.random() < 0.3 else dice.choice(LINES) + wild.bent(dice, dice.choice(LINES))
    )


def parse_line(given: str) -> str:
    """The line as it is printed."""
    return Redactor([KEY, TOKEN]).redact(given)


def judge_line(_given: str, line: str) -> None:
    """No secret."""
    assert KEY not in line and TOKEN not in line


PARSERS: Final = (
    Parser("qris", make_qris, parse_qris, judge_qris),
    Parser("ids", make_pasted, parse_ids, judge_ids),
    Parser("links", make_pasted, parse_links, judge_links),
    Parser("presses", make_press, press_of, judge_press),
    Parser("months", make_month, parse_month, judge_month),
    Parser("settings", make_settings, parse_settings, judge_settings),
    Parser("facts", make_fact, parse_fact, judge_fact),
    Parser("lines", make_line, parse_line, judge_line),
)
