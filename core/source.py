"""How the records of one source are to be read: its conventions, and the constants it does not state."""

from __future__ import annotations

from decimal import Decimal
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, ConfigDict, Field, model_validator

from core.documents import TAX_CATEGORIES, LineKind
from core.money import is_currency


class Constants(BaseModel):
    """Values that hold for every document where the record itself has none."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    currency: str | None = Field(default=None, description="ISO 4217 code of every document")
    entity: str | None = Field(default=None, description="issuing legal entity of every document")
    registration: str | None = Field(default=None, description="tax registration of every document")
    tax_category: str | None = Field(default=None, description="EN 16931 tax category code of every line")
    tax_percent: Decimal | None = Field(default=None, ge=0, le=100, description="tax rate of every line in percent")

    @model_validator(mode="after")
    def _known(self) -> Self:
        if self.currency is not None and not is_currency(self.currency):
            raise ValueError(f"currency {self.currency!r} is not an ISO 4217 code")
        if self.tax_category is not None and self.tax_category not in TAX_CATEGORIES:
            raise ValueError(f"tax_category {self.tax_category!r} is none of {', '.join(TAX_CATEGORIES)}")
        return self


class SourceRules(BaseModel):
    """Conventions of a source. Everything has a default but what would otherwise have to be guessed."""

    model_config = ConfigDict(extra="forbid", frozen=True, ignored_types=(cached_property,))

    time_zone: str = Field(default="UTC", description="business time zone: instants become days in it")
    date_format: str = Field(default="iso", description="iso, or a strptime pattern such as %d.%m.%Y")
    decimal_sign: Literal[".", ","] = Field(default=".", description="sign before the decimals in numbers")
    totals: Literal["stated", "none"] = Field(
        default="stated", description="stated: lines must add up to the stated totals; none: the sum of lines is it"
    )
    credit_notes: Literal["negative", "positive"] = Field(
        default="negative", description="whether the source writes the amounts of credit notes below or above zero"
    )
    without_account: Literal["park", "quarantine"] = Field(
        default="quarantine", description="what happens to a document that names no account"
    )
    constants: Constants = Field(default=Constants(), description="values no record states")
    line_kinds: dict[LineKind, Annotated[tuple[str, ...], Field(min_length=1)]] = Field(
        default={}, description="products (patterns with * and ?) whose lines are of another kind than goods"
    )

    @model_validator(mode="after")
    def _zone(self) -> Self:
        if self.time_zone not in available_timezones():
            raise ValueError(f"time_zone {self.time_zone!r} is no IANA time zone such as Europe/Berlin")
        return self

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def line_kind(self, product: str) -> str | None:
        """The kind of lines with this product by rule; None where no rule names it."""
        if not self.line_kinds:
            return None
        known = self.kinds_met
        if product not in known:
            known[product] = next(
                (
                    kind
                    for kind, patterns in self.line_kinds.items()
                    if any(fnmatchcase(product, pattern) for pattern in patterns)
                ),
                None,
            )
        return known[product]

    @cached_property
    def kinds_met(self) -> dict[str, str | None]:
        """What `line_kind` has found so far: lines are many, products few."""
        return {}
