"""Makes what the tests of the core are about: times, payments, statements, QR payloads."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from bot.core.answer import Code, Statement
from bot.core.cadence import Cadence
from bot.core.ids import Kind
from bot.core.packages import Package
from bot.core.payment import Decision, Payment, Rules, Status, asked, decide

T0: Final = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
ID: Final = "XID-4875081955"
WATCH_FOR: Final = timedelta(days=1)
FIRST: Final = timedelta(seconds=2)
SECOND: Final = timedelta(seconds=1)

RULES: Final = Rules(interval=Cadence(FIRST, 5.0).interval, first=FIRST)
TEST_RULES: Final = Rules(interval=RULES.interval, first=FIRST, test_codes=True)

SAMPLE: Final = (
    "00020101021226600016ID.CO.SHOPEE.WWW0118936009180001228938020712289380303UME51440014ID.CO.QRIS.WWW0215"
    "ID20210724181180303UME520453995303360540865000.005802ID5910KIRIMINAJA6011KAB. SLEMAN6105552816236052008"
    "2022110311100323980708AA1606216304B823"
)
"""The real payload of KiriminAja's documentation, for 65 000 rupiah."""


def crc16(text: str) -> str:
    """CRC-16/CCITT-FALSE bit by bit, from its definition: polynomial 0x1021, start 0xFFFF, nothing reflected."""
    register = 0xFFFF
    for byte in text.encode():
        register ^= byte << 8
        for _ in range(8):
            register = ((register << 1) ^ 0x1021 if register & 0x8000 else register << 1) & 0xFFFF
    return f"{register:04X}"


def emv(**changes: str | None) -> str:
    """A payload with a valid CRC; `t54="1.00"` sets a tag, `t54=None` leaves it out."""
    usual: dict[str, str | None] = {
        "t00": "01", "t01": "12", "t51": "0014ID.CO.QRIS.WWW", "t52": "5399", "t53": "360", "t54": "65000",
        "t58": "ID", "t59": "KIRIMINAJA", "t60": "KAB. SLEMAN",
    }  # fmt: skip
    tags = usual | changes
    body = "".join(f"{tag[1:]}{len(value):02}{value}" for tag, value in tags.items() if value is not None) + "6304"
    return body + crc16(body)


def qr_for(amount: int, bill: str = "1") -> str:
    """A good payload for an amount; another `bill` makes another code."""
    return emv(t54=str(amount), t62=f"01{len(bill):02}{bill}")


def unpaid(**changes: Any) -> Statement:
    """An Express answer as it stands while unpaid: code 9, a good QR."""
    amount = changes.get("amount", 65_000)
    told: dict[str, Any] = {
        "payment_id": ID, "kind": Kind.EXPRESS, "code": Code.UNPAID, "raw_code": "9", "amount": amount,
        "labels": frozenset({"billing berhasil dibuat"}), "qr": qr_for(amount or 65_000), "issued_at": T0,
    }  # fmt: skip
    return Statement(**(told | changes))


def claimed(**changes: Any) -> Statement:
    """Code 0 and nothing that proves it: the QR is still there, no `paid_at`, no label."""
    return unpaid(**({"code": Code.PAID, "raw_code": "0", "labels": frozenset()} | changes))


def proven(**changes: Any) -> Statement:
    """Code 0 with `paid_at` and without a QR."""
    return claimed(**({"has_paid_at": True, "qr": None} | changes))


def waiting(now: datetime = T0) -> Payment:
    """A payment somebody just asked for."""
    return asked(None, ID, now, WATCH_FOR)


def shown(now: datetime = T0, **changes: Any) -> Payment:
    """A payment whose QR was shown."""
    return decide(waiting(now), unpaid(**changes), now, RULES).payment


def in_status(status: Status) -> Payment:
    """A payment in each status, come to it the way it does in life as far as the core moves it."""
    match status:
        case Status.WAITING:
            return shown()
        case Status.CLOSED:
            return decide(shown(), unpaid(), T0 + WATCH_FOR, RULES).payment
        case Status.FOLLOWING:
            open_package = (Package("YAN-1", status=105),)
            return decide(shown(), proven(kind=Kind.INSTANT, packages=open_package), T0 + SECOND, RULES).payment
        case Status.PAID | Status.DONE:
            return replace(decide(shown(), proven(), T0 + SECOND, RULES).payment, status=status)
        case Status.STOPPED | Status.DROPPED:
            return replace(shown(), status=status)


def look(payment: Payment, answer: Any, after: timedelta = timedelta(0), rules: Rules = RULES) -> Decision:
    """`decide`, `after` the start of all tests."""
    return decide(payment, answer, T0 + after, rules)
