"""Which service, port and address is spoken to, and what is known of its operations."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.soap_erp.wsdl.documents import Documents
from connectors.soap_erp.wsdl.service import ports_of, service_of
from core.errors import ConfigError
from tests.helpers.requests_of import WSDL

REQUESTS, ENCODED = WSDL / "requests.wsdl", WSDL / "encoded.wsdl"


def test_the_first_port_for_soap_1_1_is_chosen():
    chosen = service_of(Documents(REQUESTS))
    assert (chosen.name, chosen.port, chosen.version) == ("Requests", "Requests11", "1.1")
    assert chosen.address == "http://requests.invalid/11"


def test_a_port_may_be_named_and_its_address_replaced():
    chosen = service_of(Documents(REQUESTS), port="Requests12", address="https://erp.example.com/ws")
    assert (chosen.port, chosen.version, chosen.address) == ("Requests12", "1.2", "https://erp.example.com/ws")
    assert ports_of(Documents(REQUESTS)) == [("Requests", "Requests12"), ("Requests", "Requests11")]


@pytest.mark.parametrize(
    ("names", "said", "setting"),
    [
        ({"port": "Request11"}, "close to it: Requests11", "port"),
        ({"service": "Requets"}, "close to it: Requests", "service"),
    ],
)
def test_names_that_are_not_there(names, said, setting):
    with pytest.raises(ConfigError, match=said) as caught:
        service_of(Documents(REQUESTS), **names)
    assert f"`{setting}`" in caught.value.hint


def test_of_several_services_one_must_be_named(tmp_path: Path):
    text = ENCODED.read_text()
    service = text[text.index("<service") : text.index("</service>")] + "</service>"
    other = service.replace('name="Encoded"', 'name="Other"')
    source = tmp_path / "two.wsdl"
    source.write_text(text.replace("</definitions>", f"{other}</definitions>"))
    with pytest.raises(ConfigError, match="several services: Encoded, Other"):
        service_of(Documents(source))
    assert service_of(Documents(source), service="Other").name == "Other"
    assert service_of(Documents(source), port="Other").name == "Other"


def test_operations_say_how_they_are_spoken():
    send = service_of(Documents(REQUESTS)).operation("Send")
    assert (send.style, send.encoded, send.action) == ("document", False, "urn:requests/Send")
    assert [element.name for element in send.headers] == ["Session"]
    assert (send.input.name, send.output.name) == ("Send", "Done")
    assert {name: element.name for name, element in send.faults.items()} == {"refused": "Refusal"}
    spoken = {one.name: (one.style, one.encoded) for one in service_of(Documents(ENCODED)).operations.values()}
    assert spoken == {"create": ("rpc", True), "literal": ("rpc", False)}


def test_what_was_parsed_is_kept_for_what_it_holds_and_no_longer(tmp_path: Path):
    source = tmp_path / "a.wsdl"
    source.write_text(ENCODED.read_text())
    first = service_of(Documents(source))
    assert service_of(Documents(source)).wsdl is first.wsdl
    source.write_text(ENCODED.read_text().replace('name="net"', 'name="gross"'))
    assert service_of(Documents(source)).wsdl is not first.wsdl
