"""A NetSuite account as its SOAP services (SuiteTalk) show it, from the real WSDL.

As its documentation says; nothing here was seen on a running account. A record that is refused is told of with HTTP 200
and `isSuccess="false"`, a call with a fault. A search is carried out anew for each of its pages. An external id stands
for one record of its group only. Each call proves itself with a signature that is good once.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import pytest
from lxml import etree

from tests.helpers.stand_ins.base import Received
from tests.helpers.stand_ins.netsuite_soap_books import Books, double, pacific
from tests.helpers.stand_ins.netsuite_soap_passport import Passports
from tests.helpers.stand_ins.netsuite_soap_search import NoSearch, found
from tests.helpers.stand_ins.soap import Call, Served, SoapFault, SoapStandIn, operation
from tests.helpers.stand_ins.table import Row
from tests.helpers.stand_ins.vendor_files import SHARED

WSDL = SHARED / "specs" / "wsdl" / "netsuite-2023_2" / "netsuite.wsdl"
PATH = "/services/NetSuitePort_2023_2"
_FAULTS = "urn:faults_2023_2.platform.webservices.netsuite.com"
_KINDS = {"CreditMemo": "creditMemo", "Invoice": "invoice", "Customer": "customer", "Note": "note"}
_MEMO = {"externalId", "entity", "tranDate", "memo", "currency", "subsidiary", "location", "department", "itemList"}
_MEMO_LINE = {"item", "quantity", "rate", "amount", "description", "taxCode", "price"}
_SEARCHES_LAST = timedelta(minutes=15)


class Rejected(Exception):
    """The record is refused: a code of a status detail, and why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


class NetSuiteSoap(SoapStandIn):
    """The account. The test is skipped where the WSDL is absent. `answers`: what was answered to each write."""

    precision: ClassVar[timedelta] = timedelta(seconds=1)

    def __init__(self, zone: str = "America/Los_Angeles") -> None:
        if not WSDL.exists():
            pytest.skip(f"no {WSDL}: REBATED_SHARED names the folder that holds specs/")
        self.services = {"netsuite": Served(WSDL, PATH)}
        super().__init__()
        self.books = Books(self.stamp, zone)
        self.passports = Passports()
        self._searches: dict[str, tuple[Mapping[str, Any], datetime]] = {}

    def admit(self, asked: Call) -> None:
        if not self.passports.admits(asked.headers, self.clock.now()):
            raise fault("invalidCredentialsFault", "INVALID_LOGIN_CREDENTIALS", "Invalid login attempt.")

    def description_open(self, asked: Received) -> bool:
        return True

    # ------------------------------------------------------------ reading

    @operation("getServerTime")
    def server_time(self, asked: Call) -> dict[str, Any]:
        now = self.clock.now().astimezone(ZoneInfo("UTC")).isoformat(timespec="milliseconds")
        return {"getServerTimeResult": {"status": _fine(), "serverTime": now.replace("+00:00", "Z")}}

    @operation("getAll")
    def get_all(self, asked: Call) -> dict[str, Any]:
        kind = asked.arguments["record"]["recordType"]
        if kind != "currency":
            return {"getAllResult": _failed("INVALID_RCRD_TYPE", f"The record type {kind} is not kept here.")}
        records = [
            {"_type": "Currency", "internalId": id, "name": name, "symbol": symbol, "exchangeRate": double(Decimal(1))}
            for id, (symbol, name) in self.books.currencies.items()
        ]
        total = {"totalRecords": len(records)}
        return {"getAllResult": {"status": _fine(), **total, "recordList": {"record": records}}}

    @operation("get")
    def get(self, asked: Call) -> dict[str, Any]:
        return {"readResponse": self._told(asked.arguments["baseRef"])}

    @operation("getList")
    def get_list(self, asked: Call) -> dict[str, Any]:
        responses = [self._told(reference) for reference in asked.arguments["baseRef"]]
        return {"readResponseList": {"status": _fine(), "readResponse": responses}}

    def _told(self, reference: Mapping[str, Any]) -> dict[str, Any]:
        if reference.get("type") == "entityCustomField" and reference.get("scriptId") in self.books.custom_fields:
            field = {"_type": "EntityCustomField", "scriptId": reference["scriptId"], "internalId": "7000"}
            return {"status": _fine(), "record": field}
        row = self.books.find(reference.get("type", ""), reference)
        if row is None:
            return _failed("RCRD_DSNT_EXIST", "That record does not exist.")
        return {"status": _fine(), "record": self.books.record(row, whole=True)}

    @operation("search")
    def search(self, asked: Call) -> dict[str, Any]:
        with self.lock:
            name = f"WEBSERVICES_{self.passports.account}_{len(self._searches) + 1:08d}"
            self._searches[name] = (asked.arguments["searchRecord"], self.clock.now())
            return self._page(asked, name, 1)

    @operation("searchMoreWithId")
    def more(self, asked: Call) -> dict[str, Any]:
        return self._page(asked, asked.arguments["searchId"], int(asked.arguments["pageIndex"]))

    def _page(self, asked: Call, name: str, number: int) -> dict[str, Any]:
        search, used = self._searches.get(name, ({}, self.clock.now()))
        if not search or self.clock.now() - used > _SEARCHES_LAST:
            return {"searchResult": _failed("INVALID_JOB_ID", "The search id is not valid, or it has expired.")}
        self._searches[name] = (search, self.clock.now())
        wishes = asked.headers.get("searchPreferences") or {}
        size = int(wishes.get("pageSize", 1000))
        if not 5 <= size <= 1000:
            return {"searchResult": _failed("INVALID_SEARCH_PAGE_SIZE", "The page size is from 5 to 1000.")}
        try:
            rows = found(search, self.books)
        except NoSearch as error:
            return {"searchResult": _failed(error.code, error.message)}
        pages = -(-len(rows) // size)
        if number > max(pages, 1):
            return {"searchResult": _failed("INVALID_SEARCH_PAGE_INDEX", f"There are {pages} pages.")}
        whole = wishes.get("bodyFieldsOnly", "true") == "false"
        shown = [self.books.record(row, whole=whole) for row in rows[(number - 1) * size : number * size]]
        counts = {"totalRecords": len(rows), "pageSize": size, "totalPages": pages, "pageIndex": number}
        listed = {"recordList": {"record": shown}} if shown else {}
        return {"searchResult": {"status": _fine(), **counts, "searchId": name, **listed}}

    # ------------------------------------------------------------ writing

    @operation("add")
    def add(self, asked: Call) -> dict[str, Any]:
        return self._done(lambda: self._added(asked.arguments["record"]))

    @operation("update")
    def update(self, asked: Call) -> dict[str, Any]:
        sent = asked.arguments["record"]
        return self._done(lambda: self._updated(self._meant(sent), sent))

    @operation("upsert")
    def upsert(self, asked: Call) -> dict[str, Any]:
        sent = asked.arguments["record"]

        def one() -> Row:
            if "internalId" in sent or not sent.get("externalId"):
                raise Rejected("USER_ERROR", "upsert goes by the external id, and by no other.")
            row = self.books.find(_KINDS[sent["_type"]], sent)
            return self._added(sent) if row is None else self._updated(row, sent)

        return self._done(one)

    @operation("delete")
    def delete(self, asked: Call) -> dict[str, Any]:
        def one() -> Row:
            row = self._meant(asked.arguments["baseRef"])
            table = self.books.table(row.values["type"])
            assert table is not None
            table.delete(row)
            return row

        return self._done(one)

    def _done(self, write: Any) -> dict[str, Any]:
        try:
            row: Row = write()
        except Rejected as why:
            return {"writeResponse": _failed(why.code, why.message)}
        ids = {"internalId": row.id, "externalId": row.values.get("externalId"), "type": row.values["type"]}
        return {"writeResponse": {"status": _fine(), "baseRef": {"_type": "RecordRef", **ids}}}

    def _meant(self, sent: Mapping[str, Any]) -> Row:
        kind = sent.get("type") or _KINDS.get(sent["_type"], "")
        row = self.books.find(kind, sent)
        if row is None:
            raise Rejected("RCRD_DSNT_EXIST", "That record does not exist.")
        return row

    def _added(self, sent: Mapping[str, Any]) -> Row:
        kind = _KINDS.get(sent["_type"], "")
        if sent.get("externalId") and self.books.with_external_id(kind, sent["externalId"]) is not None:
            raise Rejected("DUP_RCRD", "This record already exists")
        if kind == "creditMemo":
            return self._memo(sent)
        if kind == "note":
            return self._note(sent)
        raise Rejected("INVALID_RCRD_TYPE", f"A {sent['_type']} cannot be added here.")

    def _memo(self, sent: Mapping[str, Any]) -> Row:
        _only(sent, _MEMO)
        books = self.books
        entity = self._customer(sent)
        currency = (sent.get("currency") or {}).get("internalId", "1")
        if currency not in books.currencies:
            raise Rejected("INVALID_KEY_OR_REF", f"Invalid currency reference key {currency}.")
        lines = (sent.get("itemList") or {}).get("item") or []
        if not lines:
            raise Rejected("USER_ERROR", "You must enter at least one line item for this transaction.")
        kept = [self._memo_line(line) for line in lines]
        location = (sent.get("location") or {}).get("internalId")
        if books.wants_location and location is None:
            raise Rejected("USER_ERROR", "Please enter value(s) for: Location")
        day = books.day(sent.get("tranDate") or pacific(self.clock.now()))
        more = {"externalId": sent.get("externalId"), "memo": sent.get("memo"), "currency": currency}
        return books.add_transaction("creditMemo", entity, kept, day, **more, location=location)

    def _memo_line(self, sent: Mapping[str, Any]) -> dict[str, Any]:
        _only(sent, _MEMO_LINE)
        item, code = ((sent.get(name) or {}).get("internalId", "") for name in ("item", "taxCode"))
        if self.books.items.get(item) is None:
            raise Rejected("INVALID_KEY_OR_REF", f"Invalid item reference key {item}.")
        if code not in self.books.tax_codes:
            raise Rejected("INVALID_KEY_OR_REF", f"Invalid taxcode reference key {code}.")
        try:
            numbers = {name: Decimal(sent[name]) for name in ("quantity", "rate", "amount") if name in sent}
        except InvalidOperation:
            raise Rejected("INVALID_FLD_VALUE", "A number is needed.") from None
        return {"description": sent.get("description") or "", "item": item, "taxCode": code, **numbers}

    def _note(self, sent: Mapping[str, Any]) -> Row:
        _only(sent, {"externalId", "title", "note", "noteDate", "entity"})
        if not sent.get("title"):
            raise Rejected("USER_ERROR", "Please enter value(s) for: Title")
        plain = {name: sent.get(name) for name in ("externalId", "title", "note")}
        return self.books.notes.add({"type": "note", **plain, "entity": self._customer(sent)})

    def _customer(self, sent: Mapping[str, Any]) -> str:
        entity: str = (sent.get("entity") or {}).get("internalId", "")
        if self.books.customers.get(entity) is None:
            raise Rejected("INVALID_KEY_OR_REF", f"Invalid entity reference key {entity}.")
        return entity

    def _updated(self, row: Row, sent: Mapping[str, Any]) -> Row:
        kind = row.values["type"]
        _only(sent, {"internalId", "externalId", "customFieldList", "memo", "note", "companyName", "email"})
        fields = (sent.get("customFieldList") or {}).get("customField") or []
        for each in fields:
            known = kind == "customer" and each.get("scriptId") in self.books.custom_fields
            if not known or each["_type"] != "StringCustomFieldRef":
                raise Rejected("INVALID_KEY_OR_REF", f"Invalid custom field reference key {each.get('scriptId')}.")
        for each in fields:
            row.extra["custom"][each["scriptId"]] = each["value"]
        plain = {name: sent[name] for name in ("memo", "note", "companyName", "email") if name in sent}
        table = self.books.table(kind)
        assert table is not None
        table.change(row, plain)
        return row


def fault(name: str, code: str, message: str) -> SoapFault:
    """A fault as NetSuite words it: the element that names it, and the host beside it."""
    detail = etree.Element("detail")
    told = etree.SubElement(detail, f"{{{_FAULTS}}}{name}", nsmap={"platformFaults": _FAULTS})
    etree.SubElement(told, f"{{{_FAULTS}}}code").text = code
    etree.SubElement(told, f"{{{_FAULTS}}}message").text = message
    return SoapFault("Server.userException", message, told)


def blocked() -> SoapFault:
    """Too many requests at once, of all that use the account."""
    why = "SuiteTalk concurrent request limit exceeded. Request blocked."
    return fault("exceededRequestLimitFault", "WS_REQUEST_BLOCKED", why)


def _only(sent: Mapping[str, Any], known: set[str]) -> None:
    unknown = sorted(name for name, value in sent.items() if name not in known and name != "_type" and value)
    if unknown:
        raise Rejected("INVALID_FLD", f"This stand-in does not know {unknown[0]}.")


def _fine() -> dict[str, Any]:
    return {"isSuccess": True}


def _failed(code: str, message: str) -> dict[str, Any]:
    return {"status": {"isSuccess": False, "statusDetail": [{"type": "ERROR", "code": code, "message": message}]}}
