"""What a period is compared with: growth, and attainment of a target."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, Self

from pydantic import Field, model_validator

from core.programs.basis import ProductSelection
from core.programs.definition import Amount, Definition


class Index(ProductSelection):
    """How much the baseline of some products is raised, for inflation say."""

    percent: Decimal = Field(gt=-100, le=1000, description="percent added to the baseline of these products")


class Baseline(Definition):
    """What the period's measure is compared with, and what its bands are then about."""

    against: Literal["previous_period", "last_year", "target"] = Field(
        description="the period before, the same period a year before, or a fixed target"
    )
    target: Amount | None = Field(default=None, description="the target of a period, in units of the measure")
    targets: dict[str, Amount] = Field(
        default={}, description="targets of single accounts, by their ids, or of buying groups, by their names"
    )
    bands_in: Literal["percent", "amount", "attainment"] = Field(
        default="percent",
        description="what `from` of a band means: growth in percent of the baseline, growth as an amount, or the "
        "measure in percent of the baseline. Growth below zero reaches no band, not even one from 0",
    )
    pays_on: Literal["everything", "growth"] = Field(
        default="everything", description="whether the rate is for the whole measure or for what exceeds the baseline"
    )
    index: tuple[Index, ...] = Field(default=(), description="raises of the baseline, the first that matches a product")
    joiners: Literal["pro_rata", "exclude", "as_is"] = Field(
        default="as_is",
        description="an account that joined within the period compared with (the first day of its enrolment, else the "
        "first of the month of its first document): the baseline stays as it is, is raised to the whole length by "
        "days, or it earns nothing",
    )
    without: Literal["nothing", "all_growth"] = Field(
        default="nothing",
        description="an account without a baseline, or with one that is not positive: it earns nothing, or everything "
        "is growth and, by bands in percent or attainment, a measure above zero reaches the highest band",
    )

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.against == "target":
            if self.target is None and not self.targets:
                raise ValueError("a baseline against a target states `target` or `targets`")
            if self.index:
                raise ValueError("a fixed target is not indexed: state the raised target")
        elif self.target is not None or self.targets:
            raise ValueError('target and targets need against = "target"')
        return self
