"""A SOAP message into whose header a proof of who we are is put."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from copy import deepcopy
from pathlib import Path

from lxml import etree

from connectors.secrets import Secret, SecretReference
from connectors.soap_erp.namespaces import SOAP_11, SOAP_12
from core.errors import ConfigError, FatalError

_UNWRITABLE = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Message:
    """One as it would be sent without the proof. It stays as it is: each attempt has a copy of its own."""

    def __init__(self, root: etree._Element) -> None:
        """Raises FatalError where it is no SOAP message."""
        name = etree.QName(root)
        body = root.find(f"{{{name.namespace}}}Body")
        if name.localname != "Envelope" or name.namespace not in (SOAP_11, SOAP_12) or body is None:
            raise _no_message()
        asked = next(body.iterchildren(etree.Element), None)
        self._root = root
        self.version: str = name.namespace
        """The namespace of its version of SOAP."""
        self.asked = "" if asked is None else str(asked.tag)
        """The name of the element that asks, as `{namespace}name`; empty where the body is."""

    def with_proof(self, prove: Callable[[etree._Element], None]) -> bytes:
        """The message with what `prove` puts into its header, which is made where there is none."""
        root = deepcopy(self._root)
        header = root.find(f"{{{self.version}}}Header")
        if header is None:
            header = etree.Element(f"{{{self.version}}}Header")
            root.insert(0, header)
        prove(header)
        return etree.tostring(root, encoding="utf-8", xml_declaration=True)

    def with_texts(self, texts: Mapping[str, Secret]) -> bytes:
        """The message with secrets as the text of elements below the one that asks, by their place: names with dots.

        Raises ConfigError where there is no such element, or it holds others.
        """
        root = deepcopy(self._root)
        asks = next(root.iterfind(f"{{{self.version}}}Body/*"))
        for place, secret in texts.items():
            node: etree._Element | None = asks
            for name in place.split("."):
                node = None if node is None else node.find(f"{{*}}{name}")
            if node is None or len(node):
                raise ConfigError(f"auth: the request has no element {place} that a credential could be put into")
            node.text = secret.reveal()
        return etree.tostring(root, encoding="utf-8", xml_declaration=True)


def read(body: bytes | None) -> Message:
    """The message a request would send. Raises FatalError where it sends none."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, strip_cdata=False
    )
    with suppress(etree.XMLSyntaxError, ValueError):  # their texts may quote the message
        root = etree.fromstring(body or b"", parser)
        if root.getroottree().docinfo.internalDTD is None:
            return Message(root)
    raise _no_message()


def writable(base: Path, *references: SecretReference) -> tuple[Secret, ...]:
    """The secrets, for a message that will hold them. Raises ConfigError, also where XML cannot carry one."""
    secrets = tuple(reference.resolve(base) for reference in references)
    for reference, secret in zip(references, secrets, strict=True):
        if _UNWRITABLE.search(secret.reveal()):
            raise ConfigError(f"auth: the secret of {reference} holds a character that no SOAP message can carry")
    return secrets


def _no_message() -> FatalError:
    return FatalError("auth: what is to be sent is no SOAP message", hint="check the hook of the connection")
