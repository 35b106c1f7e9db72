"""Many alerts at once: each is named, and Telegram takes the message however long their values are."""

from datetime import timedelta

import pytest

from bot.core.alerting import MOST_TOGETHER, sort_of
from bot.core.alerts import Alert, AlertClaim, AlertGuessing, AlertOdd, AlertPaid, AlertUnhandled, AlertWithheld
from bot.core.answer import Oddity
from bot.core.connections import AlertProviderBack, AlertUndeliverable
from bot.core.journey import AlertNoDriver, AlertPackageTrouble, Mishap
from bot.core.locales import LOCALES
from bot.core.packages import PHASE_OF
from bot.core.qris import QrisFault
from tests.words.samples import ALERT_CLASSES, NOW, WORDS, check_message, paid, payment, plain_fact

languages = pytest.mark.parametrize("locale", LOCALES)
LONG = 10**15
ALIKE: list[Alert] = [
    AlertPaid(LONG, NOW, LONG - 1, late=True),
    *(AlertOdd(oddity, "x" * 40) for oddity in Oddity),
    *(AlertWithheld(fault) for fault in QrisFault),
    AlertClaim(NOW),
    *(AlertPackageTrouble((Mishap("o" * 200, code),) * 9) for code in PHASE_OF),
    AlertNoDriver(15, ("A", "B")),
    AlertNoDriver(60, ("A",)),
    AlertUndeliverable(-1_009_999_999_999),
    AlertGuessing(2**63),
    AlertUnhandled(2**63),
]


def test_all_that_gather_are_tried() -> None:
    """A new alert that gathers needs words for many."""
    assert {type(alert) for alert in ALIKE} == {one for one in ALERT_CLASSES if sort_of(plain_fact(one))}


@languages
@pytest.mark.parametrize("alert", ALIKE, ids=lambda alert: f"{sort_of(alert)}:{getattr(alert, 'mishaps', '')[:1]}")
def test_the_longest_fit_and_name_each_payment(alert: Alert, locale: str) -> None:
    """As many as are put together, each with an id as long as there can be."""
    payments = [payment(id=f"{number:0>64}", amount=LONG) for number in range(MOST_TOGETHER)]
    text = check_message(WORDS.together([(alert, one) for one in payments], locale, now=NOW), 4096)
    if not isinstance(alert, AlertGuessing | AlertUnhandled):
        assert all(one.id in text for one in payments)
    assert str(MOST_TOGETHER) in text.split("\n")[0]


@languages
def test_paid_together_has_each_amount_the_total_and_what_is_odd(locale: str) -> None:
    """A late one among them is marked; one whose payment is gone is no gap."""
    alike = [
        (AlertPaid(65_000, NOW), paid(id="XID-1")),
        (AlertPaid(54_000, NOW, late=True), paid(id="XID-2")),
        (AlertPaid(10_000, NOW, 20_000), paid(id="XID-3")),
        (AlertPaid(None, NOW), paid(id="XID-4", amount=None)),
        (AlertPaid(1_000, NOW), None),
    ]
    text = check_message(WORDS.together(alike, locale, now=NOW), 4096)
    comma = "." if locale == "id" else ","
    lines = text.split("\n")
    assert f"Rp130{comma}000" in lines[0]
    assert lines[1] == f"XID-1 · Rp65{comma}000"
    assert ("⚠️" in lines[2], "⚠️" in lines[3], lines[4]) == (True, True, "XID-4")
    assert f"Rp20{comma}000" in lines[3]
    assert "None" not in text


@languages
def test_odd_answers_after_paid_are_not_said_to_be_unpaid(locale: str) -> None:
    """The advice depends on whether a chat was told "paid"."""
    fact = AlertOdd(Oddity.VANISHED)
    texts = [WORDS.together([(fact, one), (fact, payment())], locale, now=NOW).html for one in (payment(), paid())]
    assert texts[0] != texts[1]


@languages
def test_what_stands_alone_is_never_put_together(locale: str) -> None:
    """A mistake of ours shows."""
    back = AlertProviderBack(NOW - timedelta(minutes=7), NOW, 3)
    with pytest.raises(ValueError, match="alone"):
        WORDS.together([(back, None), (back, None)], locale, now=NOW)
