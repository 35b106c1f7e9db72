"""A group's members count as staff: while Telegram says that they are members, and where it can't say, they don't."""

from pathlib import Path

import pytest

from bot.sandbox import Sandbox
from bot.sandbox.people import Person
from tests.e2e.conftest import QUICK
from tests.e2e.process import BotProcess


@pytest.fixture
def rina(sandbox: Sandbox) -> Person:
    """Staff."""
    return sandbox.person("Rina", language_code="en")


def settings(rina: Person) -> dict[str, str]:
    return {"STAFF_USER_IDS": str(rina.id), "POLL_FIRST": QUICK, "ACCESS": "staff", "LOCALE": "en"}


async def may_open(person: Person, payment_id: str) -> bool:
    """Whether somebody is shown a payment."""
    person.private_chat.skip()
    await person.send(payment_id)
    return (await person.private_chat.next_message()).photo is not None


async def test_a_team_is_staff_for_as_long_as_it_is_one(
    sandbox: Sandbox, tmp_path: Path, migrated_sqlite_url: str, rina: Person, tom: Person
) -> None:
    """Only staff make a team; who leaves it is out at once; where Telegram can't say, nobody is in."""
    payment = sandbox.payments.express(65_000)
    packing = sandbox.group("Packing", [rina, tom])
    async with BotProcess.against(sandbox, tmp_path, migrated_sqlite_url, **settings(rina)):
        await rina.send("/team on")
        assert "for groups" in (await rina.private_chat.next_message()).text
        await tom.send("/team on", packing)
        assert "Only the shop's staff" in (await packing.next_message()).text
        await rina.send("/team", packing)
        assert "/team off" in (await packing.next_message()).text
        assert not await may_open(tom, payment.id)

        await rina.send("/team on", packing)
        assert "now the shop's team" in (await packing.next_message()).text
        assert await may_open(tom, payment.id)
        await tom.send("/help")
        assert "/link" in (await tom.private_chat.next_message()).text
        asked = len(memberships(sandbox))
        await tom.send("/link XID-3000000000")
        assert "Not found" in (await tom.private_chat.next_message()).text
        assert len(memberships(sandbox)) == asked + 1

        sandbox.telegram.fail("getChatMember", 500, times=1)
        assert not await may_open(tom, payment.id)
        packing.statuses[tom.id] = "left"
        assert not await may_open(tom, payment.id)
        packing.statuses[tom.id] = "member"
        assert await may_open(tom, payment.id)
        await tom.send("/team off", packing)  # as staff, as which he takes himself off
        assert "no longer" in (await packing.next_message()).text
        assert not await may_open(tom, payment.id)
        await tom.send("/help")
        assert "/link" not in (await tom.private_chat.next_message()).text


async def test_a_team_moves_with_its_group(
    sandbox: Sandbox, tmp_path: Path, migrated_sqlite_url: str, rina: Person, tom: Person
) -> None:
    """A supergroup with another id is the same team; staff may guess as often as they like."""
    payment = sandbox.payments.express(65_000)
    small = sandbox.group("Packing", [rina, tom])
    async with BotProcess.against(sandbox, tmp_path, migrated_sqlite_url, **settings(rina)):
        await rina.send("/team on", small)
        await small.next_message()
        big = await rina.upgrade(small)
        await rina.send("/watching", big)
        await big.next_message()
        for number in range(6):
            assert not await may_open(tom, f"XID-300000000{number}")
        assert await may_open(tom, payment.id)


async def test_admins_of_groups_see_staffs_commands(bot: BotProcess, sandbox: Sandbox) -> None:
    """In their menu, in both languages; nobody else does."""
    menus = sandbox.telegram.menus

    def there() -> bool:
        return bool(menus.commands_of("all_chat_administrators", "en"))

    await sandbox.changes.until(there, 5, lambda: "no menu")
    staffs = {"link", "team", "alerts", "stats", "recap"}
    for language in ("", "en"):
        listed = {one["command"] for one in menus.commands_of("all_chat_administrators", language)}
        assert staffs <= listed
        for scope in ("all_group_chats", "all_private_chats", "default"):
            assert not staffs & {one["command"] for one in menus.commands_of(scope, language)}


def memberships(sandbox: Sandbox) -> list[object]:
    """What Telegram was asked about who is in a group."""
    return [call for call in sandbox.telegram.calls if call.method == "getChatMember"]
