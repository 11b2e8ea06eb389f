"""What spyne 2.14 misses in Python 3.12 and later: a `six` newer than its own copy, and the module `cgi`."""

from __future__ import annotations

import importlib
import operator
import sys
from email.message import Message
from types import ModuleType

_SIX = ("", ".moves", ".moves.collections_abc", ".moves.http_cookies", ".moves.urllib.parse")


def lend() -> None:
    """Put it where spyne looks for it. Before spyne is imported."""
    if sys.version_info >= (3, 12):
        for name in _SIX:
            sys.modules[f"spyne.util.six{name}"] = importlib.import_module(f"six{name}")
        sys.modules["spyne.util.six"].__dict__["get_function_name"] = operator.attrgetter("__name__")
    if sys.version_info >= (3, 13):
        lent = ModuleType("cgi")
        lent.__dict__["parse_header"] = _parse_header
        sys.modules["cgi"] = lent


def _parse_header(line: str) -> tuple[str, dict[str, str]]:
    message = Message()
    message["Content-Type"] = line
    return message.get_content_type(), dict((message.get_params() or [])[1:])
