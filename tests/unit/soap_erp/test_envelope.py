"""Requests are what the schema asks for, exactly what was given, and refused where they cannot be."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from lxml import etree

from connectors.secrets import Secret
from connectors.soap_erp.envelopes.envelope import envelope
from connectors.soap_erp.wsdl.documents import Documents
from connectors.soap_erp.wsdl.service import service_of
from core.errors import ConfigError, DataError
from tests.helpers.requests_of import WSDL, built, plain, service, texts, valid

REQUESTS = WSDL / "requests.wsdl"
XSI = "{http://www.w3.org/2001/XMLSchema-instance}"


@pytest.fixture(autouse=True)
def _offline(monkeypatch: pytest.MonkeyPatch):
    def refused(*_: Any) -> None:
        raise AssertionError("something tried to reach the network")

    monkeypatch.setattr(socket.socket, "connect", refused)


def sent(**arguments: Any) -> etree._Element:
    return valid(REQUESTS, "Send", arguments)


def refusal(error: type[Exception], operation: str = "Send", **arguments: Any) -> Any:
    with pytest.raises(error) as caught:
        built(REQUESTS, operation, arguments)
    return caught.value


class TestValues:
    @pytest.mark.parametrize(
        ("name", "value", "text"),
        [
            ("Total", Decimal("12.50"), "12.50"),
            ("Total", Decimal("1E+2"), "100"),
            ("Total", Decimal("-0.10"), "-0.10"),
            ("Total", Decimal("1234567890123456789.123456789"), "1234567890123456789.123456789"),
            ("Total", "12.50", "12.50"),
            ("Total", 7, "7"),
            ("Double", Decimal("1234567.89"), "1234567.89"),
            ("Flag", True, "true"),
            ("Flag", False, "false"),
            ("Text", True, "true"),
            ("Text", "", ""),
            ("Text", " a <b> & ü ", " a <b> & ü "),
            ("Text", Secret("hidden"), "hidden"),
            ("Date", "2026-01-31", "2026-01-31"),
            ("Date", date(2026, 1, 31), "2026-01-31"),
            ("Stamp", datetime(2026, 1, 31, 12, tzinfo=UTC), "2026-01-31T12:00:00+00:00"),
            ("Year", "2026", "2026"),
            ("Small", -128, "-128"),
            ("Numbers", [1, 2, 3], "1 2 3"),
            ("Text", {"_value": "x"}, "x"),
            ("Text", {"_json": {"net": Decimal("1.10"), "all": [True, None]}}, '{"net":1.10,"all":[true,null]}'),
        ],
    )
    def test_are_sent_exactly(self, name, value, text):
        assert plain(sent(**{name: value})) == [(name, text)]

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("Total", "12,50"),
            ("Total", "1e3"),
            ("Total", "\u0661\u0662"),
            ("Total", ""),
            ("Total", Decimal("NaN")),
            ("Total", True),
            ("Flag", "no"),
            ("Date", "31.01.2026"),
            ("Date", "2026-02-30"),
            ("Year", "last"),
            ("Binary", "no"),
            ("Double", "1,5"),
            ("Numbers", "1 x"),
            ("Digits", "2026-1-1"),
            ("Stamp", "2026-01-31"),
            ("Small", 128),
            ("Small", "9" * 5000),
            ("Numbers", [1, "x"]),
            ("Text", "a\x00b"),
            ("Text", ["a", "b"]),
            ("Text", {"a": "b"}),
            ("Text", object()),
            ("Loose", "text"),
            ("Loose", [{}, {}]),
        ],
    )
    def test_that_cannot_be_sent_are_refused_with_their_place(self, name, value):
        error = refusal(DataError, **{name: value})
        assert error.reason == "bad_value"
        assert error.path.startswith(f"arguments.{name}")

    def test_never_are_a_float(self):
        assert "float" in str(refusal(DataError, Total=float("12.5")))  # what the rule is about

    def test_are_not_quoted_where_they_are_refused(self):
        assert "Passw0rd" not in str(refusal(DataError, Code="Passw0rd")) + str(refusal(DataError, Total="Passw0rd"))

    def test_of_xml_become_text_with_attributes_lists_and_escapes(self):
        payload = {
            "PARAM": {"GRP": [{"@ID": "A", "FLD": {"@NAME": "NET", "_value": Decimal("2.50")}}, {"FLD": ["<", ""]}]}
        }
        (text,) = (value for _, value in plain(sent(Text={"_xml": payload})))
        root = etree.fromstring(text)
        assert plain(root) == [("GRP", [("FLD", "2.50")]), ("GRP", [("FLD", "<"), ("FLD", "")])]
        assert root.find("GRP").attrib == {"ID": "A"}
        assert root.find("GRP/FLD").attrib == {"NAME": "NET"}

    def test_of_xml_need_one_root(self):
        assert refusal(ConfigError, Text={"_xml": {"A": 1, "B": 2}})
        assert refusal(DataError, Text={"_xml": {"A": [1, 2]}})
        assert refusal(ConfigError, Text={"_xml": {"A b": 1}})

    def test_that_are_none_are_left_out(self):
        assert plain(sent(Text=None, Total=None, Line=[None], ByCard=[], Flag=False)) == [("Flag", "false")]

    def test_are_in_the_order_of_the_schema(self):
        assert [name for name, _ in plain(sent(Total=1, Text="t", Code="abc"))] == ["Code", "Text", "Total"]


class TestRestrictions:
    @pytest.mark.parametrize(
        ("arguments", "path", "said"),
        [
            ({"Code": "123456"}, "Code", "6 characters, and may have 5"),
            ({"Short": "1234"}, "Short", "4 characters, and may have 3"),
            ({"Short": "1"}, "Short", "at least 2"),
            ({"Line": [{}, {"No": "1234567"}]}, "Line.1.No", "7 characters, and may have 6"),
            ({"Line": {"Ours": "12345"}}, "Line.Ours", "5 characters, and may have 4"),
            ({"Line": {"Kind": "item"}}, "Line.Kind", "Item, Account"),
            ({"Line": {"Rate": Decimal("1.234")}}, "Line.Rate", "3 decimal places, and may have 2"),
            ({"Line": {"Rate": Decimal("12345.6")}}, "Line.Rate", "more than 5 digits"),
            ({"Line": {"Rate": -1}}, "Line.Rate", "less than 0"),
            (
                {"Line": {"Price": {"_value": 1, "currency": "EU"}}},
                "Line.Price.currency",
                "2 characters, and must have 3",
            ),
            ({"Line": [{}, {}, {}, {}]}, "Line", "there are 4, and there may be 3 at most"),
            ({"Part": {"Size": "M"}}, "Part.Size", "S, L"),
            ({"Digits": "2026"}, "Digits", r"\d\d\d\d-\d\d-\d\d"),
        ],
    )
    def test_that_zeep_drops_are_held(self, arguments, path, said):
        error = refusal(DataError, **arguments)
        assert (error.reason, error.path) == ("bad_value", f"arguments.{path}")
        assert said in str(error)

    def test_let_through_what_just_fits(self):
        line = {
            "No": "123456", "Kind": "Account", "Ours": "1234", "Rate": Decimal("123.40"), "id": 5,
            "Price": {"_value": Decimal("9.90"), "currency": "EUR"},
        }  # fmt: skip
        body = sent(Code="12345", Short="123", Digits="0000-00-00", Line=[line], Part={"Size": "L"})
        assert texts(body.find("{*}Line")) == {
            "No": "123456", "Kind": "Account", "Ours": "1234", "Price": "9.90", "Rate": "123.40"
        }  # fmt: skip
        assert body.find("{*}Line").attrib == {"id": "5"}
        assert body.find("{*}Line/{*}Price").attrib == {"currency": "EUR"}


class TestStructure:
    def test_a_choice_keeps_what_is_false_zero_or_empty(self):
        assert plain(sent(Open=False)) == [("Open", "false")]
        assert plain(sent(Open=False, Rank=0)) == [("Open", "false"), ("Rank", "0")]
        assert plain(sent(Other="")) == [("Other", "")]

    def test_of_a_choice_only_one_branch_may_be_given(self):
        assert "beside Open the schema allows no Other" in str(refusal(ConfigError, Open=True, Other="x"))
        assert refusal(DataError, Rank=1).path == "arguments.Open"

    def test_members_of_a_substitution_group_stand_under_their_own_names(self):
        card, transfer = {"Amount": Decimal("1.50"), "Card": "4"}, {"Amount": 2, "Iban": "DE"}
        assert [name for name, _ in plain(sent(ByTransfer=[transfer, transfer], ByCard=card))] == [
            "ByCard", "ByTransfer", "ByTransfer"
        ]  # fmt: skip
        assert refusal(ConfigError, AnyPayment={"Amount": 1})

    def test_a_derived_type_is_chosen_by_name(self):
        for name in ("Transfer", "t:Transfer", "{urn:requests}Transfer"):
            given = {"Pay": {"_type": name, "Amount": 1, "Iban": "DE"}}
            pay = valid(REQUESTS, "Send", given, None, {"t": "urn:requests"}).find("{*}Pay")
            prefix, local = pay.get(f"{XSI}type").split(":")
            assert (pay.nsmap[prefix], local) == ("urn:requests", "Transfer")

    def test_a_type_that_does_not_fit_is_refused(self):
        assert "CardPayment, Transfer" in str(refusal(ConfigError, Pay={"Amount": 1}))
        assert "close to it: Transfer" in str(refusal(ConfigError, Pay={"_type": "Transfr", "Amount": 1}))
        assert refusal(ConfigError, Pay={"_type": "Line"})
        assert refusal(ConfigError, Pay={"_type": "Payment", "Amount": 1})
        assert "[namespaces]" in refusal(ConfigError, Pay={"_type": "t:Transfer"}).hint

    def test_nil_is_sent_where_it_is_asked_for_and_allowed(self):
        assert sent(Nil={"_nil": True}).find("{*}Nil").attrib == {f"{XSI}nil": "true"}
        assert sent(Nil={"_nil": False, "_value": 1}).findtext("{*}Nil") == "1"
        for wrong in ({"Text": {"_nil": True}}, {"Nil": {"_nil": True, "_value": 1}}, {"Nil": {"_nil": "yes"}}):
            assert refusal(ConfigError, **wrong)

    def test_text_is_refused_where_the_schema_has_none(self):
        assert refusal(ConfigError, Line={"_value": "lost?"}).problems[0][2].startswith("arguments.Line._value")
        assert sent(Remark={"_value": "see ", "B": "1"}).find("{*}Remark").text == "see "

    def test_binary_is_as_long_as_its_bytes(self):
        assert sent(Binary="AAECAw==").findtext("{*}Binary") == "AAECAw=="

    def test_a_group_that_repeats_takes_its_lists_side_by_side(self):
        pairs = sent(Pairs={"Key": ["a", "b"], "Value": [None, "2"]}).find("{*}Pairs")
        assert plain(pairs) == [("Key", "a"), ("Key", "b"), ("Value", "2")]

    def test_a_choice_that_repeats_keeps_the_order_given(self):
        mixed = sent(Mixed={"Two": [1, 2], "One": "x"}).find("{*}Mixed")
        assert plain(mixed) == [("Two", "1"), ("Two", "2"), ("One", "x")]
        for nothing in ({}, {"Two": []}, {"Two": [None], "One": None}):
            assert refusal(DataError, Mixed=nothing).reason == "missing_value"

    def test_any_element_is_written_by_schema_where_one_knows_it(self):
        given = {"Head": "h", "Weight": Decimal("2.0"), "x:Own": {"@x:a": 1, "Inner": [1, 2]}, "@x:b": "c"}
        open_ = valid(REQUESTS, "Send", {"Open2": given}, None, {"x": "urn:x"}).find("{*}Open2")
        assert plain(open_) == [("Head", "h"), ("Weight", "2.0"), ("Own", [("Inner", "1"), ("Inner", "2")])]
        assert open_.attrib == {"{urn:x}b": "c"}
        assert open_.find("{urn:x}Own/{urn:x}Inner") is not None
        assert refusal(ConfigError, Open2={"Wieght": 1})

    def test_an_open_type_takes_text_tables_or_a_named_type(self):
        assert plain(sent(Whatever="x")) == [("Whatever", "x")]
        assert sent(Whatever={"_type": "xsd:decimal", "_value": Decimal("2.50")}).findtext("{*}Whatever") == "2.50"
        assert plain(sent(Whatever={"_type": "Transfer", "Amount": 1, "Iban": "i"})[0]) == [
            ("Amount", "1"),
            ("Iban", "i"),
        ]

    def test_members_of_all_may_be_absent(self):
        assert plain(sent(Loose={"B": "1"})) == [("Loose", [("B", "1")])]

    def test_a_type_inside_of_itself_is_written_as_deep_as_it_is_given(self):
        node = {"Name": "a", "Node": [{"Name": "b", "Node": {"Name": "c"}}]}
        assert etree.tostring(valid(REQUESTS, "Tree", {"Node": node}), method="text") == b"abc"


class TestNames:
    @pytest.mark.parametrize(
        ("arguments", "path", "close"),
        [
            ({"Tex": 1}, "arguments.Tex", "Text"),
            ({"Line": [{}, {"Knd": 1}]}, "arguments.Line.1.Knd", "Kind"),
            ({"Line": {"Price": {"_value": 1, "curency": "EUR"}}}, "arguments.Line.Price.curency", "currency"),
        ],
    )
    def test_that_are_not_there_are_told_with_their_place_and_the_close_ones(self, arguments, path, close):
        error = str(refusal(ConfigError, **arguments))
        assert error.startswith(f"{path}: ")
        assert f"close to it: {close}" in error

    def test_of_operations(self):
        with pytest.raises(ConfigError, match="close to it: Send"):
            service(REQUESTS).operation("send")


class TestRequired:
    GIVEN: dict[str, Any] = {"Must": "m", "Nillable": 1, "This": "t", "Many": ["1", "2"]}  # noqa: RUF012

    def test_a_default_of_the_schema_is_sent(self):
        assert texts(valid(REQUESTS, "Need", self.GIVEN))["Default"] == "7"

    @pytest.mark.parametrize(
        ("lacking", "path"),
        [("Must", ".Must"), ("Nillable", ".Nillable"), ("This", ""), ("Many", ".Many")],
    )
    def test_what_is_absent_is_told_with_its_place(self, lacking, path):
        error = refusal(DataError, "Need", **{**self.GIVEN, lacking: None})
        assert (error.reason, error.path) == ("missing_value", f"arguments{path}")

    @pytest.mark.parametrize("many", ["1", ["1"], ["1", None], []])
    def test_too_few_are_missing(self, many):
        assert refusal(DataError, "Need", **{**self.GIVEN, "Many": many}).reason == "missing_value"

    def test_nil_does_for_what_is_required(self):
        assert valid(REQUESTS, "Need", {**self.GIVEN, "Nillable": {"_nil": True}}) is not None


class TestHeaders:
    def header(self, headers: dict[str, Any], port: str = "") -> etree._Element:
        return built(REQUESTS, "Send", {}, headers, {"x": "urn:x"}, port).find("{*}Header")

    def test_by_the_binding_by_the_schemas_and_of_any_namespace(self):
        header = self.header(
            {
                "Session": {"Token": Secret("t"), "@soap:mustUnderstand": "1"},
                "Known": Decimal("1.0"),
                "x:Auth": {"User": "u", "@Id": 1, "{urn:y}Hash": {"_value": "h", "@x:kind": "k"}},
                "Absent": None,
            }
        )
        session, known, auth = header
        assert (session.tag, plain(session)) == ("{urn:requests}Session", [("Token", "t")])
        assert session.attrib == {"{http://schemas.xmlsoap.org/soap/envelope/}mustUnderstand": "1"}
        assert (known.tag, known.text) == ("{urn:requests}Known", "1.0")
        assert (auth.tag, auth.get("Id"), auth.findtext("{urn:x}User")) == ("{urn:x}Auth", "1", "u")
        assert auth.find("{urn:y}Hash").attrib == {"{urn:x}kind": "k"}

    def test_an_element_goes_as_it_is(self):
        (own,) = self.header({"any": etree.fromstring("<s:Own xmlns:s='urn:s'/>")})
        assert own.tag == "{urn:s}Own"

    def test_that_are_not_there(self):
        with pytest.raises(ConfigError, match=r"soap_headers.Sesion: .*close to it: Session"):
            self.header({"Sesion": {}})

    def test_soap_1_1_and_1_2(self):
        first = envelope(service(REQUESTS), "Send", {})
        assert first.headers == {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '"urn:requests/Send"'}
        assert first.url == "http://requests.invalid/11"
        second = envelope(service(REQUESTS, "Requests12"), "Send", {})
        assert second.headers == {"Content-Type": 'application/soap+xml; charset=utf-8; action="urn:requests/Send"'}
        assert second.url == "http://requests.invalid/12"
        tags = [etree.fromstring(one.body).tag for one in (first, second)]
        assert tags == [
            "{http://schemas.xmlsoap.org/soap/envelope/}Envelope",
            "{http://www.w3.org/2003/05/soap-envelope}Envelope",
        ]

    def test_an_action_of_any_letters_fits_into_a_header(self, tmp_path):
        source = tmp_path / "a.wsdl"
        text = (WSDL / "encoded.wsdl").read_text().replace("urn:encoded#create", "urn:1c#Сервис:Запрос &#10;X: y&quot;")
        source.write_text(text)
        action = envelope(service_of(Documents(source)), "create", {}).headers["SOAPAction"]
        assert action.isascii() and action.isprintable() and action.count('"') == 2

    def test_the_body_is_not_shown(self):
        assert "hidden" not in repr(envelope(service(REQUESTS), "Send", {"Text": "hidden"}))


def test_requests_are_built_from_threads_alike():
    made = service_of(Documents(REQUESTS))  # nothing of it was used yet
    arguments = {"Line": [{"No": str(number), "Price": {"_value": 1, "currency": "EUR"}} for number in range(3)]}

    with ThreadPoolExecutor(8) as pool:
        bodies = set(pool.map(lambda _: envelope(made, "Send", arguments).body, range(64)))
    assert len(bodies) == 1
