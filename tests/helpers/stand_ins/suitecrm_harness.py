"""The conformance suite's hand on the stand-in for SuiteCRM."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from connectors.conformance import Request, Seed, cannot, sample_request
from connectors.spi import WriteKind, WriteRequest
from tests.helpers.stand_ins.harness import PresetHarness
from tests.helpers.stand_ins.suitecrm import SuiteCRM
from tests.helpers.stand_ins.table import Row, Table


def prepared(suite: SuiteCRM) -> SuiteCRM:
    """What an administrator adds before the preset is used."""
    for name, type in (
        ("erp_customer_number_c", "varchar"),
        ("rebated_tier_c", "varchar"),
        ("rebated_tier_since_c", "date"),
        ("rebated_tier_until_c", "date"),
        ("rebated_progress_c", "int"),
        ("rebated_to_next_c", "decimal"),
        ("rebated_accrued_c", "decimal"),
        ("rebated_paid_c", "decimal"),
    ):
        suite.add_field(name, type)
    return suite


class SuiteCRMHarness(PresetHarness):
    """Accounts are the records; a seed's text is the website."""

    preset = "suitecrm"

    def __init__(self, suite: SuiteCRM, folder: Path) -> None:
        self.suite = suite
        self.prepare()
        super().__init__(suite, folder)

    def prepare(self) -> None:
        """Add what an administrator adds."""
        prepared(self.suite)

    def own_settings(self) -> Mapping[str, Any]:
        auth = {"client_id": self.suite.client_id, "client_secret": {"file": "key"}}
        return {"values": {"url": self.proxy.url}, "auth": auth}

    def secrets(self) -> Sequence[str]:
        return [self.suite.client_secret]

    @property
    def table(self) -> Table:
        return self.suite.tables["Accounts"]

    def seed(self, records: Sequence[Seed]) -> None:
        """Some minutes old: within one minute SuiteCRM tells one change from another only by what is in it."""
        super().seed(records)
        for row in self.rows.values():
            self.touch(row, row.changed - timedelta(minutes=2))

    def make(self, record: Seed) -> Row:
        website = f"https://{record.text}.example.com"
        return self.suite.add_account(
            f"Account {record.id}", website=website, erp_customer_number_c=f"C-{record.id}", rebated_tier_c=""
        )

    def alter(self, row: Row, record: Seed) -> None:
        self.table.change(row, {"website": f"https://{record.text}.example.com"})

    def stored(self, kind: WriteKind, key: str) -> int:
        if kind == "account_note":
            return sum(1 for note in self.suite.tables["Notes"] if key in note.values["description"])
        return self.tier_stored(key, lambda row: row.values.get("rebated_tier_c"))

    def refused(self, kind: WriteKind) -> WriteRequest:
        if kind == "account_note":
            cannot("SuiteCRM takes a note on an account that is not there")
        return super().refused(kind)

    def taken_key(self, kind: WriteKind) -> WriteRequest:
        request = sample_request(kind, 60, self.account())
        self.build().create(request)
        notes = self.suite.tables["Notes"]
        notes.delete(next(note for note in notes if request.key in note.values["description"]))
        return request

    def is_write(self, request: Request) -> bool:
        return request.method in ("POST", "PATCH") and request.path.endswith("/Api/V8/module")
