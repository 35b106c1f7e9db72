"""The commands beside `/pay`: status, the list, stop, language, ids; several at once; AWB and order lookup."""

from pathlib import Path

import pytest

from bot.sandbox import Sandbox
from bot.sandbox.chats import Chat, Message
from bot.sandbox.people import Person
from tests.e2e.process import BotProcess
from tests.e2e.scanning import scanned


async def answer(person: Person, text: str, chat: Chat | None = None, *, topic: int | None = None) -> Message:
    """Says something and returns what the bot says next."""
    await person.send(text, chat, topic=topic)
    return await (chat or person.private_chat).next_message()


@pytest.mark.parametrize(
    ("language", "unpaid", "offer"),
    [
        ("id", "Belum tercatat lunas (dicek", "Mau dipantau"),
        ("en", "Not recorded as paid yet (checked", "Want it watched"),
    ],
)
async def test_status_is_a_fresh_look_and_no_watch(
    bot: BotProcess, sandbox: Sandbox, language: str, unpaid: str, offer: str
) -> None:
    """Amount, id, the time of the look, no picture; nothing is looked at after it, and nothing listed."""
    person = sandbox.person("Budi", language_code=language)
    payment = sandbox.payments.express(65_000)
    told = await answer(person, f"/status {payment.id}")
    assert told.photo is None
    for part in (unpaid, payment.id, "65", offer):
        assert part in told.text
    assert len(payment.requests) == 1
    listed = await answer(person, "/watching")
    assert payment.id not in listed.text
    assert len(payment.requests) == 1


async def test_status_of_a_paid_payment_lists_its_packages(bot: BotProcess, sandbox: Sandbox, sari: Person) -> None:
    """Paid, with packages, though nobody here had asked for it before."""
    payment = sandbox.payments.instant(54_000, packages=2)
    payment.pay()
    told = await answer(sari, f"/status {payment.id}")
    assert "✅" in told.text
    for package in payment.packages:
        assert package.awb
        assert package.awb in told.text


async def test_status_that_finds_it_paid_tells_every_chat_that_watches(
    sandbox: Sandbox, sari: Person, tom: Person, tmp_path: Path, migrated_sqlite_url: str
) -> None:
    """The one who asks for the status hears it, and so does the one who watches, once."""
    async with BotProcess.against(sandbox, tmp_path, migrated_sqlite_url, POLL_FIRST="60"):
        payment = sandbox.payments.express(65_000)
        assert (await answer(sari, f"/pay {payment.id}")).photo
        payment.pay()
        assert "✅" in (await answer(tom, f"/status {payment.id}")).text
        assert "✅" in (await sari.private_chat.next_message()).text
        assert "✅" in (await answer(sari, f"/status {payment.id}")).text


async def test_status_in_a_watching_chat_says_that_it_watches(bot: BotProcess, sandbox: Sandbox, tom: Person) -> None:
    """No offer to do what is done already."""
    payment = sandbox.payments.express(65_000)
    await answer(tom, f"/pay {payment.id}")
    assert "I'm watching it" in (await answer(tom, f"/status {payment.id}")).text


@pytest.mark.parametrize("mode", ["down", "key_refused"])
async def test_status_while_kiriminaja_is_down_promises_nothing(
    bot: BotProcess, sandbox: Sandbox, sari: Person, mode: str
) -> None:
    """It says that it could not check, and does not keep trying."""
    payment = sandbox.payments.express(65_000)
    sandbox.kiriminaja.set_mode(mode)  # type: ignore[arg-type]  # one of the parameters above
    told = await answer(sari, f"/status {payment.id}")
    assert "gangguan" in told.text
    assert "belum bisa dicek" in told.text


async def test_status_of_several_and_of_none(bot: BotProcess, sandbox: Sandbox, sari: Person) -> None:
    """One answer each; without an id an example; an unknown id as with /pay."""
    payments = [sandbox.payments.express(amount) for amount in (65_000, 70_000)]
    await sari.send(f"/status {payments[0].id} {payments[1].id}")
    texts = [(await sari.private_chat.next_message()).text for _ in payments]
    assert all(payment.id in text for payment, text in zip(payments, texts, strict=True))
    assert "/status XID-" in (await answer(sari, "/status")).text
    assert "Tidak ditemukan" in (await answer(sari, "/status XID-9999999999")).text


async def test_watching_lists_what_is_open_here_with_a_button_to_stop_each(
    bot: BotProcess, sandbox: Sandbox, sari: Person, tom: Person
) -> None:
    """Amount, id, since when; another chat's are not among them; the button stops the one it names."""
    assert "Tidak ada" in (await answer(sari, "/watching")).text
    payments = [sandbox.payments.express(amount) for amount in (65_000, 70_000, 75_000)]
    for payment in payments[:2]:
        await answer(sari, f"/pay {payment.id}")
    await answer(tom, f"/pay {payments[2].id}")
    listed = await answer(sari, "/watching")
    assert "2 pembayaran" in listed.text
    for payment, amount in zip(payments[:2], ("Rp65.000", "Rp70.000"), strict=True):
        assert payment.id in listed.text
        assert amount in listed.text
    assert "WIB" in listed.text
    assert payments[2].id not in listed.text
    pressed = await sari.press(listed, 1)
    assert "Berhenti" in pressed.text
    again = await answer(sari, "/watching")
    assert payments[0].id in again.text
    assert payments[1].id not in again.text


async def test_stop_ends_the_named_one_or_the_only_one(bot: BotProcess, sandbox: Sandbox, tom: Person) -> None:
    """With several open and none named it asks which; nothing more is told of what was stopped."""
    first, second = (sandbox.payments.express(amount) for amount in (65_000, 70_000))
    cards = [await answer(tom, f"/pay {payment.id}") for payment in (first, second)]
    which = await answer(tom, "/stop")
    assert first.id in which.text
    assert second.id in which.text
    assert "No longer watched" in (await answer(tom, f"/stop {first.id.lower()}")).text
    assert "No longer watched" in (await answer(tom, "/stop")).text
    await tom.private_chat.wait_for(lambda _: all(card.edits > 0 for card in cards))
    assert "No payments" in (await answer(tom, "/stop")).text
    assert "isn't being watched" in (await answer(tom, f"/stop {first.id}")).text


async def test_in_a_group_only_who_asked_or_an_admin_stops(bot: BotProcess, sandbox: Sandbox) -> None:
    """Another member is told so, and the watch goes on."""
    boss, asker, other = (sandbox.person(name, language_code="en") for name in ("Boss", "Asker", "Other"))
    group = sandbox.group("Packing", [boss, asker, other], admins=[boss])
    for who in (asker, boss):
        payment = sandbox.payments.express(65_000)
        assert (await answer(asker, f"/pay {payment.id}", group)).photo
        assert "hanya yang meminta" in (await answer(other, f"/stop {payment.id}", group)).text
        assert payment.id in (await answer(other, "/watching", group)).text
        assert "Berhenti dipantau" in (await answer(who, f"/stop {payment.id}", group)).text


async def test_each_topic_has_its_own_list(bot: BotProcess, sandbox: Sandbox, sari: Person) -> None:
    """What one topic watches is neither listed nor stopped in another."""
    forum = sandbox.supergroup("Shop", [sari], admins=[sari], forum=True)
    here, there = (sandbox.topic(forum, name).thread_id for name in ("Here", "There"))
    payment = sandbox.payments.express(65_000)
    card = await answer(sari, f"/pay {payment.id}", forum, topic=here)
    assert card.topic == here
    assert payment.id not in (await answer(sari, "/watching", forum, topic=there)).text
    listed = await answer(sari, "/watching", forum, topic=here)
    assert payment.id in listed.text
    assert listed.topic == here


async def test_a_person_chooses_the_language_for_all_that_follows(
    bot: BotProcess, sandbox: Sandbox, sari: Person
) -> None:
    """Also for the watch that is open already, and for the answers to presses."""
    payment = sandbox.payments.express(65_000)
    card = await answer(sari, f"/pay {payment.id}")
    assert "/lang en" in (await answer(sari, "/lang")).text
    assert "/lang en" in (await answer(sari, "/lang xx")).text
    assert "English" in (await answer(sari, "/lang EN")).text
    assert "not recorded" in (await sari.press(card, 0)).text.lower()
    payment.pay()
    assert "Paid: Rp65,000" in (await sari.private_chat.next_message()).text
    assert "How it works" in (await answer(sari, "/help")).text
    assert "Indonesia" in (await answer(sari, "/lang id")).text
    assert "Cara pakai" in (await answer(sari, "/help")).text


async def test_a_groups_language_is_its_admins_choice(bot: BotProcess, sandbox: Sandbox) -> None:
    """A member may not; an admin may; the supergroup it becomes keeps it."""
    boss, member = (sandbox.person(name, language_code="en") for name in ("Boss", "Member"))
    group = sandbox.group("Packing", [boss, member], admins=[boss])
    assert "admin grup" in (await answer(member, "/lang en", group)).text
    assert "English" in (await answer(boss, "/lang en", group)).text
    bigger = await boss.upgrade(group)
    assert "How it works" in (await answer(member, "/help", bigger)).text


async def test_id_tells_chat_topic_and_person(bot: BotProcess, sandbox: Sandbox, sari: Person) -> None:
    """As code, to be copied into the settings."""
    told = await answer(sari, "/id")
    assert told.text.count(str(sari.id)) == 2
    assert {entity["type"] for entity in told.entities} == {"code"}
    forum = sandbox.supergroup("Ops", [sari], forum=True)
    topic = sandbox.topic(forum, "Payments").thread_id
    told = await answer(sari, "/id", forum, topic=topic)
    for number in (forum.id, topic, sari.id):
        assert str(number) in told.text


async def test_unknown_commands_get_a_line_in_private_and_silence_in_groups(
    bot: BotProcess, sandbox: Sandbox, tom: Person
) -> None:
    """And no call, whatever stands after them."""
    told = await answer(tom, "/refund XID-1234567890")
    assert "/help" in told.text
    assert "\n" not in told.text
    group = sandbox.group("Packing", [tom])
    await tom.send("/refund XID-1234567890", group)
    await answer(tom, "/help", group)
    assert len(group.from_bot) == 1
    assert sandbox.kiriminaja.requests == []


async def test_the_menu_differs_by_scope_and_language(bot: BotProcess, sandbox: Sandbox) -> None:
    """`/id` is for groups; each scope has both languages."""
    menus = sandbox.telegram.menus
    scopes = ("all_private_chats", "all_group_chats")
    languages = ("", "en")

    def all_there() -> bool:
        return all(menus.commands_of(scope, language) for scope in scopes for language in languages)

    await sandbox.changes.until(all_there, 5, lambda: "no menu")
    private, group = ([one["command"] for one in menus.commands_of(scope)] for scope in scopes)
    assert private == ["pay", "status", "watching", "stop", "lang", "help"]
    assert group == ["pay", "status", "watching", "stop", "lang", "id", "help"]
    assert all(menus.commands_of(scope, "en") != menus.commands_of(scope) for scope in scopes)


@pytest.mark.parametrize(("language", "total"), [("id", "Total Rp195.000"), ("en", "Total Rp195,000")])
async def test_several_at_once_are_numbered_and_summed(
    bot: BotProcess, sandbox: Sandbox, language: str, total: str
) -> None:
    """Two kinds in one ask: "1/3" in caption and picture, each its own code, in order, then one line with the sum."""
    person = sandbox.person("Budi", language_code=language)
    payments = [
        sandbox.payments.express(65_000),
        sandbox.payments.instant(60_000, packages=1),
        sandbox.payments.express(70_000),
    ]
    sandbox.kiriminaja.delay(0.5, payments[0].id)  # the others' answers are there first
    await person.send("/pay " + " ".join(payment.id for payment in payments))
    for number, payment in enumerate(payments, 1):
        card = await person.private_chat.next_message()
        assert card.photo
        assert scanned(card.photo) == [payment.qr_content]
        assert f"{number}/3" in card.text
        assert payment.id in card.text
    assert total in (await person.private_chat.next_message()).text
    alone = await answer(person, payments[0].id)
    assert "1/3" not in alone.text


async def test_more_than_five_at_once_are_refused(bot: BotProcess, sandbox: Sandbox, sari: Person) -> None:
    """No call is made."""
    ids = " ".join(f"XID-100000000{number}" for number in range(6))
    assert "5 ID" in (await answer(sari, f"/pay {ids}")).text
    assert sandbox.kiriminaja.requests == []


async def test_one_of_several_that_is_paid_is_not_in_the_sum(bot: BotProcess, sandbox: Sandbox, sari: Person) -> None:
    """With one code left to pay there is no sum to tell."""
    paid, unpaid = (sandbox.payments.express(amount) for amount in (65_000, 70_000))
    paid.pay()
    await sari.send(f"/pay {paid.id} {unpaid.id}")
    assert "✅" in (await sari.private_chat.next_message()).text
    assert "2/2" in (await sari.private_chat.next_message()).text
    assert "Total" not in (await answer(sari, "/help")).text


@pytest.mark.parametrize("command", ["", "/pay ", "/status "])
async def test_an_awb_or_order_id_seen_before_leads_to_its_payment(
    bot_on_each: BotProcess, sandbox: Sandbox, sari: Person, tom: Person, command: str
) -> None:
    """In any case, with spaces around; what was never seen stays what it was."""
    payment = sandbox.payments.instant(54_000, packages=2)
    payment.pay()
    package = payment.packages[0]
    assert package.awb
    unseen = await answer(tom, f"{command}{package.awb}")
    assert "✅" not in unseen.text
    assert "✅" in (await answer(sari, f"/pay {payment.id}")).text
    for number in (package.awb, f"  {package.awb.lower()} ", package.order_id.upper()):
        told = await answer(tom, f"{command}{number}")
        assert "✅" in told.text
        assert payment.id in told.text


async def test_what_is_not_theirs_reads_as_unknown_to_strangers_by_its_awb_too(
    sandbox: Sandbox, sari: Person, tom: Person, tmp_path: Path, migrated_sqlite_url: str
) -> None:
    """With ACCESS=staff an AWB that is known and one that is not are answered alike, bare and after a command."""
    access = {"ACCESS": "staff", "STAFF_USER_IDS": str(sari.id)}
    async with BotProcess.against(sandbox, tmp_path, migrated_sqlite_url, **access):
        payment = sandbox.payments.instant(54_000, packages=1)
        payment.pay()
        known = payment.packages[0].awb
        assert known
        assert "✅" in (await answer(sari, f"/status {payment.id}")).text
        assert "✅" in (await answer(sari, known)).text
        unknown = known[:-1] + ("1" if known[-1] != "1" else "2")
        for command in ("", "/pay "):
            texts = [(await answer(tom, f"{command}{awb}")).text.replace(awb, "") for awb in (known, unknown)]
            assert texts[0] == texts[1]
            assert payment.id not in texts[0]
