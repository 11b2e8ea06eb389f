"""A reply of a SOAP service read raw, beside zeep's own parsing of the same bytes.

Both begin with the bytes. Ours ends with the values that expressions see, amounts exact; zeep's with what
`serialize_object` makes of its objects, amounts of a double as floats. The schema is of the shape of a page of Dynamics
NAV, and all of its elements come in its order, which is all that zeep reads under the settings it has by itself. The
second row has it read what ours does: in any order, with elements it does not know. The third shows what parsing alone
takes of ours.
"""

from __future__ import annotations

import gc
import resource
import sys
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

from lxml import etree
from zeep import Client, Settings
from zeep.helpers import serialize_object
from zeep.transports import Transport

from bench.replay import rows_of, tell
from bench.rows import Row
from connectors.soap_erp.replies.reply import read
from connectors.soap_erp.replies.shape import Shapes

ORDERS, LINES, TIMES = 1_000, 10, 5
GOAL = "at most 0.05 x zeep"
HEADER = {"string": 52, "date": 12, "decimal": 14, "boolean": 8, "int": 4}
LINE = {"string": 34, "decimal": 34, "date": 8, "boolean": 8, "int": 4}
"""How many elements of each type the schema has in an order and in a line of it: 90 and 88, as Dynamics NAV has."""
SENT = 3
"""Every third of them is in a reply: what is empty is left out."""
SPACE = "urn:bench"


def run() -> list[Row]:
    """Measure reading a page of orders."""
    return rows_of("bench.soap_parsing", "orders")


def rows() -> Iterator[Row]:
    body = reply()
    operation, shapes = service()
    lossless, _ = service(strict=False, xsd_ignore_sequence_order=True)
    message = shapes.reply(operation)

    def ours() -> Any:
        return read(body, message, nesting=64)

    def zeep(by: Any) -> Any:
        return serialize_object(by.process_reply(etree.fromstring(body)), dict)

    _same(ours(), zeep(operation))
    mine, parsing = _best(ours), _best(lambda: etree.fromstring(body))
    strict, same = _best(lambda: zeep(operation), 2), _best(lambda: zeep(lossless), 1)
    what = f"{ORDERS:,} orders of {LINES} lines over SOAP, {len(body) / 1e6:.0f} MB"
    peak = _peak()
    yield Row(f"read {what}, beside zeep", mine, strict, round(mine / strict, 3), GOAL, peak)
    yield Row("the same, beside zeep where it loses nothing", mine, same, round(mine / same, 3), GOAL, peak)
    yield Row("the same, beside parsing alone", mine, parsing, round(mine / parsing, 2), "none", peak)


def service(**settings: Any) -> tuple[Any, Shapes]:
    """The operation that tells orders, as zeep has it, and what is known of its types."""
    order = _elements(HEADER, '<xsd:element name="Lines" minOccurs="0" type="t:Lines"/>')
    types = (
        f'<xsd:complexType name="Line"><xsd:sequence>{_elements(LINE)}</xsd:sequence></xsd:complexType>'
        f'<xsd:complexType name="Order"><xsd:sequence>{order}</xsd:sequence></xsd:complexType>'
        f"{_list('complexType', 'Lines', 'Line')}<xsd:element name='In' type='xsd:string'/>"
        f'<xsd:element name="Out"><xsd:complexType>{_list("", "", "Order")}</xsd:complexType></xsd:element>'
    )
    wsdl = f"""<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:t="{SPACE}" targetNamespace="{SPACE}"
        xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:xsd="http://www.w3.org/2001/XMLSchema"><types>
        <xsd:schema targetNamespace="{SPACE}" elementFormDefault="qualified">{types}</xsd:schema></types>
        <message name="in"><part name="p" element="t:In"/></message>
        <message name="out"><part name="p" element="t:Out"/></message>
        <portType name="p"><operation name="o"><input message="t:in"/><output message="t:out"/></operation></portType>
        <binding name="b" type="t:p"><soap:binding transport="http://schemas.xmlsoap.org/soap/http"/>
        <operation name="o"><soap:operation soapAction=""/><input><soap:body use="literal"/></input>
        <output><soap:body use="literal"/></output></operation></binding>
        <service name="s"><port name="p" binding="t:b"><soap:address location="http://localhost"/></port></service>
        </definitions>"""
    client = Client(BytesIO(wsdl.encode()), transport=_Nowhere(), settings=Settings(**settings))
    return client.wsdl.services["s"].ports["p"].binding._operations["o"], Shapes(client.wsdl.types)


def reply() -> bytes:
    """A page of orders."""
    orders = []
    for number in range(ORDERS):
        lines = "".join(f"<Line>{_values(LINE, number * 31 + line * 7)}</Line>" for line in range(LINES))
        orders.append(f"<Order>{_values(HEADER, number)}<Lines>{lines}</Lines></Order>\r\n")
    envelope = "http://schemas.xmlsoap.org/soap/envelope/"
    start = f'<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="{envelope}"><s:Body><Out xmlns="{SPACE}">'
    return f"{start}{''.join(orders)}</Out></s:Body></s:Envelope>".encode()


class _Nowhere(Transport):  # type: ignore[misc]
    """Loads the one document it is given, and nothing from anywhere."""

    def load(self, url: Any) -> bytes:
        if isinstance(url, BytesIO):
            return url.read()
        raise AssertionError(f"{url} would have been loaded")


def _elements(counts: dict[str, int], more: str = "") -> str:
    named = (
        f'<xsd:element name="{kind.title()}_{at}" minOccurs="0" type="xsd:{kind}"/>'
        for kind, count in counts.items()
        for at in range(count)
    )
    return "".join(named) + more


def _list(outer: str, name: str, of: str) -> str:
    element = f'<xsd:element name="{of}" type="t:{of}" minOccurs="0" maxOccurs="unbounded"/>'
    inside = f"<xsd:sequence>{element}</xsd:sequence>"
    return f'<xsd:{outer} name="{name}">{inside}</xsd:{outer}>' if outer else inside


def _values(counts: dict[str, int], seed: int) -> str:
    made: dict[str, Callable[[int], str]] = {
        "string": lambda at: f"Text {at % 977}",
        "date": lambda at: f"2026-{1 + at % 12:02}-{1 + at % 28:02}",
        "decimal": lambda at: "0" if at % 3 else f"{at * 7919 % 10_000_000 // 100}.{at * 7919 % 100:02}",
        "boolean": lambda at: "true" if at % 2 else "false",
        "int": lambda at: str(at % 10_000),
    }
    return "".join(
        f"<{kind.title()}_{at}>{made[kind](seed * 13 + at)}</{kind.title()}_{at}>"
        for kind, count in counts.items()
        for at in range(0, count, SENT)
    )


def _same(ours: Any, theirs: Any) -> None:
    """Both read the same amounts, all of them."""
    assert len(ours["Order"]) == len(theirs) == ORDERS
    for mine, other in zip(ours["Order"], theirs, strict=True):
        assert mine["Decimal_0"] == other["Decimal_0"], mine
        amounts = [line["Decimal_3"] for line in mine["Lines"]["Line"]]
        assert amounts == [line["Decimal_3"] for line in other["Lines"]["Line"]], mine


def _best(act: Callable[[], Any], times: int = TIMES) -> float:
    """Seconds of work, whatever else runs."""
    seconds = []
    for _ in range(times):
        gc.collect()
        began = time.process_time()
        act()
        seconds.append(time.process_time() - began)
    return min(seconds)


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main(part: str) -> None:
    tell(rows())


if __name__ == "__main__":
    main(*sys.argv[1:])
