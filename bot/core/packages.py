"""Packages of an Instant payment, and the table of their status codes.

Holds nothing personal: names, phones and addresses stay in KiriminAja's answer and are read anew when needed.
Codes: KiriminAja's documentation, which says the list may change at any time.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Phase(StrEnum):
    """Where a package stands."""

    ENTRY = "entry"
    UNDER_WAY = "under_way"
    TROUBLE = "trouble"
    FINAL = "final"
    UNKNOWN = "unknown"


class Step(StrEnum):
    """What is told of a package, each once. Stored with it: names stay."""

    DRIVER = "driver"
    PICKED_UP = "picked_up"
    DELIVERED = "delivered"
    TROUBLE = "trouble"
    FAILED = "failed"
    NO_DRIVER = "no_driver"
    NO_DRIVER_STILL = "no_driver_still"


# The one table: a new code is added here and as `status.<code>` in each catalogue; one before the pickup also to the
# two sets below, by what it says of a driver.
PHASE_OF: Final[dict[int, Phase]] = (
    dict.fromkeys((100, 101, 102, 103, 104, 105), Phase.ENTRY)
    | dict.fromkeys((106, 107, 110, 152, 210, 211), Phase.UNDER_WAY)
    | dict.fromkeys((301, 302, 310, 311, 350, 401, 402, 403, 404, 405, 406, 701, 702), Phase.TROUBLE)
    | dict.fromkeys((901, 902, 903, 904, 905), Phase.TROUBLE)
    | dict.fromkeys((200, 300, 333, 400, 500, 555, 703, 704), Phase.FINAL)
)

PICKED_UP: Final = 106
DELIVERED: Final = 200
COURIERS: Final[dict[str, str]] = {"gosend": "GoSend", "grab_express": "GrabExpress", "borzo": "Borzo"}
_BEFORE_PICKUP: Final = frozenset({None, 100, 101, 102, 105, 110})
# Without a driver: 103 and 104 say that KiriminAja has it already, 110 that somebody is to come.
_WITHOUT_DRIVER: Final = frozenset({None, 100, 101, 102, 105})


@dataclass(frozen=True, slots=True)
class Package:
    """One package, as far as anybody may see it."""

    order_id: str
    awb: str | None = None
    courier: str | None = None
    """KiriminAja's key of the courier, such as `gosend`."""
    service: str | None = None
    status: int | None = None
    live_url: str | None = None
    """Live tracking page, `http` or `https`; arrives once a driver is assigned."""
    has_driver: bool = False
    told: frozenset[Step] = frozenset()
    """What the chats have been told of it (`core.following`)."""

    @property
    def phase(self) -> Phase:
        """Where the package stands; a code that is not in the table is unknown, and not final."""
        return PHASE_OF.get(self.status, Phase.UNKNOWN) if self.status is not None else Phase.UNKNOWN

    @property
    def driver_comes(self) -> bool:
        """Whether there is a driver, on the way to the pickup as far as the code tells."""
        before = self.status in _BEFORE_PICKUP or self.phase is Phase.UNKNOWN
        return before and (self.has_driver or bool(self.live_url))

    @property
    def awaits_driver(self) -> bool:
        """Whether a driver is still to come."""
        without = self.status in _WITHOUT_DRIVER or self.phase is Phase.UNKNOWN
        return without and not self.has_driver and not self.live_url

    @property
    def shown(self) -> tuple[object, ...]:
        """What a list shows of it."""
        return (self.order_id, self.awb, self.courier, self.status, self.live_url, self.awaits_driver)

    @property
    def courier_name(self) -> str | None:
        """The courier as people know it; an unlisted key is shown as it came."""
        return COURIERS.get(self.courier, self.courier) if self.courier else None
