"""A reply that was not understood never reads as "there is nothing": what is not there would be written anew, or be
taken for deleted. Over real HTTP, with replies to the letter."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connectors.conformance import sample_request
from connectors.spi import UnknownOutcome, Window, WriteRefused
from core.errors import FatalError, RetryableError
from tests.unit.http.server import Answer, Server
from tests.unit.soap_erp.vouchers import KEY, WSDL, Vouchers, envelope, voucher

HTML = {"Content-Type": "text/html"}
RENAMED = voucher().replace("Voucher>", "Document>")
FOUND = envelope(f"<FindResponse><Vouchers>{voucher()}</Vouchers></FindResponse>")
TYPED = "the list has another name, and what holds it a type"
NOT_UNDERSTOOD = {
    "the list has another name": f"<Vouchers>{RENAMED}</Vouchers>",
    "the list stands in a new element": f"<Vouchers><Batch>{voucher()}</Batch></Vouchers>",
    "what holds the list has another name": f"<Results>{voucher()}</Results>",
    "what holds the list stands in a new element": f"<Result><Vouchers>{voucher()}</Vouchers></Result>",
    "nothing holds the list": voucher(),
    "what holds the list comes twice": f"<Vouchers/><Vouchers>{voucher()}</Vouchers>",
    "a text stands in place of the list": "<Vouchers>busy</Vouchers>",
    "a text stands in place of everything": "busy",
    "what holds the list is nil and full": f'<Vouchers xsi:nil="true">{voucher()}</Vouchers>',
    TYPED: f'<Vouchers xsi:type="Vouchers">{RENAMED}</Vouchers>',
    "no key": f"<Vouchers>{voucher(reference='')}</Vouchers>",
    "the key has another name": f"<Vouchers>{voucher(reference='', more=f'<Ref>{KEY}</Ref>')}</Vouchers>",
    "no state": f"<Vouchers>{voucher().replace('<State>posted</State>', '')}</Vouchers>",
}
TWO_BODIES = FOUND.replace(b"<s:Body>", b"<s:Body><FindResponse><Vouchers/></FindResponse></s:Body><s:Body>")
UNUSABLE = {
    "empty": Answer(200),
    "accepted": Answer(202),
    "no content": Answer(204),
    "not modified": Answer(304),
    "no service": Answer(404, b"<html><body>404</body></html>", HTML),
    "no service, and no page": Answer(404),
    "service gone": Answer(410),
    "a page of a proxy": Answer(400, b"<html><body>400</body></html>", HTML),
    "another operation": envelope(f"<GetResponse>{voucher()}</GetResponse>"),
    "two bodies": TWO_BODIES,
    "no body": envelope("").replace(b"<s:Body></s:Body>", b"<s:Header/>"),
    "an empty body": envelope(""),
}


@pytest.fixture
def vouchers(serve, tmp_path):
    server: Server = serve()
    return Vouchers(server, tmp_path)


def pulled(vouchers, **more):
    pages = vouchers.adapter(**more).pull("vouchers", Window(datetime(2026, 6, 1, tzinfo=UTC)), {})
    return [record for page in pages for record in (*page.records, *page.bad)]


def test_what_is_there_is_found(vouchers):
    vouchers.replies["Find"] = FOUND
    (remote,) = vouchers.adapter().look_up("credit_note", KEY, "C")
    assert (remote.remote_id, remote.state, remote.net) == ("7", "posted", -500)


@pytest.mark.parametrize("inside", ["", "<Vouchers/>", '<Vouchers xsi:nil="true"/>', "<ServerTime>12:00</ServerTime>"])
def test_an_empty_list_is_empty(vouchers, inside):
    vouchers.replies["Find"] = envelope(f"<FindResponse>{inside}</FindResponse>")
    assert vouchers.adapter().look_up("credit_note", KEY, "C") == ()


@pytest.mark.parametrize("inside", NOT_UNDERSTOOD.values(), ids=NOT_UNDERSTOOD)
def test_a_search_whose_reply_is_not_understood_has_not_found_nothing(vouchers, inside):
    vouchers.replies["Find"] = envelope(f"<FindResponse>{inside}</FindResponse>")
    with pytest.raises((FatalError, RetryableError)):
        vouchers.adapter().look_up("credit_note", KEY, "C")


@pytest.mark.parametrize("reply", UNUSABLE.values(), ids=UNUSABLE)
def test_what_is_no_reply_is_worth_another_try(vouchers, reply):
    vouchers.replies |= dict.fromkeys(("Find", "Get", "List"), reply)
    adapter = vouchers.adapter()
    with pytest.raises(RetryableError):
        adapter.look_up("credit_note", KEY, "C")
    if reply is not UNUSABLE["another operation"]:
        with pytest.raises(RetryableError):
            adapter.read_back("credit_note", "7")
        with pytest.raises(RetryableError):
            adapter.fetch("invoice", "7")
    with pytest.raises(RetryableError):
        pulled(vouchers)


@pytest.mark.parametrize("inside", [RENAMED, f"<New>{voucher()}</New>"])
def test_a_record_under_another_name_is_not_gone(vouchers, inside):
    vouchers.replies["Get"] = envelope(f"<GetResponse>{inside}</GetResponse>")
    adapter = vouchers.adapter()
    with pytest.raises(FatalError, match="which its schema does not know there"):
        adapter.read_back("credit_note", "7")
    with pytest.raises(FatalError, match="which its schema does not know there"):
        adapter.fetch("invoice", "7")


def test_a_record_without_what_names_it_is_not_gone(vouchers):
    vouchers.replies["Get"] = envelope("<GetResponse><Voucher><State>posted</State></Voucher></GetResponse>")
    with pytest.raises(FatalError, match="lacks Id"):
        vouchers.adapter().read_back("credit_note", "7")
    assert vouchers.adapter().fetch("invoice", "7") is not None


@pytest.mark.parametrize("inside", ["", '<Voucher xsi:nil="true"/>'])
def test_a_record_that_is_gone_is_gone(vouchers, inside):
    vouchers.replies["Get"] = envelope(f"<GetResponse>{inside}</GetResponse>")
    assert vouchers.adapter().read_back("credit_note", "7") is None and vouchers.adapter().fetch("invoice", "7") is None


@pytest.mark.parametrize("inside", [*list(NOT_UNDERSTOOD.values())[:8], NOT_UNDERSTOOD[TYPED]])
def test_a_page_that_is_not_understood_is_not_empty(vouchers, inside):
    vouchers.replies["List"] = envelope(f"<ListResponse>{inside}<Bookmark/></ListResponse>")
    with pytest.raises(FatalError, match="the reply is another one than its description announces"):
        pulled(vouchers)


def test_a_page_without_its_bookmark_is_not_the_last(vouchers):
    vouchers.replies["List"] = envelope(f"<ListResponse><Vouchers>{voucher()}</Vouchers></ListResponse>")
    with pytest.raises(FatalError, match="it lacks Bookmark"):
        pulled(vouchers)
    vouchers.replies["List"] = envelope(f"<ListResponse><Vouchers>{voucher()}</Vouchers><Bookmark/></ListResponse>")
    assert [record.external_id for record in pulled(vouchers)] == ["7"]


def test_what_a_record_was_left_out_by_must_be_there(vouchers):
    stateless = voucher(8).replace("<State>posted</State>", "<Status>posted</Status>")
    inside = f"<Vouchers>{voucher(7, state='draft')}{stateless}</Vouchers><Bookmark/>"
    vouchers.replies["List"] = envelope(f"<ListResponse>{inside}</ListResponse>")
    (bad,) = pulled(vouchers, read={"vouchers": {"only": "State == 'posted'"}})
    assert (bad.external_id, bad.reason) == ("8", "missing") and "State" in bad.message


def test_a_list_in_json_must_be_there(vouchers):
    decoded = {
        "records": "Bookmark.items",
        "pages": {"path": "Bookmark.next"},
        "request": {"decode": {"Bookmark": "json"}},
    }
    listed = "<ListResponse><Vouchers/><Bookmark>{}</Bookmark></ListResponse>"
    vouchers.replies["List"] = envelope(listed.format('{"items": []}'))
    assert pulled(vouchers, read={"vouchers": decoded}) == []
    vouchers.replies["List"] = envelope(listed.format('{"error": "busy"}'))
    with pytest.raises(FatalError, match="no list in its JSON"):
        pulled(vouchers, read={"vouchers": decoded})


def test_a_list_in_xml_inside_of_a_text_must_have_that_text(vouchers):
    decoded = {
        "records": "Bookmark.LIN",
        "pages": {"path": "Bookmark.next"},
        "request": {"decode": {"Bookmark": {"format": "xml", "lists": ["LIN"]}}},
    }
    listed = "<ListResponse><Vouchers/><Bookmark>{}</Bookmark></ListResponse>"
    for empty in ("&lt;TAB SIZE='0'/&gt;", "&lt;TAB/&gt;"):
        vouchers.replies["List"] = envelope(listed.format(empty))
        assert pulled(vouchers, read={"vouchers": decoded}) == []
    vouchers.replies["List"] = envelope(listed.format(""))
    with pytest.raises(FatalError, match="should hold a list is empty"):
        pulled(vouchers, read={"vouchers": decoded})


def test_an_operation_without_a_reply_may_be_answered_with_nothing(vouchers):
    tell = {"operation": "Tell", "arguments": {"Reference": "${note.text}"}}
    note = {"idempotency": "repeat", "create": {"request": tell}}
    for status in (200, 202, 204):
        vouchers.replies["Create"] = Answer(status)
        adapter = vouchers.adapter(write={"account_note": note})
        assert adapter.create(sample_request("account_note")).key


@pytest.mark.parametrize(
    "reply", [*list(UNUSABLE.values())[:8], envelope("<s:Fault><faultstring>no</faultstring></s:Fault>"), FOUND[:-40]]
)
def test_a_write_whose_reply_says_nothing_is_unknown(vouchers, reply):
    vouchers.replies["Create"] = reply
    with pytest.raises(UnknownOutcome):
        vouchers.adapter().create(sample_request("credit_note"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_of_an_envelope_that_cannot_be_read_nothing_is_shown(vouchers, encoding):
    told = envelope("<LogInResponse>s3ss1on</LogInResponse>").decode().encode(encoding)
    vouchers.replies["Find"] = Answer(500, told)
    with pytest.raises(RetryableError) as caught:
        vouchers.adapter().look_up("credit_note", KEY, "C")
    assert "500" in str(caught.value) and "s3ss1on" not in str(caught.value)


GROUP = """<xsd:element name="Document" type="tns:Voucher" abstract="true"/>
<xsd:element name="Invoice" type="tns:Voucher" substitutionGroup="tns:Document"/>
<xsd:element name="CreditNote" type="tns:Voucher" substitutionGroup="tns:Document"/>
<xsd:complexType name="Vouchers">"""


@pytest.mark.parametrize(("names", "ids"), [((), ["1"]), (("CreditNote",), []), (("Invoice", "CreditNote"), ["1"])])
def test_members_of_a_substitution_group_are_lists_of_their_own(vouchers, tmp_path, names, ids):
    names = names or ("Invoice",)
    text = WSDL.read_text().replace('<xsd:complexType name="Vouchers">', GROUP)
    listed = '<xsd:element name="Voucher" type="tns:Voucher" minOccurs="0" maxOccurs="unbounded"/>'
    assert listed in text
    text = text.replace(listed, '<xsd:element ref="tns:Document" maxOccurs="unbounded"/>')
    (tmp_path / "group.wsdl").write_text(text)
    inside = "".join(voucher(id).replace("Voucher>", f"{name}>") for id, name in enumerate(names, 1))
    vouchers.replies["List"] = envelope(f"<ListResponse><Vouchers>{inside}</Vouchers><Bookmark/></ListResponse>")
    more = {"wsdl": {"only": {"source": "group.wsdl"}}, "read": {"vouchers": {"records": "Vouchers.Invoice"}}}
    assert [record.external_id for record in pulled(vouchers, **more)] == ids


@pytest.mark.parametrize(
    ("said", "done"), [("true", True), ("OK", True), ("false", False), (" No ", False), ("0", False)]
)
def test_a_success_that_says_no_is_none(vouchers, said, done):
    vouchers.replies["List"] = envelope(f"<ListResponse><Vouchers/><Bookmark>{said}</Bookmark></ListResponse>")
    asked = {"operation": "List", "arguments": {}, "ok_when": "Bookmark"}
    adapter = vouchers.adapter(write={"tier": {"idempotency": "repeat", "create": {"request": asked}}})
    if done:
        assert adapter.create(sample_request("tier")).key
    else:
        with pytest.raises(WriteRefused):
            adapter.create(sample_request("tier"))


def test_what_a_find_leaves_out_must_hold_what_it_is_left_out_by(vouchers):
    vouchers.replies["Find"] = envelope(f"<FindResponse><Vouchers>{voucher(state='draft')}</Vouchers></FindResponse>")
    only = {"write": {"credit_note": {"find": {"only": "State == 'posted'"}}}}
    assert vouchers.adapter(**only).look_up("credit_note", KEY, "C") == ()
    stateless = voucher().replace("State>", "Status>")
    vouchers.replies["Find"] = envelope(f"<FindResponse><Vouchers>{stateless}</Vouchers></FindResponse>")
    with pytest.raises(FatalError, match="lacks State"):
        vouchers.adapter(**only).look_up("credit_note", KEY, "C")


def test_what_is_listed_and_cannot_be_read_is_not_gone(vouchers):
    vouchers.replies |= {"Find": FOUND, "Get": envelope("<GetResponse/>")}
    with pytest.raises(RetryableError, match="not there for `one`"):
        vouchers.adapter(write={"credit_note": {"find": {"whole": False}}}).look_up("credit_note", KEY, "C")
