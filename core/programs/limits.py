"""What bounds an entitlement from below and above."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from core.programs.definition import Amount, Definition


class Limits(Definition):
    """Bounds of what is earned. Amounts in major units of the program's currency, net."""

    guarantee: Amount | None = Field(default=None, description="guaranteed minimum of each period")
    guarantee_cumulative: bool = Field(
        default=True,
        description="whether what was paid above the guarantee in earlier periods counts towards it, or each period "
        "stands alone",
    )
    guarantee_paid: Literal["end", "start"] = Field(
        default="end",
        description="end: a top-up after the period; start: the guarantee is due when the period begins, and what is "
        "earned beyond it after the period",
    )
    cap: Amount | None = Field(default=None, description="most for one beneficiary in one period")
    account_budget: Amount | None = Field(
        default=None, description="most for one beneficiary in all periods, the earlier first"
    )
    program_budget: Amount | None = Field(
        default=None,
        description="most for all beneficiaries in all periods, the earlier period first, within one in proportion; "
        "what is taken back is not lowered",
    )
    minimum: Amount | None = Field(default=None, description="smallest amount that is paid out")
    below_minimum: Literal["carry", "drop"] = Field(
        default="carry",
        description="carry: less than the minimum waits for the next settlement; drop: a period that earns less earns "
        "nothing, and what is taken back is taken back all the same",
    )

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.cap is not None and self.guarantee is not None and self.cap < self.guarantee:
            raise ValueError(f"the cap of {self.cap} is below the guarantee of {self.guarantee}")
        if self.guarantee is None and (self.guarantee_paid == "start" or not self.guarantee_cumulative):
            raise ValueError("guarantee_paid and guarantee_cumulative need a guarantee")
        if self.below_minimum == "drop" and self.minimum is None:
            raise ValueError("below_minimum needs a minimum")
        return self

    @property
    def bounds_amounts(self) -> bool:
        """Whether anything but the payout is bounded."""
        return any(value is not None for value in (self.guarantee, self.cap, self.account_budget, self.program_budget))
