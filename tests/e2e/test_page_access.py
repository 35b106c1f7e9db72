"""The demo's page for everybody: with the keyboard alone, by ear, on any screen, in light and dark."""

import os
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, expect

from bot.core import qris
from tests.architecture.sources import ROOT
from tests.e2e import accessibility
from tests.e2e.browsing import (
    CHROMIUM,
    DESKTOP,
    OPS,
    PHONE,
    RINA,
    SARI,
    TABLET,
    TOM,
    WHY_NOT,
    Demo,
    Visit,
    visiting,
)

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=WHY_NOT)

README_PICTURE = ROOT / "deploy" / "demo.png"
README_PICTURE_BYTES = 150 * 1024


def test_the_first_visit_offers_three_things_to_begin_with(visit: Visit) -> None:
    """Nobody faces an empty page: one click, and there is a QR."""
    suggestions = visit.page.get_by_role("region", name="Where to begin").get_by_role("button")
    expect(suggestions).to_have_count(3)
    suggestions.first.click()
    expect(visit.pictures).to_have_count(1)
    expect(suggestions.first).to_be_hidden()


def tab_to(visit: Visit, goal: Locator, key: str) -> None:
    """Press `key` until `goal` has the focus, at most twenty times."""
    for _ in range(20):
        visit.page.keyboard.press(key)
        if goal.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"{key} never reached {goal}")


def test_the_keyboard_is_enough(visit: Visit, demo: Demo) -> None:
    """Command offered, chosen and sent, picture opened and closed, paid at the panel, another chat: no mouse."""
    payment = demo.payment("express")["payment_id"]
    keys = visit.page.keyboard
    visit.box.focus()
    keys.type("/")
    offered = visit.page.get_by_role("listbox", name="Commands").get_by_role("option")
    expect(offered.first).to_have_attribute("aria-selected", "true")
    keys.press("ArrowDown")
    expect(offered.nth(1)).to_have_attribute("aria-selected", "true")
    keys.press("Escape")
    expect(offered).to_have_count(0)
    keys.type("pa")
    keys.press("Tab")
    expect(visit.box).to_have_value("/pay ")
    keys.type(payment)
    keys.press("Enter")
    expect(visit.pictures).to_have_count(1)
    expect(visit.box).to_be_focused()

    keys.press("Shift+Tab")  # the copy button, the last under the picture
    expect(visit.log.get_by_role("button", name="Salin ID")).to_be_focused()
    picture = visit.log.get_by_role("button", name="Picture")
    tab_to(visit, picture, "Shift+Tab")
    keys.press("Enter")
    expect(visit.page.get_by_role("dialog", name="Picture")).to_be_visible()
    keys.press("Escape")
    expect(picture).to_be_focused()

    pay = visit.row(payment).get_by_role("button", name="Pay", exact=True)
    tab_to(visit, pay, "Tab")
    keys.press("Enter")
    expect(visit.log).to_contain_text("Lunas")
    expect(pay).to_be_focused()

    visit.entry(TOM).focus()
    keys.press("Enter")
    expect(visit.box).to_be_focused()
    expect(visit.page.get_by_role("heading", name="Tom")).to_be_visible()


def test_enter_sends_and_shift_enter_begins_a_line(visit: Visit) -> None:
    """As in any messenger; a command typed in full goes at once, and each chat keeps its draft."""
    visit.box.focus()
    visit.page.keyboard.type("satu")
    visit.page.keyboard.press("Shift+Enter")
    visit.page.keyboard.type("dua")
    expect(visit.box).to_have_value("satu\ndua")
    visit.page.keyboard.press("Enter")
    expect(visit.log.get_by_text("satu\ndua")).to_be_visible()
    expect(visit.box).to_have_value("")
    visit.page.keyboard.type("/help")
    expect(visit.page.get_by_role("option")).to_have_count(1)
    visit.page.keyboard.press("Enter")
    expect(visit.log.locator(".mine").filter(has_text="/help")).to_be_visible()
    visit.box.fill("nanti")
    visit.entry(RINA).click()
    expect(visit.box).to_have_value("")
    visit.entry(SARI).click()
    expect(visit.box).to_have_value("nanti")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, TABLET, PHONE], ids=["desktop", "tablet", "phone"])
def test_nothing_is_out_of_reach(browser: Browser, demo: Demo, size: tuple[int, int], theme: str) -> None:
    """Names, landmarks, contrast, no sideways scrolling, and targets for fingers: chats, panel, dialogs, commands."""
    with visiting(browser, demo, size, theme=theme) as visit:
        _check(visit, "empty")
        payment = demo.payment("express")["payment_id"]
        visit.ask(payment)
        visit.log.get_by_role("button", name="Cek sekarang").click()
        expect(visit.page.get_by_role("status").filter(has_text="Belum tercatat lunas")).to_be_visible()
        _check(visit, "a QR and a toast")
        visit.pictures.last.click()
        _check(visit, "a picture")
        visit.page.keyboard.press("Escape")
        visit.turn_to("KiriminAja")
        _check(visit, "the panel")
        visit.page.get_by_role("button", name="A phone pays").click()
        _check(visit, "the phone")
        visit.page.get_by_role("button", name="Pay Rp65.000").click()
        visit.turn_to("Chats")
        expect(visit.log).to_contain_text("Lunas")
        visit.entry(OPS).click()
        visit.box.fill("/")
        expect(visit.page.get_by_role("option").first).to_be_visible()
        _check(visit, "the group, with commands")


def _check(visit: Visit, where: str) -> None:
    page = visit.page
    assert accessibility.problems(page) == [], where
    width = page.viewport_size["width"] if page.viewport_size else 0
    assert page.evaluate("document.scrollingElement.scrollWidth") <= width, where
    if width < 720:
        small = page.evaluate(
            """() => [...document.querySelectorAll("button, a, input, textarea, label")]
              .filter((node) => node.checkVisibility() && !node.closest(".text, .unseen, [role=radiogroup] input"))
              .map((node) => [node, (node.closest(".entry") ?? node).getBoundingClientRect()])
              .filter(([node, box]) => box.width && (box.height < 43.5 || box.width < 43.5))
              .map(([node, box]) => `${box.width} × ${box.height} ${node.outerHTML.slice(0, 90)}`)"""
        )
        assert small == [], where


def test_a_window_of_320_pixels_still_fits(browser: Browser, demo: Demo) -> None:
    """The narrowest phone, and a page zoomed to 400 per cent."""
    with visiting(browser, demo, (320, 640)) as visit:
        visit.ask(demo.payment("instant")["payment_id"])
        for part in ("KiriminAja", "Chats"):
            visit.turn_to(part)
            assert visit.page.evaluate("document.scrollingElement.scrollWidth") <= 320


def test_the_theme_can_be_chosen_and_is_kept(visit: Visit) -> None:
    """Over the system's own, and before the first paint of the next visit."""
    button = visit.page.get_by_role("button", name="Dark theme")
    colour = "getComputedStyle(document.body).colorScheme"
    expect(button).to_have_attribute("aria-pressed", "false")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    visit.arrive()
    assert visit.page.evaluate(colour) == "dark"
    expect(button).to_have_attribute("aria-pressed", "true")


def test_who_reads_further_up_is_left_there_and_told(visit: Visit, demo: Demo) -> None:
    """No jump while somebody reads; a button counts what came and leads down to it."""
    payment = demo.payment("express")["payment_id"]
    visit.ask(payment)
    visit.entry(OPS).click()
    for number in range(40):
        demo.post("send", **demo.chat(OPS), text=f"pesan {number}")
    expect(visit.log.get_by_text("pesan 39", exact=True)).to_be_in_viewport()
    visit.log.evaluate("log => { log.scrollTop = 0; }")
    expect(visit.page.get_by_role("button", name="To the newest")).to_be_visible()
    demo.post(f"payments/{payment}/pay")
    down = visit.page.get_by_role("button", name="1 new message")
    expect(down).to_be_visible()
    assert visit.log.evaluate("log => log.scrollTop") == 0
    down.click()
    expect(visit.log.get_by_text(payment)).to_be_in_viewport()
    expect(down).to_be_hidden()


def test_a_picture_moves_nothing_when_it_comes(visit: Visit, demo: Demo) -> None:
    """It has its height, and its pixels, the moment its message stands in the chat."""
    visit.page.evaluate(
        """() => {
          window.heights = [];
          new MutationObserver(() => {
            for (const img of document.querySelectorAll(".log img")) window.heights.push(img.offsetHeight);
          }).observe(document.getElementById("log"), { childList: true, subtree: true });
        }"""
    )
    shown = visit.ask(demo.payment("express")["payment_id"])
    assert shown.evaluate("img => img.complete && img.naturalHeight > 0")
    assert set(visit.page.evaluate("window.heights")) == {shown.evaluate("img => img.offsetHeight")}


def test_what_is_said_is_never_markup(visit: Visit) -> None:
    """Tags are shown, not obeyed, in bubbles and in the chat list."""
    visit.write("<img src=x onerror=alert(1)> <b>tebal</b>")
    expect(visit.log.get_by_text("<img src=x onerror=alert(1)> <b>tebal</b>")).to_be_visible()
    expect(visit.log.get_by_role("img")).to_have_count(0)


@pytest.mark.parametrize(
    ("text", "entities", "html"),
    [
        ("a 👍 b", [("bold", 5, 1)], "a 👍 <b>b</b>"),
        ("abc", [("bold", 0, 3), ("italic", 1, 1)], "<b>a<i>b</i>c</b>"),
        ("abcd", [("bold", 0, 3), ("italic", 2, 2)], "<b>ab<i>c</i></b>d"),
        ("<b>", [("code", 0, 3)], "<code>&lt;b&gt;</code>"),
        ("abc", [("bold", 1, 99), ("code", 7, 1)], "a<b>bc</b>"),
        ("ab", [("blockquote", 0, 2), ("underline", 0, 1)], "<blockquote><u>a</u>b</blockquote>"),
        ("x", [("text_link", 0, 1, "javascript:alert(1)")], "<span>x</span>"),
        (
            "x",
            [("text_link", 0, 1, "https://example.com/a?b&c")],
            '<a href="https://example.com/a?b&amp;c" target="_blank" rel="noopener noreferrer">x</a>',
        ),
        (
            "example.com",
            [("url", 0, 11)],
            '<a href="http://example.com/" target="_blank" rel="noopener noreferrer">example.com</a>',
        ),
    ],
)
def test_entities_become_elements(formatter: Visit, text: str, entities: list[tuple[Any, ...]], html: str) -> None:
    """By UTF-16 offsets, nested and cut where they overlap; no address but the web's."""
    keys = ("type", "offset", "length", "url")
    given = [dict(zip(keys, entity, strict=False)) for entity in entities]
    shown = formatter.page.evaluate(
        """async ([text, entities]) => {
          const { formatted } = await import("/page/js/entities.js");
          const box = document.createElement("div");
          box.append(formatted(text, entities, null));
          return box.innerHTML;
        }""",
        [text, given],
    )
    assert shown == html


@pytest.fixture(scope="module")
def formatter(browser: Browser, tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> Iterator[Visit]:
    """A page for tests of single modules."""
    with Demo(tmp_path_factory.mktemp("demo"), migrated_sqlite) as demo, visiting(browser, demo) as visit:
        yield visit


def test_the_page_reads_a_qris_code_as_the_bot_does(formatter: Visit) -> None:
    """Payee, city, amount and checksum, of good codes, broken ones, and none."""
    for payment in formatter.demo.get("state")["payments"]:
        for payload in filter(None, [payment["qr_content"], (payment["qr_content"] or "")[:-9], "halo"]):
            read = formatter.page.evaluate(
                "async (payload) => (await import('/page/js/qris.js')).readQris(payload)", payload
            )
            ours = qris.parse(payload)
            fields = (ours.payee, ours.city, ours.amount) if ours else (None, None, None)
            assert (read["payee"], read["city"], read["amount"]) == fields
            assert bool(read["problem"]) == bool(qris.fault_of(payload, ours.amount if ours else None))


@pytest.mark.skipif("PAYBOT_DEMO_PICTURE" not in os.environ, reason="writes deploy/demo.png; set PAYBOT_DEMO_PICTURE")
def test_the_readme_shows_the_demo_as_it_is(browser: Browser, demo: Demo) -> None:
    """Writes deploy/demo.png: a chat with a QR and the panel, 1280 pixels wide, small enough for a repository."""
    payment, other = demo.payment("express")["payment_id"], demo.payment("instant")["payment_id"]
    with visiting(browser, demo, (1280, 960)) as visit:
        visit.entry(TOM).click()
        visit.ask(other)
        visit.act(other, "Pay")
        expect(visit.log).to_contain_text("2 packages")
        visit.entry(SARI).click()
        visit.ask(payment)
        expect(visit.entry(OPS)).to_be_visible()
        visit.page.mouse.move(640, 950)
        shot = Image.open(BytesIO(visit.page.screenshot(caret="hide")))
    colours = shot.convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE, kmeans=3, dither=Image.Dither.NONE)
    colours.save(README_PICTURE, optimize=True)
    assert README_PICTURE.stat().st_size <= README_PICTURE_BYTES
