"""The month as a file: which month is meant, and what stands in the file."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from bot.core.ids import Kind
from bot.core.recap import COLUMNS, as_csv, month_after, month_named, span_of
from bot.core.totals import Entry

WIB = ZoneInfo("Asia/Jakarta")
TODAY = date(2026, 11, 23)
T0 = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "month"),
    [
        ("", (2026, 11)),
        ("ini", (2026, 11)),
        ("bulan ini", (2026, 11)),
        ("This Month", (2026, 11)),
        ("last", (2026, 10)),
        ("bulan lalu", (2026, 10)),
        ("the last month", (2026, 10)),
        ("2026-10", (2026, 10)),
        ("2026/1", (2026, 1)),
        ("10-2026", (2026, 10)),
        ("10.2025", (2025, 10)),
        ("202603", (2026, 3)),
        ("oktober", (2026, 10)),
        ("Oktober.", (2026, 10)),
        ("October", (2026, 10)),
        ("okt", (2026, 10)),
        ("oct 2025", (2025, 10)),
        ("oktober 25", (2025, 10)),
        ("2025 des", (2025, 12)),
        ("november", (2026, 11)),
        ("desember", (2025, 12)),
        ("12", (2025, 12)),
        ("03", (2026, 3)),
        ("mar", (2026, 3)),
        ("mei", (2026, 5)),
        ("may", (2026, 5)),
        ("agt", (2026, 8)),
        ("aug", (2026, 8)),
        ("nop", (2026, 11)),
    ],
)
def test_months_are_read_forgivingly(text: str, month: tuple[int, int]) -> None:
    """Numbers, names in both languages, with and without a year; without, the latest that has begun."""
    assert month_named(text, TODAY) == date(*month, 1)


@pytest.mark.parametrize(
    "text",
    [
        "soon",
        "ma",
        "ju",
        "13",
        "0",
        "2026-13",
        "2026",
        "1999-10",
        "a b c",
        "202613",
        "２０２６-10",
        "２０２６１０",
        "１２",
        "=1+1",
        " " * 4097,
    ],
)
def test_what_names_no_month_is_not_guessed(text: str) -> None:
    """Neither too short, nor out of range, nor something else."""
    assert month_named(text, TODAY) is None


@given(st.text(max_size=20))
def test_any_text_is_a_month_or_none(text: str) -> None:
    """It never raises, and gives a month's first day."""
    found = month_named(text, TODAY)
    assert found is None or found.day == 1


def test_a_month_ends_where_the_next_begins() -> None:
    """In local time, over the year's end too."""
    assert month_after(date(2026, 12, 1)) == date(2027, 1, 1)
    begin, end = span_of(date(2026, 2, 1), WIB)
    assert (begin.isoformat(), end.isoformat()) == ("2026-02-01T00:00:00+07:00", "2026-03-01T00:00:00+07:00")


def test_the_file_is_what_a_spreadsheet_reads() -> None:
    """The mark, CRLF, columns; local times with their offset; empty where nothing is known."""
    entries = [
        Entry("XID-1", Kind.EXPRESS, 65_000, T0, T0 + timedelta(seconds=272), payer_id=7, payer_chat_id=-5),
        Entry("ORDER.2", None, None, T0),
    ]
    assert as_csv(entries, WIB, {(-5, 7): "Rina, “Wati”"}) == (
        b"\xef\xbb\xbfid,kind,amount,asked,paid,seconds,payer\r\n"
        b"XID-1,express,65000,2026-11-23T10:00:00+07:00,2026-11-23T10:04:32+07:00,272,"
        b'"Rina, \xe2\x80\x9cWati\xe2\x80\x9d"\r\n'
        b"ORDER.2,,,2026-11-23T10:00:00+07:00,,,\r\n"
    )


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("=1+1", "'=1+1"),
        (" \t+62 812", "'+62 812"),
        ("-2", "'-2"),
        ("@cmd", "'@cmd"),
        ("＝1", "'＝1"),
        ("a;=1", "a =1"),
        ("a\r\n=1", "a =1"),
        ("\u202e", "7"),
        ("", "7"),
        ('"Ani"', '"Ani"'),
    ],
)
def test_no_cell_is_a_formula(name: str, cell: str) -> None:
    """Telegram names are anybody's text; one that is empty leaves the number."""
    entry = Entry("XID-1", Kind.EXPRESS, 1, T0, payer_id=7, payer_chat_id=7)
    assert rows_of(as_csv([entry], WIB, {(7, 7): name}))[1][-1] == cell


def test_a_payer_whose_name_nobody_tells_is_a_number() -> None:
    """Telegram may know it no more."""
    entry = Entry("XID-1", Kind.EXPRESS, 1, T0, payer_id=7, payer_chat_id=-5)
    assert rows_of(as_csv([entry], WIB, {(-5, 8): "Rina"}))[1][-1] == "7"


def test_an_id_is_no_formula_either() -> None:
    """An id with a prefix nobody documented."""
    assert rows_of(as_csv([Entry("=ID", None, 1, T0)], WIB, {}))[1][0] == "'=ID"


@given(st.lists(st.tuples(st.text(max_size=20), st.none() | st.integers(0, 10**12)), max_size=5))
def test_any_name_leaves_the_table_in_shape(rows: list[tuple[str, int | None]]) -> None:
    """As many rows and columns as went in."""
    entries = [Entry("XID-1", Kind.INSTANT, amount, T0, T0, n, n) for n, (_, amount) in enumerate(rows)]
    read = rows_of(as_csv(entries, WIB, {(n, n): name for n, (name, _) in enumerate(rows)}))
    assert len(read) == len(rows) + 1
    assert {len(row) for row in read} == {len(COLUMNS)}


def test_half_a_claim_is_none() -> None:
    """A person without the chat could not be asked for."""
    assert rows_of(as_csv([Entry("XID-1", None, 1, T0, payer_id=7)], WIB, {}))[1][-1] == ""


def rows_of(file: bytes) -> list[list[str]]:
    """The file as a program reads it."""
    return list(csv.reader(io.StringIO(file.decode("utf-8-sig"), newline="")))
