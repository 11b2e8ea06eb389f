"""Loading a WSDL by hand, before there is a connection."""

from __future__ import annotations

import base64
from pathlib import Path

from connectors.http.session import HttpSession
from connectors.http.settings import HttpSettings
from connectors.secrets import Secret, SecretReference
from connectors.soap_erp.wsdl.descriptions import loaded
from connectors.soap_erp.wsdl.documents import same_host


class Loading:
    """Fetches documents of one description; credentials go to its own host alone."""

    def __init__(
        self, source: str, settings: HttpSettings, user: str = "", password: SecretReference | None = None
    ) -> None:
        """Makes no request. Raises ConfigError where the password is not there, or `settings` cannot be used."""
        self._source = source
        self._http = HttpSession(settings, base=Path())
        self._headers: dict[str, str | Secret] = {"Accept": "text/xml, */*"}
        self._proof: dict[str, str | Secret] = {}
        if user:
            secret = "" if password is None else password.resolve(Path()).reveal()
            pair = base64.b64encode(f"{user}:{secret}".encode()).decode()
            self._proof = {"Authorization": Secret(f"Basic {pair}")}

    def fetch(self, address: str) -> bytes:
        """A document. Raises FatalError and RetryableError."""
        proof = self._proof if same_host(self._source, address) else {}
        return loaded(self._http.request("GET", address, headers={**self._headers, **proof}), address)
