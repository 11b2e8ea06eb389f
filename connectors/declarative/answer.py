"""What a request came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.declarative.settings.errors import Meaning


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply that was read: `body` parsed, None where it is empty. `meaning` is fine, empty, missing, skip,
    duplicate or refused; `message` one short plain line of what the other system says, without secrets."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: Any = field(repr=False)
    meaning: Meaning
    message: str = ""
