"""The fields of KiriminAja's answers, each read on its own terms (pydantic at the edge).

Unknown fields are ignored. What decides about money is read strictly: a bool is no number, an absent code is not
zero. What merely informs (times, packages) becomes None where it makes no sense, and never spoils the answer.

Personal fields (names, phones, addresses, coordinates) are not declared here, so they cannot leave this module.
Source of the names and their variants: /instants/payment, get_payment and the SDKs; see `tests/recorded/`.
"""

import re
from datetime import UTC, datetime, timedelta, timezone
from math import isfinite
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict

from bot.core.answer import Code, Statement
from bot.core.ids import Kind, is_id
from bot.core.packages import Package

MAX_RUPIAH: Final = 999_999_999_999
MAX_QR: Final = 2048
"""Longest `qr_content` in characters; EMV allows 512, and no QR symbol holds more than about 4000."""
MAX_PACKAGES: Final = 100
"""More packages than that are no order of this world; the rest is left out."""

WIB: Final = timezone(timedelta(hours=7), "WIB")
_DIGITS_TIME = re.compile(r"\d{14}", re.ASCII)
_ISO_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:?\d\d)?", re.ASCII)
# Two decimals at most: "65.000" is sixty-five thousand to an Indonesian, and sixty-five to `float`.
_RUPIAH = re.compile(r"(\d{1,15})(?:\.0{1,2})?", re.ASCII)
_COUNT = re.compile(r"\d{1,9}", re.ASCII)

CODE_LABELS: Final = {"pembayaran berhasil": Code.PAID, "billing siap dibayar": Code.UNPAID}
"""What the order endpoints put in `status_code` instead of a number."""


def rupiah(value: object) -> int | None:
    """An amount in whole rupiah from an int, "65000", "65000.00" or an integral float; None otherwise."""
    if isinstance(value, str):
        match = _RUPIAH.fullmatch(value.strip())
        value = int(match[1]) if match else None
    elif isinstance(value, float):
        value = int(value) if isfinite(value) and value.is_integer() else None
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 0 <= value <= MAX_RUPIAH else None


def moment(value: object) -> datetime | None:
    """Aware UTC from `YYYYMMDDHHMMSS` (WIB) or ISO (WIB where no zone is named); None for anything else."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10**14:
        value = str(value)
    if not isinstance(value, str):
        return None
    text = value.strip()
    try:
        if _DIGITS_TIME.fullmatch(text):
            read = datetime.fromisoformat(f"{text[:8]}T{text[8:]}")  # strptime takes ten times as long
        elif _ISO_TIME.fullmatch(text):
            read = datetime.fromisoformat(text)
        else:
            return None
        read = read if read.tzinfo else read.replace(tzinfo=WIB)
        return read.astimezone(UTC) if 2000 <= read.year < 2200 else None
    except (ValueError, OverflowError):
        return None


def count(value: object) -> int | None:
    """A small whole number that is not negative, also as text; None otherwise."""
    if isinstance(value, str) and _COUNT.fullmatch(value):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 0 <= value < 10**9 else None


def name(value: object) -> str | None:
    """A courier, service, AWB or order id: printable text of 1–100 characters, or a number as text."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**18:
        value = str(value)
    if not isinstance(value, str):
        return None
    text = value.strip()
    return text if 0 < len(text) <= 100 and text.isprintable() else None


def label(value: object) -> str | None:
    """Words of a status: lower case, single spaces, at most 80 characters; None where there are no letters."""
    if not isinstance(value, str):
        return None
    text = " ".join(value[:400].lower().split())[:80]
    return text if text.isprintable() and any(map(str.isalpha, text)) else None


def web_link(value: object) -> str | None:
    """An http(s) address with a host and without credentials, fit for a button; None otherwise."""
    if not isinstance(value, str):
        return None
    text = value.strip()
    if not text.isprintable() or " " in text or len(text) > 2000:
        return None
    try:
        parts = urlsplit(text)
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.username is None
        _ = parts.port  # raises where the port is none
    except ValueError:
        return None
    return text if usable else None


def is_somebody(driver: object) -> bool:
    """Whether `driver` names anybody; the callbacks carry an object full of nulls until then."""
    return isinstance(driver, dict) and any(isinstance(value, str) and value.strip() for value in driver.values())


def payload(value: object) -> str | None:
    """`qr_content`: text or null. Raises ValueError for any other type, for control characters and overlong text."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise ValueError("qr_content is no text")
    text = value.strip() or value
    if len(text) > MAX_QR or not text.isprintable():
        raise ValueError("qr_content is no payload")
    return text


def code_of(raw: object) -> Code:
    """`status_code`, strictly: 0 or "0" is paid, 9 or "9" unpaid, two labels likewise; all else is unknown."""
    if type(raw) is int:
        raw = str(raw) if raw in (0, 9) else None
    if not isinstance(raw, str):
        return Code.UNKNOWN
    if raw in ("0", "9"):
        return Code.PAID if raw == "0" else Code.UNPAID
    return CODE_LABELS.get(label(raw) or "", Code.UNKNOWN)


def code_text(raw: object) -> str:
    """`status_code` as the operators may read it: printable, 1–40 characters."""
    match raw:
        case None | bool():
            return {None: "null", True: "true", False: "false"}[raw]
        case str():
            shown = "".join(char if char.isprintable() else "?" for char in raw[:40]).strip()
            return shown or '""'
        case int() | float():
            return str(raw) if abs(raw) < 10**18 else "(huge number)"
        case _:
            return f"({type(raw).__name__})"


def _echoed(value: str) -> str:
    if not is_id(value):
        raise ValueError("payment_id is no id")
    return value


class _Fields(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore", frozen=True, hide_input_in_errors=True)


class PackageFields(_Fields):
    """One of `packages[]`, with both endpoints' names."""

    order_id: Annotated[str | None, BeforeValidator(name)] = None
    awb: Annotated[str | None, BeforeValidator(name)] = None
    service: Annotated[str | None, BeforeValidator(name)] = None
    service_name: Annotated[str | None, BeforeValidator(name)] = None
    service_type: Annotated[str | None, BeforeValidator(name)] = None
    status: Annotated[int | None, BeforeValidator(count)] = None
    live_track_url: Annotated[str | None, BeforeValidator(web_link)] = None
    live_tracking_url: Annotated[str | None, BeforeValidator(web_link)] = None
    driver: Annotated[bool, BeforeValidator(is_somebody)] = False

    def package(self) -> Package | None:
        """The core's package; None where neither order id nor AWB tells which one it is.

        With an AWB alone, that stands in for the order id: both lead to the payment.
        """
        key = self.order_id or self.awb
        if key is None:
            return None
        return Package(
            order_id=key,
            awb=self.awb,
            courier=self.service,
            service=self.service_name or self.service_type,
            status=self.status,
            live_url=self.live_track_url or self.live_tracking_url,
            has_driver=self.driver,
        )


def packages_in(value: object) -> tuple[Package, ...]:
    """The packages of a list, each once; what is no package is left out, as is all where there is no list."""
    if not isinstance(value, list):
        return ()
    read = (PackageFields.model_validate(item).package() for item in value[:MAX_PACKAGES] if isinstance(item, dict))
    return tuple(dict.fromkeys(package for package in read if package))


class PaymentFields(_Fields):
    """`data` of an Express answer, `result` of an Instant one."""

    payment_id: Annotated[str, AfterValidator(_echoed)]
    status_code: object = None
    status: Annotated[str | None, BeforeValidator(label)] = None
    amount: Annotated[int | None, BeforeValidator(rupiah)] = None
    qr_content: Annotated[str | None, BeforeValidator(payload)] = None
    pay_time: Annotated[datetime | None, BeforeValidator(moment)] = None
    # As proof of payment only a real time counts: "-" or "0000-00-00 00:00:00" is a field left empty.
    paid_at: Annotated[datetime | None, BeforeValidator(moment)] = None
    packages: Annotated[tuple[Package, ...], BeforeValidator(packages_in)] = ()

    def statement(self, kind: Kind) -> Statement:
        """The core's statement about this payment."""
        told = self.model_fields_set
        return Statement(
            payment_id=self.payment_id,
            kind=kind,
            code=code_of(self.status_code),
            raw_code=code_text(self.status_code) if "status_code" in told else "(missing)",
            amount=self.amount,
            labels=frozenset(text for text in (self.status, label(self.status_code)) if text),
            has_paid_at=self.paid_at is not None,
            qr=self.qr_content,
            qr_told="qr_content" in told,
            issued_at=self.pay_time,
            packages=self.packages,
        )
