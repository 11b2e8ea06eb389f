"""How what is earned becomes postings and a document."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from core.period import Length
from core.programs.definition import MOST, Amount, Definition, Identifier, Percent


class Accrual(Definition):
    """What is posted while a period runs. It never changes what is settled."""

    rate: Literal["achieved", "fixed", "expected"] = Field(
        default="achieved",
        description="achieved: what is earned so far; fixed: a rate of the measure; expected: the measure so far at "
        "the rate that the expected measure of the whole period would earn",
    )
    percent: Percent | None = Field(default=None, description="the fixed rate, in percent of the net amount")
    per_unit: Decimal | None = Field(default=None, ge=-MOST, le=MOST, description="the fixed rate a unit, major units")
    expected: Amount | None = Field(default=None, description="the measure expected of each beneficiary in a period")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        stated = (self.percent is not None) + (self.per_unit is not None)
        if stated != (self.rate == "fixed"):
            raise ValueError("accrual.rate = fixed states either `percent` or `per_unit`, the others neither")
        if (self.expected is not None) != (self.rate == "expected"):
            raise ValueError("accrual.rate = expected states `expected`, the others do not")
        return self


class Settlement(Definition):
    """When and how what is earned becomes a document."""

    every: Length | None = Field(default=None, description="settlement calendar; the calculation period where empty")
    grace_days: int = Field(default=0, ge=0, le=366, description="days after the period's end before a proposal")
    late: Literal["next", "reopen"] = Field(
        default="next",
        description="what changes after a period was settled: goes to the next settlement, or becomes a further "
        "document of the same period at once",
    )
    approval: Literal["manual", "automatic"] = Field(
        default="manual", description="automatic: approved by the daemon unless an alarm forces review"
    )
    document: Literal["credit_note", "service"] = Field(
        default="credit_note",
        description="credit_note: a price reduction; service: pay for advertising, shelf space and the like, which the "
        "customer has to invoice: the account is told, and no credit note is ever made",
    )
    clawback: Literal["net", "offset", "debit", "waive"] = Field(
        default="net",
        description="what is owed back: waits for the next positive settlement of the program (net), or of any "
        "program of the same payee, entity and currency (offset); becomes a debit invoice (debit); is written off up "
        "to an amount and else waits (waive)",
    )
    debit_from: Amount = Field(default=Decimal(0), description="clawback debit: the least that is invoiced")
    debit_after: int = Field(
        default=1, ge=1, le=36, description="clawback debit: settlement periods it has waited before it is invoiced"
    )
    waive_up_to: Amount | None = Field(default=None, description="clawback waive: the most that is written off")
    tax: Literal["original", "lowest_rate"] = Field(
        default="original",
        description="original: split over the tax codes of the documents; lowest_rate: all of it under the lowest "
        "rate among them, as German tax offices tolerate",
    )
    text: str = Field(default="", max_length=200, description="text printed on the credit note; the name where empty")
    texts: dict[Annotated[str, Field(pattern="^[a-z]{2}$")], Annotated[str, Field(min_length=1, max_length=200)]] = (
        Field(
            default={}, description="the text in other languages, by their codes such as de, for accounts that have one"
        )
    )

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.clawback != "debit" and (self.debit_from or self.debit_after != 1):
            raise ValueError("debit_from and debit_after need clawback = debit")
        if (self.waive_up_to is not None) != (self.clawback == "waive"):
            raise ValueError("clawback = waive states waive_up_to, the others do not")
        return self


class Currency(Definition):
    """What becomes of lines in other currencies than the program's."""

    lines: Literal["convert", "wait"] = Field(
        default="convert", description="convert by the dated rate, or wait; a missing rate waits too"
    )
    date: Literal["document", "month_average", "period_end"] = Field(
        default="document",
        description="the rate of the document's day (the latest before it, at most 7 days old), the average of its "
        "month, or the rate at the end of the calculation period",
    )
    provider: str = Field(default="", max_length=60, description="whose rates; any where empty")
    rounding: Literal["exact", "line"] = Field(
        default="exact", description="carry conversions exactly to the rounding point, or round each line"
    )
    payout: Literal["program", "invoice"] = Field(
        default="program",
        description="program: one amount in the program's currency; invoice: the band is picked in the program's "
        "currency and each currency of the invoices is paid in itself",
    )


class Combination(Definition):
    """How programs that would pay for the same purchase go together."""

    group: Identifier = Field(description="programs of one group are looked at together")
    rule: Literal["best", "exclusive"] = Field(
        description="best: only the program that gives a beneficiary most in a period pays; exclusive: a line counts "
        "only for the first program, by priority, that it matches"
    )
    priority: int = Field(default=100, ge=1, le=10_000, description="the smaller goes first; equal ones by their ids")
