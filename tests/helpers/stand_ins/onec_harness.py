"""The conformance suite's hand on the stand-in for 1C."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from connectors.conformance import Request, Seed, sample_request
from connectors.spi import WriteKind, WriteRequest
from tests.helpers.stand_ins.buyer_harness import BuyerHarness
from tests.helpers.stand_ins.onec import OneC
from tests.helpers.stand_ins.soap.base import WSDL_FOLDER, operation_in
from tests.helpers.stand_ins.table import Row, Table

_WRITES = ("CreateCreditNote", "PostDocument", "DeleteDraft", "AddNote", "SetTier")


class OneCHarness(BuyerHarness):
    """Documents are seeded as invoices; a seed's text is their note."""

    preset = "onec"

    def __init__(self, onec: OneC, folder: Path) -> None:
        self.onec = onec
        super().__init__(onec, folder)
        self.buyer = onec.add_customer("ТОВ «Ромашка» & Söhne", inn="31234567")

    def secrets(self) -> Sequence[str]:
        return [self.onec.password]

    def own_settings(self) -> Mapping[str, Any]:
        return {
            "preset": self.preset,
            "auth": {"user": self.onec.user, "password": {"file": "key"}},
            "values": {"url": f"{self.proxy.url}/base", "wsdl": str(WSDL_FOLDER / "onec.wsdl")},
        }

    # ------------------------------------------------------------ the source

    @property
    def table(self) -> Table:
        return self.onec.documents

    def make(self, record: Seed) -> Row:
        line = {"product": "SAW-3", "text": "Пила", "net": "200.10", "quantity": 2, "rate": 20}
        return self.onec.add_document(self.buyer.id, [line], note=record.text)

    def alter(self, row: Row, record: Seed) -> None:
        self.table.change(row, {"note": record.text})

    def spoil(self, row: Row) -> None:
        self.table.change(row, {"currency": "999"})

    # ------------------------------------------------------------ the target

    def stored(self, kind: WriteKind, key: str) -> int:
        if kind == "tier":
            return self.is_asked(key, self.onec.tiers.get(self.buyer.id, {}).get("tier"))
        if kind == "account_note":
            return sum(note["key"] == key for note in self.onec.notes.values())
        return len(self.onec.documents.where(key=key))

    def taken_key(self, kind: WriteKind) -> WriteRequest:
        request = sample_request(kind, 60, self.account())
        self.onec.keys[request.key] = "of a document that is gone"
        return request

    def is_write(self, request: Request) -> bool:
        return operation_in(request.body) in _WRITES

    def is_posting(self, request: Request) -> bool:
        return operation_in(request.body) == "PostDocument"
