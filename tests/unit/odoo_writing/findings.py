"""What `check` finds, picked out."""

from __future__ import annotations

from connectors.odoo.adapter import OdooAdapter
from connectors.spi import Finding

FIELDS = {
    "tier": "x_tier",
    "since": "x_since",
    "progress": "x_progress",
    "to_next": "x_to_next",
    "accrued": "x_accrued",
}


def found(adapter: OdooAdapter, what: str) -> list[Finding]:
    """The findings about one thing."""
    return [finding for finding in adapter.check() if finding.what == what]


def only(adapter: OdooAdapter, what: str) -> Finding:
    (finding,) = found(adapter, what)
    return finding


def wrong(adapter: OdooAdapter) -> list[Finding]:
    return [finding for finding in adapter.check() if finding.level == "error"]
