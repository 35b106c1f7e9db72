"""`paybot qr`: one payment, read anew, with its QR in the terminal. Nothing is stored, and nobody is told."""

import asyncio
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import typer

from bot.core.answer import SECOND_READ_AFTER, Answer, Missing, Refused, Throttled, Unwell
from bot.core.ids import ids_after_command
from bot.core.payment import Payment, Rules, asked, decide
from bot.core.qris import QrisFault, parse
from bot.core.watch import Face
from bot.flows.render import paint
from bot.kiriminaja.client import KiriminAja
from bot.kiriminaja.pace import Pace
from bot.pictures import CardPainter
from bot.pictures.terminal import black_on_white, draw_terminal
from bot.settings import Settings
from bot.shell import ShellError, ToBeMended
from bot.words.words import Shop, Words

_FAULTS: Final = {
    QrisFault.NOT_EMV: "it is no QRIS code",
    QrisFault.CRC: "it is damaged or was tampered with (its checksum is wrong)",
    QrisFault.CURRENCY: "it is not in rupiah",
    QrisFault.AMOUNT: "its amount is not the payment's",
}


@dataclass(frozen=True, slots=True)
class ShowQr:
    """`paybot qr`; `png` is the file for the picture, if one is wanted."""

    given: str
    png: Path | None
    as_json: bool

    async def __call__(self, settings: Settings) -> int:
        """Prints; 1 where there is a QR that must not be paid, or where it is unclear whether it is to be."""
        ids = ids_after_command(self.given)
        if not ids or len(ids) > 1:
            raise ToBeMended("give one payment id, such as XID-1234567890.")
        payment = await _read(ids[0], settings)
        if self.as_json:
            typer.echo(json.dumps(as_json(payment), ensure_ascii=False, indent=2))
        else:
            for line in _lines(payment, settings):
                typer.echo(line)
        if self.png is not None:
            await _draw(payment, settings, self.png)
        if payment.qr and not payment.settled and not self.as_json and self.png is None:
            _print_qr(payment.qr)
        return 1 if payment.withheld or _is_unclear(payment) else 0


def as_json(payment: Payment) -> dict[str, Any]:
    """The payment without anything personal; amounts in rupiah, times in UTC."""
    qris = parse(payment.qr) if payment.qr else None
    return {
        "id": payment.id,
        "kind": payment.kind,
        "status": _status(payment),
        "amount": payment.amount,
        "payee": qris.payee if qris else payment.payee,
        "qr": None if payment.settled else payment.qr,
        "withheld": payment.withheld,
        "issued_at": payment.issued_at.astimezone(UTC).isoformat() if payment.issued_at else None,
        "packages": [
            {
                "order_id": package.order_id,
                "courier": package.courier,
                "service": package.service,
                "awb": package.awb,
                "status": package.status,
                "live_url": package.live_url,
            }
            for package in payment.packages
        ],
    }


async def _read(payment_id: str, settings: Settings) -> Payment:
    """A fresh look, and a second one where KiriminAja says "paid" without proof. Raises `ShellError`."""
    first = timedelta(seconds=settings.poll_first)
    rules = Rules(interval=lambda _age: first, first=first, test_codes=settings.is_sandbox)
    key = settings.kiriminaja_api_key.get_secret_value()
    urls = (settings.kiriminaja_express_url, settings.kiriminaja_instant_url)
    async with KiriminAja(key, *urls, pace=Pace(settings.poll_budget)) as account:
        answer = await account.fetch(payment_id, None, urgent=True)
        _insist(answer, payment_id)
        now = datetime.now(UTC)
        payment = decide(asked(None, payment_id, now, settings.watch_time), answer, now, rules).payment
        if payment.second_read_due:
            await asyncio.sleep(SECOND_READ_AFTER.total_seconds() + 0.05)
            answer = await account.fetch(payment_id, payment.kind, urgent=True)
            _insist(answer, payment_id)
            payment = decide(payment, answer, datetime.now(UTC), rules).payment
    return payment


def _insist(answer: Answer, payment_id: str) -> None:
    match answer:
        case Missing():
            raise ShellError(f"KiriminAja knows no payment {payment_id}: compare it with the dashboard's.")
        case Refused():
            raise ToBeMended("KIRIMINAJA_API_KEY is refused by KiriminAja: `paybot check` says more.")
        case Throttled():
            raise ShellError("KiriminAja is asked too often just now: try again in a minute.")
        case Unwell(reason=reason):
            raise ShellError(f"KiriminAja gives no usable answer ({reason}): try again, or see `paybot check`.")
        case _:
            return


def _is_unclear(payment: Payment) -> bool:
    return not payment.settled and (payment.oddity is not None or payment.second_read_due)


def _status(payment: Payment) -> str:
    if _is_unclear(payment):
        return "unclear"
    return "paid" if payment.settled else "unpaid"


def _lines(payment: Payment, settings: Settings) -> Sequence[str]:
    words = _words(settings).card_strings(payment, _face(payment), "en", now=datetime.now(UTC))
    payee = ", ".join(part for part in (words.payee, words.city) if part)
    told = [
        ("id", payment.id),
        ("kind", payment.kind or "unknown"),
        ("amount", words.amount or "not told"),
        ("status", _explained(payment)),
        ("payee", payee or "not told"),
        *([("time", words.issued)] if words.issued and not payment.settled else []),
        *(("package", _package_line(payment, place)) for place in range(len(payment.packages))),
    ]
    notes = ["*** SANDBOX *** no payment here is real."] if settings.is_sandbox else []
    return [*notes, *(f"{name:<8} {value}" for name, value in told)]


def _explained(payment: Payment) -> str:
    if payment.settled:
        return "paid: there is nothing to scan any more"
    if _is_unclear(payment):
        return f"unclear: KiriminAja contradicts itself ({payment.oddity or 'paid, without proof'}); don't pay it now"
    if payment.withheld:
        return f"unpaid, and its QR is not shown: {_FAULTS[payment.withheld]}"
    return "unpaid" if payment.qr else "unpaid, without a QR: not issued yet, or paid another way (terms, COD)"


def _package_line(payment: Payment, place: int) -> str:
    package = payment.packages[place]
    status = f"status {package.status}" if package.status is not None else "no status"
    parts = (package.courier_name, package.awb, package.order_id, status, package.live_url)
    return " · ".join(part for part in parts if part)


def _words(settings: Settings) -> Words:
    return Words(shop=Shop(settings.shop_name, settings.shop_contact), zone=settings.timezone)


def _face(payment: Payment) -> Face:
    if payment.settled:
        return Face.RECEIPT
    return Face.QR if payment.qr else Face.WITHHELD if payment.withheld else Face.GONE


async def _draw(payment: Payment, settings: Settings, file: Path) -> None:
    """The very picture a chat gets. Raises `ShellError` where there is none."""
    face = _face(payment)
    if face not in {Face.QR, Face.RECEIPT}:
        raise ShellError(f"{file} is not written: there is no QR to show.")
    strings = _words(settings).card_strings(payment, face, settings.locale, now=datetime.now(UTC))
    payload = payment.qr if face is Face.QR else None
    png = paint(CardPainter(), face, strings, payload)
    try:
        await asyncio.to_thread(file.write_bytes, png)
    except OSError as error:
        raise ShellError(f"{file} cannot be written ({error.strerror}): choose another place.") from None
    typer.echo(f"✓ {file} is written.", err=True)


def _print_qr(payload: str) -> None:
    lines = draw_terminal(payload)
    wide = len(lines[0])
    columns = shutil.get_terminal_size().columns
    if columns < wide:
        raise ShellError(f"the QR needs {wide} columns, this terminal has {columns}: widen it, or take --png FILE.")
    for line in lines:
        typer.echo(black_on_white(line))  # where the output is no terminal, the escapes are left out
