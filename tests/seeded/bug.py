"""What a seeded bug is."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Bug:
    """A mistake somebody might make, and the test that must notice."""

    name: str
    file: str
    """Of the program, from its root."""
    old: str
    """What stands there, exactly once."""
    new: str
    test: str
    """As pytest names it, without parameters."""
    why: str
    """What it would cost."""
