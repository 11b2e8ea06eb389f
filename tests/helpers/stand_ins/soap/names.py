"""The namespaces SOAP is made of, and a parser that loads nothing and expands nothing."""

from __future__ import annotations

from lxml import etree

XSD = "http://www.w3.org/2001/XMLSchema"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
WSDL = "http://schemas.xmlsoap.org/wsdl/"
WSDL_SOAP = {"1.1": "http://schemas.xmlsoap.org/wsdl/soap/", "1.2": "http://schemas.xmlsoap.org/wsdl/soap12/"}
ENVELOPE = {"1.1": "http://schemas.xmlsoap.org/soap/envelope/", "1.2": "http://www.w3.org/2003/05/soap-envelope"}
ENCODING = "http://schemas.xmlsoap.org/soap/encoding/"


def parsed(raw: bytes) -> etree._Element:
    """The root of a document. Raises ValueError where it cannot be read or declares a document type."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)
    try:
        root = etree.fromstring(raw, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise ValueError(f"no XML: {error}") from None
    if root.getroottree().docinfo.doctype:
        raise ValueError("a document type is declared")
    return root


def local(node: etree._Element) -> str:
    """Its name without namespace."""
    return str(etree.QName(node).localname)


def full(node: etree._Element, text: str, *, default: str | None = None) -> str:
    """What a prefixed name in its text or attributes means, as `{namespace}name`.

    `default`: the namespace of a name without prefix; where it is None, the one declared for such.
    """
    prefix, colon, name = text.strip().rpartition(":")
    if not colon:
        namespace = (node.nsmap.get(None) or "") if default is None else default
    elif prefix in node.nsmap:
        namespace = node.nsmap[prefix]
    else:
        raise ValueError(f"the prefix {prefix} is not declared")
    return f"{{{namespace}}}{name}" if namespace else name
