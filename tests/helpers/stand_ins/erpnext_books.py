"""What an ERPNext keeps, how it takes documents, and what tests put there without its interface."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from tests.helpers.stand_ins.base import StandIn
from tests.helpers.stand_ins.erpnext_doctypes import DOCTYPES, Doctype
from tests.helpers.stand_ins.erpnext_invoices import check_return, reckoned, status
from tests.helpers.stand_ins.erpnext_query import Values, crash, error
from tests.helpers.stand_ins.table import Row, Table

_ALLOWED_AFTER_SUBMIT = frozenset({"title", "remarks", "po_no", "language"})
_EMPTY = {"money": Decimal(), "float": Decimal(), "int": 0, "check": 0}


class ErpNextBooks(StandIn):
    """One site with one company, C. `custom` and `unique` are fields an administrator added, by doctype."""

    company = "Conformance Ltd"

    def __init__(self, zone: str = "Asia/Kolkata") -> None:
        super().__init__()
        self.zone = ZoneInfo(zone)
        self.tables = {name: Table(self.stamp) for name, doctype in DOCTYPES.items() if not doctype.child}
        self.custom: dict[str, dict[str, str]] = {}
        self.unique: dict[str, set[str]] = {}
        self.templates: dict[str, dict[str, Decimal]] = {}
        self._numbers: dict[str, int] = {}
        self.put("Company", self.company, company_name=self.company, default_currency="EUR", country="Germany")
        self.income = self.put("Account", "Sales - C", account_name="Sales", company=self.company).id

    # ------------------------------------------------------------ for tests

    def put(self, doctype: str, name: str, **values: Any) -> Row:
        """A plain record under this name."""
        return self.tables[doctype].add({**self._blank(doctype), "docstatus": 0, **values, "name": name}, id=name)

    def add_custom(self, doctype: str, name: str, kind: str = "text", *, unique: bool = False) -> None:
        """Add a custom field; it is empty in the records there are."""
        self.custom.setdefault(doctype, {})[name] = kind
        if unique:
            self.unique.setdefault(doctype, set()).add(name)
        for row in self.tables[doctype].every:
            row.values.setdefault(name, None)

    def add_tax(self, percent: int) -> tuple[str, str]:
        """An account for a tax, and an item tax template of that rate: their names.

        Like those ERPNext makes itself, the template also names accounts that have nothing to do with sales.
        """
        account = self.put("Account", f"VAT {percent} - C", account_name=f"VAT {percent}", company=self.company).id
        template = self.put("Item Tax Template", f"VAT {percent} % - C", company=self.company).id
        bought = self.put("Account", f"Input VAT {percent} - C", company=self.company).id
        self.templates[template] = {account: Decimal(percent), bought: Decimal(percent)}
        return account, template

    def add_customer(self, name: str, **values: Any) -> Row:
        """A customer, named by its name."""
        kept = {"customer_name": name, "customer_type": "Company", "customer_group": "Commercial", "language": "de"}
        return self.put("Customer", name, **kept, **values)

    def add_item(self, code: str) -> Row:
        """A service that can be sold."""
        return self.put("Item", code, item_code=code, item_name=code, item_group="Services", stock_uom="Nos")

    def add_invoice(
        self, customer: str, lines: Sequence[Mapping[str, Any]], day: date, *, submitted: bool = True, **values: Any
    ) -> Row:
        """A sales invoice. Lines: item_code, qty, rate, item_tax_template; a tax row for each account is added."""
        used = [line["item_tax_template"] for line in lines if line.get("item_tax_template")]
        accounts = dict.fromkeys(next(iter(self.templates[template])) for template in used)
        taxes = [{"charge_type": "On Net Total", "account_head": name, "description": name} for name in accounts]
        head = {"customer": customer, "company": self.company, "currency": "EUR", "posting_date": day.isoformat()}
        sent = {**head, "set_posting_time": 1, "disable_rounded_total": 1, "items": list(lines), "taxes": taxes}
        return self.insert("Sales Invoice", {**sent, "docstatus": int(submitted), **values})

    def rename(self, row: Row, name: str) -> None:
        """Give a customer another name; what refers to it follows, and is not stamped."""
        old, table = row.id, self.tables["Customer"]
        table.delete(row)
        fresh = table.add({**row.values, "name": name}, id=name)
        fresh.created = row.created
        for invoice in self.tables["Sales Invoice"].every:
            if invoice.values["customer"] == old:
                invoice.values["customer"] = name

    # ------------------------------------------------------------ taking documents

    def insert(self, doctype: str, sent: Mapping[str, Any]) -> Row:
        """A new document, as sent. Raises Refused, and then nothing is kept."""
        kind = self._kind(doctype)
        if doctype == "Sales Invoice" and sent.get("customer") and not self._is("Customer", sent["customer"]):
            raise crash("AttributeError", "'NoneType' object has no attribute 'payment_terms'")
        values = self._blank(doctype) | self._taken(kind, sent)
        values["docstatus"] = sent.get("docstatus", 0)
        if values["docstatus"] not in ((0, 1) if kind.submittable else (0,)):
            raise error(417, "DocstatusTransitionError", "cannot be begun so")
        name = self._name(kind, values)
        values["name"] = name
        for field in kind.tables:
            rows = enumerate(sent.get(field) or [], 1)
            values[field] = [self._row(kind.tables[field], each, name, number) for number, each in rows]
        self._validate(kind, values)
        if self.tables[doctype].get(name) is not None:
            raise error(409, "DuplicateEntryError", f"{doctype} {name} exists")
        return self.tables[doctype].add(values, id=name)

    def update(self, doctype: str, row: Row, sent: Mapping[str, Any]) -> None:
        """Give a document other values. Raises Refused, and then nothing is changed."""
        kind = self._kind(doctype)
        before, after = row.values["docstatus"], sent.get("docstatus", row.values["docstatus"])
        if (before, after) not in {(0, 0), (0, 1), (1, 1), (1, 2)} or (after and not kind.submittable):
            raise error(417, "DocstatusTransitionError", f"not from {before} to {after}")
        changed = self._taken(kind, sent)
        returns = self.tables[doctype].where(return_against=row.id, docstatus=1) if after == 2 else []
        if returns and before == 1:
            raise error(417, "LinkExistsError", f"Cannot cancel {row.id}: it is linked with {returns[0].id}")
        custom = self.custom.get(doctype, {})
        if before == 1 and any(name not in _ALLOWED_AFTER_SUBMIT | {"docstatus"} for name in changed):
            fixed = [name for name in changed if name in custom or name not in _ALLOWED_AFTER_SUBMIT]
            raise error(417, "UpdateAfterSubmitError", f"not allowed to change {fixed[0]} after submission")
        if set(sent) & set(kind.tables):
            raise error(417, "ValidationError", "the stand-in takes no rows in an update")
        values = {**row.values, **changed, "docstatus": after}
        for field in kind.tables:
            values[field] = [dict(each) for each in row.values[field]]
        self._validate(kind, values, row)
        self.tables[doctype].change(row, values)

    def _validate(self, kind: Doctype, values: dict[str, Any], row: Row | None = None) -> None:
        for name in kind.needed:
            if values[name] in (None, ""):
                raise error(417, "MandatoryError", f"[{kind.name}, {values['name']}]: {name}")
        if kind.name == "Comment" and values["reference_name"]:
            self._referred(values["reference_doctype"] or "", values["reference_name"])
        if kind.name == "Sales Invoice":
            values["posting_date"] = values["posting_date"] or self.local(self.clock.now()).date()
            values["due_date"] = values["due_date"] or values["posting_date"]
            if values["docstatus"] != 2:
                source = self.tables[kind.name].get(values["return_against"] or "")
                check_return(values, None if source is None else source.values)
                reckoned(values, self.templates)
            values["status"] = status(values)
        for name in self.unique.get(kind.name, ()):
            rows = self.tables[kind.name].every
            if values[name] and any(
                other is not row and not other.deleted and other.values[name] == values[name] for other in rows
            ):
                raise error(
                    417, "UniqueValidationError", f"{kind.name}, {values['name']}, Duplicate entry for key {name}"
                )

    def _referred(self, doctype: str, name: str) -> None:
        table = self.tables.get(doctype)
        if table is None or table.get(name) is None:
            raise error(417, "LinkValidationError", f"Could not find {name}")

    def _is(self, doctype: str, name: Any) -> bool:
        return self.tables[doctype].get(str(name)) is not None

    def _taken(self, kind: Doctype, sent: Mapping[str, Any], place: str = "") -> dict[str, Any]:
        """What was sent, of the right types. What Frappe drops silently is refused here: nobody means it."""
        fields = kind.fields | self.custom.get(kind.name, {})
        unknown = set(sent) - set(fields) - set(kind.tables) - {"docstatus", "doctype", "name"}
        if unknown:
            raise error(417, "ValidationError", f"the stand-in knows no {sorted(unknown)} in {kind.name}")
        return {name: self._cast(name, fields[name], sent[name], place) for name in sent if name in fields}

    def _cast(self, name: str, sort: str, value: Any, place: str) -> Any:
        if value in (None, ""):
            return _EMPTY.get(sort)
        try:
            if sort in ("money", "float"):
                return Decimal(str(value))
            if sort in ("int", "check"):
                return int(str(value))
            if sort == "date":
                return date.fromisoformat(str(value))
        except (ValueError, InvalidOperation):
            raise error(417, "InvalidDates" if sort == "date" else "ValidationError", f"{name}: {value}") from None
        if sort.startswith("link ") and not self._is(sort.removeprefix("link "), value):
            label = name.replace("_", " ").title()
            raise error(417, "LinkValidationError", f"Could not find {place}{label}: {value}")
        if not isinstance(value, str):
            raise error(417, "ValidationError", f"{name} is text")
        return value

    def _row(self, doctype: str, sent: Any, parent: str, number: int) -> dict[str, Any]:
        kind = DOCTYPES[doctype]
        if not isinstance(sent, Mapping):
            raise error(500, "TypeError", "a row is no object")
        if doctype == "Sales Invoice Item" and sent.get("item_code") and not self._is("Item", sent["item_code"]):
            raise error(404, "DoesNotExistError", f"Item {sent['item_code']} not found")
        values = self._blank(doctype) | self._taken(kind, sent, f"Row #{number}: ")
        if doctype == "Sales Invoice Item" and values["item_code"]:
            item = self.tables["Item"].get(values["item_code"])
            assert item is not None
            values["item_name"] = values["item_name"] or item.values["item_name"]
            values["item_group"] = values["item_group"] or item.values["item_group"]
            values["uom"] = values["uom"] or item.values["stock_uom"]
            values["income_account"] = values["income_account"] or self.income
        for name in kind.needed:
            if values[name] in (None, ""):
                raise error(417, "MandatoryError", f"[{doctype}]: {name}")
        self._numbers["rows"] = self._numbers.get("rows", 0) + 1
        return {**values, "name": f"{self._numbers['rows']:010x}", "parent": parent, "docstatus": 0}

    def _name(self, kind: Doctype, values: Mapping[str, Any]) -> str:
        self._numbers[kind.name] = number = self._numbers.get(kind.name, 0) + 1
        if kind.series:
            return kind.series.format(year=self.local(self.clock.now()).year, number=number)
        return str(values["customer_name"]) if kind.name == "Customer" else f"{number:010x}"

    # ------------------------------------------------------------ what routes share

    def local(self, moment: datetime) -> datetime:
        """An instant as the site writes it: its own time, without saying so."""
        return moment.astimezone(self.zone).replace(tzinfo=None)

    def values_of(self, row: Row) -> Values:
        """Everything a record says, with what Frappe adds."""
        stamps = {"creation": self.local(row.created), "modified": self.local(row.changed)}
        return {**row.values, **stamps, "owner": "rebated@example.com", "modified_by": "rebated@example.com", "idx": 0}

    def children_of(self, parent: str, field: str) -> list[Values]:
        """The rows of a table field in all records of a doctype, with the fields Frappe adds."""
        return [
            {**each, "parenttype": parent, "parentfield": field, "idx": place, "parent": row.id}
            for row in self.tables[parent]
            for place, each in enumerate(row.values[field], 1)
        ]

    def _kind(self, doctype: str) -> Doctype:
        kind = DOCTYPES.get(doctype)
        if kind is None or kind.child:
            raise error(404, "DoesNotExistError", f"DocType {doctype} not found")
        return kind

    def _blank(self, doctype: str) -> dict[str, Any]:
        kind = DOCTYPES[doctype]
        fields = kind.fields | self.custom.get(doctype, {})
        return {name: _EMPTY.get(sort) for name, sort in fields.items()} | {name: [] for name in kind.tables}
