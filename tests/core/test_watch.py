"""What the card of a watch shows, by the state of payment and watch."""

import pytest

from bot.core.payment import Payment, Status
from bot.core.watch import Face, Place, Watch, WatchState, face_of
from tests.core.making import ID, T0, emv, in_status, look, shown, unpaid, waiting


def watch(state: WatchState) -> Watch:
    """A chat's watch in some state."""
    return Watch(1, ID, Place(-100, 7), state, "id", asked_by=5, asked_at=T0, handle="h" * 22)


@pytest.mark.parametrize(
    ("payment", "state", "face"),
    [
        (shown(), WatchState.ACTIVE, Face.QR),
        (shown(), WatchState.STOPPED, Face.STOPPED),
        (shown(), WatchState.ENDED, None),
        (in_status(Status.CLOSED), WatchState.ACTIVE, Face.QR),
        (waiting(), WatchState.ACTIVE, Face.GONE),
        (look(shown(), unpaid(qr=emv(t54="1"))).payment, WatchState.ACTIVE, Face.WITHHELD),
        *((in_status(status), state, Face.RECEIPT) for status in (Status.PAID, Status.DONE) for state in WatchState),
    ],
)
def test_a_card_shows_no_code_that_must_not_be_paid(payment: Payment, state: WatchState, face: Face | None) -> None:
    """A QR only while the chat watches and the code is good; a receipt once paid; else nothing to scan."""
    assert face_of(payment, watch(state)) is face
