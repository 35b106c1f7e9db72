"""The demo's page as the shop's people see it: Rina's day, and what comes of it in the other chats."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.browsing import CHROMIUM, OPS, RINA, SARI, WHY_NOT, Demo, Visit

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=WHY_NOT)


def suggested(visit: Visit) -> list[str]:
    """The commands that a chat offers to begin with."""
    return visit.page.get_by_role("region", name="Where to begin").locator("code").all_inner_texts()


def test_staff_link_count_and_choose_alerts_in_a_day(visit: Visit, demo: Demo) -> None:
    """A link that Sari opens and that is revoked, then figures as picture and file, and alerts chosen in the group."""
    payment = demo.payment("express")["payment_id"]
    visit.entry(RINA).click()
    assert [text.split()[0] for text in suggested(visit)] == ["/link", "/stats", "/help"]
    link = _copied_link(visit, payment)

    visit.entry(SARI).click()
    visit.write(f"Kata Rina lewat sini: {link}")
    expect(visit.pictures).to_have_count(1)
    visit.act(payment, "Pay")
    expect(visit.log).to_contain_text("Lunas: Rp65.000")

    visit.entry(OPS).click()
    expect(visit.log).to_contain_text("Lunas: Rp65.000")
    assert [text.split()[0] for text in suggested(visit)] == ["/pay", "/alerts", "/team"]
    _mute_packages(visit)

    visit.entry(RINA).click()
    visit.log.get_by_role("button", name="Cabut tautan").click()
    expect(visit.log).to_contain_text("Tautan ini sudah tidak berlaku")
    visit.write("/stats")
    expect(visit.pictures).to_have_count(1)
    expect(visit.log).to_contain_text("Hari ini: Rp65.000")
    assert visit.pictures.evaluate("picture => picture.naturalHeight") > 500
    assert payment in _downloaded_recap(visit)

    visit.entry(SARI).click()
    visit.log.get_by_role("link", name=link).click()
    expect(visit.log).to_contain_text("Tautan ini tidak bisa dibuka")


def test_a_claim_is_seen_by_all_and_the_buyer_follows_a_link(visit: Visit, demo: Demo) -> None:
    """ "I'll pay this" in the group shows on Sari's card; a link followed in the group opens in one's own chat."""
    payment = demo.payment("instant")["payment_id"]
    visit.ask(payment)
    visit.entry(OPS).click()
    visit.ask(payment)
    visit.log.get_by_role("button", name="Saya yang bayar").click()
    expect(visit.log).to_contain_text("Sedang dibayar oleh Rina")
    toast = visit.page.get_by_role("status").filter(has_text="Selama lima menit")
    expect(toast).to_be_visible()
    visit.entry(SARI).click()
    expect(toast).to_be_hidden()
    expect(visit.log).to_contain_text("Sedang dibayar oleh seseorang")
    visit.act(payment, "Pay")
    expect(visit.log).to_contain_text("2 paket")

    visit.entry(OPS).click()
    visit.log.get_by_role("button", name="Untuk pembeli").click()
    visit.log.get_by_role("link", name="start=").click()
    expect(visit.page.get_by_role("heading", name="Rina")).to_be_visible()
    expect(visit.log).to_contain_text("Status paket dari Toko Batik Sekar")
    visit.act(payment, "Pick up")
    visit.entry(OPS).click()
    expect(visit.log).to_contain_text("2 paket sudah dijemput")  # by now the bot knows; a refresh at once may not look
    visit.entry(RINA).click()
    visit.log.get_by_role("button", name="Perbarui").click()
    expect(visit.log).to_contain_text("Dibawa kurir")


def _copied_link(visit: Visit, payment: str) -> str:
    """What "copy link" puts into the clipboard, after /link."""
    visit.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visit.write(f"/link {payment}")
    visit.log.get_by_role("button", name="Salin tautan").click()
    expect(visit.page.get_by_role("status").filter(has_text="Paste it in Sari’s")).to_be_visible()
    link: str = visit.page.evaluate("navigator.clipboard.readText()")
    assert re.fullmatch(r"https://t\.me/paybot_demo_bot\?start=[\w-]{32}", link)
    return link


def _mute_packages(visit: Visit) -> None:
    """/alerts, and the press that ends one kind of them."""
    visit.write("/alerts")
    visit.log.get_by_role("button", name="✓ Paket dan driver").click()
    expect(visit.log.get_by_role("button", name="– Paket dan driver")).to_be_visible()
    expect(visit.log.get_by_role("button", name="✓ Lunas")).to_be_visible()


def _downloaded_recap(visit: Visit) -> str:
    """The file of /recap, as the browser saves it."""
    visit.write("/recap")
    file = visit.log.get_by_role("link", name=re.compile(r"paybot-\d{4}-\d\d\.csv"))
    with visit.page.expect_download() as download:
        file.click()
    assert download.value.suggested_filename == file.inner_text().strip()
    return download.value.path().read_text("utf-8-sig")
