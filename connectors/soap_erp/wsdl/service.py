"""A service as its WSDL describes it: one port, its operations, and the types of what they take and give."""

from __future__ import annotations

import difflib
import logging
import threading
import warnings
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Literal, NoReturn

from lxml import etree
from zeep.transports import Transport
from zeep.wsdl import Document
from zeep.wsdl.bindings import Soap11Binding, Soap12Binding

from connectors.http.redaction import plain
from connectors.soap_erp.wsdl.declarations import Declarations
from connectors.soap_erp.wsdl.documents import SETTINGS, Documents, is_address, shown
from core.errors import ConfigError, RebatedError

logging.getLogger("zeep").setLevel(logging.ERROR)  # it logs addresses whole, and they may hold a token
_VERSIONS: dict[type, Literal["1.1", "1.2"]] = {Soap11Binding: "1.1", Soap12Binding: "1.2"}
_WSDL = "{http://schemas.xmlsoap.org/wsdl/}"
_MOST_KEPT = 8
"""Descriptions kept parsed in a process: NetSuite's takes a second and 66 MB."""


@dataclass(frozen=True)
class Operation:
    """One operation of a port, with zeep's objects of its messages."""

    name: str
    style: Literal["document", "rpc"]
    encoded: bool
    """Whether what is sent follows the SOAP encoding, rather than the schema to the letter."""
    action: str
    """SOAPAction; may be empty."""
    input: Any
    """zeep element that stands in the body of the request, or is the body where there are several; None: empty."""
    output: Any
    """zeep element that stands in the body of the reply; None where nothing is said of it."""
    headers: tuple[Any, ...]
    """zeep elements of the headers of the request."""
    faults: Mapping[str, Any]
    """zeep elements of the details of faults, by the name of the fault."""
    bound: Any = field(repr=False)
    """zeep.wsdl.bindings.soap.SoapOperation"""

    @property
    def several(self) -> bool:
        """Whether the body holds several elements: `input` is the body then."""
        return bool(self.bound.input and self.bound.input._is_body_wrapped)


@dataclass(frozen=True)
class Service:
    """One port of a service."""

    name: str
    port: str
    address: str
    version: Literal["1.1", "1.2"]
    operations: Mapping[str, Operation]
    wsdl: Any = field(repr=False)
    """zeep.wsdl.Document, of all services and ports"""
    declarations: Declarations = field(repr=False)
    """what the schemas say that zeep drops"""

    @property
    def types(self) -> Any:
        """zeep.xsd.Schema: `get_type` and `get_element` by qualified name. It adds to itself: see `type_of`."""
        return self.wsdl.types

    def operation(self, name: str) -> Operation:
        """Raises ConfigError that names the closest ones."""
        found = self.operations.get(name)
        if found is None:
            unknown(f"operation {plain(name, longest=100)!r}", f"port {self.port!r}", name, self.operations)
        return found

    def type_of(self, qname: str) -> Any:
        """The global zeep type of a name `{namespace}local`, or None."""
        return _looked_up(self.types.get_type, qname)

    def element_of(self, qname: str) -> Any:
        """The global zeep element of a name `{namespace}local`, or None."""
        return _looked_up(self.types.get_element, qname)


def service_of(
    documents: Documents, service: str = "", port: str = "", address: str = "", *, addressed: bool = True
) -> Service:
    """The port of a description: the named one, else the first for SOAP 1.1 of the only service, else for SOAP 1.2.

    `address` takes the place of the WSDL's. `addressed`: one of http must be known; for looking only, none need be.
    Raises ConfigError.
    """
    wsdl, declarations, encoded = _parsed(documents)
    with_soap = {
        name: ports
        for name, one in wsdl.services.items()
        if (ports := {key: port for key, port in one.ports.items() if type(port.binding) in _VERSIONS})
    }
    if not with_soap:
        raise ConfigError(f"{documents.name}: it describes no service with a SOAP port")
    if service and service not in with_soap:
        unknown(f"service {plain(service, longest=100)!r}", documents.name, service, with_soap, setting="service")
    fitting = {service: with_soap[service]} if service else with_soap
    if port:
        every = {key for ports in fitting.values() for key in ports}
        fitting = {name: {port: ports[port]} for name, ports in fitting.items() if port in ports}
        if not fitting:
            unknown(f"port {plain(port, longest=100)!r}", documents.name, port, every, setting="port")
    if len(fitting) > 1:
        raise ConfigError(
            f"{documents.name}: it describes several services: {_listed(fitting)}", hint="name one as `service`"
        )
    ((name, ports),) = fitting.items()
    chosen = min(ports, key=lambda key: _VERSIONS[type(ports[key].binding)])  # the first of equals
    found = ports[chosen]
    where = address or found.binding_options.get("address") or ""
    if addressed and not is_address(where):
        said = f"{shown(where)}, which is no http address" if where else "no address"
        raise ConfigError(f"{documents.name}: port {chosen!r} states {said}", hint="state it as `address`")
    return Service(
        name=name,
        port=chosen,
        address=where,
        version=_VERSIONS[type(found.binding)],
        operations={key: _operation(one, encoded) for key, one in found.binding.all().items()},
        wsdl=wsdl,
        declarations=declarations,
    )


def ports_of(documents: Documents) -> list[tuple[str, str]]:
    """Every service and SOAP port of a description. Raises ConfigError."""
    wsdl, _, _ = _parsed(documents)
    return [
        (name, key)
        for name, one in wsdl.services.items()
        for key, port in one.ports.items()
        if type(port.binding) in _VERSIONS
    ]


def unknown(what: str, where: str, name: str, known: Iterable[str], setting: str = "") -> NoReturn:
    """Raise ConfigError for a name that is not there, with the closest that are."""
    names = sorted(known)
    folded: dict[str, str] = {}
    for one in names:
        folded.setdefault(one.casefold(), one)
    close = [folded[one] for one in difflib.get_close_matches(name.casefold(), folded, n=4, cutoff=0.5)]
    told = f"close to it: {_listed(close)}" if close else f"there are: {_listed(names)}" if names else "there are none"
    raise ConfigError(f"{where}: there is no {what}; {told}", hint=f"correct `{setting}`" if setting else None)


def _listed(names: Iterable[str]) -> str:
    every = [plain(name, longest=100) for name in names]
    return ", ".join(every[:20]) + (f" and {len(every) - 20} more" if len(every) > 20 else "")


def _looked_up(get: Any, qname: str) -> Any:
    try:
        return get(etree.QName(qname))
    except Exception:  # zeep has an error of its own for each way in which a name can be missing
        return None


def _operation(bound: Any, encoded: Mapping[tuple[str, str], bool]) -> Operation:
    output = bound.output.body if bound.output else None
    header = bound.input.header if bound.input else None
    faults = {}
    for name, message in bound.abstract.fault_messages.items():
        for part in message.parts.values():
            if part.element is not None:
                faults[name] = part.element
    return Operation(
        name=bound.name,
        style="rpc" if bound.style == "rpc" else "document",
        encoded=encoded.get((bound.binding.name.text, bound.name), False),
        action=bound.soapaction or "",
        input=bound.input.body if bound.input else None,
        output=output,
        headers=tuple(element for _, element in header.type.elements) if header is not None else (),
        faults=faults,
        bound=bound,
    )


# ---------------------------------------------------------------- parsing


class _LocalTransport(Transport):
    """Gives zeep what the documents hold. It can neither fetch nor send anything: it has no session."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._close_session = False
        self.cache = None

    def load(self, url: str) -> bytes:
        return self._documents.read(url)

    def get(self, address: str, params: Any, headers: Any) -> NoReturn:
        raise ConfigError(f"{self._documents.name}: nothing is asked of {shown(address)} here")

    def post(self, address: str, message: Any, headers: Any) -> NoReturn:
        raise ConfigError(f"{self._documents.name}: nothing is sent to {shown(address)} here")


_Parsed = tuple[Any, Declarations, Mapping[tuple[str, str], bool]]
_lock = threading.Lock()
_kept: OrderedDict[tuple[str, str, str], _Parsed] = OrderedDict()


def _parsed(documents: Documents) -> _Parsed:
    """Parsed once per process for what the documents hold, whatever the port. Raises ConfigError."""
    root = sha256(documents.read(documents.location)).hexdigest()
    key = (documents.location, root, documents.digest())
    with _lock:
        if key not in _kept:
            declarations = Declarations(documents)
            _kept[key] = (_document(documents), declarations, _encoded(documents))
            while len(_kept) > _MOST_KEPT:
                _kept.popitem(last=False)
        _kept.move_to_end(key)
        return _kept[key]


def _document(documents: Documents) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of messages that refer to what is not there: asking for them tells
            transport: Any = _LocalTransport(documents)
            return Document(documents.location, transport, settings=SETTINGS)
    except RebatedError:
        raise
    except Exception as error:  # zeep stumbles over a wrong schema in many ways, AttributeError among them
        told = str(error)
        for location, _ in documents.trees():  # which may hold a token
            told = told.replace(location, shown(location))
        said = f"{type(error).__name__}: {plain(told, longest=300)}"
    raise ConfigError(
        f"{documents.name}: cannot be used as a description of a SOAP service: {said}",
        hint="check that `source` is a WSDL 1.1, and complete with its schemas",
    )


def _encoded(documents: Documents) -> dict[tuple[str, str], bool]:
    """By binding and operation, whether requests are encoded. zeep reads that and forgets it."""
    found = {}
    for _, root in documents.trees():
        for binding in root.iterfind(f"{_WSDL}binding"):
            name = f"{{{root.get('targetNamespace', '')}}}{binding.get('name', '')}"
            for operation in binding.iterfind(f"{_WSDL}operation"):
                body = operation.find(f"{_WSDL}input/{{*}}body")
                found[name, operation.get("name", "")] = body is not None and body.get("use") == "encoded"
    return found
