"""The demo's page in real Chromium, with the real bot behind it: what a visitor does, on a desk and on a phone."""

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.browsing import (
    CHROMIUM,
    DESKTOP,
    OPS,
    PHONE,
    SARI,
    TOM,
    WHY_NOT,
    Demo,
    Visit,
    visiting,
)
from tests.e2e.scanning import scanned, scanned_at_any_size

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=WHY_NOT)

on_each_size = pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])


@on_each_size
def test_a_qr_is_shown_paid_and_gone(browser: Browser, demo: Demo, size: tuple[int, int]) -> None:
    """Typed, decoded from the picture's bytes, paid at the panel: "lunas", and nothing left to scan."""
    payment = demo.payment("express")
    with visiting(browser, demo, size) as visit:
        shown = visit.ask(payment["payment_id"])
        assert scanned(visit.picture(shown)) == [payment["qr_content"]]
        expect(shown).to_have_accessible_name(re.compile(f"Picture: QRIS .*Rp65.000.*{payment['payment_id']}"))
        before = shown.get_attribute("src") or ""
        visit.act(payment["payment_id"], "Pay")
        expect(visit.log).to_contain_text("Lunas: Rp65.000")
        expect(shown).not_to_have_attribute("src", before)
        assert scanned_at_any_size(visit.picture(shown)) == []
        expect(visit.log.get_by_text("edited", exact=True)).to_be_visible()
        visit.turn_to("KiriminAja")
        expect(visit.row(payment["payment_id"])).to_contain_text("paid")


@on_each_size
def test_instant_lists_its_packages_and_goes_its_way(browser: Browser, demo: Demo, size: tuple[int, int]) -> None:
    """In English for Tom: paid with both packages; driver, picked up and delivered at the panel, each in its turn."""
    payment = demo.payment("instant")
    with visiting(browser, demo, size) as visit:
        visit.entry(TOM).click()
        visit.ask(payment["payment_id"])
        visit.act(payment["payment_id"], "Pay")
        expect(visit.log).to_contain_text("2 packages")
        for package in demo.payment("instant", paid=True)["packages"]:
            expect(visit.log).to_contain_text(package["order_id"])
        visit.turn_to("KiriminAja")
        row = visit.row(payment["payment_id"])
        expect(row.get_by_role("button", name="Pay")).to_have_attribute("aria-disabled", "true")
        for action, state, told in [
            ("Assign driver", "driver", "heading to pickup"),
            ("Pick up", "picked up", "2 packages picked up"),
            ("Deliver", "delivered", "2 packages delivered"),
        ]:
            row.get_by_role("button", name=action, exact=True).click()
            expect(row.get_by_text(state, exact=True)).to_be_visible()
            visit.turn_to("Chats")
            expect(visit.log).to_contain_text(told)
            visit.turn_to("KiriminAja")
        for button in row.get_by_role("button").all()[:-1]:
            expect(button).to_have_attribute("aria-disabled", "true")


def test_each_chat_is_in_its_own_language(visit: Visit, demo: Demo) -> None:
    """Sari reads Indonesian, Tom English, and a screen reader is told which."""
    payment = demo.payment("express")["payment_id"]
    visit.ask(payment)
    expect(visit.log.locator("[lang=id]", has_text="Kode terbit")).to_be_visible()
    visit.entry(TOM).click()
    expect(visit.pictures).to_have_count(0)
    visit.ask(payment)
    expect(visit.log.locator("[lang=en]", has_text="Code issued")).to_be_visible()


def test_a_killed_bot_answers_once_it_is_started_again(visit: Visit, demo: Demo) -> None:
    """kill -9 at the button; the command waits, and is answered once."""
    visit.page.get_by_role("button", name="Kill the bot").click()
    expect(visit.panel).to_contain_text("The bot is dead")
    payment = demo.payment("express")["payment_id"]
    visit.write(f"/pay {payment}")
    expect(visit.log).to_contain_text(f"/pay {payment}")
    expect(visit.pictures).to_have_count(0)
    visit.page.get_by_role("button", name="Start it again").click()
    expect(visit.pictures).to_have_count(1)
    expect(visit.panel).to_contain_text("The bot is running")
    visit.write("/help")
    expect(visit.log.get_by_role("listitem").filter(has_text="XID-")).not_to_have_count(0)
    expect(visit.pictures).to_have_count(1)


def test_a_press_shows_until_the_bot_answers(visit: Visit, demo: Demo) -> None:
    """Even across a kill: the button is busy, other presses work, and the toast comes with the answer."""
    visit.ask(demo.payment("express")["payment_id"])
    visit.page.get_by_role("button", name="Kill the bot").click()
    expect(visit.panel).to_contain_text("The bot is dead")
    check = visit.log.get_by_role("button", name="Cek sekarang")
    check.click()
    expect(check).to_have_attribute("aria-busy", "true")
    visit.page.get_by_role("button", name="Start it again").click()
    expect(visit.page.get_by_role("status").filter(has_text="Belum tercatat lunas")).to_be_visible()
    expect(check).not_to_have_attribute("aria-busy", "true")


def test_a_copy_button_copies_and_says_so(visit: Visit, demo: Demo) -> None:
    """The id is on the clipboard."""
    visit.context.grant_permissions(["clipboard-read", "clipboard-write"])
    payment = demo.payment("express")["payment_id"]
    visit.ask(payment)
    visit.log.get_by_role("button", name="Salin ID").click()
    expect(visit.page.get_by_role("status").filter(has_text=f"Copied: {payment}")).to_be_visible()
    assert visit.page.evaluate("navigator.clipboard.readText()") == payment


def test_a_new_code_replaces_the_picture_where_it_stands(visit: Visit, demo: Demo) -> None:
    """Re-issued at the panel: the same message, another code in it, also while somebody looks at it large."""
    payment = demo.payment("express")["payment_id"]
    shown = visit.ask(payment)
    shown.click()
    large = visit.page.get_by_role("dialog", name="Picture").get_by_role("img")
    expect(large).to_be_visible()
    before = large.get_attribute("src") or ""
    demo.post(f"payments/{payment}/reissue")
    expect(large).not_to_have_attribute("src", before)
    assert scanned(visit.picture(large)) == [demo.payment("express")["qr_content"]]
    visit.page.keyboard.press("Escape")
    expect(large).to_be_hidden()
    expect(visit.log.get_by_role("button", name="Picture").last).to_be_focused()
    expect(visit.pictures).to_have_count(1)


def test_what_is_not_read_yet_is_marked(visit: Visit, demo: Demo) -> None:
    """The ops group hears of the payment; its entry counts it until it is opened, and so does the window's title."""
    payment = demo.payment("express")["payment_id"]
    visit.ask(payment)
    visit.act(payment, "Pay")
    expect(visit.entry(OPS)).to_have_accessible_description(re.compile("1 unread.*Lunas: Rp65.000"))
    expect(visit.page).to_have_title("(1) Paybot demo")
    visit.entry(OPS).click()
    expect(visit.log).to_contain_text(payment)
    expect(visit.page).to_have_title("Paybot demo")


def test_a_group_keeps_its_messages_when_the_page_is_opened_again(visit: Visit, demo: Demo) -> None:
    """What was said before somebody came is there."""
    payment = demo.payment("express")["payment_id"]
    visit.ask(payment)
    visit.act(payment, "Pay")
    visit.entry(OPS).click()
    expect(visit.log).to_contain_text(payment)
    visit.arrive()
    expect(visit.pictures).to_have_count(1)
    visit.entry(OPS).click()
    expect(visit.log).to_contain_text(payment)


def test_typing_is_shown_while_the_bot_waits(visit: Visit, demo: Demo) -> None:
    """KiriminAja slow: "typing" in the chat until the picture comes."""
    visit.panel.get_by_role("radio", name="Slow").check()
    visit.write(f"/pay {demo.payment('express')['payment_id']}")
    expect(visit.page.get_by_text("Paybot is typing…")).to_be_visible()
    expect(visit.pictures).to_have_count(1)
    expect(visit.page.get_by_text("Paybot is typing…")).to_be_hidden()


def test_the_provider_goes_down_and_up(visit: Visit, demo: Demo) -> None:
    """At the switch; the state of the sandbox follows, and the switch follows the sandbox."""
    visit.panel.get_by_role("radio", name="Down").check()
    visit.write(f"/pay {demo.payment('express')['payment_id']}")
    expect(visit.log).to_contain_text("KiriminAja")
    assert demo.get("state")["provider"]["mode"] == "down"
    demo.post("provider", mode="up")
    expect(visit.panel.get_by_role("radio", name="Up")).to_be_checked()


def test_telegram_in_trouble_changes_nothing_in_the_end(visit: Visit, demo: Demo) -> None:
    """Messages whose answers get lost come once; and it says what being out of reach means."""
    visit.panel.get_by_role("button", name="Lose 3 answers").click()
    expect(visit.panel.get_by_role("status").filter(has_text="next 3 messages")).to_be_visible()
    visit.write("/id")
    expect(visit.log.locator(".theirs")).to_have_count(1)
    visit.write("/help")
    expect(visit.log.locator(".theirs")).to_have_count(2, timeout=20_000)
    visit.panel.get_by_role("button", name="Down for 30 s").click()
    expect(visit.panel.get_by_role("status").filter(has_text="Out of reach")).to_be_visible()
    expect(visit.panel.get_by_role("button", name="Down for 30 s")).to_be_disabled()


def test_a_deleted_message_goes_and_a_reply_shows_what_it_answers(visit: Visit, demo: Demo) -> None:
    """The quote leads to the message it quotes; once that is deleted it says so."""
    sari = demo.chat(SARI)
    first = demo.post("send", **sari, text="halo")["message_id"]
    demo.post("send", **sari, text="lagi", reply_to=first)
    visit.log.get_by_role("button", name="In reply to You halo").click()
    demo.post("delete", **sari, message_id=first)
    expect(visit.log.get_by_text("halo", exact=True)).to_have_count(0)
    expect(visit.log.get_by_text("A deleted message")).to_be_visible()


def test_a_phone_pays_without_reading_where_the_browser_cannot(visit: Visit, demo: Demo) -> None:
    """It says so, shows payee, city and amount of the issued code, and pays."""
    visit.page.get_by_role("button", name="A phone pays").click()
    phone = visit.page.get_by_role("dialog", name="Sari’s bank app")
    expect(phone).to_contain_text("no picture in this chat yet")
    phone.get_by_role("button", name="Close").click()
    visit.ask(demo.payment("express")["payment_id"])
    visit.page.get_by_role("button", name="A phone pays").click()
    for part in ("cannot read QR pictures", "KIRIMINAJA", "KAB. SLEMAN", "Rp65.000"):
        expect(phone).to_contain_text(part)
    phone.get_by_role("button", name="Pay Rp65.000").click()
    expect(phone).to_be_hidden()
    expect(visit.log).to_contain_text("Lunas")


def test_a_phone_reads_the_picture_where_the_browser_can(browser: Browser, demo: Demo) -> None:
    """With a detector (here zxing's eyes) the code comes from the picture; a receipt has none."""
    payment = demo.payment("express")
    with visiting(browser, demo, arrive=False) as visit:

        def look(pixels: str) -> list[str]:
            return scanned(bytes.fromhex(pixels), width=800, quality=90)

        visit.page.expose_function("seenByZxing", look)
        visit.page.add_init_script(
            """window.BarcodeDetector = class {
              async detect(bitmap) {
                const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
                canvas.getContext("2d").drawImage(bitmap, 0, 0);
                const bytes = new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer());
                const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
                return (await seenByZxing(hex)).map((rawValue) => ({ rawValue }));
              }
            };"""
        )
        visit.arrive()
        visit.ask(payment["payment_id"])
        phone = visit.page.get_by_role("dialog", name="Sari’s bank app")
        visit.page.get_by_role("button", name="A phone pays").click()
        expect(phone).to_contain_text("Read from the picture")
        phone.get_by_role("button", name="Pay Rp65.000").click()
        expect(visit.log).to_contain_text("Lunas: Rp65.000")
        visit.page.get_by_role("button", name="A phone pays").click()
        expect(phone).to_contain_text("no QR code in the newest picture")


def test_a_new_payment_is_made_and_asked_for(visit: Visit) -> None:
    """A row more, and the command for it ready to be sent."""
    rows = visit.panel.get_by_role("row")
    expect(rows).to_have_count(5)
    visit.panel.get_by_role("button", name="New Instant").click()
    expect(rows).to_have_count(6)
    expect(rows.last).to_contain_text("2 packages")
    visit.page.get_by_role("button", name="Send").click()
    expect(visit.pictures).to_have_count(1)


def test_a_lost_demo_is_said_and_found_again(browser: Browser, demo: Demo) -> None:
    """The connection's state is honest, and another demo on the port is taken in anew."""
    with visiting(browser, demo) as visit:
        visit.write("halo")
        expect(visit.log).to_contain_text("halo")
        demo.stop()
        expect(visit.page.get_by_text("Reconnecting…")).to_be_visible()
        demo.start()
        expect(visit.page.get_by_text("Live", exact=True)).to_be_visible()
        expect(visit.log).not_to_contain_text("halo")
        visit.ask(demo.payment("express")["payment_id"])
        # Chromium itself writes each refused connection into the console; no page can prevent that.
        visit.troubles = [said for said in visit.troubles if "net::ERR_" not in said]
