"""A month's payments as a CSV file, and which month is meant.

Each payment stands in one month: the one it was paid in, and while it is unpaid the one it was first asked for in.
"""

import csv
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta, tzinfo
from typing import Final

from bot.core.ids import LONGEST_TEXT
from bot.core.totals import Entry, begin_of

COLUMNS: Final = ("id", "kind", "amount", "asked", "paid", "seconds", "payer")


class _Target:
    """What the rows are written to."""

    def __init__(self) -> None:
        self.rows: list[str] = []

    def write(self, row: str) -> None:
        self.rows.append(row)


PayerAt = tuple[int, int]
"""The chat and the person who said there "I'll pay this": a name is told by chat."""

_NAMES: Final = (
    ("januari", "january"), ("februari", "february", "pebruari"), ("maret", "march"), ("april",), ("mei", "may"),
    ("juni", "june"), ("juli", "july"), ("agustus", "august", "agt", "agst"), ("september",), ("oktober", "october"),
    ("november", "nopember"), ("desember", "december"),
)  # fmt: skip
_THIS: Final = frozenset({"", "this", "ini", "now", "sekarang"})
_LAST: Final = frozenset({"last", "lalu", "kemarin", "previous", "prev", "sebelumnya"})
_FILLERS: Final = frozenset({"bulan", "month", "the", "of", "yang", "rekap", "recap"})
# What a spreadsheet would take for the beginning of a formula, also in its wide forms.
_FORMULA: Final = re.compile(r"[=+\-@\uff1d\uff0b\uff0d\uff20]")


def month_named(text: str, today: date) -> date | None:
    """The first day of the month that is meant; None where that can't be told.

    Nothing is this month; "last", "lalu"; a number or a name in Indonesian or English, three letters at the least;
    with a year in either order. Without a year it is the latest such month that has begun.
    """
    if len(text) > LONGEST_TEXT:
        return None
    words = [word for word in re.split(r"[\s./_-]+", text.strip().casefold()) if word and word not in _FILLERS]
    first = today.replace(day=1)
    match words:
        case [] | [_] if "".join(words) in _THIS:
            return first
        case [word] if word in _LAST:
            return _month_before(first)
        case [word]:
            compact = re.fullmatch(r"(\d{4})(\d{2})", word, re.ASCII)
            if compact:
                return _in_year(compact[1], compact[2])
            number = _month_number(word)
            if number is None:
                return None
            return date(first.year - (number > first.month), number, 1)
        case [one, other]:
            return _in_year(one, other) or _in_year(other, one)
        case _:
            return None


def month_after(month: date) -> date:
    """The next month's first day."""
    return (month.replace(day=1) + timedelta(days=32)).replace(day=1)


def span_of(month: date, zone: tzinfo) -> tuple[datetime, datetime]:
    """A month's first moment, and the next one's."""
    return begin_of(month, zone), begin_of(month_after(month), zone)


def as_csv(entries: Sequence[Entry], zone: tzinfo, names: Mapping[PayerAt, str]) -> bytes:
    """The file, by RFC 4180, in UTF-8 with the mark by which Excel knows it. Times are local, with their offset; a
    payer without a name stands there by Telegram's number. No cell can be taken for a formula."""
    target = _Target()
    writer = csv.writer(target)
    writer.writerow(COLUMNS)
    for entry in entries:
        writer.writerow(
            (
                _harmless(entry.payment_id),
                entry.kind or "",
                entry.amount,
                _local(entry.asked_at, zone),
                "" if entry.paid_at is None else _local(entry.paid_at, zone),
                entry.seconds,
                _payer(entry, names),
            )
        )
    return "".join(target.rows).encode("utf-8-sig")


def payer_of(entry: Entry) -> PayerAt | None:
    """Whose claim to pay it was, where there was one."""
    if entry.payer_id is None or entry.payer_chat_id is None:
        return None
    return entry.payer_chat_id, entry.payer_id


def _payer(entry: Entry, names: Mapping[PayerAt, str]) -> str:
    payer = payer_of(entry)
    if payer is None:
        return ""
    return _harmless(names.get(payer, "")) or str(payer[1])


def _harmless(text: str) -> str:
    # Excel splits at semicolons where the comma stands in numbers, as in Indonesia: the rest would begin a cell.
    line = " ".join("".join(char if char.isprintable() else " " for char in text.replace(";", " ")).split())
    return f"'{line}" if _FORMULA.match(line) else line


def _local(moment: datetime, zone: tzinfo) -> str:
    return moment.astimezone(zone).isoformat(timespec="seconds")


def _month_before(first: date) -> date:
    return (first - timedelta(days=1)).replace(day=1)


def _in_year(year: str, month: str) -> date | None:
    number = _month_number(month)
    if number is None or not re.fullmatch(r"(20)?\d{2}", year, re.ASCII):
        return None
    return date(2000 + int(year) % 100, number, 1)


def _month_number(word: str) -> int | None:
    if re.fullmatch(r"0?[1-9]|1[0-2]", word, re.ASCII):
        return int(word)
    for number, names in enumerate(_NAMES, 1):
        if len(word) >= 3 and any(name.startswith(word) for name in names):
            return number
    return None
