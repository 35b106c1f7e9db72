"""Settings: the only reader of the environment.

Each setting comes from the environment, from `.env`, or from a file named by `<NAME>_FILE` (a mounted secret).
An empty value is unset; a value and a file at once are an error. Names stay, as operators have them in their `.env`.
"""

import hmac
import os
import re
from collections.abc import Mapping
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import parse_qs, unquote, urlsplit
from zoneinfo import ZoneInfo

from dotenv import dotenv_values
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from bot.core.locales import Locale
from bot.core.watch import Place

SANDBOX_EXPRESS_URL = "https://tdev.kiriminaja.com"
SANDBOX_INSTANT_URL = "https://apieks-staging.kiriminaja.com"

# How alike a name is to one of ours that it may be a slip: TELEGRAM_TOKEN (0.88) is, TELEGRAM_API_ID (0.84) and
# HTTP_PROXY (0.74) are other programs'.
_MAYBE_OURS = 0.86


class SettingsError(Exception):
    """A setting is missing or wrong; the text is one line with the variable's name and the mend."""


# How SQLAlchemy tells the password within a URL; `urlsplit` stops at a `/` in it.
_PASSWORD = re.compile(r"[\w+]+://[^:/@]*:([^@]*)@")


def _base_url(text: str) -> str:
    try:
        parts = urlsplit(text)
        good = parts.scheme in {"http", "https"} and parts.hostname and not (parts.query or parts.fragment)
        _ = parts.port  # raises where the port is none
    except ValueError:
        good = False
    if not good or not text.isprintable() or " " in text:
        raise ValueError("give a URL such as https://example.com")
    return text.rstrip("/")


def _secret(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value()
    if any(not 33 <= ord(letter) <= 126 for letter in text) or "/" in text:
        raise ValueError("it has a blank or a character that no key has; copy it again")
    return secret


def _webhook_secret(secret: SecretStr) -> SecretStr:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", secret.get_secret_value(), re.ASCII):
        raise ValueError("Telegram takes up to 256 letters, digits, _ and - here")
    return secret


def _zone(text: str | ZoneInfo) -> ZoneInfo:
    try:
        return text if isinstance(text, ZoneInfo) else ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        raise ValueError("give a time zone such as Asia/Jakarta") from None


def _place(text: str) -> Place:
    found = re.fullmatch(r"(-?[1-9]\d{0,17})(?::([1-9]\d{0,17}))?", text, re.ASCII)
    if not found:
        raise ValueError
    return Place(int(found[1]), int(found[2]) if found[2] else None)


def _places(value: str | tuple[Place, ...]) -> tuple[Place, ...]:
    if not isinstance(value, str):
        return value
    try:
        return tuple(dict.fromkeys(_place(part.strip()) for part in value.split(",") if part.strip()))
    except ValueError:
        raise ValueError("give chat ids such as -1001234567890 or -1001234567890:7, separated by commas") from None


def _people(value: str | frozenset[int]) -> frozenset[int]:
    if not isinstance(value, str):
        return value
    people = [part.strip() for part in value.split(",") if part.strip()]
    if not all(re.fullmatch(r"[1-9]\d{0,17}", person, re.ASCII) for person in people):
        raise ValueError("give user ids such as 123456789, separated by commas; the bot tells you yours: /id")
    return frozenset(map(int, people))


def checked_database_url(text: str) -> str:
    """A DATABASE_URL as `Database` takes it; ValueError, with what to give, for anything else."""
    if text.startswith("sqlite:///") and len(text) > len("sqlite:///"):
        return text
    if text.startswith(("postgresql://", "postgres://")):
        return "postgresql://" + text.partition("://")[2]
    raise ValueError("give sqlite:///file.db or postgresql://user:password@host/database")


Url = Annotated[str, AfterValidator(_base_url)]
Secret = Annotated[SecretStr, AfterValidator(_secret)]
Seconds = Annotated[float, Field(gt=0, le=366 * 86400, allow_inf_nan=False)]


class Settings(BaseSettings):
    """All settings, checked. Field names are the variables' names in lower case."""

    model_config = SettingsConfigDict(
        env_file=".env", env_ignore_empty=True, extra="ignore", hide_input_in_errors=True, frozen=True
    )

    telegram_bot_token: Secret
    telegram_api_url: Url = "https://api.telegram.org"
    telegram_webhook_url: Url | None = None
    telegram_webhook_secret: Annotated[SecretStr, AfterValidator(_webhook_secret)] | None = None
    kiriminaja_api_key: Secret
    kiriminaja_express_url: Url = SANDBOX_EXPRESS_URL
    kiriminaja_instant_url: Url | None = None
    callback_forward_url: Url | None = None
    database_url: Annotated[str, AfterValidator(checked_database_url)] = "sqlite:///paybot.db"
    ops_chat_ids: Annotated[tuple[Place, ...], NoDecode, BeforeValidator(_places)] = ()
    staff_user_ids: Annotated[frozenset[int], NoDecode, BeforeValidator(_people)] = frozenset()
    access: Literal["open", "link", "staff"] = "open"
    shop_name: Annotated[str, Field(max_length=60)] | None = None
    shop_contact: Annotated[str, Field(max_length=100)] | None = None
    watch_for: Seconds = 86400
    poll_first: Seconds = 2
    poll_budget: Annotated[float, Field(gt=0, le=100_000, allow_inf_nan=False)] = 5
    locale: Locale = "id"
    timezone: Annotated[ZoneInfo, BeforeValidator(_zone)] = ZoneInfo("Asia/Jakarta")
    http_host: str = "127.0.0.1"
    http_port: Annotated[int, Field(ge=0, le=65535)] = 8080
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["console", "json"] = "console"

    @field_validator("access", "locale", "log_level", "log_format", mode="before")
    @classmethod
    def _lower(cls, value: object) -> object:
        return value.strip().lower() if isinstance(value, str) else value

    @model_validator(mode="before")
    @classmethod
    def _sandbox_goes_together(cls, values: dict[str, Any]) -> dict[str, Any]:
        # The staging host only ever sees the sandbox's key: see KIRIMINAJA_INSTANT_URL in `.env.example`.
        express = str(values.get("kiriminaja_express_url") or SANDBOX_EXPRESS_URL).rstrip("/")
        if express == SANDBOX_EXPRESS_URL and not values.get("kiriminaja_instant_url"):
            values = {**values, "kiriminaja_instant_url": SANDBOX_INSTANT_URL}
        return values

    @property
    def watch_time(self) -> timedelta:
        """WATCH_FOR: how long a payment is watched closely."""
        return timedelta(seconds=self.watch_for)

    @property
    def own_host(self) -> str:
        """Where this machine reaches our HTTP side: what listens everywhere is reached over loopback."""
        everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - what is listened on
        return everywhere.get(self.http_host, self.http_host)

    @property
    def is_sandbox(self) -> bool:
        """Whether KiriminAja's own sandbox is asked, where payments are not real."""
        return self.kiriminaja_express_url == SANDBOX_EXPRESS_URL

    @property
    def webhook_secret(self) -> str:
        """What Telegram shows us with each call: TELEGRAM_WEBHOOK_SECRET, else one made from the token."""
        if self.telegram_webhook_secret:
            return self.telegram_webhook_secret.get_secret_value()
        token = self.telegram_bot_token.get_secret_value().encode()
        return hmac.digest(token, b"paybot webhook secret", "sha256").hex()

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every text that must never be seen in a log or a message."""
        told = (self.telegram_bot_token, self.kiriminaja_api_key)
        urls = (self.database_url, self.telegram_api_url, self.telegram_webhook_url, self.kiriminaja_express_url,
                self.kiriminaja_instant_url, self.callback_forward_url)  # fmt: skip
        within = [found[1] for url in urls if url and (found := _PASSWORD.match(url))]
        within += parse_qs(self.database_url.partition("?")[2]).get("password", [])
        passwords = dict.fromkeys(text for password in within for text in (password, unquote(password)) if text)
        return (*(secret.get_secret_value() for secret in told), self.webhook_secret, *passwords)

    @classmethod
    def load(cls) -> Self:
        """Reads and checks all settings. Raises `SettingsError`."""
        try:
            return cls()
        except ValidationError as error:
            raise SettingsError(_one_line(error)) from None
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(
                f".env cannot be read ({type(error).__name__}): mend its rights, or write it in UTF-8."
            ) from None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment before `.env` before `<NAME>_FILE`."""
        return init_settings, env_settings, dotenv_settings, _MountedSecrets(settings_cls)


def child_environment(given: Mapping[str, str]) -> dict[str, str]:
    """For a process of ours: this one's environment without any of our settings, and what is `given`."""
    ours = _our_names()
    return {name: value for name, value in os.environ.items() if name.upper() not in ours} | dict(given)


def misspelt_names() -> dict[str, str]:
    """Names in the environment and `.env` that nothing reads, each with the one of ours it is nearly."""
    try:
        told = _told()
    except (OSError, UnicodeDecodeError):
        return {}  # `Settings.load` says so
    ours = _our_names()
    near = {name: get_close_matches(name, ours, n=1, cutoff=_MAYBE_OURS) for name in told if name not in ours}
    return {name: found[0] for name, found in near.items() if found}


def _our_names() -> set[str]:
    names = {name.upper() for name in Settings.model_fields}
    return names | {f"{name}_FILE" for name in names}


def _told() -> dict[str, str]:
    """What the environment and `.env` say, whatever the case of the names; empty is unset."""
    found = (*dotenv_values(".env").items(), *os.environ.items())
    return {key.upper(): value for key, value in found if value}


class _MountedSecrets(PydanticBaseSettingsSource):
    """Values from files named by `<NAME>_FILE`; one trailing line end is not part of the value."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        name = field_name.upper()
        told = self._told
        path = told.get(f"{name}_FILE")
        if path is None:
            return None, field_name, False
        if name in told:
            raise SettingsError(f"{name} and {name}_FILE are both set: keep one of them.")
        try:
            return Path(path).read_text(encoding="utf-8").rstrip("\r\n"), field_name, False
        except (OSError, ValueError) as error:  # of a NUL in the path, or bytes that are no UTF-8
            # Without the path: it may be the secret itself, put there by mistake.
            raise SettingsError(
                f"{name}_FILE: the file it names cannot be read ({type(error).__name__}): mend the path or its rights."
            ) from None

    def __init__(self, settings_cls: type[BaseSettings]) -> None:
        super().__init__(settings_cls)
        self._told = _told()

    def __call__(self) -> dict[str, Any]:
        values = {name: self.get_field_value(field, name)[0] for name, field in self.settings_cls.model_fields.items()}
        return {name: value for name, value in values.items() if value}


def _one_line(error: ValidationError) -> str:
    """The first fault as one line that names the variable and the mend, without the value."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    name = str(first["loc"][0]).upper() if first["loc"] else "settings"
    if first["type"] == "missing":
        source = {
            "TELEGRAM_BOT_TOKEN": "get it from @BotFather in Telegram",
            "KIRIMINAJA_API_KEY": "get it from KiriminAja's dashboard",
        }
        return f"{name} is not set: {source.get(name, 'set it')} and put it into the environment or .env."
    said = first["msg"].removeprefix("Value error, ")  # ours begin as they are to be read
    if said == first["msg"]:
        said = said.partition(", unable to parse")[0]
        said = re.sub("^(Input|String) should", "it should", said)
    return f"{name} is wrong: {said}."
