"""The WSDLs of one connection: each read before the first request that needs it, and then kept."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from connectors.declarative.auth import Authentication, Proof, Surroundings
from connectors.declarative.expression import as_text
from connectors.declarative.outgoing import Outgoing
from connectors.declarative.settings.auth import Basic, Bearer, OAuth2
from connectors.declarative.template import Omitted
from connectors.http.reply import Reply
from connectors.soap_erp.auth_settings import Ntlm
from connectors.soap_erp.replies.shape import Message, Shapes
from connectors.soap_erp.wsdl.documents import Documents
from connectors.soap_erp.wsdl.service import Service, service_of
from core.errors import ConfigError, FatalError, RetryableError

if TYPE_CHECKING:
    from connectors.soap_erp.settings import WsdlSettings

Filled = Callable[[Any], Any]
"""Fills in a template."""
IN_THE_REQUEST = (Basic, Bearer, OAuth2, Ntlm)
"""Credentials that a request carries whatever its body is: those a WSDL is asked for with."""


class Described:
    """One port of a service, the address it is asked at, and what its replies look like."""

    def __init__(self, service: Service, shapes: Shapes, documents: Documents, *, stated: bool) -> None:
        """`stated`: whether the settings name the address, and not the WSDL."""
        self.service, self.address, self.stated, self.documents = service, service.address, stated, documents
        self._shapes = shapes
        self._replies: dict[str, Message] = {}

    def reply(self, operation: str) -> Message:
        """What a reply to an operation looks like. Raises ConfigError where there is no such operation."""
        found = self._replies.get(operation)
        if found is None:
            found = self._replies[operation] = self._shapes.reply(self.service.operation(operation).bound)
        return found


class Descriptions:
    """Safe to use from threads."""

    def __init__(self, wsdls: Mapping[str, WsdlSettings], base: Path, cache: Path) -> None:
        """`base` is the folder that relative paths start at. Reads nothing yet."""
        self._wsdls, self._base, self._cache = wsdls, base, base / cache
        self._lock = threading.RLock()
        self._known: dict[str, Described] = {}
        self._around: Surroundings | None = None
        self._proving: Authentication | None = None

    def prove(self, around: Surroundings, proving: Authentication, *, signed: bool) -> None:
        """What a WSDL is loaded through, and whether with credentials."""
        self._around, self._proving = around, proving if signed else None

    def of(self, name: str, filled: Filled) -> Described:
        """[wsdl.name]; where no name is given, the first. `filled` fills in the templates of its settings.

        Raises ConfigError where it cannot be used, FatalError and RetryableError where it cannot be loaded.
        """
        name = name or next(iter(self._wsdls))
        found = self._known.get(name)
        if found is None:
            with self._lock:
                found = self._known.get(name) or self._read(name, filled)
                self._known[name] = found
        return found

    @property
    def names(self) -> tuple[str, ...]:
        """Every [wsdl.name]."""
        return tuple(self._wsdls)

    def _read(self, name: str, filled: Filled) -> Described:
        settings = self._wsdls[name]
        source, address = (_text(filled(template)) for template in (settings.source, settings.address))
        failure: ConfigError | FatalError | RetryableError
        try:
            documents = Documents(
                source if "://" in source else self._base / source,
                cache=self._cache,
                sha256=settings.sha256,
                fetch=self._fetched,
            )
            service = service_of(documents, settings.service, settings.port, address)
            substitutes = service.declarations.substitutes
            shapes = Shapes(service.types, may_lack=settings.may_lack, substitutes=substitutes)
            return Described(service, shapes, documents, stated=bool(address))
        except (ConfigError, FatalError, RetryableError) as error:
            failure = error
        raise type(failure)(f"wsdl.{name}: {failure.message}", hint=failure.hint)

    def _fetched(self, address: str) -> bytes:
        if self._around is None:
            raise FatalError("there is no connection it could be loaded through")
        asked = Outgoing("GET", address, urlsplit(address).path.lstrip("/"), {"Accept": "text/xml, */*"}, None)
        proof = Proof(address, asked.headers) if self._proving is None else self._proving.sign(asked)
        reply = self._around.http.request("GET", proof.url, headers=proof.headers, account=proof.account)
        return loaded(reply, address)


def loaded(reply: Reply, address: str) -> bytes:
    """The document that a reply holds. Raises FatalError or RetryableError where it holds none."""
    if reply.status == 200:
        return reply.body
    host = urlsplit(address).netloc
    if reply.status in (408, 429) or reply.status >= 500:
        raise RetryableError(f"{host} answered {reply.status} when the WSDL was asked for")
    raise FatalError(
        f"{host} answered {reply.status} when the WSDL was asked for",
        hint="check the address and the credentials, or name a file: `rebated connector inspect --save` keeps one",
    )


def _text(value: Any) -> str:
    return "" if value is None or isinstance(value, Omitted) else as_text(value)
