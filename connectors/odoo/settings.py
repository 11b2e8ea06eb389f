"""Settings of a connection to Odoo."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator

from connectors.http.settings import HttpSettings
from connectors.secrets import SecretReference
from connectors.spi import AdapterSettings
from core.documents import TAX_CATEGORIES
from core.money import percent_text, scaled_number

Code = Annotated[str, Field(min_length=1, max_length=64)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class ReadSettings(_Table):
    """What is read, and in which portions."""

    batch: int = Field(default=1000, ge=1, le=10_000, description="documents per request")
    overlap_seconds: int = Field(
        default=900,
        ge=0,
        le=86_400,
        description="how far each pull reaches back before the one before it; above the server's longest transaction",
    )
    sweep_hours: int = Field(
        default=24, ge=0, le=8760, description="hours between sweeps of all ids, which find deletions and merges"
    )
    issued_from: date | None = Field(default=None, description="documents issued before this day are not read")
    account: Literal["company", "contact"] = Field(
        default="company", description="who the account is: the company a contact belongs to, or the contact invoiced"
    )
    segments: tuple[Code, ...] = Field(
        default=(), description="partner tags that are segments; an account's segment is the first of them it carries"
    )
    tax_categories: dict[Code, str] = Field(
        default={}, description="EN 16931 category by name or id of a tax, where Odoo does not state it"
    )
    exchange_rates: bool = Field(default=False, description="whether exchange rates are read as well")

    @field_validator("tax_categories")
    @classmethod
    def _known(cls, value: dict[str, str]) -> dict[str, str]:
        for name, category in value.items():
            if category not in TAX_CATEGORIES:
                raise ValueError(f"{name}: {category[:10]!r} is none of {', '.join(TAX_CATEGORIES)}")
        return value


class LineSettings(_Table):
    """What the lines of a credit note are booked on. What is empty, the journal or the product decides."""

    account: str = Field(default="", max_length=64, description="code of the general ledger account of the lines")
    product: str = Field(default="", max_length=64, description="internal reference of the product of the lines")
    analytic: dict[Code, Annotated[Decimal, Field(gt=0, le=100)]] = Field(
        default={}, description="analytic accounts by name, with the percentage each gets"
    )


class WriteSettings(_Table):
    """How documents are written."""

    journal: str = Field(
        default="", max_length=64, description="code of the sales journal; the first of the company where empty"
    )
    entries_journal: str = Field(
        default="",
        max_length=64,
        description="code of the journal of accrual entries; the first general one where empty",
    )
    date: Literal["today", "period_end"] = Field(default="today", description="date of a credit note")
    post: bool = Field(default=True, description="whether documents are posted; false leaves drafts for people to post")
    taxes: Literal["split", "fiscal_position"] = Field(
        default="split",
        description="split: the tax codes of the invoices a rebate rests on; fiscal_position: those Odoo finds for the "
        "partner from the product",
    )
    tax_ids: dict[Annotated[str, Field(pattern=r"^[A-Z]{1,2} \d{1,3}(\.\d{1,4})?$")], int] = Field(
        default={}, description="id of the sales tax by EN 16931 category and percentage, such as { 'S 19' = 12 }"
    )
    lines: LineSettings = Field(
        default=LineSettings(), description="what lines are booked on, unless a program says else"
    )
    programs: dict[Code, LineSettings] = Field(default={}, description="what lines of a program are booked on")
    apply: Literal["open", "original"] = Field(
        default="open",
        description="open: a credit note stays open; original: it is matched with the invoice it corrects",
    )
    tag: str = Field(
        default="rebated", max_length=60, description="parent of the partner tags that show tiers; empty: no tags"
    )
    fields: dict[
        Literal["tier", "since", "progress", "to_next", "accrued"], Annotated[str, Field(pattern=r"^x_\w{1,60}$")]
    ] = Field(default={}, description="custom fields of the partner that show the tier, by what they show")

    @field_validator("tax_ids")
    @classmethod
    def _one_code_each(cls, value: dict[str, int]) -> dict[str, int]:
        """Codes as they are looked up: `S 7.00` is `S 7`. Two codes with one tax could not be told apart in Odoo."""
        found: dict[str, int] = {}
        for name, tax_id in value.items():
            category, _, percent = name.partition(" ")
            if category not in TAX_CATEGORIES:
                raise ValueError(f"{name}: {category!r} is none of {', '.join(TAX_CATEGORIES)}")
            code = f"{category} {percent_text(scaled_number(percent, 4))}"
            if code in found or tax_id in found.values():
                raise ValueError(f"{name}: each code needs a tax of its own, and a tax has one code")
            found[code] = tax_id
        return found


class OdooSettings(AdapterSettings):
    """A connection to one company in one database."""

    url: str = Field(max_length=500, description="address of the server, such as https://erp.example.com")
    database: str = Field(min_length=1, max_length=200, description="name of the database")
    api_key: SecretReference = Field(description="where the API key of the user is kept")
    login: str = Field(default="", max_length=200, description="login of the user; XML-RPC needs it, JSON-2 does not")
    protocol: Literal["auto", "json2", "xmlrpc"] = Field(
        default="auto", description="auto: JSON-2 from Odoo 19 on, XML-RPC before"
    )
    company: str = Field(
        default="", max_length=200, description="id or name of the company; needed where the user may see several"
    )
    entity: str = Field(
        default="", max_length=60, description="legal entity of the company's documents; the company's id where empty"
    )
    longest_request: int = Field(
        default=120,
        ge=1,
        le=7200,
        description="seconds after which the server has given up a request for certain (limit_time_real)",
    )
    http: HttpSettings = Field(default=HttpSettings(), description="how requests are made")
    read: ReadSettings = Field(default=ReadSettings(), description="what is read, and in which portions")
    write: WriteSettings = Field(default=WriteSettings(), description="how documents are written")

    @field_validator("url")
    @classmethod
    def _address(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("not the address of a server such as https://erp.example.com")
        if parts.username is not None or parts.password is not None:
            raise ValueError("credentials do not stand in a URL")
        return url.rstrip("/")
