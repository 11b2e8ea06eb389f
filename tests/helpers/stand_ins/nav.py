"""A Dynamics NAV on premises as its web services show one company: pages of customers and sales documents, the ledger,
the VAT set-up, and the codeunit `Rebated` of docs/connectors/nav_onprem.md.

As its documentation says; nothing here was seen on a running system. The service user has a language: dates in filters
and the texts of faults are in it. An open credit memo takes its number as it is created, a posted one gets another;
external document numbers may double, except among posted memos of one customer: the codeunit refuses a second. Keys of
records change with every write.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, ClassVar

import pytest

from tests.helpers.stand_ins.base import Received, Refused, same
from tests.helpers.stand_ins.nav_books import NavBooks
from tests.helpers.stand_ins.nav_filters import BadFilter, condition
from tests.helpers.stand_ins.nav_words import ALREADY_POSTED, NOTE_IS_THERE, fault
from tests.helpers.stand_ins.soap import Call, Served, SoapStandIn, operation
from tests.helpers.stand_ins.soap.base import WSDL_FOLDER
from tests.helpers.stand_ins.table import Row
from tests.helpers.stand_ins.vendor_files import SHARED

VENDOR_FOLDER = SHARED / "specs" / "wsdl" / "nav"
NO_DATE = date(1, 1, 1)
_COMPANY = "CRONUS%20AG"
_PAGES = {
    "Customer": ("customers", VENDOR_FOLDER / "derived-page-Customer.wsdl"),
    "PostedSalesInvoices": ("invoices", VENDOR_FOLDER / "derived-page-PostedSalesInvoices.wsdl"),
    "SalesCreditMemo": ("memos", VENDOR_FOLDER / "derived-page-SalesCreditMemo.wsdl"),
    "PostedSalesCreditMemos": ("posted_memos", WSDL_FOLDER / "nav_posted_credit_memos.wsdl"),
    "CustomerLedgerEntries": ("entries", WSDL_FOLDER / "nav_ledger_entries.wsdl"),
    "VATPostingSetup": ("vat", WSDL_FOLDER / "nav_vat_setup.wsdl"),
}
"""The pages: where their records are, and the WSDL."""
_LINES = {
    "invoices": ("SalesLines", "Posted_Sales_Invoice_Line"),
    "memos": ("SalesLines", "Sales_Cr_Memo_Line"),
    "posted_memos": ("SalesCrMemoLines", "Posted_Sales_Cr_Memo_Line"),
}
_SENT = set("Sell_to_Customer_No External_Document_No Posting_Date Document_Date Currency_Code SalesLines".split())
_SENT_LINE = set("Type No Description Quantity Unit_Price VAT_Prod_Posting_Group".split())


class Nav(SoapStandIn):
    """The company. `language`: of the service user. Its WSDLs name addresses of another machine."""

    precision: ClassVar[timedelta] = timedelta(seconds=1)
    user, password = "REBATED", "web-service-key-9f3a"
    instance = "/DynamicsNAV/WS"

    def __init__(self, language: str = "de") -> None:
        if not VENDOR_FOLDER.exists():
            pytest.skip(f"no {VENDOR_FOLDER}: REBATED_SHARED names the folder that holds specs/")
        root = f"{self.instance}/{_COMPANY}"
        pages = {name: Served(source, f"{root}/Page/{name}", True) for name, (_, source) in _PAGES.items()}
        self.services = {**pages, "Rebated": Served(WSDL_FOLDER / "nav_rebated.wsdl", f"{root}/Codeunit/Rebated", True)}
        super().__init__()
        self.language = language
        self.empty_inside = False
        """Whether a list without records has its inner element, which the schema does not allow."""
        self.books = NavBooks(self.stamp, self.clock)

    def authenticate(self, asked: Received) -> None:
        name, password = asked.basic()
        if name != self.user or not same(password, self.password):
            raise Refused(401, None, {"WWW-Authenticate": 'Basic realm="NAV"'})

    # ------------------------------------------------------------ pages

    @operation("Read")
    def read(self, asked: Call) -> dict[str, Any]:
        key = asked.arguments.items()
        rows = [row for row in self._rows(asked.wsdl) if all(str(row.values[name]) == value for name, value in key)]
        return {asked.wsdl: self._shown(asked.wsdl, rows[0])} if rows else {}

    @operation("ReadMultiple")
    def read_multiple(self, asked: Call) -> dict[str, Any]:
        rows, size = self._rows(asked.wsdl), int(asked.arguments["setSize"])
        for each in asked.arguments["filter"]:
            rows = self._filtered(asked.wsdl, rows, each["Field"], each["Criteria"])
        if size < 0:
            rows.reverse()
        behind = asked.arguments.get("bookmarkKey")
        if behind:
            place = self._place(asked.wsdl, self._of_key(behind)[1])
            rows = [row for row in rows if (self._place(asked.wsdl, row.id) > place) != (size < 0)]
            rows = [row for row in rows if self._place(asked.wsdl, row.id) != place]
        rows = rows[: abs(size)] if size else rows
        if not rows:
            return {"ReadMultiple_Result": {}} if self.empty_inside else {}
        return {"ReadMultiple_Result": {asked.wsdl: [self._shown(asked.wsdl, row) for row in rows]}}

    @operation("Update", wsdl="Customer")
    def update(self, asked: Call) -> dict[str, Any]:
        given = dict(asked.arguments["Customer"])
        row = self._current("Customer", given.pop("Key", ""))
        self.books.change("customers", row, {**given, "Last_Date_Modified": self.clock.now().date()})
        return {"Customer": self._shown("Customer", row)}

    @operation("Create", wsdl="SalesCreditMemo")
    def create(self, asked: Call) -> dict[str, Any]:
        given = asked.arguments["SalesCreditMemo"]
        unknown = set(given) - _SENT
        if unknown:
            raise fault(self.language, "read_only", field=min(unknown))
        customer = self.books.tables["customers"].get(given.get("Sell_to_Customer_No", ""))
        if customer is None:
            raise fault(self.language, "missing", table="Customer", number=given.get("Sell_to_Customer_No", ""))
        if given.get("Currency_Code", "") not in ("", *self.books.currencies):
            raise fault(self.language, "missing", table="Currency", number=given["Currency_Code"])
        if len(given.get("External_Document_No", "")) > 35:
            raise fault(self.language, "too_long", value=given["External_Document_No"])
        sent = given.get("SalesLines", {}).get("Sales_Cr_Memo_Line", [])
        lines = [self._sent_line(customer, line) for line in sent]
        days = {name: date.fromisoformat(given[name]) for name in ("Posting_Date", "Document_Date") if name in given}
        row = self.books.add_document("memos", customer, lines, {**given, **days})
        return {"SalesCreditMemo": self._shown("SalesCreditMemo", row)}

    def _sent_line(self, customer: Row, sent: Mapping[str, Any]) -> dict[str, Any]:
        unknown = set(sent) - _SENT_LINE
        if unknown:
            raise fault(self.language, "read_only", field=min(unknown))
        if sent.get("Type") != "G_L_Account" or sent.get("No") not in self.books.accounts:
            raise fault(self.language, "missing", table="G/L Account", number=sent.get("No", ""))
        group = sent.get("VAT_Prod_Posting_Group", "")
        if self.books.tables["vat"].get(f"{customer.values['VAT_Bus_Posting_Group']}/{group}") is None:
            raise fault(self.language, "missing", table="VAT Posting Setup", number=group)
        return dict(sent) | {name: Decimal(sent[name]) for name in ("Quantity", "Unit_Price") if name in sent}

    @operation("Delete", wsdl="SalesCreditMemo")
    def delete(self, asked: Call) -> dict[str, Any]:
        self.books.tables["memos"].delete(self._current("SalesCreditMemo", asked.arguments["Key"]))
        return {"Delete_Result": True}

    # ------------------------------------------------------------ the codeunit

    @operation("PostCreditMemo", wsdl="Rebated")
    def post_credit_memo(self, asked: Call) -> dict[str, Any]:
        number = asked.arguments["no"]
        row = self.books.tables["memos"].get(number)
        posted = self.books.tables["posted_memos"].where(Pre_Assigned_No=number)
        if row is None and posted:
            return {"return_value": posted[-1].id}
        if row is None:
            raise fault(self.language, "missing", table="Sales Header", number=number)
        if not row.extra["lines"]:
            raise fault(self.language, "nothing_to_post")
        own = {name: row.values[name] for name in ("External_Document_No", "Sell_to_Customer_No")}
        if own["External_Document_No"] and self.books.tables["posted_memos"].where(**own):
            raise fault(self.language, "own", text=f"{ALREADY_POSTED} {own['External_Document_No']}")
        return {"return_value": self.books.post(row).id}

    @operation("AddNote", wsdl="Rebated")
    def add_note(self, asked: Call) -> dict[str, Any]:
        customer, key, text = (asked.arguments[name] for name in ("customerNo", "noteKey", "noteText"))
        if self.books.tables["customers"].get(customer) is None:
            raise fault(self.language, "missing", table="Customer", number=customer)
        if self._note(key):
            raise fault(self.language, "own", text=f"{NOTE_IS_THERE} {key}")
        self.books.comments.append({"customer": customer, "key": key, "text": text})
        return {"return_value": self._note(key)}

    @operation("FindNote", wsdl="Rebated")
    def find_note(self, asked: Call) -> dict[str, Any]:
        return {"return_value": self._note(asked.arguments["noteKey"])}

    def _note(self, key: str) -> str:
        return next((f"{each['key']} {each['customer']}" for each in self.books.comments if each["key"] == key), "")

    # ------------------------------------------------------------ how a page shows them

    def _rows(self, service: str) -> list[Row]:
        return sorted(self.books.tables[_PAGES[service][0]], key=lambda row: self._place(service, row.id))

    def _place(self, service: str, id: str) -> tuple[int, str]:
        """Where a record stands in the order of its primary key; that of one that is gone, too."""
        if service != "CustomerLedgerEntries":
            return 0, id
        row = next((row for row in self.books.tables["entries"].every if row.id == id), None)
        return (0, "") if row is None else (row.values["Entry_No"], "")

    def _filtered(self, service: str, rows: list[Row], field: str, criteria: str) -> list[Row]:
        samples = {"Entry_No": 0, "Amount": Decimal(), "Open": True}
        sample = date(1, 1, 1) if "Date" in field else samples.get(field, "")
        try:
            holds = condition(criteria, sample, self.language)
        except BadFilter:
            raise fault(self.language, "bad_filter", value=criteria, field=field.replace("_", " ")) from None
        return [row for row in rows if holds(row.values.get(field, sample))]

    def _shown(self, service: str, row: Row) -> dict[str, Any]:
        """Empty texts are left out, and dates that are not set are the first day of all."""
        told = {name: value for name, value in row.values.items() if value != "" and value is not None}
        table = _PAGES[service][0]
        if table in _LINES:
            part, element = _LINES[table]
            lines = [{name: value for name, value in line.items() if value != ""} for line in row.extra["lines"]]
            told |= {part: {element: lines}} if lines else {}
        if service == "CustomerLedgerEntries":
            told.setdefault("Due_Date", NO_DATE)
        return {"Key": self._key(row), **told}

    def _key(self, row: Row) -> str:
        raw = base64.b64encode(row.id.encode()).decode()
        return f"{len(raw)};{raw}{len(str(row.extra['stamp']))};{row.extra['stamp']};"

    def _of_key(self, key: str) -> tuple[str, str]:
        """The stamp and the id in a key."""
        length, _, rest = key.partition(";")
        try:
            raw, rest = rest[: int(length)], rest[int(length) :]
            return rest.split(";")[1], base64.b64decode(raw, validate=True).decode()
        except (ValueError, IndexError):
            raise fault(self.language, "bad_key", value=key) from None

    def _current(self, service: str, key: str) -> Row:
        """The record of a key, where nobody has written into it since."""
        stamp, id = self._of_key(key)
        row = self.books.tables[_PAGES[service][0]].get(id)
        if row is None:
            raise fault(self.language, "missing", table=service, number=id)
        if stamp != str(row.extra["stamp"]):
            raise fault(self.language, "stale", table=service, number=id)
        return row
