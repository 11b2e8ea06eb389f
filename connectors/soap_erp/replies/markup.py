"""XML as other systems send it: parsed without anything that hurts."""

from __future__ import annotations

import codecs
import re
from email.message import Message

from lxml import etree

from connectors.declarative.wire import Unreadable

MOST_VALUES = 5_000_000
"""Elements and attributes of a document: each takes many times the memory of its few letters."""

_LONGEST_PROLOG = 65_536
_BLANKS = b" \t\r\n"
_DECLARATION = re.compile(rb"<\?xml\b[^>]{0,200}\?>")
_DECLARED = re.compile(rb"""encoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']""")
_PROLOG = re.compile(rb"(?:\s+|<\?.*?\?>|<!--.*?-->)*", re.DOTALL)
_WEB_PAGE = re.compile(rb"<(?:!doctype\s+)?html\b", re.IGNORECASE)


class NotSoap(Unreadable):
    """The body is no reply of a SOAP service that can be used; the message says why, without quoting it."""


def parsed(body: bytes, kind: str = "", *, encoding: str | None = None) -> etree._Element:
    """The root of a document that is not empty, without its comments and instructions.

    A document that states a DOCTYPE is refused, whatever is in it. `kind` is the content type the reply states; its
    charset counts where the document itself names none, `encoding` whatever it says. Nothing is ever loaded. Raises
    NotSoap.
    """
    text, encoding = (body.strip(), encoding) if encoding else _encoded(body, kind)
    if text.count(b"<") > MOST_VALUES or (len(text) > MOST_VALUES and _values(text) > MOST_VALUES):
        raise NotSoap(f"it holds more than {MOST_VALUES:,} values; ask for less at once")
    prolog = _PROLOG.match(text, 0, _LONGEST_PROLOG)
    start = text[prolog.end() if prolog else 0 :][:200]
    if _WEB_PAGE.match(start):
        raise NotSoap("it is a web page, not a reply of a SOAP service")
    if start[:2] == b"<!" and start[:4] != b"<!--":
        raise NotSoap("it states a DOCTYPE, which a SOAP service must not")
    if start[:1] != b"<":
        raise NotSoap("it is not XML")
    parser = etree.XMLParser(
        encoding=encoding,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(text, parser)
    except etree.XMLSyntaxError as error:
        reason = _reason(error)
    except (LookupError, ValueError):
        reason = "its encoding is not known"
    else:
        if root.getroottree().docinfo.internalDTD is None:
            return root
        reason = "it states a DOCTYPE, which a SOAP service must not"
    raise NotSoap(reason)


def local(tag: str) -> str:
    """A name without its namespace."""
    return tag.rpartition("}")[2]


def _values(text: bytes) -> int:
    """At most so many elements and attributes."""
    return text.count(b"<") - text.count(b"</") + text.count(b"=")


def _encoded(body: bytes, kind: str) -> tuple[bytes, str | None]:
    """The document without what stands before it, and its encoding where the document itself does not tell."""
    if body.startswith(codecs.BOM_UTF8):
        return body[len(codecs.BOM_UTF8) :].lstrip(_BLANKS), "utf-8"
    wide = _wide(body)
    if wide:
        return _again(body, wide), "utf-8"
    text = body.lstrip(_BLANKS)
    declaration = _DECLARATION.match(text)
    declared = _DECLARED.search(declaration[0]) if declaration else None
    if declared and declared[1].lower().startswith((b"utf-16", b"utf16", b"ucs-2")):
        return text, "utf-8"  # it was written as text, and encoded by somebody who did not look into it
    if declared is None:
        stated = _charset(kind)
        if stated not in ("", "utf-8", "utf8", "us-ascii"):
            return _again(text, stated), "utf-8"
    return text, None


def _wide(body: bytes) -> str:
    if body[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return "utf-16"
    return {b"<\0": "utf-16-le", b"\0<": "utf-16-be"}.get(body[:2], "")


def _again(body: bytes, encoding: str) -> bytes:
    try:
        return body.decode(encoding).encode().lstrip(_BLANKS)
    except LookupError:
        reason = "its encoding is not known"
    except (UnicodeError, ValueError):
        reason = "it does not have the encoding that is stated"
    raise NotSoap(reason)


def _charset(kind: str) -> str:
    if "charset" not in kind.lower():
        return ""
    message = Message()
    message["Content-Type"] = " ".join(kind.split())
    return str(message.get_content_charset("") or "")


def _reason(error: etree.XMLSyntaxError) -> str:
    """Never the words of the parser, which may quote."""
    said, line = str(error), f" (line {error.lineno})" if error.lineno else ""
    if "depth" in said:
        return "its elements are nested too deep"
    if "Resource limit" in said or "too long" in said:
        return "it holds a text, a name or a number of attributes that is too large"
    if "invalid xmlChar" in said or "not allowed" in said:
        return f"it holds a character that XML forbids{line}"
    if "encoding" in said:
        return f"it does not have the encoding that is stated{line}"
    return f"it is not well-formed XML{line}"
