"""Package codes stand in one table, and an unknown one is neither hidden nor final."""

import pytest

from bot.core.packages import COURIERS, PHASE_OF, Package, Phase

DOCUMENTED = {
    Phase.ENTRY: "100 101 102 103 104 105",
    Phase.UNDER_WAY: "106 107 110 152 210 211",
    Phase.TROUBLE: "301 302 310 311 350 401 402 403 404 405 406 701 702 901 902 903 904 905",
    Phase.FINAL: "200 300 333 400 500 555 703 704",
}


def test_the_table_is_the_documented_one() -> None:
    """Every code of KiriminAja's documentation with its phase, and no other."""
    assert {int(code): phase for phase, codes in DOCUMENTED.items() for code in codes.split()} == PHASE_OF


def test_of_each_code_before_the_pickup_it_is_known_whether_a_driver_is_to_come() -> None:
    """A new one has to be decided on, or nobody would be told that no driver comes. KiriminAja has 103 and 104."""
    entry = {code for code, phase in PHASE_OF.items() if phase is Phase.ENTRY}
    without = {code for code in PHASE_OF if Package("YAN-1", status=code).awaits_driver}
    assert without == {100, 101, 102, 105}
    assert entry - without == {103, 104}


@pytest.mark.parametrize(
    ("status", "phase"), [(105, Phase.ENTRY), (200, Phase.FINAL), (0, Phase.UNKNOWN), (None, Phase.UNKNOWN)]
)
def test_a_package_knows_its_phase(status: int | None, phase: Phase) -> None:
    """A code that is new to us is unknown, not final, so that the package is followed on."""
    assert Package("YAN-1", status=status).phase is phase


@pytest.mark.parametrize(
    ("courier", "name"),
    [("gosend", "GoSend"), ("grab_express", "GrabExpress"), ("lalamove", "lalamove"), (None, None)],
)
def test_a_courier_is_named_as_people_know_it(courier: str | None, name: str | None) -> None:
    """An unlisted key is shown as it came, none as none."""
    assert Package("YAN-1", courier=courier).courier_name == name
    assert COURIERS["borzo"] == "Borzo"
