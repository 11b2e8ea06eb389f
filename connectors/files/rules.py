"""What the settings of a pattern consist of: rules over rows, expressions and templates over file names."""

from __future__ import annotations

import re
import string
from collections.abc import Iterable
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from core.documents import RecordKind


class Part(BaseModel):
    """Base of what settings consist of. Unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SkipRule(Part):
    """Rows the rule fits are left out. Exactly one of `starts_with`, `equals` and `in` is given."""

    column: str = Field(min_length=1, description="column the rule looks at")
    starts_with: str | None = Field(default=None, min_length=1, description="the value begins with this text")
    equals: str | None = Field(default=None, description="the value is this text")
    one_of: tuple[str, ...] | None = Field(
        default=None, min_length=1, alias="in", description="the value is one of these texts"
    )

    @model_validator(mode="after")
    def _one_test(self) -> Self:
        if sum(test is not None for test in (self.starts_with, self.equals, self.one_of)) != 1:
            raise ValueError("a rule needs exactly one of starts_with, equals and in")
        return self

    def fits(self, values: Iterable[str]) -> list[bool]:
        """For each value of the column whether the rule fits it."""
        if self.starts_with is not None:
            prefix = self.starts_with
            return [value.startswith(prefix) for value in values]
        wanted = frozenset((self.equals,) if self.equals is not None else self.one_of or ())
        return [value in wanted for value in values]


class KindRule(SkipRule):
    """Rows the rule fits are records of `kind` instead of the pattern's. The first rule that fits wins."""

    kind: RecordKind = Field(description="record kind of these rows")


class CompanyColumn(Part):
    """The company of each row stands in a column."""

    column: str = Field(min_length=1, description="column that holds the company")


def expression(value: str) -> re.Pattern[str]:
    """The compiled regular expression. Raises ValueError with what is wrong in it."""
    try:
        return re.compile(value)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"{value!r} is not a regular expression: {error}") from None


def one_named_group(value: str) -> str:
    """`value`, if it is a regular expression with exactly one named group. Raises ValueError."""
    if len(expression(value).groupindex) != 1:
        raise ValueError(f"{value!r} needs exactly one named group, such as (?P<number>[0-9]+)")
    return value


def template(value: str, allowed: tuple[str, ...], required: str | None = None) -> str:
    """`value`, if it is the name of a file with nothing but `allowed` in braces. Raises ValueError."""
    try:
        parts = list(string.Formatter().parse(value))
    except ValueError as error:
        raise ValueError(f"{value!r} is not a file name with {{...}} in it: {error}") from None
    used = [name for _, name, _, _ in parts if name is not None]
    plain = all(not spec and not conversion for _, _, spec, conversion in parts)
    if not used or not plain or any(name not in allowed for name in used) or (required and required not in used):
        names = " or ".join(f"{{{name}}}" for name in allowed)
        raise ValueError(f"{value!r} must hold {names} and nothing else in braces")
    if "/" in value or "\\" in value:
        raise ValueError(f"{value!r} must be a file name; markers lie beside their files")
    return value
