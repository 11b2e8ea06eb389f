"""What a way to prove who we are may use of its connection."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connectors.crm_rest.answer import Answer
from connectors.crm_rest.clock import Clock
from connectors.crm_rest.settings.base import Request
from connectors.http.session import HttpSession


@dataclass(frozen=True, slots=True)
class Surroundings:
    """`ask` sends a request unsigned and reads its reply; `render` fills in a template of the settings."""

    name: str
    base: Path
    http: HttpSession
    clock: Clock
    ask: Callable[[Request, Mapping[str, Any], Mapping[str, str]], Answer]
    render: Callable[[Any], Any]
