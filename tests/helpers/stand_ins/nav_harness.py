"""The conformance suite's hand on the stand-in for Dynamics NAV."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from connectors.conformance import Request, Seed, cannot
from connectors.spi import WriteKind
from tests.helpers.stand_ins.buyer_harness import BuyerHarness
from tests.helpers.stand_ins.nav import Nav
from tests.helpers.stand_ins.soap import operation_in
from tests.helpers.stand_ins.table import Row, Table

DAY = date(2026, 1, 15)
TIER = "Our_Account_No"
_FORMATS = {"de": "%d.%m.%Y", "en": "%m/%d/%Y"}


class NavHarness(BuyerHarness):
    """Records are entries of the ledger, each with its posted invoice; a seed's text is the external document number of
    both."""

    preset = "nav_onprem"

    def __init__(self, nav: Nav, folder: Path) -> None:
        self.nav = nav
        super().__init__(nav, folder)
        self.buyer = nav.books.add_customer("C-1001", "Buyer & Söhne")

    def secrets(self) -> Sequence[str]:
        return [self.nav.password]

    def own_settings(self) -> Mapping[str, Any]:
        return {
            "preset": self.preset,
            "wsdl_cache": str(self.folder / "wsdl"),
            "auth": {"kind": "basic", "user": self.nav.user, "password": {"file": "key"}},
            "values": {
                "server": f"{self.proxy.url}/DynamicsNAV",
                "company": "CRONUS AG",
                "entity": "DE01",
                "currency": "EUR",
                "date_format": _FORMATS[self.nav.language],
                "line_number": "8730",
                "tier_field": TIER,
            },
            "maps": {"tax_codes": {"S 20": "VAT20", "S 10": "VAT10"}, "currencies": {"EUR": ""}},
        }

    def stream(self) -> str:
        return "invoices"

    # ------------------------------------------------------------ the source

    @property
    def table(self) -> Table:
        return self.nav.books.tables["entries"]

    def make(self, record: Seed) -> Row:
        line = {"No": "SAW-3", "Quantity": 2, "Unit_Price": "100.05", "VAT_Prod_Posting_Group": "VAT20"}
        return self.nav.books.add_invoice(self.buyer, [line], DAY, External_Document_No=f"{record.id} {record.text}")

    def alter(self, row: Row, record: Seed) -> None:
        values = {"External_Document_No": f"{record.id} {record.text}"}
        self.nav.books.change("entries", row, values)
        self.nav.books.change("invoices", row.extra["document"], values)

    def equal_stamps(self, records: Sequence[Seed]) -> Any:
        cannot("entries of the ledger have each a number of its own")

    def shift_page(self, changed: Seed, added: Seed) -> None:
        cannot("what is posted does not change")

    def spoil(self, row: Row) -> None:
        row.extra["document"].extra["lines"][0]["VAT_Prod_Posting_Group"] = "NONE"

    # ------------------------------------------------------------ the target

    def batch(self, kind: WriteKind, count: int, first: int = 1) -> Any:
        if kind == "tier":
            cannot("tiers are written one by one")
        return super().batch(kind, count, first)

    def stored(self, kind: WriteKind, key: str) -> int:
        nav = self.nav
        if kind == "account_note":
            return sum(each["key"] == key for each in nav.books.comments)
        if kind == "tier":
            return self.is_asked(key, self.buyer.values.get(TIER))
        return sum(len(nav.books.tables[name].where(External_Document_No=key)) for name in ("memos", "posted_memos"))

    def is_write(self, request: Request) -> bool:
        return operation_in(request.body) in ("Create", "Update", "Delete", "PostCreditMemo", "AddNote")

    def is_posting(self, request: Request) -> bool:
        return operation_in(request.body) == "PostCreditMemo"
