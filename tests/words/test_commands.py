"""Answers to commands: how a payment stands, the list of what is watched, several at once, what waited."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, strategies as st

from bot.core.commands import AskedLongAgo, Ids, LanguageUsage, OpenPayments, Standing, StatusTold, Total
from bot.core.facts import Help
from bot.core.locales import LOCALES
from bot.core.message import Action, ActionButton, Message, press_of
from bot.core.payment import Payment
from bot.core.watch import Face, Place, Watch, WatchState
from tests.words.samples import EXAMPLES, HANDLE, NOW, PAYMENTS, WORDS, check_message, payment

languages = pytest.mark.parametrize("locale", LOCALES)


def a_watch(number: int = 1) -> Watch:
    handle = f"{number:043}"
    return Watch(number, "XID-1", Place(5), WatchState.ACTIVE, "id", 5, NOW - timedelta(minutes=number), handle)


def listed(locale: str, *watched: Payment) -> Message:
    open_here = [(a_watch(number), one) for number, one in enumerate(watched, 1)]
    return WORDS.notice(OpenPayments(), locale, open_here=open_here, now=NOW)


@languages
@pytest.mark.parametrize("standing", Standing)
def test_each_standing_is_told_apart_with_id_amount_and_time(locale: str, standing: Standing) -> None:
    texts = {
        one: check_message(WORDS.notice(StatusTold("XID-1", one, NOW, 65000), locale, now=NOW), 4096)
        for one in Standing
    }
    assert len(set(texts.values())) == len(Standing)
    text = texts[standing]
    assert {"id": "Rp65.000", "en": "Rp65,000"}[locale] in text
    assert {"id": "10.42.07", "en": "10:42:07"}[locale] in text
    assert "/pay XID-1" in text
    assert "✅" not in text


@languages
def test_a_watching_chat_is_not_told_how_to_watch(locale: str) -> None:
    told = StatusTold("XID-1", Standing.UNPAID, NOW, watched=True)
    text = check_message(WORDS.notice(told, locale, now=NOW), 4096)
    assert "/pay" not in text
    assert "None" not in text


@languages
def test_the_list_names_each_and_has_a_button_each(locale: str) -> None:
    message = listed(locale, payment(), payment(id="PID-9", amount=None))
    text = check_message(message, 4096)
    assert all(part in text for part in ("1. XID-7742817936", "65", "2. PID-9", "WIB"))
    buttons = [button for row in message.keyboard for button in row]
    assert [button.label.split()[-1] for button in buttons] == ["…7936", "…ID-9"]
    assert all(isinstance(button, ActionButton) and button.action is Action.STOP for button in buttons)


@languages
def test_an_empty_list_says_how_to_begin(locale: str) -> None:
    message = listed(locale)
    assert "/pay XID-" in message.html
    assert message.keyboard == ()


@languages
@pytest.mark.parametrize("number", [20, 21, 300])
def test_a_long_list_fits_and_counts_the_rest(locale: str, number: int) -> None:
    message = listed(locale, *[payment(id=f"XID-{n:060}") for n in range(number)])
    text = check_message(message, 4096)
    assert str(number) in text
    assert ("…" in text.split("XID-")[-1]) == (number > 20)


@languages
@EXAMPLES
@given(watched=st.lists(PAYMENTS, max_size=30))
def test_a_hostile_list_never_breaks_the_message(locale: str, watched: list[Payment]) -> None:
    check_message(listed(locale, *watched), 4096)


@languages
def test_an_old_ask_gets_one_line_with_its_button(locale: str) -> None:
    message = WORDS.notice(AskedLongAgo("XID-1", NOW - timedelta(hours=1)), locale, now=NOW)
    text = check_message(message, 4096)
    assert "\n" not in text
    assert "XID-1" in text
    ((button,),) = message.keyboard
    assert isinstance(button, ActionButton)
    assert press_of(button.data) == (Action.SHOW, button.handle)


@languages
def test_the_total_and_the_ids(locale: str) -> None:
    total = check_message(WORDS.notice(Total(3, 195000), locale, now=NOW), 4096)
    assert {"id": "Rp195.000", "en": "Rp195,000"}[locale] in total
    assert "3" in total
    ids = check_message(WORDS.notice(Ids(-100123, None, 7), locale, now=NOW), 4096)
    assert "-100123" in ids
    assert "None" not in ids


@languages
@EXAMPLES
@given(of=PAYMENTS)
def test_a_numbered_card_fits_its_caption(locale: str, of: Payment) -> None:
    unsettled = replace(of, status=payment().status)
    card = WORDS.card(unsettled, Face.QR, locale, handle=HANDLE, part="5/5", now=NOW)
    assert "5/5" in check_message(card, 1024)
    assert WORDS.card_strings(unsettled, Face.QR, locale, part="5/5", now=NOW).part == "5/5"


@languages
def test_every_language_can_be_chosen_by_what_is_said(locale: str) -> None:
    """In the menu and in what `/lang` answers; the help shows the way to the others."""
    menu = dict(WORDS.menu(locale))["lang"]
    usage, guide = (WORDS.notice(fact, locale, now=NOW).html for fact in (LanguageUsage(), Help()))
    for other in LOCALES:
        assert other in menu.split()
        assert f"/lang {other}<" in usage
        assert (f"/lang {other}<" in guide) == (other != locale)
