"""All payments of a provider, how one is made, and what a page may do to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from bot.sandbox.bot_api import Json
from bot.sandbox.payment import CITIES, Kind, Package, Payment, Qr
from bot.sandbox.payment_view import package_actions, payment_view

if TYPE_CHECKING:
    from bot.sandbox.provider import Provider


class Payments:
    """All payments, by id."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._by_id: dict[str, Payment] = {}

    def __getitem__(self, payment_id: str) -> Payment:
        return self._by_id[payment_id]

    def get(self, payment_id: str) -> Payment | None:
        """None where there is no such payment."""
        return self._by_id.get(payment_id)

    @property
    def all(self) -> list[Payment]:
        """Oldest first."""
        return list(self._by_id.values())

    def express(
        self,
        amount: int = 65_000,
        *,
        payment_id: str | None = None,
        qr: Qr = "valid",
        payee: str = "KIRIMINAJA",
        city: str | None = None,
    ) -> Payment:
        """A new unpaid Express payment; ``qr="none"`` is one on terms, or cash on delivery."""
        return self._add(self._new("express", "XID", amount, payment_id, qr, payee, city))

    def instant(
        self,
        amount: int = 30_500,
        *,
        packages: int = 1,
        services: tuple[str, ...] = ("gosend", "grab_express", "borzo"),
        payment_id: str | None = None,
        qr: Qr = "valid",
        payee: str = "KIRIMINAJA",
        city: str | None = None,
    ) -> Payment:
        """A new unpaid Instant payment with that many packages, its services in turn."""
        payment = self._new("instant", "PID", amount, payment_id, qr, payee, city)
        for number in range(packages):
            order_id = f"BDI-{payment.id[4:]}{number:03d}"
            payment.packages.append(Package(order_id, services[number % len(services)], _SENDER, _buyer(number)))
        return self._add(payment)

    def _new(
        self,
        kind: Kind,
        prefix: str,
        amount: int,
        payment_id: str | None,
        qr: Qr,
        payee: str,
        city: str | None,
    ) -> Payment:
        count = len(self._by_id)
        payment_id = payment_id or f"{prefix}-{1_754_377_171 + count * 7_919}"
        if payment_id in self._by_id:
            raise ValueError(f"there is a payment {payment_id} already")
        city = city or CITIES[count % len(CITIES)]
        return Payment(self._provider, payment_id, kind, amount, self._provider.clock(), qr, payee, city)

    def _add(self, payment: Payment) -> Payment:
        self._by_id[payment.id] = payment
        self._provider.changes.publish("payment", action="new", payment=payment_view(payment))
        return payment


_SENDER: Json = {
    "name": "Toko Batik Sekar",
    "address": "Jl. Kyai Mojo No. 12, Wirobrajan, Kota Yogyakarta",
    "phone": "081200000001",
    "latitude": -7.8032616,
    "longitude": 110.350244,
}


def _buyer(number: int) -> Json:
    names = ("Budi Santoso", "Dewi Lestari", "Agus Prasetyo")
    return {
        "name": names[number % len(names)],
        "address": f"Jl. Kaliurang KM {7 + number}, Minomartani, Kec. Ngaglik, Kabupaten Sleman",
        "phone": f"08571234560{number % 10}",
        "latitude": -7.7349434,
        "longitude": 110.405355,
    }


def _reissue(payment: Payment, qr: Qr) -> None:
    payment.qr = qr
    payment.reissue()


def _each(payment: Payment, how: Json, name: str, act: Callable[[int | None], None]) -> None:
    """The package that was named; else those for which it makes sense now; else all."""
    if how.get("package") is not None:
        return act(how["package"])
    ready = [n for n, package in enumerate(payment.packages) if name in package_actions(payment, package)]
    for number in ready or (None,):
        act(number)
    return None


Action = Callable[[Payment, Json], None]
ACTIONS: dict[str, Action] = {
    "pay": lambda payment, how: payment.pay(how.get("proof", "full")),
    "assign_driver": lambda payment, how: _each(payment, how, "assign_driver", payment.assign_driver),
    "pick_up": lambda payment, how: _each(payment, how, "pick_up", payment.pick_up),
    "deliver": lambda payment, how: _each(payment, how, "deliver", payment.deliver),
    "cancel": lambda payment, how: _each(payment, how, "cancel", payment.cancel),
    "return": lambda payment, how: payment.return_to_sender(how.get("package")),
    "status": lambda payment, how: payment.set_status(how["status"], how.get("package")),
    "reissue": lambda payment, how: _reissue(payment, how.get("qr", "valid")),
    "amount": lambda payment, how: payment.change_amount(how["amount"]),
    "odd": lambda payment, how: payment.odd(how["oddity"]),
    "override": lambda payment, how: payment.override(**how["fields"]),
    "normal": lambda payment, how: payment.normal(),
}
"""What a page may do to a payment: the action's name and the body it takes."""
