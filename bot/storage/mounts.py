"""Which kind of disk a SQLite file lies on.

Over a network neither the locks that keep a second process away nor the memory that SQLite's WAL shares can be relied
on, and a database that two machines write is damaged: refused. What a virtual machine shares with its host, or a
container with its own, has one user as a rule: a warning.
"""

import os
import re
from pathlib import Path
from typing import Final

import structlog

from bot.storage.engine import DatabaseError

_TABLE: Final = Path("/proc/self/mountinfo")
_NETWORK: Final = frozenset({
    "nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "afs", "ceph", "glusterfs", "lustre", "beegfs", "gfs2", "ocfs2",
    "davfs", "fuse.sshfs", "fuse.glusterfs", "fuse.ceph-fuse", "fuse.s3fs", "fuse.rclone", "fuse.gcsfuse",
    "fuse.davfs2", "fuse.juicefs", "fuse.mount-s3",
})  # fmt: skip
_SHARED: Final = frozenset(
    {"9p", "virtiofs", "vboxsf", "vmhgfs", "fuse.vmhgfs-fuse", "prl_fs", "drvfs", "fuse.grpcfuse"}
)
# The kernel writes a space in a path as \040, and so on.
_ESCAPED: Final = re.compile(r"\\([0-7]{3})")


def expect_own_disk(path: Path, table: Path = _TABLE) -> None:
    """Raises `DatabaseError` where a file lies, or would lie, on a network file system."""
    kind = _kind(path, table)
    if kind in _NETWORK:
        raise DatabaseError(
            f"DATABASE_URL: {path} lies on a network file system ({kind}), where SQLite gets damaged: "
            "choose a disk of this machine, or PostgreSQL."
        )
    if kind in _SHARED:
        structlog.get_logger("storage").warning(
            "database on a shared folder: a disk of this machine's own is safer", file=str(path), kind=kind
        )


def _kind(path: Path, table: Path) -> str | None:
    try:
        lines = table.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return None  # not Linux
    real = Path(os.path.realpath(path))
    found: tuple[int, str] | None = None
    for line in lines:
        # "36 35 98:0 /root /mount/point rw,noatime master:1 - ext4 /dev/sda1 rw"
        before, separator, after = line.partition(" - ")
        fields = before.split(" ")
        if not separator or len(fields) < 5:
            continue
        point = Path(_ESCAPED.sub(lambda code: chr(int(code[1], 8)), fields[4]))
        depth = len(point.parts)
        # Of two at one place the later one hides the earlier.
        if real.is_relative_to(point) and (found is None or depth >= found[0]):
            found = depth, after.split(" ")[0]
    return found[1] if found else None
