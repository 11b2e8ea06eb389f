"""The tables of rebated.toml, one model each. The reference in docs/ is generated from their descriptions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, tzinfo
from decimal import Decimal
from pathlib import Path
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger
from pydantic import Field, StrictBool, StrictInt, field_validator
from pydantic_core import PydanticCustomError
from sqlalchemy.engine import make_url

from connectors.secrets import HOW_TO_WRITE, SecretReference
from scheduler.config_types import (
    OFF,
    Amounts,
    Country,
    Cron,
    CurrencyCode,
    Memory,
    Percent,
    Place,
    Routes,
    Section,
    ZoneName,
    check_book_url,
    in_minor_units,
)


class BookSection(Section):
    """The book of record: the database everything is kept in."""

    url: Place = Field(
        default="sqlite:///var/rebated.db",
        description="sqlite:///path (relative to this file) or postgresql+psycopg://host/name; a URL that holds a "
        'password is kept elsewhere and named as a whole: { env = "NAME" } or { file = "path" }',
    )

    @field_validator("url")
    @classmethod
    def _known(cls, url: str | SecretReference) -> str | SecretReference:
        if isinstance(url, str):
            check_book_url(url)
            if make_url(url).password:
                raise PydanticCustomError("plain_secret", f"a URL with a password does not stand here: {HOW_TO_WRITE}")
        return url


class CacheSection(Section):
    """The DuckDB cache that counts lines. It is derived from the book and can be deleted at any time."""

    path: Path = Field(default=Path("var/cache.duckdb"), description="file of the cache, relative to this file")
    memory_limit: Memory = Field(
        default="1GB",
        description="memory the count may use, such as 512MB or 1GB",
    )
    threads: StrictInt = Field(default=2, ge=1, le=256, description="threads of the count")


class ExchangeRate(Section):
    """An exchange rate stated here, for whoever has neither a file nor a system that tells it."""

    base: CurrencyCode = Field(description="ISO 4217 code of the currency converted from")
    quote: CurrencyCode = Field(description="ISO 4217 code of the currency converted to")
    on: date = Field(description="day of the rate")
    rate: Decimal = Field(gt=0, description="quote units for one base unit, exactly")
    provider: str = Field(default="", max_length=60, description="who publishes the rate")


class ProgramsSection(Section):
    """Where program definitions are read from."""

    folder: Path = Field(default=Path("programs"), description="folder of *.toml files, relative to this file")


class BusinessSection(Section):
    """The calendar the daemon itself lives by. A source has a time zone of its own."""

    time_zone: ZoneName = Field(
        default="UTC",
        description="IANA time zone of today, of period ends and of the schedule, such as Europe/Berlin",
    )

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


class Entity(Section):
    """A legal entity that issues invoices, and is therefore the seller on credit notes."""

    name: str = Field(min_length=1, max_length=200, description="registered name")
    vat_number: str = Field(default="", max_length=40, description="VAT number printed on credit notes")
    street: str = Field(default="", max_length=200, description="street and number")
    city: str = Field(default="", max_length=100, description="city")
    postcode: str = Field(default="", max_length=20, description="postal code")
    country: Country = Field(description="ISO 3166 code of two capital letters")


class WriteBackSection(Section):
    """Through which connection each kind of document leaves. Without one, nothing of that kind is written.

    Each is one connection for everything, or a table: credit notes and the journal by legal entity, notes and tiers by
    the connection the account comes from.
    """

    credit_notes: Routes = Field(default={}, description="connection for credit notes, or one for each legal entity")
    account_notes: Routes = Field(
        default={}, description="connection for notes on accounts, or one for each connection accounts come from"
    )
    tiers: Routes = Field(
        default={}, description="connection for tier fields, or one for each connection accounts come from"
    )
    journal: Routes = Field(
        default={}, description="connection for the accrual journal, or one for each legal entity; never two for one"
    )


NoticeEvent = Literal[
    "tier_reached", "tier_lost", "tier_at_risk", "near_tier", "credit_note_issued", "debit_invoice_issued"
]
EVENTS: tuple[NoticeEvent, ...] = get_args(NoticeEvent)


class NoticesSection(Section):
    """What is worth a note on an account, where `write_back.account_notes` names where notes go. Each event is told
    once, in the account's language; what was so before it was first told of is not."""

    events: tuple[NoticeEvent, ...] = Field(
        default=EVENTS,
        description="the events that are told; [] for none. An account that has to invoice a service is asked for its "
        "invoice in any case",
    )
    at_risk_days: StrictInt = Field(
        default=45,
        ge=0,
        le=366,
        description="tier_at_risk: days before a tier ends from which on is told that it will not be kept with what "
        "has been bought so far. A rolling window ends with every month",
    )
    near_percent: Percent = Field(
        default=Decimal(10),
        description="near_tier: what is missing for the next tier, in percent of its threshold, from which on it is "
        "told",
    )


def route(routes: Mapping[str, str], name: str) -> str | None:
    """The connection that serves `name`; None where none does."""
    return routes.get(name) or routes.get("")


class ReviewSection(Section):
    """Who must look at a proposal. Amounts in major units by currency; a currency not named has the limit 0."""

    second_person_above: Amounts = Field(
        default={"EUR": Decimal(1000)},
        description="net amount above which the approver must not be the maker",
    )
    two_approvers_above: Amounts = Field(
        default={"EUR": Decimal(10000)}, description="net amount above which two people must approve"
    )

    def needs_second_person(self, net: int, currency: str) -> bool:
        """Whether the approver of `net` minor units must be somebody else than the maker."""
        return abs(net) > in_minor_units(self.second_person_above, currency)

    def needs_two_approvers(self, net: int, currency: str) -> bool:
        """Whether `net` minor units need two approvers."""
        return abs(net) > in_minor_units(self.two_approvers_above, currency)


class AlarmsSection(Section):
    """What forces a review even where a program approves automatically."""

    percent_of_base: Percent = Field(default=Decimal(25), description="a proposal above this percentage of its base")
    times_last_period: Decimal = Field(
        default=Decimal(3), ge=1, le=1000, description="a proposal above this multiple of the last period's"
    )
    first_for_account: StrictBool = Field(default=True, description="an account's first proposal")


class SweepsSection(Section):
    """When documents missing from a complete snapshot are too many to be deleted without a person's word."""

    guard_percent: Percent = Field(default=Decimal(1), description="percentage of the documents in its range")
    guard_documents: StrictInt = Field(default=20, ge=0, le=1_000_000, description="number of documents")


class SendingSection(Section):
    """How approved documents are sent."""

    tolerance: Amounts = Field(
        default={}, description="amount by which a result may fall after approval before sending is held"
    )
    max_attempts: StrictInt = Field(default=8, ge=1, le=100, description="attempts before a person must look at it")
    lease_seconds: StrictInt = Field(
        default=900,
        ge=30,
        le=86_400,
        description="time a sender may hold a document; above what the remote may take",
    )

    def tolerance_in(self, currency: str) -> int:
        """The tolerance in minor units of `currency`."""
        return in_minor_units(self.tolerance, currency)


class ScheduleSection(Section):
    """When the daemon works: cron expressions (minute hour day month weekday) in business.time_zone, or `off`."""

    pull: Cron = Field(default="*/15 * * * *", description="read from every connection")
    compute: Cron = Field(default="5-59/15 * * * *", description="count, entitle, accrue and propose")
    write_back: Cron = Field(default="10-59/15 * * * *", description="send what is approved, tell notes and tiers")
    reconcile: Cron = Field(default="30 4 * * *", description="read written documents back and compare")
    journal: Cron = Field(default="off", description="close the month before and write its accrual journal")

    def trigger(self, job: str, zone: tzinfo) -> CronTrigger | None:
        """The trigger of `job`, None where it is off."""
        expression = getattr(self, job)
        return None if expression == OFF else CronTrigger.from_crontab(expression, timezone=zone)


class AccountingSection(Section):
    """Names of the general ledger's accounts in the accrual journal."""

    expense_account: str = Field(
        default="rebate expense", min_length=1, max_length=80, description="expense of rebates"
    )
    liability_account: str = Field(
        default="rebate liability",
        min_length=1,
        max_length=80,
        description="rebates owed and not yet credited",
    )
    receivable_account: str = Field(
        default="receivables",
        min_length=1,
        max_length=80,
        description="receivables, reduced by a credit note",
    )


class RetentionSection(Section):
    """How long personal data is kept. Ids and amounts stay: they are the book."""

    personal_data_months: StrictInt = Field(
        default=24,
        ge=1,
        le=240,
        description="months after its last document until an account's personal data is erased",
    )


class HealthSection(Section):
    """Where /healthz, /readyz and /metrics answer."""

    listen: str = Field(default="127.0.0.1:9464", description="address and port, such as 127.0.0.1:9464 or [::1]:9464")

    @field_validator("listen")
    @classmethod
    def _address(cls, listen: str) -> str:
        match = re.fullmatch(r"(\[[0-9a-fA-F:]+\]|[^\s:\[\]]+):(\d{1,5})", listen)
        if match is None or int(match[2]) > 65535:
            raise ValueError("not an address and a port (0 to 65535) such as 127.0.0.1:9464")
        return listen

    @property
    def host(self) -> str:
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        return int(self.listen.rpartition(":")[2])


class LogSection(Section):
    """What the daemon tells about itself, on standard error."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="least level that is written"
    )
    format: Literal["json", "text"] = Field(default="json", description="json for machines, text for people")
