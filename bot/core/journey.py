"""Facts about packages after payment, for the chats that were told "paid" and for the operators (see `core.facts`).

Orders are KiriminAja's order ids: they lead to the package, and to nobody. `core.following` makes these facts.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mishap:
    """A package with which something went wrong, and the status code that says so."""

    order_id: str
    code: int


@dataclass(frozen=True, slots=True)
class DriverComing:
    """A driver is on the way to the pickup."""

    orders: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PickedUp:
    """The packages are with the courier (status 106)."""

    orders: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Arrived:
    """The packages are delivered (status 200)."""

    orders: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PackageTrouble:
    """Something went wrong, and it is not over."""

    mishaps: tuple[Mishap, ...]


@dataclass(frozen=True, slots=True)
class PackageFailed:
    """The packages came to their end undelivered: cancelled, returned, …"""

    mishaps: tuple[Mishap, ...]


@dataclass(frozen=True, slots=True)
class NoDriver:
    """No driver has come so many minutes after payment."""

    minutes: int
    orders: tuple[str, ...]


# --- alerts to the operators ---


@dataclass(frozen=True, slots=True)
class AlertPackageTrouble:
    """Packages in trouble, cancelled or returned."""

    mishaps: tuple[Mishap, ...]


@dataclass(frozen=True, slots=True)
class AlertNoDriver:
    """No driver has come for packages that are paid."""

    minutes: int
    orders: tuple[str, ...]


PackageFact = DriverComing | PickedUp | Arrived | PackageTrouble | PackageFailed | NoDriver
PackageAlert = AlertPackageTrouble | AlertNoDriver
