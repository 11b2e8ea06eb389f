"""What the stand-in for NetSuite over SOAP has of its own: signatures, searches that move, status instead of faults."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import requests
from lxml import etree

from connectors.soap_erp.auth.token_passport import token_passport
from tests.helpers.stand_ins.netsuite_soap import WSDL, NetSuiteSoap, blocked
from tests.helpers.stand_ins.netsuite_soap_books import double
from tests.helpers.stand_ins.soap.description import description
from tests.helpers.stand_ins.soap.names import ENVELOPE
from tests.helpers.stand_ins.soap.reader import plain
from tests.helpers.stand_ins.soap.writer import Writer, prefixes_of

DAY = date(2026, 1, 15)
CUSTOMER = {"_type": "RecordRef", "type": "customer"}


@pytest.fixture
def netsuite() -> Iterator[NetSuiteSoap]:
    with NetSuiteSoap() as netsuite:
        yield netsuite
        assert netsuite.invalid == []


def call(netsuite: NetSuiteSoap, operation: str, arguments: Any, **headers: Any) -> Any:
    """What the operation answers; of a fault, what its detail holds."""
    schemas = description(WSDL).schemas
    prefixes, soap = prefixes_of(schemas), ENVELOPE["1.1"]
    envelope = etree.Element(f"{{{soap}}}Envelope", nsmap=prefixes)
    head, body = (etree.SubElement(envelope, f"{{{soap}}}{name}") for name in ("Header", "Body"))
    writer = Writer(schemas, prefixes)
    if "tokenPassport" not in headers:
        headers["tokenPassport"] = passport(netsuite)
    for name, value in headers.items():
        if value is not None:
            member = schemas.element(f"{{urn:messages_2023_2.platform.webservices.netsuite.com}}{name}")
            assert member is not None
            writer.write(head, member, value)
    member = description(WSDL).operations[operation].input.element
    assert member is not None
    writer.write(body, member, arguments)
    reply = requests.post(
        netsuite.address("netsuite"),
        etree.tostring(envelope),
        headers={"Content-Type": "text/xml; charset=utf-8", "SOAPAction": operation},
        timeout=5,
    )
    assert reply.content.startswith(b"<"), reply.content
    element = etree.fromstring(reply.content)[0][0]
    if reply.status_code == 500:
        detail = element.find("detail")
        assert detail is not None
        return [(etree.QName(each).localname, each[0].text) for each in detail]
    known = schemas.element(str(element.tag))
    assert known is not None
    return plain(element, known.type, schemas)


def passport(netsuite: NetSuiteSoap, **other: Any) -> dict[str, Any]:
    own = netsuite.passports
    now = int(netsuite.clock.now().timestamp())
    given: dict[str, Any] = {
        "nonce": secrets.token_hex(16),
        "timestamp": now,
        "token_secret": own.token_secret,
        **other,
    }
    return token_passport(own.account, own.consumer_key, own.consumer_secret, own.token, **given)


def invoices(netsuite: NetSuiteSoap, number: int) -> list[str]:
    buyer = netsuite.books.add_customer("Buyer")
    item = netsuite.books.add_item("SAW-3")
    line = {"item": item.id, "rate": "100.05", "taxCode": "20"}
    return [netsuite.books.add_invoice(buyer, [line], DAY).id for _ in range(number)]


def search(netsuite: NetSuiteSoap, **basic: Any) -> Any:
    wanted = {"type": {"operator": "anyOf", "searchValue": ["_invoice"]}, "mainLine": {"searchValue": True}, **basic}
    wanted = {name: value for name, value in wanted.items() if value is not None}
    record = {"searchRecord": {"_type": "TransactionSearch", "basic": wanted}}
    return call(netsuite, "search", record, searchPreferences={"pageSize": 5})["searchResult"]


def more(netsuite: NetSuiteSoap, name: str, page: int) -> Any:
    asked = {"searchId": name, "pageIndex": page}
    return call(netsuite, "searchMoreWithId", asked, searchPreferences={"pageSize": 5})["searchResult"]


def ids(result: Any) -> list[str]:
    return [each["internalId"] for each in result["recordList"]["record"]]


def memo(netsuite: NetSuiteSoap, key: str, **other: Any) -> dict[str, Any]:
    buyer, item = next(iter(netsuite.books.customers)), next(iter(netsuite.books.items))
    line = {"item": {"internalId": item.id}, "quantity": 1, "rate": "12.54", "amount": Decimal("12.54")}
    lines = {"item": [{**line, "taxCode": {"internalId": "20"}}]}
    own = {"tranDate": "2026-01-15T12:00:00Z", "currency": {"internalId": "4"}, "itemList": lines}
    return {"record": {"_type": "CreditMemo", "externalId": key, "entity": {"internalId": buyer.id}, **own, **other}}


def codes(response: Any) -> list[str]:
    return [each["code"] for each in response["writeResponse"]["status"].get("statusDetail", [])]


# ---------------------------------------------------------------- who asks


def test_a_call_without_a_good_signature_is_refused(netsuite: NetSuiteSoap) -> None:
    once = passport(netsuite)
    assert call(netsuite, "getServerTime", {}, tokenPassport=once)["getServerTimeResult"]["status"]
    refused = [("invalidCredentialsFault", "INVALID_LOGIN_CREDENTIALS")]
    late = int((netsuite.clock.now() - timedelta(seconds=310)).timestamp())
    wrong = (
        None,
        once,
        passport(netsuite, token_secret="another"),
        passport(netsuite, nonce="n-o-n-c-e"),
        passport(netsuite, timestamp=late),
    )
    for given in wrong:
        assert call(netsuite, "getServerTime", {}, tokenPassport=given) == refused
    assert netsuite.passports.audit == [
        "NoPassport",
        "NonceUsed",
        "InvalidSignature",
        "InvalidNonce",
        "InvalidTimestamp",
    ]


def test_what_is_blocked_is_a_fault(netsuite: NetSuiteSoap) -> None:
    netsuite.fail_with(blocked(), times=2)
    wanted = [("exceededRequestLimitFault", "WS_REQUEST_BLOCKED")]
    assert [call(netsuite, "getServerTime", {}) for _ in range(2)] == [wanted, wanted]


# ---------------------------------------------------------------- reading


def test_each_page_searches_anew_so_that_rows_move(netsuite: NetSuiteSoap) -> None:
    made = invoices(netsuite, 7)
    until = netsuite.clock.now().isoformat()
    within = {"operator": "within", "searchValue": "1970-01-01T00:00:00Z", "searchValue2": until}
    first = search(netsuite, lastModifiedDate=within)
    assert (first["totalRecords"], first["totalPages"], ids(first)) == ("7", "2", made[:5])
    assert "itemList" not in first["recordList"]["record"][0]
    netsuite.boundary()
    changed = netsuite.books.transactions.get(made[0])
    assert changed is not None
    netsuite.books.transactions.change(changed, {"memo": "changed meanwhile"})
    second = more(netsuite, first["searchId"], 2)
    assert (second["totalRecords"], ids(second)) == ("6", made[6:])  # the sixth is lost


def test_a_search_ends_after_a_quarter_of_an_hour(netsuite: NetSuiteSoap) -> None:
    invoices(netsuite, 6)
    first = search(netsuite)
    netsuite.clock.advance(timedelta(minutes=16))
    late = more(netsuite, first["searchId"], 2)
    assert (late["status"]["isSuccess"], late["status"]["statusDetail"][0]["code"]) == ("false", "INVALID_JOB_ID")


def test_a_search_that_finds_nothing_has_no_list(netsuite: NetSuiteSoap) -> None:
    found = search(netsuite)
    assert (found["totalRecords"], found.get("recordList")) == ("0", None)


def test_lines_come_as_records_where_main_lines_are_not_asked_for(netsuite: NetSuiteSoap) -> None:
    (made,) = invoices(netsuite, 1)
    assert ids(search(netsuite, mainLine=None)) == [made, made]


def test_days_are_told_by_pacific_clocks() -> None:
    with NetSuiteSoap(zone="Europe/Berlin") as netsuite:
        (made,) = invoices(netsuite, 1)
        read = call(netsuite, "get", {"baseRef": {"_type": "RecordRef", "type": "invoice", "internalId": made}})
        record = read["readResponse"]["record"]
        assert (record["tranDate"], record["total"]) == ("2026-01-14T15:00:00.000-08:00", "120.06")
        assert record["itemList"]["item"][0]["taxRate1"] == "20.0"


def test_a_record_that_is_not_there_is_told_of_each(netsuite: NetSuiteSoap) -> None:
    buyer = netsuite.books.add_customer("Buyer").id
    read = call(netsuite, "getList", {"baseRef": [{**CUSTOMER, "internalId": each} for each in (buyer, "9")]})
    told = read["readResponseList"]["readResponse"]
    assert told[0]["record"]["companyName"] == "Buyer"
    assert [detail["code"] for detail in told[1]["status"]["statusDetail"]] == ["RCRD_DSNT_EXIST"]


def test_doubles_are_written_as_java_does() -> None:
    written = {"0": "0.0", "120": "120.0", "1234567.89": "1234567.89", "12345678.9": "1.23456789E7", "1E7": "1.0E7"}
    assert {text: double(Decimal(text)) for text in written} == written


# ---------------------------------------------------------------- writing


def test_an_external_id_is_taken_once_in_its_group(netsuite: NetSuiteSoap) -> None:
    invoices(netsuite, 1)
    first = call(netsuite, "add", memo(netsuite, "RB-AAAA"))
    assert first["writeResponse"]["baseRef"]["internalId"] == "1001"
    assert codes(call(netsuite, "add", memo(netsuite, "rb-aaaa"))) == ["DUP_RCRD"]
    by_key = {"_type": "RecordRef", "type": "creditMemo", "externalId": "RB-AAAA"}
    read = call(netsuite, "get", {"baseRef": by_key})["readResponse"]["record"]
    assert (read["total"], read["taxTotal"]) == ("15.05", "2.51")
    assert codes(call(netsuite, "delete", {"baseRef": by_key})) == []
    assert codes(call(netsuite, "add", memo(netsuite, "RB-AAAA"))) == []


def test_what_is_wrong_with_a_memo_is_told_with_success_of_the_call(netsuite: NetSuiteSoap) -> None:
    invoices(netsuite, 1)
    assert codes(call(netsuite, "add", memo(netsuite, "A", entity={"internalId": "9"}))) == ["INVALID_KEY_OR_REF"]
    netsuite.books.wants_location = True
    assert codes(call(netsuite, "add", memo(netsuite, "A"))) == ["USER_ERROR"]
    assert codes(call(netsuite, "add", memo(netsuite, "A", location={"internalId": "3"}))) == []


def test_upsert_changes_what_has_the_external_id(netsuite: NetSuiteSoap) -> None:
    invoices(netsuite, 1)
    made = call(netsuite, "upsert", memo(netsuite, "A"))["writeResponse"]["baseRef"]["internalId"]
    sent = {"record": {"_type": "CreditMemo", "externalId": "A", "memo": "overwritten"}}
    again = call(netsuite, "upsert", sent)["writeResponse"]["baseRef"]
    row = netsuite.books.transactions.get(made)
    assert row is not None and (again["internalId"], row.values["memo"]) == (made, "overwritten")
    assert codes(call(netsuite, "upsert", {"record": {"_type": "CreditMemo", "internalId": made}})) == ["USER_ERROR"]


def test_a_customer_has_the_fields_that_were_made(netsuite: NetSuiteSoap) -> None:
    buyer = netsuite.books.add_customer("Buyer")

    def tier(name: str) -> dict[str, Any]:
        field = {"_type": "StringCustomFieldRef", "scriptId": name, "value": "Gold"}
        return {"record": {"_type": "Customer", "internalId": buyer.id, "customFieldList": {"customField": [field]}}}

    assert codes(call(netsuite, "update", tier("custentity_rebated_tier"))) == []
    assert buyer.extra["custom"] == {"custentity_rebated_tier": "Gold"}
    assert codes(call(netsuite, "update", tier("custentity_unknown"))) == ["INVALID_KEY_OR_REF"]


def test_a_note_is_put_on_a_customer_once(netsuite: NetSuiteSoap) -> None:
    buyer = netsuite.books.add_customer("Buyer")
    own = {"title": "Gold since today", "note": "Congratulations", "entity": {"internalId": buyer.id}}
    note = {"record": {"_type": "Note", "externalId": "RB-NOTE", **own}}
    assert [codes(call(netsuite, "add", note)) for _ in range(2)] == [[], ["DUP_RCRD"]]
    assert [row.values["entity"] for row in netsuite.books.notes] == [buyer.id]
