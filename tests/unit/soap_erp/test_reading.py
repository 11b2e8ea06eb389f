"""What the settings of a stream make of replies: what must be there, what means nothing, what was announced."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from connectors.conformance import sample_request
from core.documents import BadRecord
from core.errors import FatalError, RetryableError
from tests.unit.soap_erp.reading import INVOICES, connected, fields_of, invoice, pulled, soap, told

ONE, TWO, NONE = soap(invoice(1)), soap(invoice(1) + invoice(2)), soap("")


# ---------------------------------------------------------------- fields


def test_what_is_required_and_not_there_makes_a_bad_record_of_one_alone(tmp_path: Path) -> None:
    fields = {"issued": {"path": "Date", "required": True}}
    good, bad = pulled(tmp_path, soap(invoice(1, "<Date>2026-01-02</Date>") + invoice(2)), fields=fields)
    assert fields_of([good]) == [{"issued": "2026-01-02"}]
    assert isinstance(bad, BadRecord) and (bad.external_id, bad.reason) == ("2", "missing")


def test_a_text_that_means_nothing_is_nothing(tmp_path: Path) -> None:
    dates = "".join(
        invoice(number, f"<Date>{text}</Date>") for number, text in enumerate(("0001-01-01", " 00000000 ", "20260102"))
    )
    fields = {"due": {"path": "Date", "empty": ["0001-01-01", "00000000"], "format": "%Y%m%d"}}
    assert fields_of(pulled(tmp_path, soap(dates), fields=fields)) == [{}, {}, {"due": "2026-01-02"}]


def test_a_text_that_means_nothing_is_not_there_where_something_is_required(tmp_path: Path) -> None:
    fields = {"due": {"path": "Date", "empty": ["0001-01-01"], "required": True}}
    (bad,) = pulled(tmp_path, soap(invoice(1, "<Date>0001-01-01</Date>")), fields=fields)
    assert isinstance(bad, BadRecord) and bad.reason == "missing"


def test_a_number_may_have_a_comma_before_its_decimals(tmp_path: Path) -> None:
    fields = {"total_net": {"path": "Net", "decimal_sign": ","}}
    (found,) = fields_of(pulled(tmp_path, soap(invoice(1, "<Net>1.234.567,89</Net>")), fields=fields))
    assert Decimal(found["total_net"]) == Decimal("1234567.89")


# ---------------------------------------------------------------- what the schema requires


SHORT = "<Invoice><No>1</No></Invoice>"
SHORT_LINE = invoice(1, "<Lines><Line><Amount>2</Amount></Line></Lines>")


@pytest.mark.parametrize(("record", "lacking"), [(SHORT, "Total"), (SHORT_LINE, "No")])
def test_a_record_without_what_the_schema_requires_goes_to_quarantine(tmp_path, record: str, lacking: str) -> None:
    """Also where the settings ask for nothing of it."""
    (bad,) = pulled(tmp_path, soap(record))
    assert isinstance(bad, BadRecord) and bad.external_id == "1"
    assert bad.message == f"the reply lacks {lacking}, which its schema requires"


def test_what_may_lack_is_not_missed(tmp_path: Path) -> None:
    wsdl = {"only": {"may_lack": ["Tot*"]}}
    assert fields_of(told(tmp_path, soap(SHORT), wsdl=wsdl, read={"invoices": INVOICES})) == [{}]
    (bad,) = told(tmp_path, soap(SHORT_LINE), wsdl=wsdl, read={"invoices": INVOICES})
    assert isinstance(bad, BadRecord)


# ---------------------------------------------------------------- counts


def announcing(number: object, inside: str) -> str:
    return f"<Total>{number}</Total>{inside}"


def test_as_many_records_as_announced_are_taken(tmp_path: Path) -> None:
    page = soap(announcing(2, invoice(1) + invoice(2)))
    assert len(fields_of(pulled(tmp_path, page, count="Total"))) == 2
    assert pulled(tmp_path, soap(announcing(0, "")), count="Total") == []


@pytest.mark.parametrize("announced", [0, 1, 3, 12])
def test_of_a_page_that_announces_another_number_nothing_is_taken(tmp_path: Path, announced: int) -> None:
    page = soap(announcing(announced, invoice(1) + invoice(2)))
    with pytest.raises(RetryableError, match=f"announces {announced} records and holds 2; none"):
        pulled(tmp_path, page, count="Total")


@pytest.mark.parametrize("announced", ["", "many", "-2", "2.0"])
def test_a_page_that_announces_no_number_is_told(tmp_path: Path, announced: str) -> None:
    page = soap(announcing(announced, invoice(1) + invoice(2)))
    with pytest.raises(FatalError, match="`Total` finds no number of records"):
        pulled(tmp_path, page, count="Total")


def test_lines_are_as_many_as_their_record_announces(tmp_path: Path) -> None:
    line = "<Lines><Line><No>1</No></Line></Lines>"
    lines = {"records": "Lines.Line", "count": "Many", "fields": {"product": "No"}}
    page = "".join(invoice(many, f"<Many>{many}</Many>{line}") for many in (1, 2))
    good, fewer, untold = pulled(tmp_path, soap(page + invoice(3, line)), lines=lines)
    assert not isinstance(good, BadRecord)
    assert isinstance(fewer, BadRecord) and isinstance(untold, BadRecord)
    assert {fewer.reason, untold.reason} == {"lost_lines"}
    assert fewer.message.endswith("2 lines are announced, 1 are there")


def test_a_lookup_is_held_to_what_it_announces(tmp_path: Path) -> None:
    lookup = {
        "request": {"operation": "GetInvoices"},
        "records": "Invoice",
        "count": "Total",
        "key": "No",
        "value": "A",
    }
    stream = INVOICES | {"fields": {"id": "No", "reference": {"path": "No", "lookup": "other"}}}
    table = [soap(announcing(number, invoice(1, "<A>x</A>"))) for number in (1, 2)]
    assert fields_of(told(tmp_path, ONE, table[0], lookups={"other": lookup}, read={"invoices": stream})) == [
        {"reference": "x"}
    ]
    with pytest.raises(RetryableError, match="announces 2 records and holds 1"):
        told(tmp_path, ONE, table[1], lookups={"other": lookup}, read={"invoices": stream})


FIND = {"request": {"operation": "GetInvoices"}, "records": "Invoice", "count": "Total"}
NOTES = {
    "idempotency": "search",
    "lookup_lag": 0,
    "create": {"request": {"operation": "Tell"}},
    "find": FIND,
    "remote": {"fields": {"id": "No", "key": "Key"}},
}


def test_nothing_found_by_key_is_believed_only_where_nothing_was_announced(tmp_path: Path) -> None:
    request = sample_request("account_note")
    ours = soap(announcing(1, invoice(7, f"<Key>{request.key}</Key>")))
    with connected(tmp_path, ours, soap(announcing(0, "")), write={"account_note": NOTES}) as (_, adapter):
        assert [found.remote_id for found in adapter.look_up("account_note", request.key)] == ["7"]
        assert adapter.look_up("account_note", request.key) == ()
    with (
        connected(tmp_path, soap(announcing(1, "")), write={"account_note": NOTES}) as (server, adapter),
        pytest.raises(RetryableError, match="announces 1 records and holds 0"),
    ):
        adapter.create(request)
    assert all(b"Tell" not in asked.headers["SOAPAction"].encode() for asked in server.asked), "nothing was written"


# ---------------------------------------------------------------- pages and payloads


def test_pages_end_with_an_empty_one_where_a_server_gives_fewer_than_asked(tmp_path: Path) -> None:
    pages = {"kind": "number", "size": 100}
    answers = (TWO, soap(invoice(3)), NONE)
    assert len(pulled(tmp_path, *answers, pages={**pages, "stop": "empty"})) == 3
    assert len(pulled(tmp_path, *answers, pages=pages)) == 2, "the first short page is the last"


def test_a_payload_inside_of_a_text_is_what_expressions_see(tmp_path: Path) -> None:
    json = '<Payload>{"rows": [{"id": "1", "net": 1234567.89}]}</Payload>'
    fields = {"id": "id", "total_net": "net"}
    opened = {"operation": "GetInvoices", "decode": {"Payload": "json"}}
    (found,) = fields_of(pulled(tmp_path, soap(json), request=opened, records="Payload.rows", fields=fields))
    assert found == {"total_net": Decimal("1234567.89")}
    xml = "<Payload><![CDATA[<rows><row><id>1</id><net>0.10</net></row></rows>]]></Payload>"
    opened = {"operation": "GetInvoices", "decode": {"Payload": {"format": "xml", "lists": ["row"]}}}
    (found,) = fields_of(pulled(tmp_path, soap(xml), request=opened, records="Payload.row", fields=fields))
    assert found == {"total_net": "0.10"}


def test_a_payload_that_cannot_be_read_is_no_empty_list(tmp_path: Path) -> None:
    opened = {"operation": "GetInvoices", "decode": {"Payload": "json"}}
    with pytest.raises(RetryableError, match=r"the reply cannot be read: .*Payload"):
        pulled(tmp_path, soap("<Payload>{'rows': []}</Payload>"), request=opened, records="Payload.rows")
