"""What the SOAP stand-ins share: services over real HTTP, described by WSDLs, whose operations are methods.

    class Shop(SoapStandIn):
        services: ClassVar[dict[str, Served]] = {"orders": Served(WSDL / "orders.wsdl", "/ws/orders")}

        @operation("GetOrders", wsdl="orders")
        def get_orders(self, asked: Call) -> dict[str, Any]:
            if "since" not in asked.arguments:
                raise SoapFault("Client", "since is missing")
            return {"Order": [{"No": "7", "Total": Decimal("12.50")}]}

    with Shop() as shop:
        shop.address("orders")  # where it listens; with ?wsdl its description
        shop.invalid  # requests the WSDL does not allow, each answered with a Client fault: assert it is empty

Each request is checked against the schemas, body and headers. `asked.arguments` is the content of the request's
element (or the parts of an rpc message) as tables, lists and text, see `reader`; what a method returns is the content
of the answer's element (or its parts), see `writer`: order and namespaces are the schema's matter. An `Answer` goes
out as it is. It shares lock, clock, failures, requests and routes with `StandIn`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

from lxml import etree

from tests.helpers.stand_ins.base import Answer, Failure, Received, Refused, StandIn
from tests.helpers.stand_ins.soap.description import Description, OperationText, description
from tests.helpers.stand_ins.soap.faults import SoapFault, as_xml, begun, fault_answer
from tests.helpers.stand_ins.soap.names import ENVELOPE, local, parsed
from tests.helpers.stand_ins.soap.reader import plain, wrong
from tests.helpers.stand_ins.soap.writer import Writer, prefixes_of

WSDL_FOLDER = Path(__file__).parents[2] / "wsdl"
"""Where the WSDLs written by hand are."""


@dataclass(frozen=True, slots=True)
class Served:
    """A WSDL and the path it is served at. `keep_address`: it names its own address, as servers behind a proxy do."""

    source: Path
    path: str
    keep_address: bool = False


@dataclass(slots=True)
class Call:
    """A request as it came: `arguments` and `headers` as tables, lists and text, and the SOAP header as an element."""

    received: Received
    wsdl: str
    operation: str
    version: str
    arguments: dict[str, Any]
    headers: dict[str, Any]
    headers_element: etree._Element | None
    body_element: etree._Element


def operation(name: str, *, wsdl: str = "") -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The method answers this operation, of the service of that name; of each that has it where none is named."""

    def mark(call: Callable[..., Any]) -> Callable[..., Any]:
        call.operations = [*getattr(call, "operations", ()), (wsdl, name)]  # type: ignore[attr-defined]
        return call

    return mark


def operation_in(body: bytes) -> str:
    """The name of the element in the body of an envelope, empty where there is none: for rules and for counting."""
    try:
        root = parsed(body)
    except ValueError:
        return ""
    found = next(root.iterfind("{*}Body/*"), None)
    return "" if found is None else local(found)


class SoapStandIn(StandIn):
    """The server. `services` may be set on the class or, before `super().__init__()`, on the object.

    check_answers: an answer the schema does not allow is a fault of the stand-in (where the message is no rpc one).
    tolerated: names of header elements that are taken though no schema knows them.
    """

    services: Mapping[str, Served] = {}
    check_answers: ClassVar[bool] = True
    tolerated: ClassVar[tuple[str, ...]] = ("Security",)

    def __init__(self) -> None:
        super().__init__()
        self.invalid: list[str] = []
        self._operations = {
            (wsdl, name): each
            for each in dir(type(self))
            for wsdl, name in getattr(getattr(type(self), each), "operations", ())
        }

    # ------------------------------------------------------------ for subclasses

    def admit(self, asked: Call) -> None:
        """Raise SoapFault or Refused where the call may not be answered, after what it holds is read."""

    def description_open(self, asked: Received) -> bool:
        """Whether a WSDL may be read without `authenticate`."""
        return False

    def fault_answer(self, fault: SoapFault, version: str, schemas: Description | None = None) -> Answer:
        """The fault as an answer."""
        return fault_answer(fault, version, schemas)

    # ------------------------------------------------------------ for tests

    def address(self, service: str) -> str:
        """Where a service listens."""
        return f"{self.url}{self.services[service].path}"

    def fail_with(
        self,
        fault: SoapFault,
        *,
        operations: tuple[str, ...] = (),
        times: int = 1,
        after: bool = False,
        version: str = "1.1",
    ) -> Failure:
        """Let the next `times` calls (of these operations) end with the fault, carried out (`after`) or not."""
        answer = self.fault_answer(fault, version)
        return self.fail(
            answer.status,
            answer.body,
            answer.headers,
            times=times,
            after=after,
            content_type=answer.content_type,
            when=lambda asked: asked.method == "POST" and (not operations or operation_in(asked.body) in operations),
        )

    # ------------------------------------------------------------ the way of a request

    def __enter__(self) -> Self:
        for served in self.services.values():
            description(served.source).prepare()  # here, and not while a client waits
        return super().__enter__()

    def _answer(self, asked: Received) -> Answer:
        named = [(name, served) for name, served in self.services.items() if asked.raw_path == served.path]
        if not named:
            return super()._answer(asked)
        name, served = named[0]
        try:
            if asked.method == "GET":
                if not self.description_open(asked):
                    self.authenticate(asked)
                return self._describe(asked, served)
            if asked.method != "POST":
                return self.wrong_method(asked)
            self.authenticate(asked)
            return self._call(asked, name, description(served.source))
        except Refused as refused:
            return refused.answer

    def _describe(self, asked: Received, served: Served) -> Answer:
        described, address = description(served.source), f"{self.url}{served.path}"
        for key, value in asked.pairs:
            if key.lower() == "wsdl":
                return Answer(200, described.served(address, served.keep_address), content_type="text/xml")
            raw = described.served_schema(value, address) if key == "xsd" else None
            if raw is not None:
                return Answer(200, raw, content_type="text/xml")
        return self.unknown(asked)

    def _call(self, asked: Received, name: str, described: Description) -> Answer:
        version = "1.1"
        try:
            root = parsed(asked.body)
            version = next((v for v, ns in ENVELOPE.items() if root.tag == f"{{{ns}}}Envelope"), "")
            if version not in described.versions:
                version = version or "1.1"
                raise ValueError(f"{root.tag} is no envelope of SOAP {' or '.join(described.versions)}")
            call, stated = self._read(asked, name, described, root, version)
        except ValueError as error:
            self.invalid.append(f"{name}: {error}")
            return self.fault_answer(SoapFault("Client", f"the request is not valid: {error}"), version, described)
        try:
            self.admit(call)
            method = self._operations.get((name, call.operation)) or self._operations.get(("", call.operation))
            if method is None:
                raise SoapFault("Server", f"{call.operation} is not implemented")
            result = getattr(self, method)(call)
        except SoapFault as fault:
            return self.fault_answer(fault, version, described)
        return result if isinstance(result, Answer) else self._written(result, stated, version, described)

    def _read(
        self, asked: Received, name: str, described: Description, root: etree._Element, version: str
    ) -> tuple[Call, OperationText]:
        schemas, soap = described.schemas, ENVELOPE[version]
        parts = [local(child) for child in root]
        if parts not in (["Body"], ["Header", "Body"]):
            raise ValueError(f"the envelope has {parts}")
        body = root.find(f"{{{soap}}}Body")
        children = [] if body is None else [child for child in body if isinstance(child.tag, str)]
        if len(children) != 1:
            raise ValueError(f"the body has {len(children)} elements")
        element = children[0]
        stated = next((each for each in described.operations.values() if each.input.tag == element.tag), None)
        if stated is None:
            raise ValueError(f"no operation takes {element.tag}")
        self._check_transport(asked, stated, version)
        header = root.find(f"{{{soap}}}Header")
        headers: dict[str, Any] = {}
        for child in header if header is not None else ():
            declared = schemas.element(str(child.tag))
            if declared is None and local(child) not in self.tolerated:
                raise ValueError(f"no header element is named {child.tag}")
            if declared is not None:
                _validate(described, child)
            headers[local(child)] = plain(child, declared.type if declared else None, schemas)
        if stated.rpc:
            arguments = _rpc_arguments(element, stated, described)
        else:
            assert stated.input.element is not None
            _validate(described, element)
            content = plain(element, stated.input.element.type, schemas)
            arguments = content if isinstance(content, dict) else {}
        return Call(asked, name, stated.name, version, arguments, headers, header, element), stated

    def _check_transport(self, asked: Received, stated: OperationText, version: str) -> None:
        wanted = "text/xml" if version == "1.1" else "application/soap+xml"
        if asked.content_type != wanted:
            raise ValueError(f"the content type is {asked.content_type or 'not given'}, not {wanted}")
        if version == "1.1":
            action = asked.header("SOAPAction").strip().strip('"')
            if asked.headers.get("SOAPAction") is None or action != stated.action:
                raise ValueError(f"the SOAPAction of {stated.name} is {stated.action!r}, not {action!r}")
        else:
            found = re.search(r'action="?([^";]*)"?', asked.header("Content-Type"))
            if found is not None and found.group(1) != stated.action:
                raise ValueError(f"the action of {stated.name} is {stated.action!r}, not {found.group(1)!r}")

    def _written(self, result: Any, stated: OperationText, version: str, described: Description) -> Answer:
        prefixes = prefixes_of(described.schemas)
        envelope, body = begun(version, prefixes)
        writer = Writer(described.schemas, prefixes, stated.encoded)
        message = stated.output
        node = etree.SubElement(body, message.tag)
        if stated.rpc:
            unknown = set(result or {}) - {part.name for part in message.parts}
            assert not unknown, f"{stated.name} answers with {unknown}, which its message does not have"
            for part in message.parts:
                writer.write(node, part, (result or {}).get(part.name, {"_nil": True}))
        else:
            assert message.element is not None
            writer.fill(node, message.element.type, {} if result is None else result)
            if self.check_answers:
                _validate(described, node)
        return as_xml(envelope, version, 200)


def _rpc_arguments(element: etree._Element, stated: OperationText, described: Description) -> dict[str, Any]:
    parts = {part.name: part for part in stated.input.parts}
    given = [str(child.tag) for child in element if isinstance(child.tag, str)]
    if sorted(given) != sorted(parts):
        raise ValueError(f"{stated.name} has the parts {list(parts)}, and is given {given}")
    found: dict[str, Any] = {}
    for child in element:
        part = parts[local(child)]
        for why in wrong(child, part.type, described.schemas, f"{stated.name}.{part.name}"):
            raise ValueError(why)
        found[part.name] = plain(child, part.type, described.schemas)
    return found


def _validate(described: Description, element: etree._Element) -> None:
    """Raises ValueError where the schemas do not allow the element."""
    alone = etree.fromstring(etree.tostring(element))
    for namespace in ENVELOPE.values():
        for name in ("mustUnderstand", "actor", "role", "relay"):
            alone.attrib.pop(f"{{{namespace}}}{name}", None)
    validator = described.validator
    if not validator.validate(alone):
        raise ValueError("; ".join(f"{error.path}: {error.message}" for error in list(validator.error_log)[:5]))
