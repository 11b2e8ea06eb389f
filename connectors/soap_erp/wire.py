"""SOAP: operations of a WSDL as requests, envelopes read raw as replies, faults by their codes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from lxml import etree

from connectors.declarative.auth import Authentication, Surroundings
from connectors.declarative.error_rules import During, by_status, words
from connectors.declarative.expression import as_text, expression
from connectors.declarative.outgoing import Elsewhere, Outgoing, add_headers, at_home
from connectors.declarative.settings.errors import Meaning
from connectors.declarative.settings.request import AnyRequest, Operation
from connectors.declarative.template import Omitted, Tables, plain, render
from connectors.declarative.wire import Unreadable
from connectors.http.reply import Reply
from connectors.secrets import Secret
from connectors.soap_erp.auth import authentication
from connectors.soap_erp.envelopes.envelope import envelope
from connectors.soap_erp.replies.decode import decode
from connectors.soap_erp.replies.doubts import doubts
from connectors.soap_erp.replies.reply import is_fault, read
from connectors.soap_erp.wsdl.descriptions import IN_THE_REQUEST, Described, Descriptions, Filled
from connectors.soap_erp.wsdl.documents import Documents
from core.errors import DataError, FatalError

if TYPE_CHECKING:
    from connectors.soap_erp.settings import SoapSettings

_NOT_UNDERSTOOD = ("versionmismatch", "mustunderstand", "dataencodingunknown")
_THEIRS = ("server", "receiver", "")
"""A fault without a code says nothing of whose it is: nor that nothing was done."""
_NOT_PROVED = frozenset(
    "failedauthentication invalidsecurity invalidsecuritytoken securitytokenunavailable unsupportedsecuritytoken "
    "unsupportedalgorithm failedcheck messageexpired securityerror".split()
)
"""Codes of WS-Security (SOAP Message Security, section 12), and the one WSS4J puts in the place of all."""
_SAYS_MORE = frozenset({401, 403, 408, 429, 503})
"""Statuses that say more of how one recovers than a fault beside them does."""


class SoapWire:
    """See connectors.declarative.wire.Wire. A WSDL is read before the first request that needs it, and then kept."""

    tells_missing = True

    def __init__(self, settings: SoapSettings, base: Path) -> None:
        """`base` is the folder of the configuration file. Makes no request."""
        self._settings = settings
        self.descriptions = Descriptions(settings.wsdl, base, settings.wsdl_cache)
        self._around: Surroundings | None = None

    def authentication(self, around: Surroundings) -> Authentication:
        proving = authentication(self._settings.auth, around)
        self._around = around
        self.descriptions.prove(around, proving, signed=isinstance(self._settings.auth, IN_THE_REQUEST))
        return proving

    def home(self, render: Callable[[Any], Any], request: AnyRequest) -> str:
        return self.described(request, render).address

    def outgoing(
        self, request: AnyRequest, data: Mapping[str, Any], tables: Tables, *, address: str | None = None
    ) -> Outgoing:
        if not isinstance(request, Operation):
            raise FatalError("a request over HTTP cannot be asked of a SOAP service", hint="it needs `operation`")
        described = self.described(request, lambda template: render(template, data, tables))
        arguments = render(request.arguments, data, tables)
        headers = render({**self._settings.soap_headers, **request.soap_headers}, data, tables)
        made = envelope(
            described.service,
            request.operation,
            {} if isinstance(arguments, Omitted) else plain(arguments),
            {} if isinstance(headers, Omitted) else _holding(plain(headers)),
            self._settings.namespaces,
        )
        url = address or described.address
        if not at_home(described.address, url):
            raise Elsewhere("the link to the next page leads to another host, where nothing was sent")
        sent: dict[str, str | Secret] = {"Accept": "text/xml, application/soap+xml, multipart/related", **made.headers}
        add_headers(sent, self._settings.headers, data, tables)
        add_headers(sent, request.headers, data, tables)
        return Outgoing("POST", url, urlsplit(url).path.lstrip("/"), sent, made.body)

    def read(self, reply: Reply, request: AnyRequest) -> Any:
        message = self.described(request).reply(request.operation) if isinstance(request, Operation) else None
        kind = reply.headers.get("Content-Type", "")
        body = read(reply.body, message, nesting=self._settings.nesting, kind=kind)
        if not isinstance(request, Operation) or is_fault(body):
            return body
        if body is None and request.ok_when:
            raise Unreadable("it is empty")
        for path, how in request.decode.items():
            body = decode(body, path, how.format, lists=how.lists, nesting=self._settings.nesting)
        return body

    def doubts(self, request: AnyRequest, body: Any, found: Sequence[Any] | None) -> str:
        if not isinstance(request, Operation):
            return ""
        if found is None and any(how.format == "json" for how in request.decode.values()):
            return "there is no list in its JSON where one should be"
        if found is None and any(_held(body, path) is None for path in request.decode):
            return "the text that should hold a list is empty"
        message = self.described(request).reply(request.operation)
        return doubts(body, message, found or (), frozenset(path.rpartition(".")[2] for path in request.decode))

    def meaning(self, status: int, headers: Mapping[str, str], body: Any, during: During) -> Meaning:
        """Of a fault that no rule names, the code tells whose it is. A bare Server may have done what was asked.

        Without a fault the service said nothing of what was asked: neither that it is refused nor that it is not there.
        """
        if status in _SAYS_MORE:
            return by_status(status, headers, during)
        if not is_fault(body):
            return "fine" if 200 <= status < 300 else "retry"
        family = as_text(body["fault"]["code"]).partition(".")
        if family[0].lower() in _NOT_UNDERSTOOD:
            return "fatal"
        if not _NOT_PROVED.isdisjoint({family[0].lower(), *as_text(body["fault"]["subcode"]).lower().split(".")}):
            return "refresh"
        if family[0].lower() in _THEIRS and not (family[2] or body["fault"]["subcode"]):
            return "retry"
        return "refused"

    def refused(self, request: AnyRequest, body: Any) -> str | None:
        if not isinstance(request, Operation) or not request.ok_when:
            return None
        try:
            if expression(request.ok_when).affirms(body):
                return None
        except DataError as error:
            return error.message
        return words(body, request.message) if request.message else ""

    def shown(self, body: bytes) -> str:
        parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_blank_text=True)
        try:
            return etree.tostring(etree.fromstring(body, parser), pretty_print=True, encoding="unicode").rstrip()
        except etree.XMLSyntaxError:
            return body.decode("utf-8", "replace")

    def described(self, request: AnyRequest, filled: Filled | None = None) -> Described:
        """The service an operation is one of. Raises ConfigError, FatalError and RetryableError."""
        name = request.wsdl if isinstance(request, Operation) else ""
        return self.descriptions.of(name, filled or self.rendered)

    def documents(self) -> Iterator[tuple[str, Documents]]:
        """The WSDLs of the connection, by name. Raises as `described` does."""
        for name in self.descriptions.names:
            yield name, self.descriptions.of(name, self.rendered).documents

    def rendered(self, template: Any) -> Any:
        """A template of an address, filled in."""
        return template if self._around is None else self._around.render(template)


def _held(body: Any, path: str) -> Any:
    """What stands at names with dots; None where it is nothing, or stands in a list."""
    for name in path.split("."):
        body = body.get(name) if isinstance(body, dict) else None
    return body


def _holding(headers: Mapping[str, Any]) -> dict[str, Any]:
    """Those in which something is left: a log-in has no session yet that the header of every request could hold."""
    return {name: value for name, value in headers.items() if value != {}}
