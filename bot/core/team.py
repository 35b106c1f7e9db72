"""Facts about who runs the shop. Like those in `core.facts` they hold no text and nothing personal."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BecameOwner:
    """Whoever is told opened the one-time link first, and owns the bot now."""


@dataclass(frozen=True, slots=True)
class TeamOn:
    """This group's members count as staff from now on."""


@dataclass(frozen=True, slots=True)
class TeamOff:
    """This group's members no longer count as staff."""


@dataclass(frozen=True, slots=True)
class TeamUsage:
    """`/team` came without `on` or `off`."""


@dataclass(frozen=True, slots=True)
class TeamIsForGroups:
    """`/team` was sent in private."""


@dataclass(frozen=True, slots=True)
class MayNotTeam:
    """Only staff say whose members count as staff."""


TeamFact = BecameOwner | TeamOn | TeamOff | TeamUsage | TeamIsForGroups | MayNotTeam
