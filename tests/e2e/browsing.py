"""Chromium on the demo's page: a demo of its own, and a visitor who keeps an eye on console and network."""

import json
import os
import re
import shutil
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Self
from urllib.request import ProxyHandler, Request, build_opener

from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright

from tests.e2e import nursery

_NAMES: Final = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""The first needs a fifth of the others' CPU time: it is the same engine without a desktop's window around it."""
CHROMIUM: Final = next(filter(None, map(shutil.which, _NAMES)), None)
WHY_NOT: Final = "no Chromium on this machine"

DESKTOP: Final = (1440, 900)
TABLET: Final = (768, 1024)
PHONE: Final = (360, 740)

SARI, TOM, RINA, OPS = "Sari, customer", "Tom, customer (English)", "Rina, staff", "Ops group"

_QUIET: Final = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
)
_START_WITHIN: Final = 30.0
_LOOK_WITHIN: Final = 15_000  # milliseconds; the bot itself takes part in most of what is waited for


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser; it asks nothing of anybody by itself."""
    expect.set_options(timeout=_LOOK_WITHIN)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(_QUIET))
        yield browser
        browser.close()


class Demo:
    """One `paybot demo`; its temporary files go to `folder`, its bot begins with the database `tables`."""

    def __init__(self, folder: Path, tables: Path) -> None:
        self.url = ""
        self._folder = folder
        self._tables = tables
        self._process: nursery.Demo | None = None
        self._http = build_opener(ProxyHandler({}))

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Starts it, on the port it had before if any, and returns when the bot is ready."""
        port = self.url.rpartition(":")[2] or "0"
        self._process = nursery.Demo(
            int(port), env=os.environ | {"TMPDIR": str(self._folder)}, cwd=self._folder, tables=self._tables
        )
        late = threading.Timer(_START_WITHIN, self._process.send_signal, [signal.SIGKILL])
        late.start()
        told = ""
        for line in self._process.stdout:
            told += line
            if "ready" in line:
                break
        late.cancel()
        assert "ready" in told, f"the demo did not start:\n{told}"
        self.url = re.findall(r"http://[^\s/]+", told)[0]

    def stop(self) -> None:
        """Ends it, as Ctrl-C would."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(15)
            self._process = None

    def get(self, path: str) -> Any:
        """A GET under /sandbox."""
        return self._ask(Request(f"{self.url}/sandbox/{path}"))

    def post(self, path: str, **body: Any) -> Any:
        """A POST under /sandbox."""
        headers = {"Content-Type": "application/json"}
        return self._ask(Request(f"{self.url}/sandbox/{path}", json.dumps(body).encode(), headers))

    def bytes_at(self, path: str) -> bytes:
        """What a path of the page's own origin answers."""
        with self._http.open(f"{self.url}{path}", timeout=15) as answer:
            content: bytes = answer.read()
            return content

    def payment(self, kind: str, *, qr: str = "valid", paid: bool = False) -> dict[str, Any]:
        """The first sample payment of a sort."""
        return next(
            dict(one)
            for one in self.get("state")["payments"]
            if (one["kind"], one["qr"], one["paid"]) == (kind, qr, paid)
        )

    def chat(self, label: str) -> dict[str, Any]:
        """A chat of the cast: `chat_id` and `person_id`."""
        return next(dict(part) for part in self.get("state")["cast"] if part["label"] == label)

    def _ask(self, request: Request) -> Any:
        with self._http.open(request, timeout=15) as answer:
            return json.load(answer)


class Visit:
    """Somebody on the page. `troubles` are console errors, failures of scripts, and requests to anywhere else."""

    def __init__(self, context: BrowserContext, demo: Demo) -> None:
        self.context = context
        self.demo = demo
        self.page: Page = context.new_page()
        self.troubles: list[str] = []
        self.page.on("console", lambda said: self._note(said.type in ("error", "warning"), f"console: {said.text}"))
        self.page.on("pageerror", lambda error: self._note(True, f"script: {error}"))
        self.page.on("request", lambda asked: self._note(self._is_foreign(asked.url), f"request: {asked.url}"))
        self.log = self.page.get_by_role("log")
        self.panel = self.page.get_by_role("complementary", name="KiriminAja")
        self.box = self.page.get_by_role("textbox", name="Message")
        self.pictures = self.log.get_by_role("img", name="Picture")

    def arrive(self) -> None:
        """Opens the page and waits until it is live."""
        self.page.goto(self.demo.url)
        expect(self.page.get_by_text("Live", exact=True)).to_be_visible()

    def entry(self, label: str) -> Locator:
        """A chat of the chat list."""
        return self.page.get_by_role("navigation", name="Chats").get_by_role("button", name=label, exact=True)

    def write(self, text: str) -> None:
        """Types a message and sends it."""
        self.turn_to("Chats")
        self.box.fill(text)
        self.page.get_by_role("button", name="Send").click()

    def act(self, payment_id: str, action: str) -> None:
        """Presses a button of a payment's row, and comes back to the chat."""
        self.turn_to("KiriminAja")
        self.row(payment_id).get_by_role("button", name=action, exact=True).click()
        self.turn_to("Chats")

    def row(self, payment_id: str) -> Locator:
        """A payment's row in the panel."""
        return self.panel.get_by_role("row").filter(has_text=payment_id)

    def turn_to(self, part: str) -> None:
        """On a phone: the tab "Chats" or "KiriminAja"; elsewhere both are there."""
        tab = self.page.get_by_role("navigation", name="Parts of the page").get_by_role("button", name=part)
        if tab.is_visible():
            tab.click()

    def ask(self, payment_id: str) -> Locator:
        """Sends /pay and waits for the picture."""
        before = self.pictures.count()
        self.write(f"/pay {payment_id}")
        expect(self.pictures).to_have_count(before + 1)
        return self.pictures.last

    def picture(self, shown: Locator) -> bytes:
        """The bytes of a picture that is shown."""
        return self.demo.bytes_at(shown.get_attribute("src") or "")

    def _note(self, is_trouble: bool, what: str) -> None:
        if is_trouble:
            self.troubles.append(what)

    def _is_foreign(self, url: str) -> bool:
        return not url.startswith((f"{self.demo.url}/", "data:", f"blob:{self.demo.url}"))


@contextmanager
def visiting(
    browser: Browser, demo: Demo, size: tuple[int, int] = DESKTOP, *, theme: str = "light", arrive: bool = True
) -> Iterator[Visit]:
    """A visit with a window of that size; below 720 pixels with fingers. Fails at its end where there was trouble."""
    is_phone = size[0] < 720
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if theme == "dark" else "light",
        has_touch=is_phone,
        is_mobile=is_phone,
        reduced_motion="reduce",
        timezone_id="Asia/Jakarta",
    )
    context.set_default_timeout(_LOOK_WITHIN)
    try:
        visit = Visit(context, demo)
        if arrive:
            visit.arrive()
        yield visit
        assert visit.troubles == []
    finally:
        context.close()
