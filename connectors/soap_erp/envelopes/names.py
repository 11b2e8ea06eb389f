"""Names as settings write them, with a prefix or a namespace, and what they mean in a service."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lxml import etree

from connectors.http.redaction import plain
from connectors.soap_erp.envelopes.generic import qualified
from connectors.soap_erp.namespaces import SOAP_11, SOAP_12, SOAP_ENCODING, XSD, XSI
from connectors.soap_erp.wsdl.service import Service, unknown
from core.errors import ConfigError

ENVELOPES = {"1.1": SOAP_11, "1.2": SOAP_12}


class Names:
    """`prefix:Local`, `{namespace}Local` and bare names, for one service. Raises ConfigError for what is not there."""

    def __init__(self, service: Service, namespaces: Mapping[str, str]) -> None:
        """`namespaces`: by prefix. `xsd`, `xsi`, `soap` and `soapenc` are there already."""
        self._service = service
        self._known = {"xsd": XSD, "xsi": XSI, "soap": ENVELOPES[service.version], "soapenc": SOAP_ENCODING}
        self._known.update(namespaces)

    def qualified(self, name: str, place: str) -> etree.QName | None:
        """A name with a prefix or namespace; None for a bare one."""
        if name.startswith("{"):
            namespace, closed, local = name[1:].partition("}")
            if closed:
                return qualified(namespace or None, local, place)
        prefix, colon, local = name.partition(":")
        if not colon:
            return None
        if prefix not in self._known:
            unknown(f"prefix {plain(prefix, longest=60)!r}", place, prefix, self._known, setting="[namespaces]")
        return qualified(self._known[prefix], local, place)

    def tag(self, name: str, place: str) -> etree.QName:
        """A name with a prefix or namespace, or in no namespace."""
        return self.qualified(name, place) or qualified(None, name, place)

    def element(self, name: str, place: str) -> Any:
        """The zeep element of a name; None for a qualified name that no schema declares."""
        qname = self.qualified(name, place)
        if qname is not None:
            return self._service.element_of(qname.text)
        found = self._service.declarations.names("element", name)
        if not found:
            local = {one.rpartition("}")[2] for one in self._service.declarations.names("element")}
            unknown(f"element {plain(name, longest=100)!r} in the schemas", place, name, local)
        if len(found) > 1:
            raise ConfigError(f"{place}: there are several of that name, write one: {', '.join(sorted(found))}")
        return self._service.element_of(found[0])

    def type(self, name: str, place: str, allowed: Iterable[str] | None) -> Any:
        """The zeep type of a name; of a bare one, the only one so called among those allowed, or else among all."""
        every = None if allowed is None else list(allowed)
        qname = self.qualified(name, place)
        if qname is not None:
            found = [qname.text]
        else:
            choice = self._service.declarations.names("type") if every is None else every
            found = [one for one in choice if one.rpartition("}")[2] == name]
        type_ = self._service.type_of(found[0]) if len(found) == 1 else None
        if len(found) > 1:
            raise ConfigError(f"{place}: there are several types of that name, write one: {', '.join(sorted(found))}")
        if type_ is None or (every is not None and found[0] not in every):
            among = self._service.declarations.names("type") if every is None else every
            local = {one.rpartition("}")[2] for one in among}
            unknown(f"type {plain(name, longest=100)!r} that may stand here", place, name, local)
        return type_
