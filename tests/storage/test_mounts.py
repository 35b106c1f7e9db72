"""SQLite on a network file system is refused, by what the kernel says of its mounts."""

from pathlib import Path

import pytest
import structlog

from bot.storage.engine import DatabaseError
from bot.storage.mounts import expect_own_disk

TABLE = """\
21 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
30 21 0:40 / /srv/share rw - nfs4 server:/export rw
31 30 254:2 / /srv/share/own rw - xfs /dev/vdb rw
32 21 0:41 / /mnt/two\\040words rw - cifs //server/share rw
33 21 0:42 / /host rw - 9p drvfs rw
34 21 0:43 / /over rw - nfs server:/a rw
35 21 254:3 / /over rw - ext4 /dev/vdc rw
not a line of the kernel's
"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A machine's mounts."""
    made = tmp_path / "mountinfo"
    made.write_text(TABLE)
    return made


@pytest.mark.parametrize(
    ("path", "kind"), [("/srv/share/paybot.db", "nfs4"), ("/mnt/two words/deeper/paybot.db", "cifs")]
)
def test_a_network_file_system_is_refused_in_one_line(table: Path, path: str, kind: str) -> None:
    """It names the kind and the mend."""
    with pytest.raises(DatabaseError, match=rf"DATABASE_URL.*\({kind}\).*PostgreSQL") as refused:
        expect_own_disk(Path(path), table)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "path", ["/var/lib/paybot/paybot.db", "/srv/share/own/paybot.db", "/srv/shared.db", "/over/a"]
)
def test_a_disk_of_the_machines_own_is_taken(table: Path, path: str) -> None:
    """The deepest mount counts, and of two at one place the later."""
    with structlog.testing.capture_logs() as lines:
        expect_own_disk(Path(path), table)
    assert lines == []


def test_a_folder_shared_with_the_host_is_warned_of(table: Path) -> None:
    """There it works as a rule; refusing would keep people from trying the bot."""
    with structlog.testing.capture_logs() as lines:
        expect_own_disk(Path("/host/paybot.db"), table)
    (line,) = lines
    assert (line["log_level"], line["kind"]) == ("warning", "9p")


def test_a_system_that_tells_nothing_is_trusted(tmp_path: Path) -> None:
    """Other than Linux."""
    expect_own_disk(tmp_path / "paybot.db", tmp_path / "none")


def test_this_machines_own_table_is_read(tmp_path: Path) -> None:
    """The one test with the real one: temporary files are not kept on a network."""
    expect_own_disk(tmp_path / "paybot.db")
