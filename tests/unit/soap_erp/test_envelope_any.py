"""Whatever is handed over, a request is one that the schema allows, or it is refused by an error of ours."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.soap_erp.wsdl.documents import Documents
from connectors.soap_erp.wsdl.tree import CUT, Node, tree, type_tree
from core.errors import ConfigError, DataError
from tests.helpers.requests_of import WSDL, built, service
from tests.helpers.stand_ins.soap.description import description

REQUESTS = WSDL / "requests.wsdl"
_ANYTHING = [
    None,
    True,
    0,
    -1,
    7,
    Decimal("1.50"),
    "",
    "x",
    "Item",
    "2026-01-01",
    "2026-01-01T00:00:00Z",
    "EUR",
    [],
    {},
]
_LIKELY = {"decimal": Decimal("12.50"), "int": 1, "boolean": False, "date": "2026-01-01", "double": Decimal("0.1")}


class Guesser:
    """Makes arguments up by what the tree of an operation says, right more often than not."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance

    def table(self, node: Node, depth: int = 0) -> dict[str, Any]:
        return dict(self._entries(node, depth))

    def _entries(self, node: Node, depth: int) -> Iterator[tuple[str, Any]]:
        for one in (*node.attributes, *node.children):
            often = 0.97 if one.minimum else 0.4 / (1 + depth)
            if one.name not in (CUT, "*") and self.chance.random() < often:
                many = range(self.chance.randint(one.minimum, 3)) if one.maximum != 1 else ()
                listed = many and self.chance.random() < 0.9
                value = [self.value(one, depth + 1) for _ in many] if listed else self.value(one, depth + 1)
                yield one.name.removeprefix("@"), value

    def value(self, node: Node, depth: int) -> Any:
        if self.chance.random() < 0.03:
            return self.chance.choice(_ANYTHING)
        if node.nillable and self.chance.random() < 0.3:
            return {"_nil": True}
        if node.derived:
            name = self.chance.choice(node.derived)
            return {"_type": name, **self.table(type_tree(service(REQUESTS), name), depth)}
        text = self.chance.choice(node.values) if node.values else _LIKELY.get(node.type, "abc")
        if node.attributes and not node.children:
            return {"_value": text, **self.table(node, depth)}
        return self.table(node, depth) if node.children else text


@cache
def message(name: str) -> Node:
    (found,) = tree(Documents(REQUESTS), only=name)[0].ports[-1].operations[0].input
    return found


@pytest.mark.parametrize("operation", ["Send", "Need", "Tree"])
def test_requests_are_valid_or_refused(operation):
    schema, outcomes = description(REQUESTS).validator, {"valid": 0, "refused": 0}

    @settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(chance=st.randoms(use_true_random=False))
    def holds(chance: random.Random) -> None:
        arguments: Mapping[str, Any] = Guesser(chance).table(message(operation))
        try:
            root = built(REQUESTS, operation, arguments)
        except (ConfigError, DataError) as error:
            outcomes["refused"] += 1
            assert "arguments" in str(error)
            return
        outcomes["valid"] += 1
        (body,) = root.find("{*}Body")
        assert schema.validate(body), schema.error_log.last_error.message

    holds()
    assert outcomes["valid"], outcomes


@settings(max_examples=100, deadline=None)
@given(amount=st.decimals(allow_nan=False, allow_infinity=False), text=st.text(max_size=40))
def test_amounts_and_texts_arrive_as_they_were_given(amount, text):
    try:
        root = built(REQUESTS, "Send", {"Total": amount, "Text": text})
    except DataError as error:
        assert error.path == "arguments.Text"
        return
    assert Decimal(root.findtext(".//{*}Total")) == amount
    assert "E" not in root.findtext(".//{*}Total")
    assert root.findtext(".//{*}Text") == text
