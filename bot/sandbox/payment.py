"""Payments on KiriminAja's side: their state, what can happen to them, and how the API shows them.

The shapes are those of the recorded samples: Express in ``data`` with ``status_code`` as a string, Instant in
``result`` with numbers and packages.
"""

# ruff: noqa: ASYNC109 - callers say timeout=, as with every other thing one waits for

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

from bot.sandbox import payloads
from bot.sandbox.bot_api import Json
from bot.sandbox.payment_view import package_state, payment_view
from bot.sandbox.times import wib_digits, zulu

if TYPE_CHECKING:
    from bot.sandbox.provider import Provider, Request

Kind = Literal["express", "instant"]
Proof = Literal["full", "paid_at", "qr_null", "label", "bare"]
Qr = Literal["valid", "broken_crc", "other_amount", "none"]
Oddity = Literal["paid_at_unpaid", "label_opposite", "unknown_code", "no_code", "other_id"]

UNPAID_LABEL, PAID_LABEL = "Billing berhasil dibuat", "Pembayaran berhasil"
CITIES = ("KAB. SLEMAN", "JAKARTA SELATAN", "KOTA BANDUNG", "SURABAYA")


@dataclass
class Package:
    """One parcel of an Instant payment; the link and the driver come after payment."""

    order_id: str
    service: str
    origin: Json
    destination: Json
    awb: str | None = None
    status: int = 100
    live_track_url: str | None = None
    driver: Json | None = None

    def as_json(self) -> Json:
        """As get_payment shows it; ``driver`` is there once there is one."""
        shown: Json = {
            "awb": self.awb,
            "order_id": self.order_id,
            "service": self.service,
            "service_name": "instant",
            "status": self.status,
            "live_track_url": self.live_track_url,
            "origin": self.origin,
            "destination": self.destination,
        }
        return shown if self.driver is None else shown | {"driver": self.driver}


@dataclass(eq=False, repr=False)
class Payment:
    """One payment and its handles. Times in seconds since the epoch, `amount` in rupiah."""

    provider: Provider
    id: str
    kind: Kind
    amount: int
    created_at: float
    qr: Qr = "valid"
    payee: str = "KIRIMINAJA"
    city: str = CITIES[0]
    packages: list[Package] = field(default_factory=list)
    paid_at: float | None = None
    proof: Proof = "full"
    issued_at: float = 0.0
    qr_content: str | None = None
    overrides: Json = field(default_factory=dict)
    _issues: int = 0

    def __post_init__(self) -> None:
        if self.qr not in get_args(Qr):
            raise ValueError(f"no such QR: {self.qr}")
        self._issue()

    def __repr__(self) -> str:
        return f"<Payment {self.id} {self.amount} {self.state}>"

    @property
    def paid(self) -> bool:
        """Whether it is paid, whatever the API is told to say."""
        return self.paid_at is not None

    @property
    def state(self) -> str:
        """A word for the page: unpaid, paid, driver, picked up, delivered, cancelled, returned, or the number."""
        if not self.packages:
            return "paid" if self.paid else "unpaid"
        return package_state(self, self.packages[0])

    @property
    def requests(self) -> list[Request]:
        """Every request the bot made for it."""
        return [request for request in self.provider.requests if request.payment_id == self.id]

    async def wait_for_requests(self, count: int, timeout: float = 10.0) -> list[Request]:
        """Returns once the bot has asked for it at least `count` times and been answered, or not on purpose."""

        def look() -> list[Request] | None:
            ended = [request for request in self.requests if request.ended_at is not None]
            return ended if len(ended) >= count else None

        changes = self.provider.changes
        return await changes.until(look, timeout, lambda: f"{self.id}: {self.requests}")

    def pay(self, proof: Proof = "full") -> None:
        """It is paid, and the API shows so by `proof`.

        ``full``: everything there is (Express: paid_at, label, no QR; Instant: no QR) · ``paid_at`` (Express
        only), ``qr_null``, ``label``: by this alone · ``bare``: status_code 0 and nothing else.
        """
        if proof not in get_args(Proof):
            raise ValueError(f"no such proof: {proof}")
        if proof == "paid_at" and self.kind == "instant":
            raise ValueError("Instant payments have no paid_at")
        self.paid_at, self.proof = self.provider.clock(), proof
        for number, package in enumerate(self.packages, 1):
            package.awb = package.awb or f"GK-11-{self.id[-6:]}{number}"
            package.status = 105
        self._changed("pay")

    def reissue(self) -> str:
        """A new QR with a new pay_time; returns the payload."""
        self._issue()
        self._changed("reissue")
        return self.qr_content or ""

    def change_amount(self, amount: int, *, reissue: bool = True) -> None:
        """Another amount, with a new QR that says so unless `reissue` is off."""
        self.amount = amount
        if reissue:
            self._issue()
        self._changed("amount")

    def assign_driver(
        self, package: int | None = None, *, name: str = "Joko Susilo", phone: str = "081234567890"
    ) -> None:
        """A driver and the live link, on one package (by index) or all."""
        for item in self._chosen(package):
            item.driver = {"name": name, "phone": phone, "image": None}
            item.live_track_url = f"http://track.example.com/live/{item.order_id}"
        self._changed("driver")

    def set_status(self, status: int, package: int | None = None) -> None:
        """Any package status, on one package or all."""
        for item in self._chosen(package):
            item.status = status
        self._changed("status")

    def pick_up(self, package: int | None = None) -> None:
        """Status 106: with the courier."""
        self.set_status(106, package)

    def deliver(self, package: int | None = None) -> None:
        """Status 200."""
        self.set_status(200, package)

    def cancel(self, package: int | None = None) -> None:
        """Status 300; the link and the driver go, as in the recorded callback."""
        for item in self._chosen(package):
            item.driver, item.live_track_url = None, None
        self.set_status(300, package)

    def return_to_sender(self, package: int | None = None) -> None:
        """Status 400."""
        self.set_status(400, package)

    def odd(self, oddity: Oddity) -> None:
        """Makes the API contradict itself until `normal`."""
        paid, code = self.paid, "0" if self.kind == "express" else 0
        unpaid_code: Any = "9" if self.kind == "express" else 9
        changes: dict[Oddity, Json] = {
            "paid_at_unpaid": {"paid_at": zulu(self.provider.clock()), "status_code": unpaid_code},
            "label_opposite": {
                "status": UNPAID_LABEL if paid else PAID_LABEL,
                "status_code": code if paid else unpaid_code,
            },
            "unknown_code": {"status_code": "7" if self.kind == "express" else 7},
            "no_code": {"status_code": None},
            "other_id": {"payment_id": f"{self.id[:-1]}{'1' if self.id[-1] == '0' else '0'}"},
        }
        self.override(**changes[oddity])

    def override(self, **fields: Any) -> None:
        """Lays these fields over the payment's JSON until `normal`."""
        self.overrides |= fields
        self._changed("override")

    def normal(self) -> None:
        """Ends `odd`, `override` and `answer_raw`."""
        self.overrides = {}
        self.provider.faults.clear(self.id)
        self._changed("normal")

    def answer_raw(
        self,
        status: int = 200,
        body: Any = "",
        *,
        headers: dict[str, str] | None = None,
        delay: float = 0.0,
        times: int | None = 1,
    ) -> None:
        """The next `times` (None: all) answers for it are exactly this; `delay` in seconds."""
        self.provider.answer_raw(status, body, target=self.id, headers=headers, delay=delay, times=times)

    def as_json(self) -> Json:
        """What stands in ``data`` or ``result``."""
        shown = self._express() if self.kind == "express" else self._instant()
        return shown | self.overrides

    def _express(self) -> Json:
        label = PAID_LABEL if self.paid and self.proof in ("full", "label") else UNPAID_LABEL
        shown_paid = self.paid_at is not None and self.proof in ("full", "paid_at")
        return {
            "payment_id": self.id,
            "qr_content": self._shown_qr(),
            "method": "08",
            "pay_time": wib_digits(self.issued_at),
            "status": label,
            "status_code": "0" if self.paid else "9",
            "amount": self.amount,
            "paid_at": zulu(self.paid_at or 0) if shown_paid else None,
            "created_at": zulu(self.created_at),
        }

    def _instant(self) -> Json:
        shown: Json = {
            "payment_id": self.id,
            "amount": self.amount,
            "status_code": 0 if self.paid else 9,
            "qr_content": self._shown_qr(),
            "pay_time": None if self.paid else zulu(self.issued_at),
        }
        if self.paid and self.proof == "label":
            shown["status"] = PAID_LABEL
        return shown | {"packages": [package.as_json() for package in self.packages]}

    def _shown_qr(self) -> str | None:
        return None if self.paid and self.proof in ("full", "qr_null") else self.qr_content

    def _issue(self) -> None:
        self._issues += 1
        self.issued_at = self.provider.clock()
        if self.qr == "none":
            self.qr_content = None
            return
        amount = self.amount + 1000 if self.qr == "other_amount" else self.amount
        serial = int("".join(filter(str.isdigit, self.id))[-3:] or "0") * 10 + self._issues
        issued = wib_digits(self.issued_at)
        built = payloads.build(amount=amount, issued=issued, serial=serial, payee=self.payee, city=self.city)
        self.qr_content = payloads.broken(built) if self.qr == "broken_crc" else built

    def _chosen(self, package: int | None) -> list[Package]:
        if not self.packages:
            raise ValueError(f"{self.id} has no packages")
        return self.packages if package is None else [self.packages[package]]

    def _changed(self, what: str) -> None:
        self.provider.changes.publish("payment", action=what, payment=payment_view(self))
