"""How late is too late, fact by fact: no fact without an answer."""

from dataclasses import MISSING, fields
from datetime import UTC, datetime, timedelta
from types import UnionType
from typing import Any, get_args, get_type_hints

import pytest

from bot.core import callbacks, commands, facts, journey, links, team, totals
from bot.core.alerts import Alert
from bot.core.connections import AlertMissed
from bot.core.deadlines import ALERT_FOR, QR_FOR, SHORTEST, deadline_of, is_missed, is_past
from bot.core.facts import Fact, Paid

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
T0 = datetime(2026, 3, 1, tzinfo=UTC)


def kinds(*unions: Any) -> set[type]:
    """The classes of a union, or of several."""
    return {kind for union in unions for kind in (get_args(union) or (union,))}


EXPECTED: dict[type, timedelta | None] = {
    **dict.fromkeys(kinds(Alert), HOUR),
    **dict.fromkeys(kinds(facts.PaymentFact, journey.PackageFact, callbacks.ExpressNews), DAY),
    **dict.fromkeys(
        kinds(facts.Reply, commands.CommandReply, links.LinkFact, team.TeamFact, totals.TotalsFact), DAY
    ),
    journey.DriverComing: HOUR,
    journey.NoDriver: HOUR,
    commands.Total: timedelta(minutes=10),
    Paid: None,
    AlertMissed: None,
}  # fmt: skip


def an(kind: type) -> Any:
    """Such a fact, whatever it says."""
    made = {}
    hints = get_type_hints(kind)
    for field in fields(kind):
        if field.default is MISSING and field.default_factory is MISSING:
            hint = hints[field.name]
            plain = get_args(hint)[0] if isinstance(hint, UnionType) else hint
            made[field.name] = {datetime: T0, int: 1, str: "x"}.get(plain)
    return kind(**made)


def test_the_table_names_every_fact() -> None:
    """A new one must be given its deadline, or be one of a sort that has one."""
    assert set(EXPECTED) == kinds(*get_args(Fact))


@pytest.mark.parametrize("kind", sorted(EXPECTED, key=str), ids=lambda kind: kind.__name__)
def test_each_fact_has_its_deadline(kind: type) -> None:
    """A message goes out up to that age, and not a moment later; "paid", and that alerts were missed, at any."""
    fact, deadline = an(kind), EXPECTED[kind]
    assert deadline_of(fact) == deadline
    assert not is_past(fact, deadline or 1000 * DAY)
    assert is_past(fact, deadline + timedelta(microseconds=1) if deadline else timedelta.max) == (deadline is not None)
    assert (deadline or SHORTEST) >= SHORTEST


def test_what_nobody_misses_is_told_otherwise_too() -> None:
    """The list shows the driver, and a sum is nothing without its codes."""
    assert {kind for kind in EXPECTED if not is_missed(an(kind))} == {
        journey.DriverComing,
        journey.NoDriver,
        commands.Total,
    }


def test_the_deadlines_promised_are_these() -> None:
    """A code ten minutes, operators an hour, "paid" none."""
    assert (QR_FOR, ALERT_FOR, EXPECTED[Paid]) == (timedelta(minutes=10), HOUR, None)
