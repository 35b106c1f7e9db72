"""How a fact lies in the outbox: the name of its class, a space, and its fields as JSON."""

from functools import cache
from typing import Any, Final, get_args

from pydantic import TypeAdapter

from bot.core.facts import Fact

_FACTS: Final[dict[str, type]] = {
    fact.__name__: fact for union in get_args(Fact) for fact in (get_args(union) or (union,))
}


@cache
def _adapter(fact: type) -> TypeAdapter[dict[str, Any]]:
    return TypeAdapter(fact)


def to_json(fact: Fact) -> str:
    """A fact as text."""
    name = type(fact).__name__
    return name + " " + _adapter(type(fact)).dump_json(fact).decode()  # type: ignore[arg-type]  # keyed by its own type


def from_json(text: str) -> Fact:
    """The fact a text holds; raises where it is none."""
    name, _, data = text.partition(" ")
    fact: Fact = _adapter(_FACTS[name]).validate_json(data)  # type: ignore[assignment]  # the same
    return fact
