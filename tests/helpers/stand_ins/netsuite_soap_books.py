"""What a NetSuite account holds, and how its SOAP services write it: dates in Pacific time, amounts as Java's doubles.

A day is midnight in the time zone of the user, told by the clocks of the Pacific coast, as Oracle documents it.
Amounts of a memo are positive.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from tests.helpers.stand_ins.table import Row, Table

PACIFIC = ZoneInfo("America/Los_Angeles")
TRANSACTIONS = {"invoice": "Invoice", "creditMemo": "CreditMemo"}
_CENT = Decimal("0.01")


class Books:
    """The account. `zone`: that of the user. `tax_codes`: internal ids with their rates in percent.

    `custom_fields`: script ids of text fields that customers have.
    """

    def __init__(self, stamp: Callable[[], datetime], zone: str) -> None:
        self.zone = ZoneInfo(zone)
        self.tax_codes = {"20": Decimal(20), "10": Decimal(10), "19": Decimal(19), "5": Decimal(0)}
        self.currencies = {"1": ("USD", "US Dollar"), "4": ("EUR", "Euro")}
        self.custom_fields = {f"custentity_rebated_{name}" for name in ("tier", "tier_since", "progress", "to_next")}
        self.customers, self.items = Table(stamp, first=100), Table(stamp, first=500)
        self.transactions, self.notes = Table(stamp, first=1000), Table(stamp, first=20)
        self.wants_location = False
        self._numbers = dict.fromkeys(TRANSACTIONS, 0)

    def table(self, kind: str) -> Table | None:
        """Where records of a type are kept."""
        tables = {"customer": self.customers, "serviceSaleItem": self.items, "note": self.notes}
        return self.transactions if kind in TRANSACTIONS else tables.get(kind)

    def find(self, kind: str, reference: Mapping[str, Any]) -> Row | None:
        """The record a reference means: the internal id counts where both ids are given."""
        table = self.table(kind)
        if table is None:
            return None
        if "internalId" in reference:
            row = table.get(reference["internalId"])
        else:
            row = self.with_external_id(kind, reference.get("externalId", ""))
        return row if row is None or row.values["type"] == kind else None

    def with_external_id(self, kind: str, external_id: str) -> Row | None:
        """The record of the group that has this external id; letters in either case are the same."""
        wanted, table = external_id.lower(), self.table(kind)
        rows = (row for row in table or () if (row.values.get("externalId") or "").lower() == wanted)
        return next(rows, None) if wanted else None

    # ------------------------------------------------------------ what is put in

    def add_customer(self, name: str, **values: Any) -> Row:
        """A customer."""
        plain = {"type": "customer", "entityId": name, "companyName": name, "currency": "4", "isInactive": False}
        row = self.customers.add({**plain, **values})
        row.extra["custom"] = {}
        return row

    def add_item(self, name: str, record: str = "ServiceSaleItem") -> Row:
        """An item; `record` is its record type."""
        return self.items.add({"type": "serviceSaleItem", "itemId": name, "displayName": name, "record": record})

    def add_invoice(self, customer: Row, lines: Sequence[Mapping[str, Any]], day: date, **values: Any) -> Row:
        """An invoice. Lines: item, rate, quantity, taxCode, description; `amount` where it is not rate x quantity."""
        return self.add_transaction("invoice", customer.id, lines, day, **values)

    def add_transaction(
        self, kind: str, entity: str, lines: Sequence[Mapping[str, Any]], day: date, **values: Any
    ) -> Row:
        """An invoice or a memo."""
        kept = [self._priced(line) for line in lines]
        net, tax = (sum((line[name] for line in kept), Decimal()) for name in ("amount", "tax"))
        self._numbers[kind] += 1
        plain = {
            "externalId": None,
            "memo": None,
            "currency": "4",
            "location": None,
            "status": "Open",
            "posting": True,
            "tranId": f"{'INV' if kind == 'invoice' else 'CM'}{self._numbers[kind]:05d}",
            "tranDate": day,
        }
        sums = {"subTotal": net, "taxTotal": tax, "total": net + tax}
        row = self.transactions.add({**plain, **sums, "type": kind, "entity": entity, **values})
        row.extra["lines"] = kept
        return row

    def _priced(self, line: Mapping[str, Any]) -> dict[str, Any]:
        quantity, price = Decimal(str(line.get("quantity", 1))), Decimal(str(line["rate"]))
        net = Decimal(str(line.get("amount", quantity * price))).quantize(_CENT, ROUND_HALF_UP)
        percent = self.tax_codes[line["taxCode"]]
        tax = (net * percent / 100).quantize(_CENT, ROUND_HALF_UP)
        plain = {"description": "", **line, "quantity": quantity, "rate": price}
        return {**plain, "amount": net, "tax": tax, "taxRate1": percent}

    # ------------------------------------------------------------ how it is written

    def record(self, row: Row, *, whole: bool) -> dict[str, Any]:
        """A record as an answer holds it. `whole`: with its lines."""
        kind = row.values["type"]
        ids = {"internalId": row.id, "externalId": row.values.get("externalId")}
        stamps = {"lastModifiedDate": pacific(row.changed)}
        if kind in TRANSACTIONS:
            created = {"createdDate": pacific(row.created)}
            told = {"_type": TRANSACTIONS[kind], **created, **self._transaction(row)}
            if whole:
                told["itemList"] = {"item": [self._line(place, line) for place, line in enumerate(row.extra["lines"])]}
        elif kind == "customer":
            stamps["dateCreated"] = pacific(row.created)
            told = {"_type": "Customer", **self._customer(row)}
        elif kind == "note":
            customer = self.customers.get(row.values["entity"])
            plain = {name: row.values[name] for name in ("title", "note")}
            plain["noteDate"] = pacific(row.created)
            told = {"_type": "Note", **plain, "entity": reference(row.values["entity"], _name(customer, "companyName"))}
        else:
            named = {name: row.values[name] for name in ("itemId", "displayName")}
            told = {"_type": row.values["record"], "createdDate": pacific(row.created), **named}
        return {**told, **ids, **stamps}

    def _transaction(self, row: Row) -> dict[str, Any]:
        values = row.values
        told: dict[str, Any] = {name: values[name] or None for name in ("tranId", "memo", "status")}
        if values["tranDate"] is not None:
            told["tranDate"] = self.midnight(values["tranDate"])
        told["entity"] = reference(values["entity"], _name(self.customers.get(values["entity"]), "companyName"))
        told["currency"] = reference(values["currency"], self.currencies[values["currency"]][1])
        told["currencyName"] = self.currencies[values["currency"]][1]
        sums = ("subTotal", "taxTotal", "total", "shippingCost", "discountTotal", "taxRate")
        told |= {name: double(values[name]) for name in sums if name in values}
        if values["location"]:
            told["location"] = reference(values["location"], "Berlin")
        return told

    def _line(self, place: int, line: Mapping[str, Any]) -> dict[str, Any]:
        told: dict[str, Any] = {name: double(line[name]) for name in ("quantity", "amount")}
        if "isTaxable" in line:  # sales tax of the United States is reckoned at the head
            taxed: dict[str, Any] = {"isTaxable": line["isTaxable"]}
        else:
            code = reference(line["taxCode"], f"VAT:{line['taxCode']}")
            taxed = {"tax1Amt": double(line["tax"]), "taxRate1": double(line["taxRate1"]), "taxCode": code}
        return {
            "item": reference(line["item"], _name(self.items.get(line["item"]), "itemId")),
            "line": place + 1,
            "description": line["description"] or None,
            "rate": format(line["rate"], "f"),
            **told,
            **taxed,
        }

    def _customer(self, row: Row) -> dict[str, Any]:
        values = row.values
        plain = ("entityId", "companyName", "email", "vatRegNumber", "isInactive")
        told: dict[str, Any] = {name: values.get(name) for name in plain}
        told["currency"] = reference(values["currency"], self.currencies[values["currency"]][1])
        if values.get("parent"):
            told["parent"] = reference(values["parent"], "")
        if row.extra["custom"]:
            told["customFieldList"] = {
                "customField": [
                    {"_type": "StringCustomFieldRef", "scriptId": name, "internalId": str(7000 + place), "value": text}
                    for place, (name, text) in enumerate(row.extra["custom"].items())
                ]
            }
        return told

    def midnight(self, day: date) -> str:
        """A day as it is told."""
        return pacific(datetime.combine(day, time(), self.zone))

    def day(self, text: str) -> date:
        """The day that is meant by an instant; one without a zone is by Pacific clocks."""
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=PACIFIC)).astimezone(self.zone).date()


def pacific(moment: datetime) -> str:
    """An instant by the clocks of the Pacific coast, with milliseconds."""
    return moment.astimezone(PACIFIC).isoformat(timespec="milliseconds")


def reference(internal_id: str, name: str) -> dict[str, Any]:
    """A reference to another record."""
    return {"internalId": internal_id, "name": name or None}


def double(value: Decimal) -> str:
    """A number as Java writes a double: with a decimal always, with an exponent from ten millions on."""
    digits = value.normalize()
    if digits and not Decimal("0.001") <= abs(digits) < 10_000_000:
        mantissa = format(digits.scaleb(-digits.adjusted()), "f")
        return f"{mantissa if '.' in mantissa else mantissa + '.0'}E{digits.adjusted()}"
    plain = format(digits, "f")
    return plain if "." in plain else f"{plain}.0"


def _name(row: Row | None, name: str) -> str:
    return row.values[name] if row is not None else ""
