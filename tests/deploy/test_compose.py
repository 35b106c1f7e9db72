"""The compose file: settings that exist, secrets as files, every container shut in, only Caddy reached."""

import re
from typing import Any

import pytest

from bot.settings import Settings
from tests.deploy.reading import DEPLOY, SETTINGS, text_of, yaml_of

COMPOSE: Any = yaml_of("compose.yaml")
SERVICES: dict[str, Any] = COMPOSE["services"]

each_service = pytest.mark.parametrize("name", SERVICES)


def test_the_services_are_the_four_we_mean() -> None:
    """Two bots, the database, the proxy."""
    assert set(SERVICES) == {"bot", "postgres", "caddy"}
    assert SERVICES["bot"]["deploy"]["replicas"] == 2


@each_service
def test_a_container_is_shut_in(name: str) -> None:
    """And comes back after a crash, within its memory, and has time to stop."""
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service.get("cap_add", []) == (["NET_BIND_SERVICE"] if name == "caddy" else [])
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "/tmp" in service["tmpfs"]
    assert set(service["deploy"]["resources"]["limits"]) == {"memory", "pids"}
    assert service["restart"] == "unless-stopped"
    assert re.fullmatch(r"\d+s", service["stop_grace_period"])
    assert "privileged" not in service


@each_service
def test_an_image_is_named_plainly(name: str) -> None:
    """No registry's host; ours is built here."""
    assert re.fullmatch(r"[a-z]+(:\d+)?", SERVICES[name]["image"])


def test_only_the_proxy_is_reached_from_outside() -> None:
    """The database is on a network without a way out; the proxy is not on it."""
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["caddy"]
    assert COMPOSE["networks"]["back"]["internal"] is True
    assert SERVICES["postgres"]["networks"] == ["back"]
    assert SERVICES["caddy"]["networks"] == ["front"]
    assert sorted(SERVICES["bot"]["networks"]) == ["back", "front"]


def test_the_bots_environment_is_settings() -> None:
    """Every secret comes from a file that is mounted; what is required is there."""
    environment = SERVICES["bot"]["environment"]
    names = {name.removesuffix("_FILE") for name in environment}
    assert names <= SETTINGS
    assert {name.upper() for name, field in Settings.model_fields.items() if field.is_required()} <= names
    files = {name: path for name, path in environment.items() if name.endswith("_FILE")}
    assert set(files) == {"TELEGRAM_BOT_TOKEN_FILE", "KIRIMINAJA_API_KEY_FILE", "DATABASE_URL_FILE"}
    for name, path in files.items():
        assert path == f"/run/secrets/{name.removesuffix('_FILE').lower()}"


@each_service
def test_a_secret_that_is_read_is_one_that_is_mounted(name: str) -> None:
    """And none is mounted where it is not read."""
    service = SERVICES[name]
    read = {
        str(value).rpartition("/")[2] for value in service["environment"].values() if "/run/secrets/" in str(value)
    }
    assert read == set(service.get("secrets", []))
    for secret in read:
        assert COMPOSE["secrets"][secret] == {"file": f"secrets/{secret}"}


def test_the_files_a_human_has_to_make_are_told() -> None:
    """All secrets stand in the README; none is in the repository, nor will be."""
    told = (DEPLOY / "README.md").read_text(encoding="utf-8")
    for secret in COMPOSE["secrets"]:
        assert f"secrets/{secret}" in told
    assert "deploy/secrets/" in (DEPLOY.parent / ".gitignore").read_text(encoding="utf-8").splitlines()


def test_every_volume_and_network_is_declared() -> None:
    """Named volumes; what begins with a dot lies beside the compose file."""
    used = [volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])]
    assert {name for name in used if not name.startswith("./")} == set(COMPOSE["volumes"])
    for name in used:
        assert not name.startswith("./") or (DEPLOY / name).is_file(), name
    assert {network for service in SERVICES.values() for network in service["networks"]} == set(COMPOSE["networks"])


def test_the_bots_wait_for_a_database_that_answers() -> None:
    """PostgreSQL says when it does."""
    assert SERVICES["bot"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    assert SERVICES["postgres"]["healthcheck"]["test"][:2] == ["CMD", "pg_isready"]


def test_what_is_asked_of_the_operator_is_a_setting() -> None:
    """`${NAME:?…}` stops a start without it, with a sentence."""
    asked = re.findall(r"\$\{([^}]*)\}", text_of("compose.yaml"))
    assert {name.partition(":?")[0] for name in asked} == {"TELEGRAM_WEBHOOK_URL"}
    assert all(":?set it in deploy/.env" in name for name in asked)
