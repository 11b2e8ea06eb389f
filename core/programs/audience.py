"""Who takes part, who gets the result, and how it is distributed."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from core.programs.definition import Definition, Identifier, Patterns, Percent


class AccountSelection(Definition):
    """Accounts by any of these; within one list any pattern is enough (`*` and `?` are wild)."""

    accounts: Patterns = Field(default=(), description="account ids of the source")
    segments: Patterns = Field(default=(), description="customer segments")
    countries: Patterns = Field(default=(), description="ISO 3166 codes")
    groups: Patterns = Field(default=(), description="buying groups")
    channels: Patterns = Field(default=(), description="sales channels")
    parents: Patterns = Field(default=(), description="account ids of parent accounts")
    tags: Patterns = Field(default=(), description="labels of the account; one of them is enough")

    def is_empty(self) -> bool:
        return not any(getattr(self, name) for name in AccountSelection.model_fields)


class TierAudience(Definition):
    """Only documents of days on which the account has one of these tiers."""

    program: Identifier = Field(description="id of the tier program")
    levels: tuple[Identifier, ...] = Field(min_length=1, description="levels that take part")


class Pilot(Definition):
    """A stable part of the accounts, chosen by a hash of the seed and the account's id."""

    percent: Percent = Field(gt=0, description="how many of a hundred accounts are in the pilot")
    part: Literal["pilot", "control"] = Field(
        default="pilot", description="which part takes part: the pilot, or the control group that is all others"
    )
    seed: str = Field(default="", max_length=63, description="programs with one seed choose alike; the id where empty")


class Audience(AccountSelection):
    """Who takes part: accounts that match every list that is filled, less the excluded ones. Exclusions win."""

    exclude: AccountSelection = Field(default=AccountSelection(), description="never these, by any of the lists")
    enrolled: bool = Field(
        default=False, description="only documents on days between the first and last day of an enrolment"
    )
    tiers: TierAudience | None = Field(default=None, description="only on days with one of these tiers")
    pilot: Pilot | None = Field(default=None, description="only a stable share of the accounts")
    beneficiary: Literal["account", "group", "parent", "top_parent"] = Field(
        default="account",
        description="whose measure is added up: each account's, its buying group's, its parent's, or that of the "
        "account at the top of its parents, as they were on the document's day; an account without one is its own",
    )
    distribution: Literal["measure", "equal"] = Field(
        default="measure",
        description="how the result of a group or parent is shared among the accounts that were invoiced: by what "
        "each contributed, or in equal parts",
    )

    @model_validator(mode="after")
    def _shared(self) -> Self:
        if self.distribution != "measure" and self.beneficiary == "account":
            raise ValueError("distribution needs a beneficiary that is a group or a parent")
        return self
