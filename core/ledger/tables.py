"""The tables of the book of record.

Chained tables (`CHAINED`) are append-only: each row names the batch that wrote it, and the batch is hashed with its
predecessor. The others hold working state (cursors, claims, outbox) or what may be erased (personal data).
Amounts are minor units, quantities 10^-6 of a unit, tax rates millionths; days are business dates, instants UTC.
Ids are counted by the book itself (`counter`).
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from core.ledger.columns import Content, Id, Instant

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


ADDED = {"added": True}
"""Marks a column that came after the first book. Where it is null it is no part of a row's text: rows written before
it keep their hashes."""


def _batch() -> Column[int]:
    return Column(
        "batch", Id, ForeignKey("batch.seq", deferrable=True, initially="DEFERRED"), nullable=False, index=True
    )


counter = Table(
    "counter",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", Id, nullable=False),
)

batch = Table(
    "batch",
    metadata,
    Column("seq", Id, primary_key=True, autoincrement=False),
    Column("partition", String(20), nullable=False),
    Column("kind", String(30), nullable=False),
    Column("at", Instant, nullable=False),
    Column("actor", String(80), nullable=False),
    Column("run", String(40)),
    Column("note", Text, nullable=False),
    Column("content_hash", String(64), nullable=False),
    Column("previous_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
)

# --- what the outside world told us -------------------------------------------------------------------------------

account = Table(
    "account",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    _batch(),
)

account_identity = Table(
    "account_identity",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("account_id", Id, ForeignKey("account.id"), nullable=False, index=True),
    Column("source", String(60), nullable=False),
    Column("company", String(60), nullable=False),
    Column("external_id", String(200), nullable=False),
    Column("valid_from", Date),
    Column("valid_to", Date),
    _batch(),
    Index("ix_account_identity_external", "source", "company", "external_id"),
)

record = Table(
    "record",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("source", String(60), nullable=False),
    Column("company", String(60), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("external_id", String(200), nullable=False),
    _batch(),
    UniqueConstraint("source", "company", "kind", "external_id"),
)

record_version = Table(
    "record_version",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("record_id", Id, ForeignKey("record.id"), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("source_order", BigInteger, nullable=False),
    Column("account_id", Id, ForeignKey("account.id"), index=True),
    Column("day", Date),
    Column("currency", String(3), nullable=False),
    Column("entity", String(60), nullable=False),
    Column("cancelled", Boolean, nullable=False),
    Column("content", Content, nullable=False),
    Column("net", BigInteger, nullable=False),
    Column("tax", BigInteger, nullable=False),
    Column("line_count", Integer, nullable=False),
    Column("own_key", String(20), index=True),
    Column("origin", Text, nullable=False),
    _batch(),
    UniqueConstraint("record_id", "hash"),
)

line = Table(
    "line",
    metadata,
    Column("version_id", Id, ForeignKey("record_version.id"), primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("product", String(200), nullable=False),
    Column("description", Text, nullable=False),
    Column("kind", String(12), nullable=False),
    Column("quantity", BigInteger, nullable=False),
    Column("unit", String(40), nullable=False),
    Column("net", BigInteger, nullable=False),
    Column("tax", BigInteger, nullable=False),
    Column("tax_category", String(3), nullable=False),
    Column("tax_rate", Integer, nullable=False),
    Column("derived", Boolean, nullable=False),
)

effect = Table(
    "effect",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("record_id", Id, ForeignKey("record.id"), nullable=False, index=True),
    Column("version_id", Id, ForeignKey("record_version.id"), nullable=False),
    Column("sign", Integer, nullable=False),
    Column("source_order", BigInteger, nullable=False),
    Column("reason", String(20), nullable=False),
    _batch(),
    CheckConstraint("sign in (-1, 0, 1)", name="sign"),
)

record_head = Table(
    "record_head",
    metadata,
    Column("record_id", Id, ForeignKey("record.id"), primary_key=True, autoincrement=False),
    Column("version_id", Id, ForeignKey("record_version.id"), nullable=False),
    Column("source_order", BigInteger, nullable=False),
    Column("present", Boolean, nullable=False),
    Column("batch", Id, nullable=False, index=True),
)

item = Table(
    "item",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("source", String(60), nullable=False),
    Column("company", String(60), nullable=False),
    Column("product", String(200), nullable=False),
    Column("line_kind", String(12), nullable=False),
    Column("is_return", Boolean, nullable=False),
    UniqueConstraint("source", "company", "product", "line_kind", "is_return"),
)

tax_code = Table(
    "tax_code",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("entity", String(60), nullable=False),
    Column("registration", String(200), nullable=False),
    Column("category", String(3), nullable=False),
    Column("rate", Integer, nullable=False),
    Column("currency", String(3), nullable=False),
    UniqueConstraint("entity", "registration", "category", "rate", "currency"),
)

personal_data = Table(
    "personal_data",
    metadata,
    Column("version_id", Id, ForeignKey("record_version.id"), primary_key=True, autoincrement=False),
    Column("content", Content),
    Column("erased_at", Instant),
)

source_cursor = Table(
    "source_cursor",
    metadata,
    Column("source", String(60), primary_key=True),
    Column("stream", String(80), primary_key=True),
    Column("cursor", Content, nullable=False),
    Column("pulled_until", Instant, nullable=False),
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("source", String(60), nullable=False),
    Column("company", String(60), nullable=False),
    Column("kind", String(20)),
    Column("external_id", String(200)),
    Column("source_order", BigInteger, nullable=False),
    Column("reason", String(40), nullable=False),
    Column("message", Text, nullable=False),
    Column("raw", Content, nullable=False),
    Column("raw_hash", String(64), nullable=False),
    Column("origin", Text, nullable=False),
    Column("account_id", Id, index=True),
    Column("day", Date),
    Column("state", String(12), nullable=False, index=True),
    Column("attempts", Integer, nullable=False),
    Column("rules_hash", String(64), nullable=False),
    Column("first_at", Instant, nullable=False),
    Column("last_at", Instant, nullable=False),
    Column("closed_by", String(80)),
    Column("closed_reason", Text),
    CheckConstraint("state in ('open', 'solved', 'released', 'discarded')", name="state"),
    Index("ix_quarantine_identity", "source", "company", "kind", "external_id"),
)

sweep = Table(
    "sweep",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("source", String(60), nullable=False),
    Column("company", String(60), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("start", Date),
    Column("end", Date),
    Column("missing", Content, nullable=False),
    Column("present", Integer, nullable=False),
    Column("began", Id, nullable=False),
    Column("state", String(12), nullable=False),
    Column("at", Instant, nullable=False),
    Column("decided_by", String(80)),
)

# --- programs and people's acts -----------------------------------------------------------------------------------

program_version = Table(
    "program_version",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("program", String(63), nullable=False, index=True),
    Column("version", String(40), nullable=False),
    Column("content", Content, nullable=False),
    Column("source", Text, nullable=False),
    Column("actor", String(80), nullable=False),
    Column("at", Instant, nullable=False),
    _batch(),
)

act = Table(
    "act",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("kind", String(30), nullable=False),
    Column("subject", String(200), nullable=False),
    Column("value", Content, nullable=False),
    Column("reason", Text, nullable=False),
    Column("actor", String(80), nullable=False),
    Column("at", Instant, nullable=False),
    _batch(),
    Index("ix_act_subject", "kind", "subject"),
)

# --- money --------------------------------------------------------------------------------------------------------

entitlement = Table(
    "entitlement",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("book", String(6), nullable=False),
    Column("program", String(63), nullable=False),
    Column("beneficiary", Id, ForeignKey("account.id"), nullable=False),
    Column("period", Date, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("level", Integer, nullable=False),
    Column("definition", String(64), ForeignKey("program_version.hash"), nullable=False),
    Column("cells", Content, nullable=False),
    Column("cells_hash", String(64), nullable=False),
    Column("waiting", Content, nullable=False),
    Column("side", Content, info=ADDED),
    Column("steps", Content, info=ADDED),
    _batch(),
    Index("ix_entitlement_key", "book", "program", "beneficiary", "period", "currency", "id"),
)

posting_transaction = Table(
    "posting_transaction",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("kind", String(20), nullable=False),
    Column("book", String(6), nullable=False),
    Column("posted_on", Date, nullable=False),
    Column("program", String(63), nullable=False),
    Column("reference", String(80), nullable=False),
    Column("reason", Text, nullable=False),
    Column("corrects", Id, ForeignKey("posting_transaction.id")),
    _batch(),
)

posting = Table(
    "posting",
    metadata,
    Column("transaction_id", Id, ForeignKey("posting_transaction.id"), primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("book", String(6), nullable=False),
    Column("posted_on", Date, nullable=False),
    Column("ledger_account", String(20), nullable=False),
    Column("component", String(10), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("program", String(63), nullable=False),
    Column("beneficiary", Id, ForeignKey("account.id"), nullable=False),
    Column("payee", Id, ForeignKey("account.id"), nullable=False),
    Column("entity", String(60), nullable=False),
    Column("period", Date, nullable=False),
    _batch(),
    Index("ix_posting_key", "book", "program", "beneficiary", "period"),
    Index("ix_posting_day", "book", "posted_on"),
)

proposal = Table(
    "proposal",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("book", String(6), nullable=False),
    Column("key", String(20), nullable=False, index=True),
    Column("generation", Integer, nullable=False),
    Column("program", String(63), nullable=False),
    Column("payee", Id, ForeignKey("account.id"), nullable=False),
    Column("entity", String(60), nullable=False),
    Column("period", Date, nullable=False),
    Column("period_end", Date, nullable=False),
    Column("period_label", String(20), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("net", BigInteger, nullable=False),
    Column("tax", BigInteger, nullable=False),
    Column("content", Content, nullable=False),
    Column("content_hash", String(64), nullable=False),
    Column("supersedes", Id, ForeignKey("proposal.id")),
    Column("maker", String(80), nullable=False),
    _batch(),
)

proposal_part = Table(
    "proposal_part",
    metadata,
    Column("proposal_id", Id, ForeignKey("proposal.id"), primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("kind", String(12), nullable=False),
    Column("beneficiary", Id, ForeignKey("account.id"), nullable=False),
    Column("period", Date, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("taxes", Content, nullable=False),
    Column("entitlement_id", Id, ForeignKey("entitlement.id")),
    Column("reason", Text, nullable=False),
    Column("program", String(63), info=ADDED, index=True),
    _batch(),
)

proposal_event = Table(
    "proposal_event",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("proposal_id", Id, ForeignKey("proposal.id"), nullable=False, index=True),
    Column("state", String(12), nullable=False),
    Column("content_hash", String(64), nullable=False),
    Column("actor", String(80), nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", Instant, nullable=False),
    _batch(),
)

standing = Table(
    "standing",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("book", String(6), nullable=False),
    Column("program", String(63), nullable=False),
    Column("account_id", Id, ForeignKey("account.id"), nullable=False),
    Column("as_of", Date, nullable=False),
    Column("tier", String(63), nullable=False),
    Column("since", Date),
    Column("valid_until", Date),
    Column("measure", BigInteger, nullable=False),
    Column("to_next", BigInteger),
    Column("next_tier", String(63)),
    Column("to_keep", BigInteger),
    Column("currency", String(3), nullable=False),
    _batch(),
    Index("ix_standing_key", "book", "program", "account_id", "id"),
)

# --- accounts as other systems know them --------------------------------------------------------------------------

account_match = Table(
    "account_match",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("target", String(60), nullable=False),
    Column("account_id", Id, ForeignKey("account.id"), nullable=False),
    Column("state", String(12), nullable=False),
    Column("counterpart", String(200)),
    Column("rule", String(20), nullable=False),
    Column("reason", String(20), nullable=False),
    Column("candidates", Content, nullable=False),
    Column("rivals", Content, nullable=False),
    _batch(),
    CheckConstraint("state in ('matched', 'ambiguous', 'stale', 'unmatched')", name="state"),
    Index("ix_account_match_key", "target", "account_id", "id"),
)

# --- writing to other systems -------------------------------------------------------------------------------------

outbox = Table(
    "outbox",
    metadata,
    Column("key", String(20), primary_key=True),
    Column("target", String(60), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("account_id", Id, ForeignKey("account.id")),
    Column("proposal_id", Id, ForeignKey("proposal.id"), index=True),
    Column("request", Content, nullable=False),
    Column("content_hash", String(64), nullable=False),
    Column("state", String(12), nullable=False, index=True),
    Column("token", BigInteger, nullable=False),
    Column("deadline", Instant),
    Column("not_before", Instant),
    Column("attempts", Integer, nullable=False),
    Column("error", Text, nullable=False),
    Column("remote_id", String(200)),
    Column("created_at", Instant, nullable=False),
    CheckConstraint(
        "state in ('queued', 'sending', 'unknown', 'done', 'refused', 'person', 'differs', 'voided')", name="state"
    ),
)

receipt = Table(
    "receipt",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("key", String(20), nullable=False, index=True),
    Column("target", String(60), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("remote_id", String(200), nullable=False),
    Column("number", String(200), nullable=False),
    Column("net", BigInteger, nullable=False),
    Column("tax", BigInteger, nullable=False),
    Column("taxes", Content, nullable=False),
    Column("learned", String(12), nullable=False),
    Column("at", Instant, nullable=False),
    _batch(),
    UniqueConstraint("key"),
)

claim = Table(
    "claim",
    metadata,
    Column("name", String(60), primary_key=True),
    Column("holder", String(120), nullable=False),
    Column("token", BigInteger, nullable=False),
    Column("until", Instant, nullable=False),
)

alarm = Table(
    "alarm",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("kind", String(30), nullable=False),
    Column("subject", String(200), nullable=False),
    Column("message", Text, nullable=False),
    Column("account_id", Id),
    Column("opened_at", Instant, nullable=False),
    Column("closed_at", Instant, index=True),
    Column("closed_by", String(80)),
    Column("resolution", Text),
    Index("ix_alarm_subject", "kind", "subject"),
)

run = Table(
    "run",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("actor", String(80), nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("finished_at", Instant),
    Column("outcome", String(12), nullable=False),
    Column("steps", Content, nullable=False),
)

CHAINED: tuple[Table, ...] = (
    account,
    account_identity,
    record,
    record_version,
    effect,
    program_version,
    act,
    entitlement,
    posting_transaction,
    posting,
    proposal,
    proposal_part,
    proposal_event,
    standing,
    receipt,
    account_match,
)
