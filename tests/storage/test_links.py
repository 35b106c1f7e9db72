"""Links and staff: kept under a hash, used up once, revoked, and gone when their time is over."""

from dataclasses import replace

from bot.core.links import LASTS, Link, Purpose, new_link
from bot.core.payment import Status
from bot.storage import links, staff
from bot.storage.engine import Database
from bot.storage.purge import PAYMENTS_FOR, purge
from bot.storage.tables import links as table, payments, staff as staff_table
from tests.storage.making import DAY, ID, SECOND, T0, keep_payment, rows_of

HANDLE = "h" * 32


async def keep(database: Database, purpose: Purpose = Purpose.PAY, handle: str = HANDLE) -> Link:
    """Keeps a link."""
    link = new_link(handle, purpose, T0, payment_id=ID, made_by=7)
    async with database.begin() as tx:
        await links.keep(tx, link)
    return link


async def test_a_link_is_found_by_its_digest(database: Database) -> None:
    """As it was kept; the handle itself is nowhere."""
    link = await keep(database)
    async with database.begin() as tx:
        assert await links.by_digest(tx, link.digest) == link
        assert await links.by_digest(tx, HANDLE) is None
    assert HANDLE not in repr(await rows_of(database, table))


async def test_a_link_made_again_is_good_for_longer(database: Database) -> None:
    """The one for a buyer is the same each time."""
    link = await keep(database, Purpose.TRACK)
    later = replace(link, made_at=T0 + DAY, expires_at=link.expires_at + DAY, made_by=8)
    async with database.begin() as tx:
        await links.keep(tx, later)
        assert await links.by_digest(tx, link.digest) == replace(link, expires_at=later.expires_at)


async def test_only_one_can_be_first(database: Database) -> None:
    """And nobody, once it was revoked."""
    link, revoked = await keep(database, Purpose.OWNER), await keep(database, Purpose.OWNER, "r" * 32)
    async with database.begin() as tx:
        await links.revoke(tx, revoked.digest, T0)
        assert [await links.use(tx, one.digest, T0) for one in (link, link, revoked)] == [True, False, False]


async def test_revoking_all_leaves_what_was_used_and_other_purposes(database: Database) -> None:
    """Each keeps the time it was revoked at first."""
    used, unused, pay = [
        await keep(database, purpose, handle * 32)
        for purpose, handle in ((Purpose.OWNER, "u"), (Purpose.OWNER, "v"), (Purpose.PAY, "p"))
    ]
    async with database.begin() as tx:
        await links.use(tx, used.digest, T0)
        await links.revoke(tx, pay.digest, T0)
        await links.revoke(tx, pay.digest, T0 + DAY)
        await links.revoke_all(tx, Purpose.OWNER, T0 + DAY)
        found = {one.digest: await links.by_digest(tx, one.digest) for one in (used, unused, pay)}
    revoked = {digest: link.revoked_at for digest, link in found.items() if link}
    assert revoked == {used.digest: None, unused.digest: T0 + DAY, pay.digest: T0}


async def test_links_go_when_their_time_is_over(database: Database) -> None:
    """To the second."""
    link = await keep(database)
    for now, dropped in ((link.expires_at - SECOND, 0), (link.expires_at, 1)):
        async with database.begin() as tx:
            assert await purge(tx, now) == dropped


async def test_a_payment_stays_while_a_link_leads_to_its_packages(database: Database) -> None:
    """One that opens the payment itself asks for it anew."""
    over = T0 + PAYMENTS_FOR + SECOND
    for purpose, left in ((Purpose.TRACK, 1), (Purpose.PAY, 0)):
        await keep_payment(database, status=Status.DONE, look_at=None)
        link = new_link(HANDLE, purpose, T0 + DAY, payment_id=ID)
        link = replace(link, expires_at=T0 + DAY + LASTS[Purpose.TRACK])
        async with database.begin() as tx:
            await links.keep(tx, link)
            await purge(tx, over)
        assert len(await rows_of(database, payments)) == left
        async with database.begin() as tx:
            await purge(tx, link.expires_at)
        assert await rows_of(database, payments) == await rows_of(database, table) == []


async def test_an_owner_is_staff(database: Database) -> None:
    """Being it twice is being it once."""
    async with database.begin() as tx:
        assert await staff.is_empty(tx)
        for now in (T0, T0 + DAY):
            await staff.add_owner(tx, 501, now)
        assert not await staff.is_empty(tx)
        assert [await staff.includes(tx, person) for person in (501, 502)] == [True, False]
    ((person, role, since),) = await rows_of(database, staff_table)
    assert (person, role, since) == (501, "owner", T0)
