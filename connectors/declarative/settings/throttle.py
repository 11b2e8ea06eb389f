"""How much is asked of the other system at once, in a second and in a day."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import Field

from connectors.declarative.settings.base import Section


class Rate(Section):
    """A limit of requests over time."""

    per_second: Decimal = Field(gt=0, le=10_000, description="requests in a second")
    burst: int = Field(default=1, ge=1, le=10_000, description="requests at once after a pause")


class LimitHeaders(Section):
    """Where a reply tells how much is left."""

    after: tuple[str, ...] = Field(default=("Retry-After",), description="seconds, or a date, to wait")
    at: tuple[str, ...] = Field(default=(), description="when there is more again")
    at_format: Literal["epoch", "epoch_ms", "seconds", "http"] = Field(
        default="epoch", description="how `at` is written; `seconds` counts from now"
    )
    remaining: tuple[str, ...] = Field(default=(), description="how many requests are left until `at`")
    reserve: int = Field(default=0, ge=0, description="so many of the rest are left to others")


class Throttle(Section):
    """Limits of the connection. What must wait longer than `longest_wait` is put off to a later run instead."""

    rate: Rate | None = Field(default=None, description="limit of all requests")
    routes: dict[str, Rate] = Field(default={}, description="further limits, by the route of a request")
    concurrency: int = Field(default=4, ge=1, le=64, description="requests under way at once")
    per_day: int | None = Field(default=None, ge=1, description="what all requests of a day may cost together (UTC)")
    headers: LimitHeaders = Field(default=LimitHeaders(), description="what replies tell")
    longest_wait: int = Field(default=60, ge=0, le=3600, description="seconds that are waited at most")
    default_wait: int = Field(default=10, ge=1, le=3600, description="seconds to wait where a refusal does not say")
