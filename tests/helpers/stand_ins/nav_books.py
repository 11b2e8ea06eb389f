"""The books of the stand-in for Dynamics NAV: customers, documents, the ledger, the VAT set-up, comments."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from tests.helpers.stand_ins.clock import Clock
from tests.helpers.stand_ins.table import Row, Table

TABLES = ("customers", "invoices", "memos", "posted_memos", "entries", "vat")
_CENT = Decimal("0.01")


class NavBooks:
    """One company. Records are by the names of the fields that pages show; `vat` is by its two groups."""

    def __init__(self, stamp: Callable[[], datetime], clock: Clock) -> None:
        self.clock = clock
        self.accounts, self.currencies = {"8730"}, {"USD"}
        self.tables = {table: Table(stamp) for table in TABLES}
        self.comments: list[dict[str, str]] = []
        self._numbers = {"entries": 0, "invoices": 103_000, "memos": 1_000, "posted_memos": 104_000, "stamps": 3_000}
        for group, percent in (("VAT20", 20), ("VAT10", 10), ("VAT0", 0)):
            groups = {"VAT_Bus_Posting_Group": "INLAND", "VAT_Prod_Posting_Group": group}
            rate = {"VAT_Percent": Decimal(percent), "VAT_Calculation_Type": "Normal_VAT"}
            self._store("vat", f"INLAND/{group}", {**groups, **rate})

    def add_customer(self, number: str, name: str, **values: Any) -> Row:
        """A customer."""
        plain = {"Name": name, "VAT_Bus_Posting_Group": "INLAND", "Country_Region_Code": "DE", "Currency_Code": ""}
        day = {"Last_Date_Modified": self.clock.now().date()}
        return self._store("customers", number, {"No": number, **plain, **day, **values})

    def add_invoice(self, customer: Row, lines: Sequence[Mapping[str, Any]], day: date, **values: Any) -> Row:
        """A posted invoice: its entry in the ledger. Lines: No, Quantity, Unit_Price, VAT_Prod_Posting_Group."""
        kept = [{"Type": "Item", **line} for line in lines]
        days = {"Posting_Date": day, "Document_Date": day}
        row = self.add_document("invoices", customer, kept, {**days, **values})
        return self._enter("Invoice", row)

    def add_payment(self, customer: Row, number: str, day: date) -> Row:
        """A payment: an entry in the ledger that is no document of ours."""
        values = {"No": number, "Posting_Date": day, "Sell_to_Customer_No": customer.id, "Amount": Decimal(-1)}
        return self._enter("Payment", Row(number, values, self.clock.now(), self.clock.now()))

    def post_by_hand(self, number: str) -> Row:
        """A colleague posts an open memo."""
        memo = self.tables["memos"].get(number)
        assert memo is not None
        return self.post(memo)

    def add_document(
        self, table: str, customer: Row, lines: Sequence[Mapping[str, Any]], values: Mapping[str, Any]
    ) -> Row:
        """A document that is not in the ledger yet."""
        self._numbers[table] += 1
        today = self.clock.now().date()
        head = {"No": str(self._numbers[table]), "Sell_to_Customer_No": customer.id, "Posting_Date": today}
        named = {"Sell_to_Customer_Name": customer.values["Name"], "Bill_to_Customer_No": customer.id}
        rest = {"External_Document_No": "", "Currency_Code": customer.values["Currency_Code"]}
        group = customer.values["VAT_Bus_Posting_Group"]
        kept = [self._priced(group, line) for line in lines]
        net = sum((line["Line_Amount"] for line in kept), Decimal())
        tax = sum((line.pop("_tax") for line in kept), Decimal())
        if table == "memos":
            sums = {"Total_Amount_Excl_VAT": net, "Total_VAT_Amount": tax, "Total_Amount_Incl_VAT": net + tax}
            kept = [{**line, **sums} for line in kept]
            own: dict[str, Any] = {"VAT_Bus_Posting_Group": group}
        else:
            own = {"Amount": net, "Amount_Including_VAT": net + tax, "VAT_Bus_Posting_Group": group}
        given = {name: value for name, value in values.items() if name != "SalesLines"}
        row = self._store(table, head["No"], {**head, **named, **rest, **own, **given})
        row.extra |= {"lines": kept, "tax": tax, "net": net}
        return row

    def _priced(self, group: str, line: Mapping[str, Any]) -> dict[str, Any]:
        quantity, price = Decimal(str(line.get("Quantity", 1))), Decimal(str(line["Unit_Price"]))
        amount = (quantity * price).quantize(_CENT, ROUND_HALF_UP)
        setup = self.tables["vat"].get(f"{group}/{line['VAT_Prod_Posting_Group']}")
        assert setup is not None
        tax = (amount * setup.values["VAT_Percent"] / 100).quantize(_CENT, ROUND_HALF_UP)
        more = {"Quantity": quantity, "Unit_Price": price, "Unit_of_Measure_Code": "PCS", "Line_Amount": amount}
        return {"Description": "", **line, **more, "_tax": tax}

    def post(self, memo: Row) -> Row:
        """The memo becomes a posted one, with another number, and an entry in the ledger."""
        self._numbers["posted_memos"] += 1
        number = str(self._numbers["posted_memos"])
        sums = {"Amount": memo.extra["net"], "Amount_Including_VAT": memo.extra["net"] + memo.extra["tax"]}
        row = self._store("posted_memos", number, {**memo.values, **sums, "No": number, "Pre_Assigned_No": memo.id})
        row.extra["lines"] = [
            {name: value for name, value in line.items() if not name.startswith("Total_")}
            for line in memo.extra["lines"]
        ]
        self.tables["memos"].delete(memo)
        self._enter("Credit_Memo", row)
        return row

    def _enter(self, kind: str, document: Row) -> Row:
        """An entry in the ledger. Its number is that of its second, so that numbers tell when it was made."""
        self.clock.advance(timedelta(seconds=1))
        self._numbers["entries"] = max(self._numbers["entries"] + 1, int(self.clock.now().timestamp()))
        sign = -1 if kind == "Credit_Memo" else 1
        values = document.values
        entry = {
            "Entry_No": self._numbers["entries"],
            "Document_Type": kind,
            "Document_No": values["No"],
            "Customer_No": values["Sell_to_Customer_No"],
            "Posting_Date": values["Posting_Date"],
            "External_Document_No": values.get("External_Document_No", ""),
            "Amount": sign * values.get("Amount_Including_VAT", values["Amount"]),
            "Open": True,
        }
        id = values["No"] if kind == "Invoice" else f"{kind} {values['No']}"
        row = self._store("entries", id, entry)
        row.extra["document"] = document
        return row

    def _store(self, table: str, id: str, values: Mapping[str, Any]) -> Row:
        row = self.tables[table].add(values, id=id)
        row.extra["stamp"] = self._stamped()
        return row

    def change(self, table: str, row: Row, values: Mapping[str, Any]) -> None:
        """Somebody writes into a record: its key changes."""
        self.tables[table].change(row, values)
        row.extra["stamp"] = self._stamped()

    def _stamped(self) -> int:
        self._numbers["stamps"] += 1
        return self._numbers["stamps"]
