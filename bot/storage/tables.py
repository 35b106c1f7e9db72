"""The tables, as migrations leave them (`migrations/versions`), and how times are kept."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.types import TypeEngine

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Moment(TypeDecorator[datetime]):
    """An aware UTC time: `timestamptz` on PostgreSQL, microseconds since 1970 on SQLite (which has no such type)."""

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(DateTime(timezone=True) if dialect.name == "postgresql" else BigInteger())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | int | None:
        if value is None or dialect.name == "postgresql":
            return value
        return (value - _EPOCH) // timedelta(microseconds=1)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None or isinstance(value, datetime):
            return value.astimezone(UTC) if value else None
        return _EPOCH + timedelta(microseconds=value)


_SHARES_NUMBERS: Final = text("id > -1000000000000 AND last_message_id IS NOT NULL")
# SQLite counts a rowid up by itself only where the key's type is exactly INTEGER.
_RowId = BigInteger().with_variant(Integer, "sqlite")

metadata: Final = MetaData()

lease: Final = Table(
    "lease",
    metadata,
    Column("name", String(16), primary_key=True),
    Column("token", BigInteger, nullable=False),
    Column("holder", String(64), nullable=False),
    Column("expires_at", Moment, nullable=False),
    # PostgreSQL: the holder's connection. When it is gone from pg_stat_activity, so is the holder.
    Column("backend_pid", Integer),
    Column("backend_start", Text),
)

inbox: Final = Table(
    "inbox",
    metadata,
    Column("update_id", BigInteger, primary_key=True, autoincrement=False),
    Column("chat_id", BigInteger),
    Column("received_at", Moment, nullable=False),
    Column("state", String(8), nullable=False),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("body", Text),
    Index("inbox_new", "update_id", sqlite_where=text("state = 'new'"), postgresql_where=text("state = 'new'")),
    Index("inbox_received_at", "received_at"),
)

payments: Final = Table(
    "payments",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("kind", String(8)),
    Column("status", String(10), nullable=False),
    Column("asked_at", Moment, nullable=False),
    Column("closes_at", Moment, nullable=False),
    Column("look_at", Moment),
    Column("seen", Boolean, nullable=False),
    Column("amount", BigInteger),
    Column("qr", Text),
    Column("withheld", String(10)),
    Column("issued_at", Moment),
    Column("shown_qr", Text),
    Column("payee", Text),
    Column("city", Text),
    Column("paid_at", Moment),
    Column("unproven_since", Moment),
    Column("unproven_digest", String(32)),
    Column("oddity", String(24)),
    Column("alerted", Text, nullable=False),
    Column("troubled_since", Moment),
    Column("failures", Integer, nullable=False),
    Column("looked_at", Moment),
    Column("claim_until", Moment),
    # Who said "I'll pay this", in which chat, and when; lapses after five minutes.
    Column("payer_id", BigInteger),
    Column("payer_chat_id", BigInteger),
    Column("payer_since", Moment),
    Index(
        "payments_look_at",
        "look_at",
        sqlite_where=text("look_at IS NOT NULL"),
        postgresql_where=text("look_at IS NOT NULL"),
    ),
)

packages: Final = Table(
    "packages",
    metadata,
    Column("payment_id", String(64), ForeignKey("payments.id", ondelete="CASCADE"), primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("order_id", Text, nullable=False),
    Column("awb", Text),
    Column("courier", Text),
    Column("service", Text),
    Column("status", BigInteger),
    Column("live_url", Text),
    Column("has_driver", Boolean, nullable=False),
    Column("told", Text, nullable=False),
    # The same two without regard to case, for who asks by them.
    Column("order_key", Text, nullable=False),
    Column("awb_key", Text),
    Index("packages_order_key", "order_key"),
    Index("packages_awb_key", "awb_key"),
)

watches: Final = Table(
    "watches",
    metadata,
    Column("id", _RowId, primary_key=True, autoincrement=True),
    Column("payment_id", String(64), ForeignKey("payments.id", ondelete="CASCADE"), nullable=False),
    Column("chat_id", BigInteger, nullable=False),
    # 0 stands for "no topic": NULLs would not clash in the unique constraint.
    Column("topic_id", BigInteger, nullable=False),
    Column("state", String(8), nullable=False),
    Column("locale", String(8), nullable=False),
    Column("asked_by", BigInteger),
    Column("asked_at", Moment, nullable=False),
    Column("handle", String(43), nullable=False, unique=True),
    Column("card_message_id", BigInteger),
    Column("card_face", String(64)),
    Column("claimed_at", Moment),
    # "1/2" where several were asked for at once.
    Column("part", String(8)),
    UniqueConstraint("payment_id", "chat_id", "topic_id", name="watches_place"),
    Index("watches_chat_id", "chat_id"),
)

outbox: Final = Table(
    "outbox",
    metadata,
    Column("id", _RowId, primary_key=True, autoincrement=True),
    Column("key", String(200), nullable=False, unique=True),
    Column("kind", String(8), nullable=False),
    Column("chat_id", BigInteger, nullable=False),
    Column("topic_id", BigInteger, nullable=False),
    Column("locale", String(8), nullable=False),
    Column("payment_id", String(64)),
    Column("watch_id", BigInteger),
    Column("message_id", BigInteger),
    Column("fact", Text),
    Column("state", String(8), nullable=False),
    Column("version", Integer, nullable=False, server_default=text("1")),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("lease_token", BigInteger),
    # The chat's highest message id known when a try was begun: what was sent unnoted lies above it.
    Column("after_message_id", BigInteger),
    Column("created_at", Moment, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("done_at", Moment),
    Column("problem", Text),
    Index(
        "outbox_due",
        "due_at",
        "created_at",
        "id",
        sqlite_where=text("state = 'due'"),
        postgresql_where=text("state = 'due'"),
    ),
    Index("outbox_chat_id", "chat_id", "id"),
    Index("outbox_message_id", "message_id"),
)

chats: Final = Table(
    "chats",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", String(12), nullable=False),
    Column("locale", String(8)),
    Column("silenced_at", Moment),
    Column("silenced_why", Text),
    Column("moved_to", BigInteger),
    Column("last_message_id", BigInteger),
    Column("seen_at", Moment, nullable=False),
    # Since when this group's members count as staff (`/team on`).
    Column("team_since", Moment),
    Index("chats_newest", "last_message_id", sqlite_where=_SHARES_NUMBERS, postgresql_where=_SHARES_NUMBERS),
)

# Ids that a stranger tried in vain. The guesser is a person, or a group where that is not known (its id is negative).
guesses: Final = Table(
    "guesses",
    metadata,
    Column("guesser", BigInteger, primary_key=True, autoincrement=False),
    Column("digest", String(64), primary_key=True),
    Column("at", Moment, nullable=False),
    Index("guesses_at", "at"),
)

# Pictures Telegram already has: one upload serves every chat that is shown the same.
uploads: Final = Table(
    "uploads",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("file_id", Text, nullable=False),
    Column("uploaded_at", Moment, nullable=False),
)

# People who became staff without the settings; the owner is one of them.
staff: Final = Table(
    "staff",
    metadata,
    Column("person_id", BigInteger, primary_key=True, autoincrement=False),
    Column("role", String(8), nullable=False),
    Column("since", Moment, nullable=False),
)

# Links `t.me/<bot>?start=<handle>`, under the hash of their handle: for a payment, its packages, or the ownership.
links: Final = Table(
    "links",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("purpose", String(8), nullable=False),
    Column("payment_id", String(64)),
    Column("made_by", BigInteger),
    Column("made_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("revoked_at", Moment),
    Column("used_at", Moment),
    Index("links_payment_id", "payment_id"),
)

# Where alerts go, or no longer go, by `/alerts`: beside OPS_CHAT_IDS, and stronger.
alert_places: Final = Table(
    "alert_places",
    metadata,
    Column("chat_id", BigInteger, primary_key=True, autoincrement=False),
    # 0 stands for "no topic", as with watches.
    Column("topic_id", BigInteger, primary_key=True, autoincrement=False),
    Column("is_on", Boolean, nullable=False),
    Column("muted", Text, nullable=False),
    Column("changed_at", Moment, nullable=False),
)

# What the totals are made of: one row a payment, without a chat, kept longer than the payment itself.
ledger: Final = Table(
    "ledger",
    metadata,
    Column("payment_id", String(64), primary_key=True),
    Column("kind", String(8)),
    Column("amount", BigInteger),
    Column("asked_at", Moment, nullable=False),
    Column("paid_at", Moment),
    Column("payer_id", BigInteger),
    Column("payer_chat_id", BigInteger),
    Index("ledger_asked_at", "asked_at"),
    Index("ledger_paid_at", "paid_at"),
)

# KiriminAja's callbacks: stored before they are confirmed. The raw body is kept only until it is passed on.
callbacks: Final = Table(
    "callbacks",
    metadata,
    Column("id", _RowId, primary_key=True, autoincrement=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("method", String(64), nullable=False),
    Column("received_at", Moment, nullable=False),
    Column("state", String(8), nullable=False),
    Column("said", Integer, nullable=False, server_default=text("1")),  # how often; each time it is a hint
    # What it says of packages, without anything personal, as JSON.
    Column("hints", Text),
    Column("body", LargeBinary),
    Column("content_type", Text),
    Column("forward_at", Moment),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("problem", Text),
    Index("callbacks_new", "id", sqlite_where=text("state = 'new'"), postgresql_where=text("state = 'new'")),
    Index("callbacks_forward_at", "forward_at"),
)
