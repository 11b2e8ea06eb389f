"""Which requests to Faktura change something, as a proxy sees them."""

from __future__ import annotations

import re

from connectors.conformance import Request

WRITES = ("CreateDocument", "PostDocument", "DeleteDocument", "EditDocument", "AddNote", "SetTier", "SetTiers")
_OPERATION = re.compile(rb"<[\w-]*:?Body[^>]*>\s*<(?:[\w-]+:)?(\w+)")


def operation_of(request: Request) -> str:
    """The name of the operation; empty where there is none."""
    found = _OPERATION.search(request.body)
    return found.group(1).decode() if found else ""


def is_write(request: Request) -> bool:
    """Whether it changes something."""
    return operation_of(request) in WRITES


def is_write_of_documents(request: Request) -> bool:
    """Notes are left alone: nothing keeps Faktura from taking one twice that a proxy sends on twice."""
    return is_write(request) and operation_of(request) != "AddNote"
