"""What KiriminAja pushes: the documented bodies, complete and short (``kiriminaja/callback_*.json``)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.sandbox.bot_api import Json
from bot.sandbox.times import deprecated, zulu

if TYPE_CHECKING:
    from bot.sandbox.payment import Package, Payment

_NO_DRIVER: Json = {"name": None, "phone": None, "image": None}
_EVENTS = {
    "shipped_packages": "shipped_at",
    "finished_packages": "finished_at",
    "returned_packages": "returned_at",
}


def callback_body(
    payment: Payment,
    method: str,
    now: float,
    *,
    package: int = 0,
    short: bool = False,
    reason: str | None = None,
) -> Json:
    """The body about one package (by index). Times in it are `now`, in seconds since the epoch.

    ``return_finished_packages`` has the deprecated date only, ``update_instant_packages`` one object as data.
    """
    # Express payments have no packages in get_payment; their callbacks name an order of their own.
    item = payment.packages[package] if payment.packages else None
    order_id = item.order_id if item is not None else f"OID-{payment.id.rpartition('-')[2]}"
    awb = item.awb if item is not None else "DEVEL-000000004"
    if method == "return_finished_packages":
        return {"method": method, "data": [{"order_id": order_id, "date": deprecated(now)}]}
    if short:
        return {
            "method": method,
            "data": [{"order_id": order_id, "awb": awb, "sorting_code": "JOG-JOG1000-JKT2010"}],
        }
    event: Json = {"order_id": order_id, "awb": awb, "date": zulu(payment.created_at)}
    event |= dict.fromkeys(("shipped_at", "finished_at", "returned_at", "rejected_at"), None)
    if method in _EVENTS:
        event |= {"shipped_at": zulu(now), _EVENTS[method]: zulu(now)}
    event["reason"] = reason
    return {
        "method": method,
        "data": event if method == "update_instant_packages" else [event],
        "payment": {
            "payment_id": payment.id,
            "amount": payment.amount,
            # The recorded samples say 0 even for cancelled packages: no proof of anything.
            "status_code": 0,
            "qr_content": None,
            "pay_time": None,
        },
        "packages": [_package(item)] if item is not None else [],
    }


def _package(item: Package) -> Json:
    return {
        "awb": item.awb,
        "order_id": item.order_id,
        "service": item.service,
        "service_type": "instant",
        "status": item.status,
        "live_tracking_url": item.live_track_url,
        "poly_line": None,
        "origin": item.origin,
        "destination": item.destination,
        "driver": item.driver or _NO_DRIVER,
    }
