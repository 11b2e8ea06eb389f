"""What a reply means that is not simply fine."""

from __future__ import annotations

import re
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from connectors.declarative.settings.base import Path, Section

Meaning = Literal[
    "retry", "throttle", "refresh", "conflict", "duplicate", "missing", "empty", "skip", "refused", "fatal", "fine"
]


class ErrorRule(Section):
    """One rule. The first whose every condition holds decides; where none does, the status does.

    `retry`: broken for now, and a write may have been carried out. `throttle`: too much asked, nothing carried out.
    `refresh`: the session or token ended: got anew once, then fatal. `conflict`: another change came between, nothing
    carried out, worth trying again. `duplicate`: the key is taken. `missing`: there is no such record. `empty`: no
    records. `skip`: this record cannot be read, the others can. `refused`: this document is not accepted.
    `fatal`: a person must act. `fine`: as if it had succeeded.
    """

    status: tuple[int, ...] = Field(
        default=(),
        description="one of these; empty: any. A redirect is judged only where it is named, and never followed",
    )
    header: str = Field(
        default="",
        max_length=80,
        description="a header that must be there, and match where `matches` is given without `path`; then its text is "
        "the message where the body has none",
    )
    path: Path = Field(default="", description="what of the body is looked at")
    matches: str = Field(
        default="",
        max_length=500,
        description="regular expression, found in what is looked at; empty: it must be there",
    )
    during: Literal["any", "read", "write"] = Field(default="any", description="for which requests")
    then: Meaning = Field(description="what it means")
    message: Path = Field(default="", description="where the body says why")

    @field_validator("matches")
    @classmethod
    def _compiles(cls, pattern: str) -> str:
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from None
        return pattern

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.status or self.header or self.path or self.matches):
            raise ValueError("a rule needs a condition: status, header, path or matches")
        return self
