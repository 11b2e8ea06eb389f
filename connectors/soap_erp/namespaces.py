"""Names of XML and SOAP that more than one room needs."""

from __future__ import annotations

XML = "http://www.w3.org/XML/1998/namespace"
XSD = "http://www.w3.org/2001/XMLSchema"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"
SOAP_ENCODING = "http://schemas.xmlsoap.org/soap/encoding/"
"""Of arrays and of simple types that may be references, in rpc/encoded services over SOAP 1.1."""
SOAP_ENCODING_12 = "http://www.w3.org/2003/05/soap-encoding"
