"""Facts, payments and values to try the words with, from the plain to the hostile."""

from dataclasses import fields
from datetime import UTC, datetime, timedelta
from enum import EnumType
from typing import Any, Final, get_args, get_type_hints
from zoneinfo import ZoneInfo

from hypothesis import settings, strategies as st

from bot.core.alerts import Alert
from bot.core.answer import Oddity
from bot.core.callbacks import Parcel, ParcelEvent
from bot.core.commands import Standing
from bot.core.facts import Fact, PaymentFact, Press, Reply
from bot.core.ids import Kind
from bot.core.journey import Mishap
from bot.core.message import ActionButton, CopyButton, LinkButton, Message
from bot.core.packages import PHASE_OF, Package
from bot.core.payment import Payment, Status
from bot.core.qris import QrisFault
from bot.words.words import Shop, Words
from tests.words.telegram_html import read, units

WIB: Final = ZoneInfo("Asia/Jakarta")
NOW: Final = datetime(2026, 2, 3, 3, 42, 7, tzinfo=UTC)
ISSUED: Final = NOW - timedelta(minutes=6)
HANDLE: Final = "h" * 43
SHOP: Final = Shop("Toko Sari", "@tokosari")
EXAMPLES: Final = settings(max_examples=6, deadline=None)
"""For what runs once a fact and language: the first one loads a catalogue, so there is no deadline."""
HOSTILE: Final = (
    "",
    "</b><b>",
    "<a href='http://evil'>",
    '"&amp;&#39;&',
    "{shop}{0}{}",
    "%s%(x)s",
    "\u202egnp.exe\u2066",
    "a\nb\tc\x00d",
    "\ud800",
    "😀" * 300,
    "x" * 5000,
    "None",
)

# A payload as KiriminAja issued it.
QRIS: Final = (
    "00020101021226600016ID.CO.SHOPEE.WWW0118936009180001228938020712289380303UME51440014ID.CO.QRIS."
    "WWW0215ID20210724181180303UME520453995303360540865000.005802ID5910KIRIMINAJA6011KAB. SLEMAN6105"
    "5528162360520082022110311100323980708AA1606216304B823"
)

WORDS: Final = Words(shop=SHOP, zone=WIB)
NAMELESS: Final = Words(shop=Shop(), zone=WIB)


def payment(**changes: Any) -> Payment:
    """An unpaid Express payment with a good QR."""
    given: dict[str, Any] = {
        "id": "XID-7742817936",
        "kind": Kind.EXPRESS,
        "status": Status.WAITING,
        "asked_at": ISSUED,
        "closes_at": NOW + timedelta(hours=5),
        "seen": True,
        "amount": 65000,
        "qr": QRIS,
        "issued_at": ISSUED,
    }
    return Payment(**given | changes)


def paid(**changes: Any) -> Payment:
    """The same, paid."""
    return payment(**{"status": Status.PAID, "qr": None, "paid_at": NOW} | changes)


def classes_of(union: Any) -> list[type]:
    """Every class of a union of core.facts."""
    return list(get_args(union))


FACT_CLASSES: Final = classes_of(Fact)
TOAST_CLASSES: Final = classes_of(PaymentFact | Reply | Press)
ALERT_CLASSES: Final = classes_of(Alert)

TEXTS: Final = st.one_of(st.sampled_from(HOSTILE), st.text(st.characters(), max_size=80), st.text("<>&\"'/ab{}="))
AMOUNTS: Final = st.integers(min_value=0, max_value=10**15)
MOMENTS: Final = st.integers(0, 500_000_000).map(
    lambda seconds: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(0, seconds)
)
URLS: Final = st.one_of(
    st.none(),
    st.sampled_from(
        ["https://gojek.link/x?a=1&b=2", "http://t.example.com/1", "javascript:alert(1)", "https://", "tel:1"]
    ),
    st.text(max_size=40),
    TEXTS.map(lambda text: f"https://example.com/{text}"),
)
PACKAGES: Final = st.builds(
    Package,
    order_id=TEXTS,
    awb=st.none() | TEXTS,
    courier=st.none() | TEXTS | st.sampled_from(["gosend", "grab_express", "borzo"]),
    service=st.none() | TEXTS,
    status=st.none() | st.sampled_from(sorted(PHASE_OF)) | st.integers(),
    live_url=URLS,
    has_driver=st.booleans(),
)
MISHAPS: Final = st.builds(Mishap, order_id=TEXTS, code=st.sampled_from(sorted(PHASE_OF)) | st.integers())
PARCELS: Final = st.builds(Parcel, order_id=TEXTS, awb=st.none() | TEXTS, courier=st.none() | TEXTS)
SHOPS: Final = st.builds(
    Shop,
    name=st.none() | TEXTS,
    contact=st.none() | TEXTS | st.sampled_from(["@tokosari", "t.me/tokosari", "0812-3456-7890", "https://t.me/+x<"]),
)
PAYMENTS: Final = st.builds(
    payment,
    id=TEXTS,
    status=st.sampled_from(Status),
    amount=st.none() | AMOUNTS,
    qr=st.none() | st.just(QRIS) | TEXTS,
    withheld=st.none() | st.sampled_from(QrisFault),
    issued_at=st.none() | MOMENTS,
    paid_at=st.none() | MOMENTS,
    packages=st.lists(PACKAGES, max_size=6).map(tuple),
)


_VALUES: Final[dict[Any, st.SearchStrategy[Any]]] = {
    int | None: st.none() | AMOUNTS,
    str | None: st.none() | TEXTS,
    Kind | None: st.none() | st.sampled_from(Kind),
    str: TEXTS,
    int: st.integers(min_value=0, max_value=2**63),
    bool: st.booleans(),
    datetime: MOMENTS,
    tuple[str, ...]: st.lists(TEXTS, min_size=1, max_size=100).map(tuple),
    tuple[Mishap, ...]: st.lists(MISHAPS, min_size=1, max_size=100).map(tuple),
    tuple[Parcel, ...]: st.lists(PARCELS, min_size=1, max_size=100).map(tuple),
}
"""What a field of a fact may hold, by its type."""


def _values(hint: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(list(hint)) if isinstance(hint, EnumType) else _VALUES[hint]


def facts_of(fact_class: type) -> st.SearchStrategy[Any]:
    """Any fact of a class, its fields filled by their types."""
    hints = get_type_hints(fact_class)
    return st.builds(fact_class, **{field.name: _values(hints[field.name]) for field in fields(fact_class)})


def plain_fact(fact_class: type) -> Any:
    """One fact of a class, with plain values."""
    plain: dict[Any, Any] = {datetime: NOW, str: "7", str | None: "Rina", int: 5, bool: False, int | None: 65000}
    plain |= {tuple[str, ...]: ("BDI-1", "BDI-2"), tuple[Mishap, ...]: (Mishap("BDI-1", 300), Mishap("BDI-2", 400))}
    plain |= {tuple[Parcel, ...]: (Parcel("OID-1", "DEVEL-1", "jne"),), ParcelEvent: ParcelEvent.SHIPPED}
    plain |= {Oddity: Oddity.UNKNOWN_CODE, QrisFault: QrisFault.CRC, Standing: Standing.UNPAID, Kind | None: None}
    return fact_class(**{name: plain[hint] for name, hint in get_type_hints(fact_class).items()})


def check_message(message: Message, limit: int) -> str:
    """What a reader sees of a message that Telegram takes as it stands."""
    text, entities = read(message.html)
    assert text.strip()
    assert units(text) <= limit
    assert len(entities) <= 100
    buttons = [button for row in message.keyboard for button in row]
    assert len(buttons) <= 100
    assert all(1 <= len(row) <= 8 for row in message.keyboard)
    for button in buttons:
        assert 1 <= units(button.label.strip()) <= 64
        match button:
            case ActionButton():
                assert len(button.data.encode()) <= 64
            case LinkButton():
                assert button.url.lower().startswith("https://")
            case CopyButton():
                assert 1 <= units(button.text) <= 256
    return text
