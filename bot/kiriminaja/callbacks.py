"""From a callback's bytes to the core's `Callback`: total, for any bytes.

Both formats: the complete one names the payment and holds `packages`, the short one has `data` alone, a list or one
object (`update_instant_packages`). Dates come as ISO or as `YYYY-MM-DD HH:MM:SS`; they only tell one callback from
another. Names, phones and addresses are not declared here, so they cannot leave this module.
"""

import json
import re
from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from bot.core.callbacks import METHODS, Callback, Parcel
from bot.core.ids import is_id
from bot.kiriminaja.fields import MAX_PACKAGES, PackageFields, moment, name

MAX_BODY: Final = 256 * 1024
"""Longest callback in bytes; a real one has about two thousand."""

_METHOD = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)


def _method(value: object) -> object:
    if not isinstance(value, str) or not _METHOD.fullmatch(value):
        raise ValueError("method is no name")
    return value


def _payment_id(value: object) -> str | None:
    found = value.get("payment_id") if isinstance(value, dict) else None
    return found if isinstance(found, str) and is_id(found) else None


def _objects(value: object) -> list[dict[str, object]] | None:
    """The objects of a list, or the one object that stands for it; None where there is neither."""
    found = [value] if isinstance(value, dict) else value
    if not isinstance(found, list):
        return None
    return [item for item in found[:MAX_PACKAGES] if isinstance(item, dict)]


def _time(value: object) -> datetime | str | None:
    """A time, or the text that should be one: it still tells one callback from another."""
    return moment(value) or name(value)


Name = Annotated[str | None, BeforeValidator(name)]
Time = Annotated[Any, BeforeValidator(_time)]


class _Fields(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore", frozen=True, hide_input_in_errors=True)


class EventFields(_Fields):
    """One of `data`."""

    order_id: Name = None
    awb: Name = None
    date: Time = None
    shipped_at: Time = None
    finished_at: Time = None
    returned_at: Time = None
    rejected_at: Time = None


class CallbackFields(_Fields):
    """The whole callback."""

    method: Annotated[str, BeforeValidator(_method)]
    data: Annotated[list[dict[str, object]] | None, BeforeValidator(_objects)] = None
    payment: Annotated[str | None, BeforeValidator(_payment_id)] = None
    packages: Annotated[list[dict[str, object]] | None, BeforeValidator(_objects)] = None


def read_callback(body: bytes) -> Callback | None:
    """The callback in a body; None where it is none. Never raises."""
    try:
        fields = CallbackFields.model_validate(json.loads(body.removeprefix(b"\xef\xbb\xbf")))
    except (ValueError, RecursionError, ValidationError):
        return None
    # A method we don't know may look as it likes.
    if fields.data is None and fields.method in METHODS:
        return None
    events = [EventFields.model_validate(item) for item in fields.data or ()]
    packages = [PackageFields.model_validate(item) for item in fields.packages or ()]
    return Callback(fields.method, _digest(fields, events, packages), fields.payment, _parcels(events, packages))


def _parcels(events: list[EventFields], packages: list[PackageFields]) -> tuple[Parcel, ...]:
    """What `data` is about, each once, with the courier that `packages` names."""
    couriers = {package.order_id or package.awb: package.service for package in packages}
    found: dict[str, Parcel] = {}
    for event in events:
        if key := event.order_id or event.awb:
            found[key] = Parcel(key, event.awb, couriers.get(key))
    return tuple(found.values())


def _digest(fields: CallbackFields, events: list[EventFields], packages: list[PackageFields]) -> str:
    """Method, orders, AWBs and times; and how the packages stand, as an update may come without any time."""
    shown: Callable[[BaseModel], str] = BaseModel.model_dump_json
    parts = [fields.method, fields.payment or "", *sorted(map(shown, events)), "", *sorted(map(shown, packages))]
    return sha256("\n".join(parts).encode("utf-8", "backslashreplace")).hexdigest()
