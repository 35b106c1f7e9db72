"""The people in an Instant answer: read for one message to staff, and kept nowhere.

Apart from `fields`, which every look goes through and which does not know these names.
"""

from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict

from bot.core.privacy import PackagePeople, Somebody
from bot.kiriminaja.fields import MAX_PACKAGES, name

MAX_TEXT: Final = 1000
"""Longest name or address that is read, in characters; what is beyond came from no honest shop."""


def text(value: object) -> str | None:
    """What people typed, or a number as text; None where there is nothing."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**18:
        value = str(value)
    return (value[:MAX_TEXT].strip() or None) if isinstance(value, str) else None


def somebody(value: object) -> Somebody | None:
    """One of `origin`, `destination`, `driver`; None where it names nobody."""
    if not isinstance(value, Mapping):
        return None
    read = Somebody(text(value.get("name")), text(value.get("phone")), text(value.get("address")))
    return read if read.name or read.phone or read.address else None


_Somebody = Annotated[Somebody | None, BeforeValidator(somebody)]


class _PackageFields(BaseModel):
    model_config = ConfigDict(
        strict=True, extra="ignore", frozen=True, hide_input_in_errors=True, arbitrary_types_allowed=True
    )

    order_id: Annotated[str | None, BeforeValidator(name)] = None
    awb: Annotated[str | None, BeforeValidator(name)] = None
    origin: _Somebody = None
    destination: _Somebody = None
    driver: _Somebody = None


def people_in(fields: Mapping[str, object]) -> tuple[PackagePeople, ...]:
    """The people of each package in `result`; empty where nothing is readable. Never raises."""
    packages = fields.get("packages")
    if not isinstance(packages, list):
        return ()
    read = (_PackageFields.model_validate(item) for item in packages[:MAX_PACKAGES] if isinstance(item, dict))
    return tuple(
        PackagePeople(key, package.awb, package.origin, package.destination, package.driver)
        for package in read
        if (key := package.order_id or package.awb)
    )
