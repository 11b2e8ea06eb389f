"""Schemas of SOAP's and XML's own namespaces, written by hand: nobody asks the internet for them.

zeep (4.3.3, measured) asks for the SOAP encoding wherever a service is rpc/encoded, also where its WSDL names a local
copy, and for the schema of `xml:` wherever it is imported without an address.
"""

from __future__ import annotations

from importlib import resources

from connectors.soap_erp.namespaces import SOAP_ENCODING, XML

_FILES = {
    SOAP_ENCODING: "soap-encoding.xsd",
    XML: "xml.xsd",
    "http://www.w3.org/2001/xml.xsd": "xml.xsd",
    "http://www.w3.org/2001/03/xml.xsd": "xml.xsd",
    "http://www.w3.org/2009/01/xml.xsd": "xml.xsd",
    "http://schemas.xmlsoap.org/wsdl/": "wsdl.xsd",
    "http://schemas.xmlsoap.org/wsdl/2003-02-11.xsd": "wsdl.xsd",
    "http://www.w3.org/2005/05/xmlmime": "xmlmime.xsd",
}


def packaged(location: str) -> bytes | None:
    """The schema that stands at a well-known address; None where we have none for it."""
    if location.startswith("https://"):
        location = "http://" + location.removeprefix("https://")
    name = _FILES.get(location) or _FILES.get(f"{location}/")
    return resources.files(__package__).joinpath("schemas", name).read_bytes() if name else None
