"""What stands on a chart: words fill it in a person's language, pictures draw it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar. ``value`` is its height in any unit, the same in the whole panel; ``label`` stands under it, ``below``
    under that, ``above`` on top of it. ``strong`` has it stand out."""

    value: int
    label: str = ""
    above: str = ""
    below: str = ""
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """Bars under a heading, with a note at its right."""

    heading: str
    note: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """What stands on the picture, ready to be read: "Hari ini", "Sel 24 Nov, 21.00 WIB", "Rp1.234.567", "12 lunas"."""

    title: str
    time: str
    amount: str
    counts: str
    panels: tuple[Panel, ...]
    foot: str = ""
