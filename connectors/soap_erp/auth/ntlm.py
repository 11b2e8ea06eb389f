"""A Windows account over NTLM, as the connection is asked for it."""

from __future__ import annotations

from pathlib import Path

from connectors.declarative.auth import Proof
from connectors.declarative.outgoing import Outgoing
from connectors.secrets import Secret
from connectors.soap_erp.auth_settings import Ntlm
from core.errors import ConfigError


class Account:
    """See connectors.declarative.auth.fixed.Credential."""

    def __init__(self, settings: Ntlm) -> None:
        """Raises ConfigError where NTLM is not installed."""
        try:
            from connectors.http.ntlm import WindowsAccount
        except ImportError:
            raise ConfigError("auth: NTLM is not installed", hint="pip install rebated[ntlm]") from None
        self._settings = settings
        self._proving = WindowsAccount

    def secrets(self, base: Path) -> tuple[Secret, ...]:
        return (self._settings.password.resolve(base),)

    def put(self, request: Outgoing, secrets: tuple[Secret, ...]) -> Proof:
        account = self._proving(self._settings.user, secrets[0].reveal())
        return Proof(request.url, request.headers, account=account)
