"""The conformance suite's hand on the stand-in for Pipedrive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from connectors.conformance import Request, Seed
from connectors.spi import WriteKind
from tests.helpers.stand_ins.harness import PresetHarness
from tests.helpers.stand_ins.pipedrive import Pipedrive
from tests.helpers.stand_ins.table import Row, Table


def prepared(pipedrive: Pipedrive) -> dict[str, str]:
    """What an administrator adds before the preset is used: the codes by label."""
    return {
        label: pipedrive.add_field(label, type)
        for label, type in (
            ("ERP customer number", "varchar"),
            ("Website", "varchar"),
            ("Rebate tier", "varchar"),
            ("Rebate tier since", "date"),
            ("Rebate tier until", "date"),
            ("Rebate progress", "double"),
            ("Rebate to next tier", "double"),
            ("Rebate earned", "double"),
            ("Rebate paid this year", "double"),
        )
    }


class PipedriveHarness(PresetHarness):
    """Organizations are the records; a seed's text is the website."""

    preset = "pipedrive"

    def __init__(self, pipedrive: Pipedrive, folder: Path) -> None:
        self.pipedrive, self.codes = pipedrive, prepared(pipedrive)
        super().__init__(pipedrive, folder)

    def own_settings(self) -> Mapping[str, Any]:
        return {"base_url": self.proxy.url, "auth": {"key": {"file": "key"}}, "values": {"domain": "Website"}}

    def secrets(self) -> Sequence[str]:
        return [self.pipedrive.token]

    @property
    def table(self) -> Table:
        return self.pipedrive.organizations

    def make(self, record: Seed) -> Row:
        custom = {"ERP customer number": f"C-{record.id}", "Website": f"{record.text}.example.com"}
        return self.pipedrive.add_organization(f"Organization {record.id}", **custom)

    def alter(self, row: Row, record: Seed) -> None:
        custom = row.values["custom_fields"] | {self.codes["Website"]: f"{record.text}.example.com"}
        self.table.change(row, {"custom_fields": custom})

    def stored(self, kind: WriteKind, key: str) -> int:
        if kind == "account_note":
            return sum(1 for note in self.pipedrive.notes if key in note.values["content"])
        return self.tier_stored(key, lambda row: row.values["custom_fields"].get(self.codes["Rebate tier"]))

    def is_write(self, request: Request) -> bool:
        return request.method in ("POST", "PATCH")
