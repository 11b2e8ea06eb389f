"""A WSDL as a tree says what may be written and read, by the names that settings use."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors.soap_erp.wsdl.documents import Documents
from connectors.soap_erp.wsdl.service import service_of
from connectors.soap_erp.wsdl.tree import CUT, Node, tree, type_tree
from core.errors import ConfigError
from tests.helpers.requests_of import WSDL, vendor_wsdl

REQUESTS = WSDL / "requests.wsdl"


def operation(name: str, depth: int = 6, path=REQUESTS, port: int = -1):
    (service,) = tree(Documents(path), depth=depth, only=name)
    (found,) = service.ports[port].operations
    return found


def at(node: Node, path: str) -> Node:
    for name in path.split("."):
        node = next(one for one in (*node.attributes, *node.children) if one.name == name)
    return node


def every(node: Node) -> Iterator[Node]:
    yield node
    for one in (*node.attributes, *node.children):
        yield from every(one)


@pytest.fixture(scope="module")
def send() -> Node:
    (found,) = operation("Send").input
    return found


def test_services_and_ports():
    (service,) = tree(Documents(REQUESTS))
    assert service.name == "Requests"
    assert [(port.name, port.version, port.address) for port in service.ports] == [
        ("Requests12", "1.2", "http://requests.invalid/12"),
        ("Requests11", "1.1", "http://requests.invalid/11"),
    ]
    assert [one.name for one in service.ports[1].operations] == ["Send", "Need", "Tree"]


def test_a_port_without_an_address_is_shown_too(tmp_path):
    source = tmp_path / "a.wsdl"
    source.write_text((WSDL / "encoded.wsdl").read_text().replace("http://encoded.invalid/", "TO BE FILLED IN"))
    assert tree(Documents(source))[0].ports[0].address == "TO BE FILLED IN"


def test_messages_headers_and_faults():
    found = operation("Send")
    assert (found.style, found.encoded, found.action) == ("document", False, "urn:requests/Send")
    assert [[node.name for node in nodes] for nodes in (found.input, found.output, found.headers, found.faults)] == [
        ["Send"], ["Done"], ["Session"], ["Refusal"]
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("Total", Node("Total", "decimal", minimum=0)),
        ("Nil", Node("Nil", "int", minimum=0, nillable=True)),
        ("Code", Node("Code", "Code", minimum=0, longest=5)),
        ("Short", Node("Short", "ShortCode", minimum=0, longest=3)),
        ("Line.No", Node("No", "", minimum=0, longest=6)),
        ("Line.Ours", Node("Ours", "", minimum=0, longest=4)),
        ("Line.Kind", Node("Kind", "Kind", minimum=0, values=("Item", "Account"))),
        ("Line.@id", Node("@id", "int", minimum=0)),
        ("Part.Size", Node("Size", "Size", values=("S", "L"))),
        ("Open", Node("Open", "boolean", minimum=0)),
        ("Pairs.Key", Node("Key", "string", maximum=None)),
        ("Mixed.Two", Node("Two", "int", minimum=0, maximum=None)),
        ("Open2.*", Node("*", "", minimum=0, maximum=None)),
    ],
)
def test_elements_and_attributes(send, path, expected):
    assert at(send, path) == expected


def test_of_an_abstract_type_the_derived_ones_are_named(send):
    pay = at(send, "Pay")
    assert (pay.abstract, pay.derived) == (True, ("CardPayment", "Transfer"))
    transfer = type_tree(service_of(Documents(REQUESTS)), "Transfer")
    assert [node.name for node in transfer.children] == ["Amount", "Iban"]
    with pytest.raises(ConfigError, match="close to it: Transfer"):
        type_tree(service_of(Documents(REQUESTS)), "Transfr")


def test_of_a_substitution_group_its_members_stand_there(send):
    names = [node.name for node in send.children]
    assert {"ByCard", "ByTransfer"} <= set(names)
    assert "AnyPayment" not in names
    assert (at(send, "ByCard").minimum, at(send, "ByCard").maximum) == (0, None)


def test_a_text_with_attributes(send):
    price = at(send, "Line.Price")
    assert ([node.name for node in price.attributes], price.children) == (["@currency"], ())


def test_a_type_inside_of_itself_is_cut():
    (found,) = operation("Tree").input
    assert at(found, "Node.Node").children == (Node(CUT, ""),)


def test_depth():
    for depth in range(4):
        (found,) = operation("Send", depth).input
        assert (at(found, "Line.Price").attributes != ()) if depth > 2 else True
        assert any(node.name == CUT for node in every(found)) == (depth < 3)
    (root,) = operation("Send", 0).input
    assert root.children == (Node(CUT, ""),)


def test_parts_and_arrays_of_rpc():
    (created,) = operation("create", path=WSDL / "encoded.wsdl").input
    assert [node.name for node in created.children] == ["session", "document", "code"]
    item = at(created, "document.lines.item")
    assert (item.type, item.minimum, item.maximum) == ("Line", 0, None)
    assert [node.name for node in item.children] == ["text", "net", "count", "kind", "own"]
    assert at(created, "document.words.word").type == "string"


def test_of_netsuite():
    found = operation("add", path=vendor_wsdl("netsuite-2023_2/netsuite.wsdl"))
    (add,) = found.input
    assert "CreditMemo" in at(add, "record").derived
    assert "tokenPassport" in [node.name for node in found.headers]
    service = service_of(Documents(vendor_wsdl("netsuite-2023_2/netsuite.wsdl")))
    memo = type_tree(service, "CreditMemo", depth=3)
    assert at(memo, "itemList.item.amount").type == "double"
    assert at(memo, "entity.@internalId").type == "string"
