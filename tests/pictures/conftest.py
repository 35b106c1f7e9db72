"""One painter for all picture tests, as the app keeps one."""

import pytest

from bot.pictures import CardPainter, CardText


@pytest.fixture(scope="session")
def painter() -> CardPainter:
    """The painter, with its fonts loaded once."""
    return CardPainter()


@pytest.fixture(scope="session")
def text() -> CardText:
    """What an ordinary Indonesian card says."""
    return CardText(
        payee="KIRIMINAJA",
        city="KAB. SLEMAN",
        amount="Rp65.000",
        payment_id="XID-4875081955",
        time="Terbit 10.36 WIB",
        hint="Pindai dengan aplikasi bank atau e-wallet",
    )


@pytest.fixture(scope="session")
def longest() -> CardText:
    """The longest of everything that QRIS, KiriminAja and the settings allow."""
    return CardText(
        payee="PT WAHANA MAWAR WANGIWANGI",
        city="KOTA ADM. JAKSEL",
        amount="Rp999.999.999.999",
        payment_id=("XID-" + "WM0123456789" * 5)[:60] + "1955",
        time="Tercatat 31 Des 10.36.07 WIB",
        hint="Pindai dengan aplikasi bank atau e-wallet apa pun yang ada",
        shop="Toko Kelontong & Ekspedisi “Sumber Rejeki” – Cabang Égalité 88",
        part="10/10",
    )
