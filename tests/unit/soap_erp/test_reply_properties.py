"""Whatever a reply holds comes out of it as it was written, whoever wrote it and in whatever order."""

from __future__ import annotations

import contextlib
import random
from decimal import Decimal
from typing import Any
from xml.dom.minidom import Document

from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.soap_erp.replies.decode import decode
from connectors.soap_erp.replies.reply import NotSoap, read
from tests.helpers.soap_replies import WSDL, envelope, message, orders

MESSAGE = message(WSDL / "reading.wsdl", "GetOrders")
LETTERS = st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff")
TEXTS = st.text(LETTERS, max_size=8)
NAMES = st.sampled_from(["a", "b", "Имя", "d-e", "f.g", "_h", "item"])
NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**15), max_value=10**15)


def tables(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    # of one item nobody could tell that it is a list
    values = inner | st.lists(inner, min_size=2, max_size=3)
    return st.dictionaries(NAMES, values, min_size=1, max_size=4)


TREES = tables(st.recursive(st.none() | TEXTS, tables, max_leaves=20))


def written(tree: dict[str, Any]) -> str:
    """XML of a tree, by the writer of the standard library."""
    document = Document()

    def element(name: str, value: Any) -> Any:
        made = document.createElement(name)
        if value is None:
            made.setAttribute("xsi:nil", "true")
        elif isinstance(value, str):
            made.appendChild(document.createTextNode(value))
        else:
            for key, held in value.items():
                for one in held if isinstance(held, list) else [held]:
                    made.appendChild(element(key, one))
        return made

    return str(element("r", tree).toxml())


@settings(deadline=None)
@given(TREES)
def test_what_is_written_is_read_again(tree):
    text = written(tree)
    assert read(envelope(text), None, nesting=100) == tree
    inside = text.replace("<r>", '<r xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">', 1)
    assert decode({"x": inside}, "x", "xml", nesting=100)["x"] == tree


KNOWN: dict[str, st.SearchStrategy[Any]] = {
    "No": TEXTS,
    "Total": NUMBERS | st.none(),
    "Count": st.integers(-(2**31), 2**31),
    "Posted": st.booleans(),
    "Status": st.sampled_from(["Open", "Posted"]),
    "Note": st.lists(TEXTS, max_size=3),
    "Tax": st.lists(NUMBERS, max_size=3),
    "Lines": st.fixed_dictionaries(
        {"Line": st.lists(st.fixed_dictionaries({"No": TEXTS, "Amount": NUMBERS, "Rate": NUMBERS}), max_size=3)}
    ),
}


def as_text(value: Any) -> Any:
    """The tree as texts only, as it is sent."""
    if isinstance(value, dict):
        return {name: as_text(one) for name, one in value.items()}
    if isinstance(value, list):
        return [as_text(one) for one in value]
    if isinstance(value, bool):
        return "true" if value else "0"
    return (
        value if value is None or isinstance(value, str) else f"{value:f}" if isinstance(value, Decimal) else str(value)
    )


def shuffled(tree: Any, chance: random.Random, more: bool) -> Any:
    """The same with tables in another order, and with elements nobody knows between them."""
    if isinstance(tree, list):
        return [shuffled(one, chance, more) for one in tree]
    if not isinstance(tree, dict):
        return tree
    entries = [(name, shuffled(value, chance, more)) for name, value in tree.items()]
    if more:
        entries += [(f"Unknown{number}", {"No": "x", "Total": "9"}) for number in range(chance.randrange(3))]
    chance.shuffle(entries)
    return dict(entries)


def without_unknown(value: Any) -> Any:
    if isinstance(value, list):
        return [without_unknown(one) for one in value]
    if isinstance(value, dict):
        return {name: without_unknown(one) for name, one in value.items() if not name.startswith("Unknown")}
    return value


@settings(deadline=None)
@given(st.fixed_dictionaries(KNOWN), st.randoms(use_true_random=False), st.booleans())
def test_order_and_what_nobody_knows_change_nothing(order, chance, more):
    sent = written(shuffled(as_text(order), chance, more)).replace("<r>", "<Order>").replace("</r>", "</Order>")
    (found,) = read(orders(sent.replace("<r/>", "<Order/>")), MESSAGE, nesting=64)["Order"]
    assert without_unknown(found) == order
    assert all(type(tax) is Decimal for tax in found["Tax"])


@settings(deadline=None)
@given(st.fixed_dictionaries(KNOWN), st.sampled_from(["No", "Total"]))
def test_what_is_missing_is_told_of(order, lacking):
    del order[lacking]
    sent = written(as_text(order)).replace("<r>", "<Order>").replace("</r>", "</Order>").replace("<r/>", "<Order/>")
    (found,) = read(orders(sent), MESSAGE, nesting=64)["Order"]
    assert found == {**order, "_missing": [lacking]}


@settings(deadline=None)
@given(st.binary(max_size=200), st.sampled_from(["", "text/xml", "text/html", 'multipart/related; boundary="x"']))
def test_no_bytes_raise_anything_else(body, kind):
    for sent in (body, b"<" + body, envelope("<r>").partition(b"<r>")[0] + body, b"--x\r\n\r\n" + body):
        with contextlib.suppress(NotSoap):
            read(sent, MESSAGE, nesting=4, kind=kind)


@settings(deadline=None)
@given(st.text(max_size=60), st.sampled_from(["xml", "json"]))
def test_no_payload_raises_anything_else(text, form):
    with contextlib.suppress(NotSoap):
        decode({"x": text}, "x", form, nesting=4)
    with contextlib.suppress(NotSoap):
        decode({"x": f"<a>{text}</a>"}, "x", form, nesting=4)
