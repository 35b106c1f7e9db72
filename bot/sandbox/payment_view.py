"""How a payment looks to a page: its state in a word, and what may sensibly happen to it next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.sandbox.bot_api import Json

if TYPE_CHECKING:
    from bot.sandbox.payment import Package, Payment

_WORDS = {106: "picked up", 200: "delivered", 300: "cancelled", 400: "returned"}


def package_state(payment: Payment, package: Package) -> str:
    """unpaid, paid, driver, picked up, delivered, cancelled, returned, or the number as text."""
    if not payment.paid:
        return "unpaid"
    if package.status in (100, 105):
        return "driver" if package.driver is not None else "paid"
    return _WORDS.get(package.status, str(package.status))


def package_actions(payment: Payment, package: Package) -> list[str]:
    """What makes sense for this package now, in the order of its life; empty before payment and at the end."""
    following = {"paid": ["assign_driver"], "driver": ["pick_up"], "picked up": ["deliver"]}
    ahead = following.get(package_state(payment, package), [])
    return [*ahead, "cancel"] if ahead else []


def payment_actions(payment: Payment) -> list[str]:
    """What makes sense for a payment now: ``payments.ACTIONS``' names, as a page's buttons stand."""
    if not payment.paid:
        return ["pay", "reissue"]
    possible = {name for package in payment.packages for name in package_actions(payment, package)}
    return [name for name in ("assign_driver", "pick_up", "deliver", "cancel") if name in possible]


def payment_view(payment: Payment) -> Json:
    """A payment on the control routes and in the events."""
    return {
        "payment_id": payment.id,
        "kind": payment.kind,
        "amount": payment.amount,
        "qr": payment.qr,
        "state": payment.state,
        "paid": payment.paid,
        "issued_at": payment.issued_at,
        "qr_content": payment.qr_content,
        "requests": len(payment.requests),
        "actions": payment_actions(payment),
        "packages": [
            {
                "order_id": package.order_id,
                "awb": package.awb,
                "service": package.service,
                "status": package.status,
                "state": package_state(payment, package),
                "driver": package.driver,
                "live_track_url": package.live_track_url,
                "actions": package_actions(payment, package),
            }
            for package in payment.packages
        ],
    }
