"""What is told of packages after payment: a driver, the pickup, the delivery, trouble, and that no driver comes."""

from dataclasses import replace
from typing import Final, assert_never

from bot.core.following import NO_DRIVER_STILL
from bot.core.journey import (
    AlertNoDriver,
    AlertPackageTrouble,
    Arrived,
    DriverComing,
    Mishap,
    NoDriver,
    PackageAlert,
    PackageFact,
    PackageFailed,
    PackageTrouble,
    PickedUp,
)
from bot.core.message import Message
from bot.core.packages import DELIVERED, PICKED_UP, Package
from bot.core.payment import Payment
from bot.words.markup import Html, lines
from bot.words.notices import id_line
from bot.words.packages import listed, numbered, status_words
from bot.words.voice import Voice

_IN_AN_ALERT: Final = 8
"""Packages an alert names; the payment's own list has them all."""


def news(fact: PackageFact, voice: Voice, payment: Payment | None) -> Message:
    """News of some of a payment's packages, each with its link."""
    match fact:
        case DriverComing(orders=orders):
            return _about(orders, "driver", voice, payment, voice.say("driver.next"))
        case PickedUp(orders=orders):
            return _about(_at(orders, PICKED_UP), "picked_up", voice, payment, None)
        case Arrived(orders=orders):
            return replace(_about(_at(orders, DELIVERED), "arrived", voice, payment, None), silent=True)
        case PackageTrouble(mishaps=mishaps):
            return _about(mishaps, "trouble", voice, payment, voice.say("trouble.next"))
        case PackageFailed(mishaps=mishaps):
            return _about(mishaps, "failed", voice, payment, voice.say("failed.next"))
        case NoDriver(minutes=minutes, orders=orders):
            long = minutes * 60 >= NO_DRIVER_STILL.total_seconds()
            title = voice.count("no_driver.title", minutes)
            advice = voice.say("no_driver.next_still") if long else voice.say("no_driver.next")
            return _below(title, orders, voice, payment, advice)
        case _ as never:
            assert_never(never)


def package_alert(fact: PackageAlert, voice: Voice, payment: Payment | None, payment_line: Html | None) -> Message:
    """The same for the operators: payment, order, courier, code in words."""
    match fact:
        case AlertPackageTrouble(mishaps=mishaps):
            title, advice = voice.say("alert.package"), voice.say("alert.package_do")
        case AlertNoDriver(minutes=minutes, orders=mishaps):
            title, advice = voice.count("alert.no_driver", minutes), no_driver_advice(minutes, voice)
        case _ as never:
            assert_never(never)
    named = [_in_an_alert(package, voice) for _, package in _meant(mishaps, payment)]
    more = len(named) - _IN_AN_ALERT
    tail = voice.count("packages.more", more) if more > 0 else None
    return Message(lines(title, payment_line, *named[:_IN_AN_ALERT], tail, advice))


def no_driver_advice(minutes: int, voice: Voice) -> Html:
    """What the shop can do about it: after an hour, no longer wait."""
    long = minutes * 60 >= NO_DRIVER_STILL.total_seconds()
    return voice.say("alert.no_driver_do_still") if long else voice.say("alert.no_driver_do")


Orders = tuple[str, ...] | tuple[Mishap, ...]


def _at(orders: tuple[str, ...], code: int) -> Orders:
    """The packages at the status that is told, should they show another one by now."""
    return tuple(Mishap(order, code) for order in orders)


def _about(orders: Orders, kind: str, voice: Voice, payment: Payment | None, advice: Html | None) -> Message:
    packages = _meant(orders, payment)
    if len(packages) == 1:
        courier = packages[0][1].courier_name or voice.plain("package.some_courier")
        title = voice.say(_ONE[kind], courier=courier)
    else:
        title = voice.count(_MANY[kind], len(packages))
    return _below(title, orders, voice, payment, advice)


_ONE: Final = {
    "driver": "driver.one",
    "picked_up": "picked_up.one",
    "arrived": "arrived.one",
    "trouble": "trouble.one",
    "failed": "failed.one",
}
_MANY: Final = {
    "driver": "driver.many",
    "picked_up": "picked_up.many",
    "arrived": "arrived.many",
    "trouble": "trouble.many",
    "failed": "failed.many",
}


def _below(title: Html, orders: Orders, voice: Voice, payment: Payment | None, advice: Html | None) -> Message:
    return Message(*listed(lines(title, id_line(payment, voice)), _meant(orders, payment), advice, voice))


def _meant(orders: Orders, payment: Payment | None) -> list[tuple[int | None, Package]]:
    """The packages a fact is about, with their numbers in the payment's list, at the status the fact tells of."""
    known = {package.order_id: (number, package) for number, package in numbered(payment.packages if payment else ())}
    found = []
    for order in orders:
        order_id, code = (order.order_id, order.code) if isinstance(order, Mishap) else (order, None)
        number, package = known.get(order_id, (None, Package(order_id)))
        found.append((number, package if code is None else replace(package, status=code)))
    return found


def _in_an_alert(package: Package, voice: Voice) -> Html:
    return voice.say(
        "alert.package_line",
        courier=package.courier_name or voice.plain("package.some_courier"),
        order=package.order_id,
        status=status_words(package.status, voice),
        code="–" if package.status is None else str(package.status),
    )
