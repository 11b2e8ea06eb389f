"""How requests to a SOAP service prove who we are: over HTTP, by the connection, or in the message itself."""

from __future__ import annotations

from connectors.soap_erp.auth.choice import authentication

__all__ = ["authentication"]
