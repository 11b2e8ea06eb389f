"""A workspace beside a stand-in, connected by a preset: a quarter's bonus and tiers of 2026."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.helpers.odoo_workspace import PROGRAMS
from tests.helpers.workspace import Workspace, call

DAY = ("--as-of", "2026-04-20")


class PresetWorkspace(Workspace):
    """One connection, `erp`, that does everything its preset can."""

    @classmethod
    def connected(
        cls, folder: Path, settings: Mapping[str, Any], secrets: Mapping[str, str], *, writes: set[str], time_zone: str
    ) -> PresetWorkspace:
        """A new one. `writes`: what of credit_notes, account_notes and tiers is written."""
        made = cls(folder)
        for place in (folder / "programs", folder / "var"):
            place.mkdir(parents=True)
        for name in ("bonus", "club"):
            (folder / "programs" / f"{name}.toml").write_text(PROGRAMS[name])
        for name, secret in secrets.items():
            path = folder / name
            path.write_text(secret)
            path.chmod(0o600)
        erp = {"adapter": "crm_rest", "write": True, "source": {"time_zone": time_zone}, "settings": dict(settings)}
        config = {
            "business": {"time_zone": time_zone},
            "entities": {"DE01": {"name": "Seller GmbH", "country": "DE"}},
            "connections": {"erp": erp},
            "write_back": dict.fromkeys(sorted(writes), "erp"),
            "review": {"second_person_above": {"EUR": 1_000_000}, "two_approvers_above": {"EUR": 1_000_000}},
            "alarms": {"percent_of_base": 100, "times_last_period": 1000, "first_for_account": False},
            "health": {"listen": "127.0.0.1:0"},
            "log": {"format": "text"},
        }
        made.config.write_text("".join(f"{name} = {_inline(value)}\n" for name, value in config.items()))
        return made

    def written(self) -> None:
        """Read everything, compute the first quarter, approve what is proposed, write it."""
        call(self, "pull")
        for name in ("bonus", "club"):
            call(self, "program", "live", name, "--settle-from", "2026-01-01")
        for step in ("accrue", "propose"):
            call(self, step, *DAY)
        call(self, "review", "approve", "--all-without-alarms")
        call(self, "write-back", *DAY)


LINES = ((Decimal(100), 10, 19), (Decimal("500.55"), 1, 7))
"""Price, quantity and tax of the lines of a customer's invoice: 1,500.55 in all, of which 1 % above 500 is 10.01."""


def _inline(value: Any) -> str:
    """A value as TOML on one line; its texts are JSON's."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{json.dumps(name)} = {_inline(item)}" for name, item in value.items()) + " }"
    return json.dumps(value)
