"""How the measure becomes an amount."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, Self

from pydantic import Field, model_validator

from core.programs.definition import MOST, Amount, Definition, Percent

Method = Literal["flat", "marginal", "retrospective", "rolling", "total", "lump_sum", "every", "linear"]
RATES = ("percent", "per_unit", "amount")


class Band(Definition):
    """One band of a scale: from this measure on, this rate."""

    from_: Amount = Field(alias="from", description="lower bound of what the bands are about")
    to: Decimal | None = Field(
        default=None,
        le=MOST,
        description="upper bound: the next `from`. On the last band it closes the scale: what lies above earns "
        "nothing more",
    )
    percent: Percent | None = Field(default=None, description="percent of the measure")
    per_unit: Decimal | None = Field(
        default=None, ge=-MOST, le=MOST, description="amount in major units for each unit counted"
    )
    amount: Decimal | None = Field(
        default=None, ge=-MOST, le=MOST, description="a lump sum in major units, whatever the measure"
    )


class Scale(Definition):
    """How the measure becomes an amount."""

    method: Method = Field(
        default="flat",
        description="flat: one rate; marginal: each slice at its own rate; retrospective: all at the band reached; "
        "rolling: each band reached pays on the measure up to its own end; total: each band reached pays on "
        "everything; lump_sum: the amount of the band reached; every: an amount for each whole step; linear: the rate "
        "rises evenly from each `from` to the next",
    )
    percent: Percent | None = Field(default=None, description="rate of a flat scale in percent")
    per_unit: Decimal | None = Field(
        default=None, ge=-MOST, le=MOST, description="rate of a flat scale in major units for each unit counted"
    )
    bands: tuple[Band, ...] = Field(default=(), description="bands of the other scales")
    inclusive: Literal["lower", "upper"] = Field(
        default="lower", description="lower: a measure equal to `from` is in the band; upper: it is still below it"
    )
    every: Decimal | None = Field(default=None, gt=0, le=MOST, description="the step of method every")
    pays: Decimal | None = Field(default=None, ge=-MOST, le=MOST, description="what each whole step pays, major units")
    start: Amount = Field(default=Decimal(0), description="where the steps of method every begin")
    most: int | None = Field(default=None, ge=1, description="no more steps than this are paid")
    point: Literal["band", "baseline", "stated"] | None = Field(
        default=None,
        description="retrospective from a point: the rate of the band reached is for what lies above the band's own "
        "`from`, above the baseline, or above `point_at`",
    )
    point_at: Amount | None = Field(default=None, description="the measure of point = stated")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.method == "every":
            self._check_every()
            return self
        if self.every is not None or self.pays is not None or self.start or self.most is not None:
            raise ValueError("every, pays, start and most need method = every")
        if self.point is not None and self.method != "retrospective":
            raise ValueError("point needs method = retrospective")
        if (self.point == "stated") != (self.point_at is not None):
            raise ValueError("point = stated states `point_at`, the others do not")
        if self.method == "flat":
            if self.bands:
                raise ValueError("a flat scale has no bands: state `method`, or `percent` alone")
            if (self.percent is None) == (self.per_unit is None):
                raise ValueError("a flat scale states either `percent` or `per_unit`")
            return self
        if self.percent is not None or self.per_unit is not None:
            raise ValueError(f"a {self.method} scale states its rates in `bands`")
        self._check_bands()
        return self

    def _check_every(self) -> None:
        if self.every is None or self.pays is None:
            raise ValueError("method every states `every` and `pays`")
        if self.bands or self.percent is not None or self.per_unit is not None or self.point is not None:
            raise ValueError("method every has no bands, rates or point")

    def _check_bands(self) -> None:
        if not self.bands:
            raise ValueError(f"a {self.method} scale needs `bands`")
        stated = {tuple(name for name in RATES if getattr(band, name) is not None) for band in self.bands}
        if len(stated) > 1 or len(next(iter(stated))) != 1:
            raise ValueError("every band states one rate, and all the same kind: percent, per_unit or amount")
        allowed = {"lump_sum": ("amount",), "linear": RATES}.get(self.method, ("percent", "per_unit"))
        (kind,) = next(iter(stated))
        if kind not in allowed:
            raise ValueError(f"a {self.method} scale states {' or '.join(allowed)} in its bands, not {kind}")
        for before, after in zip(self.bands, self.bands[1:], strict=False):
            if after.from_ <= before.from_:
                raise ValueError(f"bands must rise: {after.from_} follows {before.from_}")
            if before.to is not None and before.to != after.from_:
                what = "a gap" if before.to < after.from_ else "an overlap"
                raise ValueError(f"{what} between {before.to} and {after.from_}: each `to` is the next `from`")
        last = self.bands[-1]
        if last.to is not None and last.to <= last.from_:
            raise ValueError(f"the last band ends at {last.to}, before it begins at {last.from_}")

    @property
    def kind(self) -> Literal["percent", "per_unit", "amount"]:
        """What the scale's rates are stated as."""
        if self.method == "every" or any(band.amount is not None for band in self.bands):
            return "amount"
        if self.per_unit is not None or any(band.per_unit is not None for band in self.bands):
            return "per_unit"
        return "percent"

    @property
    def is_per_unit(self) -> bool:
        return self.kind == "per_unit"
