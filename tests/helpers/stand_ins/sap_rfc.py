"""An SAP system with the functions of docs/connectors/sap_rfc.md, published over SOAP.

Tables of `item`, dates with 0000-00-00 for none, amounts with four decimals, and a table RETURN at HTTP 200 that says
what came of it. A document is posted with its key in one piece of work: a key is taken once.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, ClassVar

from tests.helpers.stand_ins.base import Received, Refused, same
from tests.helpers.stand_ins.soap.base import WSDL_FOLDER, Call, Served, SoapFault, SoapStandIn, operation
from tests.helpers.stand_ins.table import Row, Table

STAMP = "%Y%m%d%H%M%S"
NO_DAY = "0000-00-00"
KEY_TAKEN, NO_CUSTOMER, LOCKED = ("ZREBATED", "001"), ("ZREBATED", "002"), ("ZREBATED", "003")
LOCKED_BY_USER = ("MC", "601")
PERIOD_CLOSED = ("F5", "201")

_CENT, _FOUR = Decimal("0.01"), Decimal("0.0001")
_RATES = {"A1": 20, "A2": 10, "A0": 0}


class Bapi(Exception):
    """A message of type E or A: nothing is done."""

    def __init__(self, message: tuple[str, str], text: str, kind: str = "E") -> None:
        super().__init__(text)
        self.row = {"TYPE": kind, "ID": message[0], "NUMBER": message[1], "MESSAGE": text}


class Sap(SoapStandIn):
    """Everything in memory. Numbers have leading zeros, as SAP keeps them."""

    precision: ClassVar[timedelta] = timedelta(seconds=1)

    def __init__(self, user: str = "REBATED", phrase: str = "Sap-4711-secret") -> None:
        path = "/sap/bc/srt/rfc/sap/zrebated/100/zrebated/zrebated"
        self.services = {"zrebated": Served(WSDL_FOLDER / "sap_rfc.wsdl", path)}
        super().__init__()
        self.user, self.password = user, phrase
        self.company = "DE01"
        self.customers = Table(self.stamp, first=1001, name_id=lambda number: f"{number:010}")
        self.invoices = Table(self.stamp, first=90_000_001, name_id=lambda number: f"{number:010}")
        self.documents = Table(
            self.stamp, first=1_800_000_001, name_id=lambda number: f"{self.company}{number:010}2026"
        )
        self.keys: dict[str, str] = {}
        self.tiers: dict[str, dict[str, Any]] = {}
        self.closed = False

    def authenticate(self, asked: Received) -> None:
        name, password = asked.basic()
        if not (same(name, self.user) and same(password, self.password)):
            raise Refused(401, b"<html><body>Anmeldung fehlgeschlagen</body></html>", {"WWW-Authenticate": "Basic"})

    # ------------------------------------------------------------ for tests

    def add_customer(self, name: str, **more: Any) -> Row:
        """A customer of the company code."""
        base = {"NAME": name, "LAND1": "DE", "ORT01": "Köln", "PSTLZ": "50667", "STRAS": "Straße 2", "LANGU": "de"}
        return self.customers.add({**base, "STCEG": "", "KDGRP": "", "WAERS": "EUR", "SMTP_ADDR": "", **more})

    def add_invoice(self, customer: str, items: list[dict[str, Any]], day: str = "2026-01-15", **more: Any) -> Row:
        """A billing document; of each item NET, TAX_RATE, and what else it has."""
        values = {
            "VBTYP": "M",
            "BUKRS": self.company,
            "KUNAG": customer,
            "FKDAT": day,
            "DUE": NO_DAY,
            "WAERK": "EUR",
            "FKSTO": "",
            "ORIGINAL": "",
            "XBLNR": "",
            "TEXT": "",
            **more,
        }
        return self.invoices.add({**values, "ITEMS": [_item(number, item) for number, item in enumerate(items, 1)]})

    # ------------------------------------------------------------ reading

    @operation("Z_REBATED_INVOICES")
    def list_invoices(self, asked: Call) -> Any:
        """One by its number, or those of a window behind one, in the order of their numbers."""
        given = asked.arguments
        if given.get("IV_ID"):
            row = self.invoices.get(given["IV_ID"])
            return _told(ET_INVOICES=[] if row is None else [_invoice(row)])
        since, until = (datetime.strptime(given[name], STAMP).replace(tzinfo=UTC) for name in ("IV_SINCE", "IV_UNTIL"))
        rows = [row for row in self.invoices if since <= row.changed < until]
        return _told(ET_INVOICES=[_invoice(row) for row in _page(rows, given)])

    @operation("Z_REBATED_CUSTOMERS")
    def list_customers(self, asked: Call) -> Any:
        """One by its number, or all behind one, in the order of their numbers."""
        given = asked.arguments
        if given.get("IV_ID"):
            row = self.customers.get(given["IV_ID"])
            return _told(ET_CUSTOMERS=[] if row is None else [{"KUNNR": row.id, **row.values}])
        rows = _page(list(self.customers), given)
        return _told(ET_CUSTOMERS=[{"KUNNR": row.id, **row.values} for row in rows])

    @operation("Z_REBATED_FIND")
    def find(self, asked: Call) -> Any:
        """What was written under a key, or has an id: none or one."""
        given = asked.arguments
        row = self.documents.get(given.get("IV_ID") or self.keys.get(given.get("IV_KEY", ""), ""))
        return _told(ET_DOCUMENTS=[] if row is None else [{"ID": row.id, **row.values}])

    # ------------------------------------------------------------ writing

    @operation("Z_REBATED_POST")
    def post(self, asked: Call) -> Any:
        """A credit or debit document, posted, under a key that is free."""
        try:
            row = self._posted(asked.arguments)
        except Bapi as refused:
            return {"EV_ID": "", "RETURN": {"item": [refused.row]}}
        return {"EV_ID": row.id, **_told(), "RETURN": {"item": [_success(f"{row.values['BELNR']} gebucht")]}}

    def _posted(self, given: Mapping[str, Any]) -> Row:
        header, lines = given["IS_HEADER"], given["IT_LINES"]["item"]
        self._customer(header["KUNNR"])
        if self.closed:
            raise Bapi(PERIOD_CLOSED, f"Buchungsperiode 002 2026 ist für Konto {header['KUNNR']} nicht geöffnet")
        if header["BUKRS"] != self.company:
            raise Bapi(("F5", "165"), f"Buchungskreis {header['BUKRS']} ist nicht vorgesehen")
        for line in lines:
            if line["TAX_CODE"] not in _RATES:
                raise Bapi(("F5", "349"), f"Steuerkennzeichen {line['TAX_CODE']} ist nicht definiert")
            if abs(Decimal(line["NET"]) * _RATES[line["TAX_CODE"]] / 100 - Decimal(line["TAX"])) > _CENT:
                raise Bapi(("FF", "747"), "Steuerbetrag paßt nicht zur Basis")
        if not lines:
            raise Bapi(("RW", "609"), "Fehler in Beleg: keine Positionen")
        sums = {name: sum((Decimal(line[name]) for line in lines), Decimal()) for name in ("NET", "TAX")}
        stored = [
            {
                "TAX_CODE": line["TAX_CODE"],
                "TAX_RATE": Decimal(_RATES[line["TAX_CODE"]]).quantize(_CENT),
                **_amounts(line),
            }
            for line in lines
        ]
        return self._stored(given["IV_KEY"], header["KIND"], header["KUNNR"], header["WAERS"], sums, stored)

    @operation("Z_REBATED_NOTE")
    def note(self, asked: Call) -> Any:
        """A text of a customer, under a key that is free."""
        given = asked.arguments
        try:
            self._customer(given["IV_KUNNR"])
            none = {"NET": Decimal(0), "TAX": Decimal(0)}
            row = self._stored(given["IV_KEY"], "NOTE", given["IV_KUNNR"], "EUR", none, [], given["IV_TEXT"])
        except Bapi as refused:
            return {"EV_ID": "", "RETURN": {"item": [refused.row]}}
        return {"EV_ID": row.id, "RETURN": {"item": [_success("Text gesichert")]}}

    @operation("Z_REBATED_TIER")
    def tier(self, asked: Call) -> Any:
        """What sales see of a customer's tier."""
        given = asked.arguments
        try:
            self.tiers[self._customer(given["IV_KUNNR"]).id] = dict(given["IS_TIER"])
        except Bapi as refused:
            return {"RETURN": {"item": [refused.row]}}
        return {"RETURN": {"item": []}}

    def _stored(
        self,
        key: str,
        kind: str,
        customer: str,
        currency: str,
        sums: Mapping[str, Decimal],
        lines: list[dict[str, Any]],
        text: str = "",
    ) -> Row:
        if key in self.keys:
            raise Bapi(KEY_TAKEN, f"Schlüssel {key} ist vergeben: {self.keys[key]}")
        about = {
            "RB_KEY": key,
            "KIND": kind,
            "STATE": "",
            "KUNNR": customer,
            "WAERS": currency,
            "LINES": {"item": lines},
        }
        row = self.documents.add({**about, **{name: value.quantize(_FOUR) for name, value in sums.items()}})
        row.values["BELNR"] = row.id[4:14]
        row.extra["text"] = text
        self.keys[key] = row.id
        return row

    def _customer(self, number: str) -> Row:
        row = self.customers.get(number)
        if row is None:
            raise Bapi(NO_CUSTOMER, f"Debitor {number} ist nicht vorhanden")
        return row


def no_rights() -> SoapFault:
    """What the system answers where the user may not call the function."""
    return SoapFault("Server", "Keine RFC-Berechtigung für Funktionsgruppe ZREBATED")


def returned(message: tuple[str, str], text: str, kind: str = "E") -> dict[str, Any]:
    """An answer of Z_REBATED_POST that only says this."""
    return {"EV_ID": "", "RETURN": {"item": [Bapi(message, text, kind).row]}}


def _told(**tables: list[dict[str, Any]]) -> dict[str, Any]:
    return {**{name: {"item": rows} for name, rows in tables.items()}, "RETURN": {"item": []}}


def _success(text: str) -> dict[str, str]:
    return {"TYPE": "S", "ID": "RW", "NUMBER": "605", "MESSAGE": text}


def _page(rows: list[Row], given: Mapping[str, Any]) -> list[Row]:
    behind = sorted((row for row in rows if row.id > (given.get("IV_AFTER") or "")), key=lambda row: row.id)
    return behind[: int(given["IV_COUNT"])]


def _item(number: int, item: Mapping[str, Any]) -> dict[str, Any]:
    net, rate = Decimal(item["NET"]), Decimal(item["TAX_RATE"])
    tax = (net * rate / 100).quantize(_CENT, ROUND_HALF_UP)
    base = {"MATNR": "", "ARKTX": "", "FKIMG": Decimal("1.000"), "VRKME": "ST"}
    own = {**base, "POSNR": f"{number * 10:06}", **item}
    return {**own, "NET": net.quantize(_FOUR), "TAX": tax.quantize(_FOUR), "TAX_RATE": rate.quantize(_CENT)}


def _amounts(line: Mapping[str, Any]) -> dict[str, Decimal]:
    return {name: Decimal(line[name]).quantize(_FOUR) for name in ("NET", "TAX")}


def _invoice(row: Row) -> dict[str, Any]:
    items = row.values["ITEMS"]
    sums = {name: sum((item[name] for item in items), Decimal()) for name in ("NET", "TAX")}
    return {**row.values, "VBELN": row.id, "CHANGED": row.changed.strftime(STAMP), **sums, "ITEMS": {"item": items}}
