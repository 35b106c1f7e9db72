"""Every message there is, in both languages, with any value: valid, within Telegram's limits, saying what it must."""

from datetime import timedelta

import pytest
from hypothesis import given, strategies as st

from bot.core.alerts import AlertOdd, AlertPaid
from bot.core.answer import Oddity
from bot.core.connections import AlertProviderBack, AlertProviderDown
from bot.core.facts import (
    ClaimOver,
    ClaimTaken,
    Confirming,
    Fact,
    NotFound,
    NotWatched,
    Paid,
    ProviderUnwell,
    QrBack,
    QrReplaced,
    SameQr,
    StillUnpaid,
    Stopped,
    Unclear,
    WatchClosed,
    Withheld,
)
from bot.core.ids import Kind
from bot.core.locales import LOCALES
from bot.core.message import Action, ActionButton, CopyButton, Message
from bot.core.payment import Payment, Status
from bot.core.qris import QrisFault
from bot.core.watch import WITHDRAWN, Face
from bot.words.words import Shop, Words
from tests.words.samples import (
    ALERT_CLASSES,
    EXAMPLES,
    FACT_CLASSES,
    HANDLE,
    MOMENTS,
    NAMELESS,
    NOW,
    PAYMENTS,
    SHOPS,
    TOAST_CLASSES,
    WIB,
    WORDS,
    check_message,
    facts_of,
    paid,
    payment,
    plain_fact,
)
from tests.words.telegram_html import read, units

TEXT_LIMIT, CAPTION_LIMIT, TOAST_LIMIT = 4096, 1024, 200
languages = pytest.mark.parametrize("locale", LOCALES)


def text_of(fact: Fact, locale: str, of: Payment | None = None, words: Words = WORDS) -> str:
    """What a reader sees of a notice."""
    return check_message(words.notice(fact, locale, payment=of, handle=HANDLE, now=NOW), TEXT_LIMIT)


def actions(message: Message) -> list[Action]:
    return [button.action for row in message.keyboard for button in row if isinstance(button, ActionButton)]


class TestAnythingAtAll:
    """Whatever the values, Telegram takes the message."""

    @pytest.mark.parametrize("fact_class", FACT_CLASSES)
    @EXAMPLES
    @given(data=st.data())
    def test_every_fact_is_a_valid_notice(self, fact_class: type, data: st.DataObject) -> None:
        words = Words(shop=data.draw(SHOPS), zone=WIB)
        fact, of = data.draw(facts_of(fact_class)), data.draw(st.none() | PAYMENTS)
        handle, now = data.draw(st.sampled_from([None, HANDLE])), data.draw(MOMENTS)
        for locale in LOCALES:
            check_message(words.notice(fact, locale, payment=of, handle=handle, now=now), TEXT_LIMIT)

    @pytest.mark.parametrize("fact_class", TOAST_CLASSES)
    @EXAMPLES
    @given(data=st.data())
    def test_every_answer_to_a_press_fits(self, fact_class: type, data: st.DataObject) -> None:
        fact, now = data.draw(facts_of(fact_class)), data.draw(MOMENTS)
        for locale in LOCALES:
            toast = WORDS.toast(fact, locale, now=now)
            assert 1 <= units(toast.text) <= TOAST_LIMIT
            assert "{" not in toast.text or "{" in (getattr(fact, "name", None) or "")

    @languages
    @pytest.mark.parametrize("face", Face)
    @EXAMPLES
    @given(data=st.data())
    def test_every_card_is_valid(self, face: Face, locale: str, data: st.DataObject) -> None:
        words, of = Words(shop=data.draw(SHOPS), zone=WIB), data.draw(PAYMENTS)
        if face is Face.RECEIPT and not of.settled:
            with pytest.raises(ValueError, match="not paid"):
                words.card(of, face, locale, handle=HANDLE, now=NOW)
            with pytest.raises(ValueError, match="not paid"):
                words.card_strings(of, face, locale, now=NOW)
            return
        check_message(words.card(of, face, locale, handle=HANDLE, now=NOW), CAPTION_LIMIT)
        strings = words.card_strings(of, face, locale, now=NOW)
        assert (strings.mark is None) == (face is not Face.RECEIPT)
        assert (strings.withdrawn is None) == (face not in WITHDRAWN)

    @languages
    @EXAMPLES
    @given(shop=SHOPS)
    def test_the_profile_fits(self, locale: str, shop: Shop) -> None:
        words = Words(shop=shop, zone=WIB)
        assert 1 <= units(words.description(locale)) <= 512
        assert 1 <= units(words.short_description(locale)) <= 120


@languages
class TestPaid:
    def test_amount_id_and_time_and_not_to_pay_again(self, locale: str) -> None:
        text = text_of(Paid(65000, NOW), locale, paid())
        amount, time, again = {
            "id": ("✅ Lunas: Rp65.000", "10.42 WIB", "Jangan bayar lagi"),
            "en": ("✅ Paid: Rp65,000", "10:42 WIB", "don't pay again"),
        }[locale]
        assert all(part in text for part in (amount, time, again, "XID-7742817936"))

    def test_without_an_amount_the_sentence_does_without(self, locale: str) -> None:
        for fact in (Paid(None, NOW), Paid(None, NOW, already=True), AlertPaid(None, NOW)):
            text = text_of(fact, locale, paid(amount=None))
            assert "None" not in text
            assert "Rp" not in text

    def test_the_variants_differ(self, locale: str) -> None:
        facts = [
            Paid(65000, NOW),
            Paid(65000, NOW, already=True),
            Paid(65000, NOW, late=True),
            Paid(65000, NOW, shown_amount=60000),
        ]
        texts = [text_of(fact, locale, paid()) for fact in facts]
        assert len(set(texts)) == len(texts)
        assert "60" in texts[3]

    def test_the_id_is_code_to_be_copied(self, locale: str) -> None:
        assert "<code>XID-7742817936</code>" in WORDS.notice(Paid(1, NOW), locale, payment=paid(), now=NOW).html


@languages
class TestNotPaid:
    @pytest.mark.parametrize("fact", [Unclear(), Confirming()])
    def test_what_is_not_known_is_not_called_paid(self, fact: Fact, locale: str) -> None:
        text = text_of(fact, locale, payment()).lower()
        assert "lunas" not in text
        assert "paid" not in text
        assert {"id": "jangan bayar dulu", "en": "don't pay now"}[locale] in text

    @pytest.mark.parametrize("fact_class", FACT_CLASSES + TOAST_CLASSES)
    def test_only_paid_facts_carry_the_mark_of_paid(self, fact_class: type, locale: str) -> None:
        if fact_class in {Paid, AlertPaid}:
            return
        fact = plain_fact(fact_class)
        said = (
            WORDS.toast(fact, locale, now=NOW).text
            if fact_class in TOAST_CLASSES
            else text_of(fact, locale, payment())
        )
        assert "✅" not in said

    def test_whoever_may_have_paid_is_told_not_to_repeat_it(self, locale: str) -> None:
        again = {"id": "jangan bayar lagi", "en": "don't pay again"}[locale]
        for fact in (
            StillUnpaid(NOW), WatchClosed(NOW), ProviderUnwell(), QrReplaced(), QrBack(), SameQr(NOW), ClaimOver(NOW),
            WatchClosed(NOW, unclear=True), ClaimOver(NOW, unclear=True),
        ):  # fmt: skip
            assert again in text_of(fact, locale, payment()).lower()
        for press in (StillUnpaid(NOW), ProviderUnwell(), Paid(65000, NOW)):
            assert again in WORDS.toast(press, locale, now=NOW).text.lower()

    def test_when_it_was_checked_stands_to_the_second(self, locale: str) -> None:
        assert {"id": "10.42.07", "en": "10:42:07"}[locale] in text_of(StillUnpaid(NOW), locale, payment())

    def test_a_changed_amount_is_named_beside_the_old_one(self, locale: str) -> None:
        text = text_of(QrReplaced(60000), locale, payment())
        assert all(
            figure in text for figure in {"id": ("Rp65.000", "Rp60.000"), "en": ("Rp65,000", "Rp60,000")}[locale]
        )
        assert {"id": "hapus gambar lama", "en": "delete the old picture"}[locale] in text.lower()

    def test_what_was_not_found_is_shown_as_it_came(self, locale: str) -> None:
        assert "<b>&" in text_of(NotFound("<b>&"), locale)

    def test_after_already_paid_the_shop_is_told_what_it_needs(self, locale: str) -> None:
        text = text_of(ClaimOver(NOW), locale, payment())
        amount, time, proof = {
            "id": ("Rp65.000", "Jam bayarnya", "Tangkapan layar"),
            "en": ("Rp65,000", "When you paid", "screenshot"),
        }[locale]
        assert all(part in text for part in (amount, time, proof, "XID-7742817936", "@tokosari"))
        assert {"id": "jangan bayar lagi", "en": "don't pay again"}[locale] in text.lower()

    @pytest.mark.parametrize("fact_class", [WatchClosed, ClaimOver])
    def test_an_unclear_last_look_is_not_called_unpaid(self, fact_class: type, locale: str) -> None:
        plain, unclear = (text_of(fact_class(NOW, unclear=odd), locale, payment()) for odd in (False, True))
        title = {"id": "belum tercatat lunas", "en": "not recorded as paid"}[locale]
        assert title in plain
        assert title not in unclear
        assert {"id": "belum jelas", "en": "unclear"}[locale] in unclear

    def test_already_paid_is_answered_with_the_second_and_held(self, locale: str) -> None:
        toast = WORDS.toast(ClaimTaken(NOW), locale, now=NOW)
        assert toast.alert
        parts = {"id": ("10.42.07", "Jangan bayar dua kali"), "en": ("10:42:07", "Don't pay twice")}[locale]
        assert all(part in toast.text for part in parts)

    @pytest.mark.parametrize("fact", [WatchClosed(NOW), Stopped(), NotWatched()])
    def test_an_ended_watch_can_go_on(self, fact: Fact, locale: str) -> None:
        with_button = WORDS.notice(fact, locale, payment=payment(), handle=HANDLE, now=NOW)
        assert actions(with_button) == [Action.GO_ON]
        without = WORDS.notice(fact, locale, payment=payment(), now=NOW)
        assert without.keyboard == ()
        assert "<code>/pay XID-7742817936</code>" in without.html

    def test_every_dead_end_names_the_shop(self, locale: str) -> None:
        dead_ends: list[Fact] = [
            Withheld(QrisFault.CRC),
            NotFound("XID-1"),
            WatchClosed(NOW),
            ProviderUnwell(),
            StillUnpaid(NOW),
        ]
        dead_ends += [plain_fact(a_class) for a_class in FACT_CLASSES if a_class.__name__ in {
            "NoQrYet", "Unclear", "NotAnId", "Usage", "WentWrong", "Help"
        }]  # fmt: skip
        for fact in dead_ends:
            html = WORDS.notice(fact, locale, payment=payment(), now=NOW).html
            assert 'Toko Sari (<a href="https://t.me/tokosari">@tokosari</a>)' in html, fact
            assert {"id": "toko", "en": "the shop"}[locale] in text_of(fact, locale, payment(), NAMELESS)


@languages
class TestCards:
    def test_the_caption_under_a_qr(self, locale: str) -> None:
        card = WORDS.card(payment(), Face.QR, locale, handle=HANDLE, now=NOW)
        text, _ = read(card.html)
        assert {"id": "Bayar Rp65.000", "en": "Pay Rp65,000"}[locale] in text
        assert {"id": "Kode terbit 10.36 WIB", "en": "Code issued at 10:36 WIB"}[locale] in text
        assert "KIRIMINAJA" in text
        assert "<code>XID-7742817936</code>" in card.html
        assert actions(card) == [Action.CHECK, Action.CLAIM, Action.RENEW, Action.STOP]
        assert [len(row) for row in card.keyboard] == [2, 2, 1]
        assert any(
            isinstance(button, CopyButton) and button.text == "XID-7742817936"
            for row in card.keyboard
            for button in row
        )

    def test_a_test_code_names_no_payee(self, locale: str) -> None:
        text, _ = read(WORDS.card(payment(qr="TEST QR"), Face.QR, locale, handle=HANDLE, now=NOW).html)
        assert "KIRIMINAJA" not in text
        assert {"id": "kode uji", "en": "test code"}[locale] in text
        assert WORDS.card_strings(payment(qr="TEST QR"), Face.QR, locale, now=NOW).payee is None

    def test_a_watch_that_is_over_offers_to_go_on(self, locale: str) -> None:
        for face, status, expected in (
            (Face.QR, Status.CLOSED, [Action.GO_ON, Action.CLAIM]),
            (Face.QR, Status.DROPPED, [Action.GO_ON]),
            (Face.STOPPED, Status.WAITING, [Action.GO_ON]),
        ):
            card = WORDS.card(payment(status=status), face, locale, handle=HANDLE, now=NOW)
            assert actions(card) == expected

    def test_the_receipt_names_whom_the_last_code_paid(self, locale: str) -> None:
        of = paid(payee="TOKO <SARI>", city="KAB. SLEMAN")
        strings = WORDS.card_strings(of, Face.RECEIPT, locale, now=NOW)
        assert (strings.payee, strings.city) == ("TOKO <SARI>", "KAB. SLEMAN")

    def test_what_took_a_codes_place_says_what_to_do(self, locale: str) -> None:
        void = {face: WORDS.card_strings(payment(), face, locale, now=NOW) for face in WITHDRAWN}
        assert all(strings.withdrawn and strings.caution for strings in void.values())
        assert void[Face.WITHHELD].caution != void[Face.GONE].caution

    def test_a_picture_has_little_room_for_dates(self, locale: str) -> None:
        of = payment(issued_at=NOW - timedelta(days=1))
        issued = WORDS.card_strings(of, Face.QR, locale, now=NOW).issued
        assert issued == {"id": "Terbit 2 Feb 10.42 WIB", "en": "Issued 2 Feb, 10:42 WIB"}[locale]

    def test_withdrawn_says_why(self, locale: str) -> None:
        withheld, gone = payment(qr=None, withheld=QrisFault.AMOUNT), payment(qr=None)
        htmls = {
            WORDS.card(of, face, locale, handle=HANDLE, now=NOW).html
            for face, of in ((Face.WITHHELD, withheld), (Face.GONE, gone), (Face.STOPPED, payment()))
        }
        assert len(htmls) == 3
        assert "@tokosari" in WORDS.card(withheld, Face.WITHHELD, locale, handle=HANDLE, now=NOW).html

    def test_a_receipt_says_paid_and_has_nothing_to_press_but_copy(self, locale: str) -> None:
        card = WORDS.card(paid(), Face.RECEIPT, locale, handle=HANDLE, now=NOW)
        assert actions(card) == []
        assert {"id": "Lunas: Rp65.000", "en": "Paid: Rp65,000"}[locale] in read(card.html)[0]

    def test_the_strings_of_the_picture(self, locale: str) -> None:
        strings = WORDS.card_strings(payment(), Face.QR, locale, now=NOW)
        assert (strings.title, strings.payee, strings.city) == ("QRIS", "KIRIMINAJA", "KAB. SLEMAN")
        assert strings.amount == {"id": "Rp65.000", "en": "Rp65,000"}[locale]
        assert strings.issued == {"id": "Terbit 10.36 WIB", "en": "Issued 10:36 WIB"}[locale]
        assert strings.shop == "Toko Sari"
        receipt = WORDS.card_strings(paid(), Face.RECEIPT, locale, now=NOW)
        assert receipt.mark == {"id": "LUNAS", "en": "PAID"}[locale]
        assert receipt.recorded == {"id": "Tercatat 10.42 WIB", "en": "Recorded 10:42 WIB"}[locale]
        assert WORDS.card_strings(payment(), Face.STOPPED, locale, now=NOW).withdrawn


@languages
class TestAlerts:
    @pytest.mark.parametrize("oddity", Oddity)
    def test_an_odd_answer_is_told_with_its_raw_code(self, oddity: Oddity, locale: str) -> None:
        text = text_of(AlertOdd(oddity, "7<8"), locale, payment())
        assert all(part in text for part in ("XID-7742817936", "7<8", "Rp65"))

    def test_odd_after_paid_says_that_the_chat_was_told(self, locale: str) -> None:
        before = text_of(AlertOdd(Oddity.UNKNOWN_CODE, "7"), locale, payment())
        assert before != text_of(AlertOdd(Oddity.UNKNOWN_CODE, "7"), locale, paid())

    @pytest.mark.parametrize("only", [None, *Kind])
    def test_down_and_back_name_the_side_where_it_is_one(self, only: Kind | None, locale: str) -> None:
        down = text_of(AlertProviderDown(NOW, only), locale)
        back = text_of(AlertProviderBack(NOW, NOW, 3, only), locale)
        for kind in Kind:
            assert (kind.capitalize() in down, f"KiriminAja {kind.capitalize()}" in back) == (kind is only,) * 2

    @pytest.mark.parametrize("fact_class", ALERT_CLASSES)
    def test_alerts_are_compact(self, fact_class: type, locale: str) -> None:
        assert len(text_of(plain_fact(fact_class), locale, payment())) < 400


@languages
def test_the_menu_has_only_commands_that_exist(locale: str) -> None:
    private, of_groups = WORDS.menu(locale), WORDS.menu(locale, of_groups=True)
    assert [command for command, _ in private] == ["pay", "status", "watching", "stop", "lang", "help"]
    assert [command for command, _ in of_groups] == ["pay", "status", "watching", "stop", "lang", "id", "help"]
    staffs = WORDS.menu(locale, of_groups=True, of_staff=True)
    assert [one for one in staffs if one not in of_groups] == staffs[5:10]
    assert [command for command, _ in staffs[5:10]] == ["link", "team", "alerts", "stats", "recap"]
    assert all(1 <= len(text) <= 256 for _, text in private + staffs)


def test_an_unknown_locale_is_spoken_to_all_the_same() -> None:
    stored = WORDS.notice(Stopped(), "fr", now=NOW).html
    assert stored == WORDS.notice(Stopped(), "en", now=NOW).html


def test_times_of_another_day_carry_the_date() -> None:
    text = text_of(Paid(65000, NOW - timedelta(days=1), already=True), "id", paid())
    assert "2 Feb pukul 10.42 WIB" in text
