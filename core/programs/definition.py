"""What every part of a definition has in common."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

MOST = 10**13
"""No bound, no amount and no rate a unit is larger, in major units."""

Identifier = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")]
Patterns = Annotated[tuple[str, ...], Field(default=())]
Amount = Annotated[Decimal, Field(ge=0, le=MOST)]
"""An amount or quantity in major units, not negative."""
Percent = Annotated[Decimal, Field(ge=-100, le=100)]


class Definition(BaseModel):
    """Base of every part of a definition: unknown keys are errors, values are frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
