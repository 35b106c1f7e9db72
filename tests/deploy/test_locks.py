"""The lock files: all that is needed, pinned, with hashes, and from nowhere in particular."""

import re
import tomllib
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.deploy.reading import DEPLOY, ROOT, text_of

LOCKS = ("requirements.lock", "build.lock")


def project() -> Any:
    """pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def pins(lock: str) -> dict[str, str]:
    """Name and version of each package; every one has at least a hash."""
    found: dict[str, str] = {}
    for entry in re.split(r"\n(?=[a-z0-9])", re.sub(r"(?m)^ *#.*\n", "", text_of(lock)).strip()):
        first, *rest = entry.replace("\\\n", "\n").splitlines()
        requirement = Requirement(first.strip())
        (pin,) = requirement.specifier
        assert pin.operator == "==", first
        assert rest, f"{requirement.name} has no hash"
        assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", line.strip()) for line in rest), entry
        found[canonicalize_name(requirement.name)] = pin.version
    return found


@pytest.mark.parametrize(
    ("lock", "wanted"),
    [
        ("requirements.lock", lambda: project()["project"]["dependencies"]),
        ("requirements.lock", lambda: project()["project"]["optional-dependencies"]["postgres"]),
        ("build.lock", lambda: project()["build-system"]["requires"]),
    ],
)
def test_a_lock_has_all_that_pyproject_asks_for(lock: str, wanted: Any) -> None:
    """In a version pyproject allows; the first lines of the lock say how to renew it."""
    pinned = pins(lock)
    for requirement in map(Requirement, wanted()):
        version = pinned.get(canonicalize_name(requirement.name))
        assert version is not None, f"{requirement.name} is missing: renew deploy/{lock}"
        assert requirement.specifier.contains(version), f"{requirement} is not {version}: renew deploy/{lock}"
        for extra in requirement.extras:  # psycopg[binary] is a package of its own
            assert f"{requirement.name}-{extra}" in pinned


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_place(lock: str) -> None:
    """No index, no host, no path of the machine it was made on; and it says how it is renewed."""
    text = text_of(lock)
    for place in ("://", "--index", "--find-links", "--extra-index", "/tmp", "/home", "/root", "/work", "file:"):
        assert place not in text, place
    assert f"--output-file deploy/{lock}" in "".join(text.splitlines(keepends=True)[:3])


def test_every_lock_is_checked() -> None:
    """None beside the two."""
    assert {path.name for path in DEPLOY.glob("*.lock")} == set(LOCKS)
