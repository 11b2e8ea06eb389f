"""Examples a program carries: made-up inputs with the outcome they must have. They are no part of what it says."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, Self

from pydantic import Field, model_validator

from core.programs.definition import Definition

Rows = tuple[dict[str, Any], ...]


class Expected(Definition):
    """What one account earns in one calculation period, or is settled as of a day."""

    account: str = Field(default="A", description="id of the account, or name of the group, that earns")
    period: str = Field(default="", description="label of the calculation period; the only one where empty")
    amount: Decimal | None = Field(default=None, description="what is earned, in major units of the currency")
    currency: str = Field(default="", description="payout currency; the program's where empty")
    accrued: Decimal | None = Field(default=None, description="what is posted as accrued")
    level: str | None = Field(default=None, description="tier that counts, or, of a tier program, that is held")
    shares: dict[str, Decimal] = Field(default={}, description="what of it goes to each invoiced account, by id")
    taxes: dict[str, Decimal] = Field(
        default={}, description="what of it falls on each tax code, by category and percent such as `S 19`"
    )
    waits: str | None = Field(default=None, description="words that the reason why it waits contains")


class ExpectedDocument(Definition):
    """A document that is proposed as of the example's day."""

    account: str = Field(default="A", description="id of the payee")
    period: str = Field(default="", description="label of the settlement period; the only one where empty")
    kind: str = Field(default="credit_note", description="credit_note, debit_invoice or service")
    net: Decimal = Field(description="net amount, major units")
    tax: Decimal | None = Field(default=None, description="tax amount, major units")
    taxes: dict[str, Decimal] = Field(default={}, description="net by tax code such as `S 19`")


class Example(Definition):
    """Inputs in the field names of the sources (docs/connectors/files.md), and what must come of them.

    An invoice or credit note states its lines, or, with one line, the line's fields itself. Where an entity,
    currency, tax rate, account or day is not stated, there is one of the example's own. A row becomes known on its
    own day, or on the day it states as `known`; a later row with the same id is a new version of it.
    """

    name: str = Field(min_length=1, max_length=120, description="what the example shows")
    source: str = Field(default="", description="where the figures were published")
    as_of: date | None = Field(
        default=None, description="business day of the computation; after everything is due where empty"
    )
    measure: Decimal | None = Field(
        default=None, description="instead of invoices: one invoice of this amount, or quantity, on the first day"
    )
    accounts: Rows = Field(default=(), description="accounts with their master data")
    products: Rows = Field(default=(), description="products with category, brand and units")
    invoices: Rows = Field(default=(), description="invoices")
    credit_notes: Rows = Field(default=(), description="credit notes of the source, amounts positive")
    payments: Rows = Field(default=(), description="payments")
    enrolments: Rows = Field(default=(), description="enrolments")
    exchange_rates: Rows = Field(default=(), description="exchange rates")
    settled: tuple[date, ...] = Field(
        default=(), description="days on which everything due is settled before the computation"
    )
    programs: tuple[str, ...] = Field(
        default=(), description="files beside this one with programs it needs, such as a tier program"
    )
    replaces: str = Field(
        default="",
        description="file beside this one with the definition that was in force before, until after the last day in "
        "`settled`",
    )
    earns: Decimal | None = Field(default=None, description="shorthand: what the only account earns in all")
    expect: tuple[Expected, ...] = Field(default=(), description="what is earned")
    documents: tuple[ExpectedDocument, ...] | None = Field(
        default=None, description="every document that is proposed as of the day; not looked at where absent"
    )

    @model_validator(mode="after")
    def _asks(self) -> Self:
        if self.earns is None and not self.expect and self.documents is None:
            raise ValueError("an example states what it expects: `earns`, `expect` or `documents`")
        if self.measure is not None and (self.invoices or self.credit_notes):
            raise ValueError("an example states a measure or documents, not both")
        return self
