"""What rows come to, where it depends on what has happened since they were written."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.core.message import Message
from bot.flows.render import Renderer
from bot.flows.rendered import Erasure, Nothing
from bot.storage import changes, watches
from bot.storage.engine import Database
from bot.words.cards import CardStrings
from tests.storage.making import T0, begin_first, keep_payment, keep_watch


def a_renderer() -> Renderer:
    """One that says nothing in particular, and knows nobody."""
    strings = CardStrings("QRIS", "XID-1", *[None] * 9)
    words = SimpleNamespace(card_strings=lambda *_, **__: strings, card=lambda *_, **__: Message(""))
    nothing: dict[str, Any] = dict.fromkeys(("operators", "painter", "reports", "reveal", "members", "handles"))
    return Renderer(cast("Any", words), **nothing)


@pytest.mark.parametrize(("card", "kind"), [(44, Erasure), (41, Nothing)])
async def test_a_message_that_became_the_card_is_not_taken_away(
    database: Database, card: int, kind: type[Erasure | Nothing]
) -> None:
    """Thought to be one too many by a process that was frozen, it was found by the one that took over."""
    await keep_payment(database)
    watch = await keep_watch(database)
    async with database.begin() as tx:
        await changes.put_erase(tx, watch, 41, T0)
        await watches.note_card(tx, watch.id, card, "face")
    row = await begin_first(database)
    async with database.begin() as tx:
        assert isinstance(await a_renderer().gather(tx, row, T0), kind)
