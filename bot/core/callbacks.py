"""Callbacks: what KiriminAja pushes about packages. A hint to look, never proof of anything, payment least of all."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class ParcelEvent(StrEnum):
    """What a callback says has happened to packages; the names are kept in messages that are told."""

    PROCESSED = "processed"  # the AWB is made
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    RETURNED = "returned"
    CANCELED = "canceled"


EVENT_OF: Final[dict[str, ParcelEvent]] = {
    "processed_packages": ParcelEvent.PROCESSED,
    "shipped_packages": ParcelEvent.SHIPPED,
    "finished_packages": ParcelEvent.DELIVERED,
    "returned_packages": ParcelEvent.RETURNED,
    "return_finished_packages": ParcelEvent.RETURNED,
    "canceled_packages": ParcelEvent.CANCELED,
}
"""The methods that tell of an event; of the others only the hint counts."""
METHODS: Final = frozenset({*EVENT_OF, "validated_packages", "rejected_packages", "update_instant_packages"})
"""The methods that are known."""
_ENDS: Final = frozenset({ParcelEvent.DELIVERED, ParcelEvent.RETURNED, ParcelEvent.CANCELED})
_OVERTAKEN_BY: Final[dict[ParcelEvent, frozenset[ParcelEvent]]] = {
    ParcelEvent.PROCESSED: _ENDS | {ParcelEvent.SHIPPED},
    ParcelEvent.SHIPPED: _ENDS,
}


@dataclass(frozen=True, slots=True)
class Parcel:
    """A package a callback is about, as far as anybody may see it."""

    order_id: str
    """KiriminAja's order id; the AWB where there is none."""
    awb: str | None = None
    courier: str | None = None
    """KiriminAja's key of the courier."""


@dataclass(frozen=True, slots=True)
class Callback:
    """A callback without anything personal."""

    method: str
    digest: str
    """Equal for two that say the same."""
    payment_id: str | None = None
    """Only the complete format names it."""
    parcels: tuple[Parcel, ...] = ()

    @property
    def event(self) -> ParcelEvent | None:
        """What it says has happened."""
        return EVENT_OF.get(self.method)

    @property
    def label(self) -> str:
        """Its method for a metric: whoever pushes makes up no names there."""
        return self.method if self.method in METHODS else "unknown"


@dataclass(frozen=True, slots=True)
class ExpressNews:
    """What KiriminAja reports of an Express payment's packages, whose payment answer has none."""

    event: ParcelEvent
    parcels: tuple[Parcel, ...]


def news_of(event: ParcelEvent, parcels: tuple[Parcel, ...], told: list[ExpressNews]) -> ExpressNews | None:
    """What is new to a chat that was told so much: each event once a package, and none that a later one overtook."""
    settled = {event, *_OVERTAKEN_BY.get(event, ())}
    known = {parcel.order_id for news in told if news.event in settled for parcel in news.parcels}
    fresh = {parcel.order_id: parcel for parcel in parcels if parcel.order_id not in known}
    return ExpressNews(event, tuple(fresh.values())) if fresh else None
