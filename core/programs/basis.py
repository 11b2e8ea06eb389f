"""What is measured: which lines, by which figure, on which day."""

from __future__ import annotations

from typing import Literal, NamedTuple, Self

from pydantic import Field, model_validator

from core.documents import LineKind
from core.programs.definition import Amount, Definition, Identifier, Patterns, Percent

DEFAULT_LINE_KINDS_OUT: tuple[LineKind, ...] = ("freight", "fee", "deposit", "tax", "bad_debt", "rounding")
DateRule = Literal["issue", "delivery", "payment"]
PaidRule = Literal["invoiced", "in_full", "share", "within_terms"]
ReturnsIn = Literal["own", "original"]
Measure = Literal["net", "gross", "quantity", "orders", "products"]
COUNTED: tuple[Measure, ...] = ("orders", "products")
"""Measures that count things: their values are whole numbers."""


class View(NamedTuple):
    """When lines count, and how much of them: programs that agree in this count the same facts."""

    date: DateRule = "issue"
    paid: PaidRule = "invoiced"
    returns: ReturnsIn = "own"
    """Whether a credit note of the source counts on its own day, or on that of the invoice it corrects."""


DEFAULT_VIEW = View()
"""What was invoiced, on the day of issue, returns on their own day."""


class ProductSelection(Definition):
    """Products by any of these patterns (`*` and `?` are wild)."""

    skus: Patterns = Field(default=(), description="product ids of the source")
    categories: Patterns = Field(default=(), description="product categories")
    brands: Patterns = Field(default=(), description="brands")

    def is_empty(self) -> bool:
        return not (self.skus or self.categories or self.brands)


class Scope(ProductSelection):
    """Which lines count: those of products that match every list that is filled, less the excluded ones."""

    exclude: ProductSelection = Field(default=ProductSelection(), description="never these, by any of the lists")
    line_kinds_out: tuple[LineKind, ...] = Field(
        default=DEFAULT_LINE_KINDS_OUT, description="kinds of line that never count"
    )


class Basis(Definition):
    """What is measured."""

    measure: Measure = Field(
        default="net",
        description="net or gross amount in the program's currency; quantity; number of invoices (orders); number of "
        "distinct products of which something was kept (products)",
    )
    unit: str = Field(
        default="",
        max_length=40,
        description="unit of the quantity, converted exactly by each product's units; its base unit where empty",
    )
    accumulate: Literal["period", "document", "line"] = Field(
        default="period", description="the unit over which the band is chosen and the amount rounded once"
    )
    date: DateRule = Field(
        default="issue",
        description="the day that counts: of issue, of delivery (of issue where none is stated), or of payment",
    )
    paid: PaidRule = Field(
        default="invoiced",
        description="invoiced: paid or not; in_full: once everything is paid; share: as much as is paid; "
        "within_terms: paid in full by the due date",
    )
    returns: Literal["count", "original_period", "exclude"] = Field(
        default="count",
        description="whether credit notes of the source reduce the measure: in their own period, in the period of the "
        "invoice they correct (their own where they name none), or not at all",
    )
    negative: Literal["take_back", "zero"] = Field(
        default="take_back",
        description="a measure below zero is taken back at the lowest band's rate, or counts as zero",
    )
    net_of: tuple[Identifier, ...] = Field(
        default=(), description="programs whose entitlement on the same lines reduces the measure"
    )

    @property
    def view(self) -> View:
        """The facts that are counted."""
        return View(self.date, self.paid, "original" if self.returns == "original_period" else "own")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.unit and self.measure != "quantity":
            raise ValueError("basis.unit needs basis.measure = quantity")
        if self.measure in COUNTED and self.accumulate != "period":
            raise ValueError(f"{self.measure} are counted over the period: leave out basis.accumulate")
        if self.date == "payment" and self.paid == "invoiced":
            raise ValueError("basis.date = payment needs basis.paid = in_full, share or within_terms")
        if self.net_of and self.measure not in ("net", "gross"):
            raise ValueError("basis.net_of needs a measure in money")
        return self


class Qualifier(Definition):
    """An own measure that picks the band, where it differs from the paid one."""

    measure: Measure = Field(default="net", description="as in [basis]")
    unit: str = Field(default="", max_length=40, description="as in [basis]")
    scope: Scope = Field(default=Scope(), description="which lines count for the qualifier")
    months: int | None = Field(
        default=None, ge=1, le=60, description="the whole months that end with the period; the period where empty"
    )


class Condition(Definition):
    """What must hold for anything to be earned in a period: one product group of a market basket, say."""

    name: str = Field(min_length=1, max_length=80, description="name for people")
    measure: Measure = Field(default="net", description="as in [basis]")
    unit: str = Field(default="", max_length=40, description="as in [basis]")
    scope: Scope = Field(default=Scope(), description="which lines count for the condition")
    minimum: Amount | None = Field(default=None, description="what the measure must reach in the period")
    minimum_percent: Percent | None = Field(
        default=None, ge=0, description="what percent of the paid measure it must reach: the share of a mix"
    )

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.minimum is None) == (self.minimum_percent is None):
            raise ValueError("a condition states either `minimum` or `minimum_percent`")
        return self
