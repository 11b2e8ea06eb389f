"""Magento 1, or OpenMage, with its API V2: rpc/encoded, a session in each call, filters, lists without pages.

As in its source: lists of invoices tell a few columns only and know no page, an update leaves alone what it is not
given, a comment moves the change stamp of its order, refusals are faults with a number.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, ClassVar
from uuid import uuid4

from lxml import etree

from tests.helpers.stand_ins.base import Answer, Received, same
from tests.helpers.stand_ins.magento1_filters import filtered
from tests.helpers.stand_ins.soap.base import WSDL_FOLDER, Call, Served, SoapFault, SoapStandIn, operation
from tests.helpers.stand_ins.soap.names import ENVELOPE
from tests.helpers.stand_ins.table import Row, Table

STAMP = "%Y-%m-%d %H:%M:%S"
EXPIRED, DENIED, INTERNAL = ("5", "Session expired. Try to relogin."), ("2", "Access denied."), ("1", "Internal Error.")

_CENT, _FOUR = Decimal("0.01"), Decimal("0.0001")
_LISTED = ("invoice_id", "increment_id", "order_id", "created_at", "state", "grand_total", "order_currency_code")
_RIGHTS = {
    "salesOrderList": "sales/order/info",
    "salesOrderInfo": "sales/order/info",
    "salesOrderAddComment": "sales/order/change",
    "salesOrderInvoiceList": "sales/order/invoice/info",
    "salesOrderInvoiceInfo": "sales/order/invoice/info",
    "salesOrderCreditmemoList": "sales/order/creditmemo/list",
    "salesOrderCreditmemoInfo": "sales/order/creditmemo/info",
    "customerCustomerList": "customer/info",
    "customerCustomerInfo": "customer/info",
    "customerCustomerUpdate": "customer/update",
}


class Magento(SoapStandIn):
    """Everything in memory; ids are whole numbers, amounts texts with four decimals. `rights`: None for all."""

    precision: ClassVar[timedelta] = timedelta(seconds=1)

    def __init__(self, user: str = "rebated", phrase: str = "api-key-4711") -> None:
        self.services = {"api": Served(WSDL_FOLDER / "magento1.wsdl", "/index.php/api/v2_soap/index/")}
        super().__init__()
        self.user, self.key = user, phrase
        self.sessions: set[str] = set()
        self.rights: set[str] | None = None
        self.groups = {0: "NOT LOGGED IN", 1: "General", 4: "silver", 5: "gold"}
        self.customers = Table(self.stamp, first=101)
        self.orders = Table(self.stamp, first=501)
        self.invoices = Table(self.stamp)
        self.memos = Table(self.stamp)
        self._items = 9000

    def description_open(self, asked: Received) -> bool:
        return True

    def fault_answer(self, fault: SoapFault, version: str, schemas: Any = None) -> Answer:
        """Its codes are numbers without a prefix."""
        envelope = etree.Element(f"{{{ENVELOPE['1.1']}}}Envelope", nsmap={"SOAP-ENV": ENVELOPE["1.1"]})
        node = etree.SubElement(etree.SubElement(envelope, f"{{{ENVELOPE['1.1']}}}Body"), f"{{{ENVELOPE['1.1']}}}Fault")
        etree.SubElement(node, "faultcode").text = fault.code
        etree.SubElement(node, "faultstring").text = fault.text
        raw = etree.tostring(envelope, xml_declaration=True, encoding="utf-8")
        return Answer(fault.status, raw, content_type="text/xml; charset=utf-8")

    def admit(self, asked: Call) -> None:
        if asked.operation in ("login", "endSession"):
            return
        if asked.arguments.get("sessionId") not in self.sessions:
            raise _fault(EXPIRED)
        needed = _RIGHTS.get(asked.operation)
        if self.rights is not None and needed is not None and needed not in self.rights:
            raise _fault(DENIED)

    # ------------------------------------------------------------ for tests

    def add_customer(self, name: str, **more: Any) -> Row:
        """A customer of the shop."""
        return self.customers.add({"firstname": name, "lastname": "Ltd", "group_id": 1, **more})

    def add_order(self, customer: str | None, items: list[dict[str, Any]], **more: Any) -> Row:
        """An order with these items: `sku`, `price`, `qty`, `rate` and what else an item has."""
        own = []
        for item in items:
            self._items += 1
            own.append(
                {"item_id": str(self._items), "product_type": "simple", "qty": 1, "rate": 20, "name": "", **item}
            )
        row = self.orders.add({"customer_id": customer, "status": "processing", "items": own, "history": [], **more})
        row.values["increment_id"] = f"1{int(row.id):08}"
        return row

    def add_invoice(self, order: Row, **more: Any) -> Row:
        """An invoice of the whole order. `shipping`, `discount`: net, positive, under the rate of the items."""
        return self._document(self.invoices, order, 2, more)

    def add_memo(self, order: Row, **more: Any) -> Row:
        """A credit memo of the whole order, as a person makes it."""
        return self._document(self.memos, order, 3, more)

    def _document(self, table: Table, order: Row, series: int, more: Mapping[str, Any]) -> Row:
        base = {"order_id": order.id, "state": "2", "shipping": Decimal(0), "discount": Decimal(0)}
        row = table.add({**base, "order_currency_code": "EUR", **more})
        row.values["increment_id"] = f"{series}{int(row.id):08}"
        return row

    # ------------------------------------------------------------ sessions

    @operation("login")
    def login(self, asked: Call) -> Any:
        given = asked.arguments
        if not (same(given["username"] or "", self.user) and same(given["apiKey"] or "", self.key)):
            raise _fault(DENIED)
        session = uuid4().hex
        self.sessions.add(session)
        return {"loginReturn": session}

    @operation("endSession")
    def end_session(self, asked: Call) -> Any:
        self.sessions.discard(asked.arguments["sessionId"])
        return {"endSessionReturn": True}

    # ------------------------------------------------------------ orders

    @operation("salesOrderList")
    def list_orders(self, asked: Call) -> Any:
        return {"result": filtered(map(self._order, self.orders), asked.arguments["filters"])}

    @operation("salesOrderInfo")
    def order_info(self, asked: Call) -> Any:
        row = _numbered(self.orders, asked.arguments["orderIncrementId"], "Requested order not exists.")
        items = [
            {
                "item_id": item["item_id"],
                "order_id": row.id,
                "product_type": item["product_type"],
                "sku": item["sku"],
                "tax_percent": f"{Decimal(item['rate']):.4f}",
            }
            for item in row.values["items"]
        ]
        return {"result": {**self._order(row), "items": items, "status_history": row.values["history"]}}

    @operation("salesOrderAddComment")
    def comment_order(self, asked: Call) -> Any:
        given = asked.arguments
        row = _numbered(self.orders, given["orderIncrementId"], "Requested order not exists.")
        about = {"parent_id": row.id, "status": given["status"], "comment": given["comment"] or ""}
        made = {"created_at": self.stamp().strftime(STAMP), "is_customer_notified": given["notify"] or "0"}
        history = [{**about, **made}, *row.values["history"]]
        self.orders.change(row, {"history": history, "status": given["status"]})
        return {"result": True}

    # ------------------------------------------------------------ invoices and credit memos

    @operation("salesOrderInvoiceList")
    def list_invoices(self, asked: Call) -> Any:
        """The columns the source selects, without the change stamp it can be filtered by."""
        found = filtered((self._sales(row, "invoice_id") for row in self.invoices), asked.arguments["filters"])
        return {"result": [{name: each[name] for name in _LISTED} for each in found]}

    @operation("salesOrderInvoiceInfo")
    def invoice_info(self, asked: Call) -> Any:
        number = asked.arguments["invoiceIncrementId"]
        row = _numbered(self.invoices, number, "Requested invoice does not exist.")
        order = self._order_of(row)
        about = {"order_increment_id": order.values["increment_id"]}
        items = [_item(item, row) for item in order.values["items"]]
        return {"result": {**self._sales(row, "invoice_id"), **about, "items": items}}

    @operation("salesOrderCreditmemoList")
    def list_memos(self, asked: Call) -> Any:
        return {
            "result": filtered((self._sales(row, "creditmemo_id") for row in self.memos), asked.arguments["filters"])
        }

    @operation("salesOrderCreditmemoInfo")
    def memo_info(self, asked: Call) -> Any:
        number = asked.arguments["creditmemoIncrementId"]
        row = _numbered(self.memos, number, "Requested credit memo does not exist")
        items = [{**_item(item, row), "discount_amount": "0.0000"} for item in self._order_of(row).values["items"]]
        return {"result": {**self._sales(row, "creditmemo_id"), "items": items}}

    # ------------------------------------------------------------ customers

    @operation("customerCustomerList")
    def list_customers(self, asked: Call) -> Any:
        return {"storeView": filtered(map(self._customer, self.customers), asked.arguments["filters"])}

    @operation("customerCustomerInfo")
    def customer_info(self, asked: Call) -> Any:
        return {"customerInfo": self._customer(self._the_customer(asked.arguments["customerId"]))}

    @operation("customerCustomerUpdate")
    def update_customer(self, asked: Call) -> Any:
        """What is given changes; the group is not looked for."""
        row = self._the_customer(asked.arguments["customerId"])
        given = {name: value for name, value in asked.arguments["customerData"].items() if value is not None}
        given.pop("_type", None)
        self.customers.change(row, {**given, "group_id": int(given.get("group_id", row.values["group_id"]))})
        return {"result": True}

    @operation("customerGroupList")
    def list_groups(self, asked: Call) -> Any:
        groups = [{"customer_group_id": number, "customer_group_code": code} for number, code in self.groups.items()]
        return {"result": groups}

    # ------------------------------------------------------------ what is shown

    def _the_customer(self, number: str) -> Row:
        row = self.customers.get(str(number))
        if row is None:
            raise SoapFault("102", "Customer not exists.")
        return row

    def _customer(self, row: Row) -> dict[str, Any]:
        stamps = {"created_at": row.created.strftime(STAMP), "updated_at": row.changed.strftime(STAMP)}
        return {"customer_id": int(row.id), **stamps, **row.values}

    def _order_of(self, row: Row) -> Row:
        order = self.orders.get(row.values["order_id"])
        assert order is not None
        return order

    def _order(self, row: Row) -> dict[str, Any]:
        shown = {name: row.values[name] for name in ("increment_id", "customer_id", "status")}
        if shown["customer_id"] is None:
            shown["customer_id"] = {"_nil": True}
        stamps = {"created_at": row.created.strftime(STAMP), "updated_at": row.changed.strftime(STAMP)}
        return {"order_id": row.id, **shown, **stamps}

    def _sales(self, row: Row, identity: str) -> dict[str, Any]:
        items = self._order_of(row).values["items"]
        subtotal = sum((Decimal(item["price"]) * item["qty"] for item in items), Decimal())
        rate = Decimal(items[0]["rate"])
        tax = sum((_tax(item) for item in items), Decimal())
        header = row.values["shipping"] - row.values["discount"]
        tax += (header * rate / 100).quantize(_CENT, ROUND_HALF_UP)
        amounts = {
            "subtotal": subtotal,
            "shipping_amount": row.values["shipping"],
            "discount_amount": -row.values["discount"],
            "tax_amount": tax,
            "grand_total": subtotal + header + tax,
        }
        shown = {name: row.values[name] for name in ("increment_id", "order_id", "state", "order_currency_code")}
        stamps = {"created_at": row.created.strftime(STAMP), "updated_at": row.changed.strftime(STAMP)}
        return {identity: row.id, **shown, **stamps, **{name: f"{value:.4f}" for name, value in amounts.items()}}


def _item(item: Mapping[str, Any], document: Row) -> dict[str, Any]:
    """An item of a document; one that belongs to another has no price of its own."""
    total = Decimal(item["price"]) * item["qty"]
    own = {"row_total": f"{total:.4f}", "tax_amount": f"{_tax(item):.4f}", "price": f"{Decimal(item['price']):.4f}"}
    empty = {"_nil": True}
    return {
        "item_id": f"{document.id}{item['item_id']}",
        "parent_id": document.id,
        "order_item_id": item["item_id"],
        "sku": item["sku"],
        "name": item["name"],
        "qty": f"{Decimal(item['qty']):.4f}",
        **(own if total else dict.fromkeys(own, empty)),
    }


def _tax(item: Mapping[str, Any]) -> Decimal:
    total = Decimal(item["price"]) * item["qty"]
    return (total * Decimal(item["rate"]) / 100).quantize(_CENT, ROUND_HALF_UP)


def _fault(about: tuple[str, str]) -> SoapFault:
    return SoapFault(*about)


def _numbered(table: Table, number: str | None, missing: str) -> Row:
    rows = table.where(increment_id=number)
    if not rows:
        raise SoapFault("100", missing)
    return rows[0]
