"""Credentials among the arguments of an operation, as services had them before HTTP and WS-Security did."""

from __future__ import annotations

from pathlib import Path

from connectors.declarative.auth import Proof
from connectors.declarative.outgoing import Outgoing
from connectors.secrets import Secret
from connectors.soap_erp.auth.message import read, writable
from connectors.soap_erp.auth_settings import InArguments


class Arguments:
    """See connectors.declarative.auth.fixed.Credential."""

    def __init__(self, settings: InArguments) -> None:
        self._settings = settings
        self._places = [settings.password_in, *([settings.key_in] if settings.key is not None else ())]

    def secrets(self, base: Path) -> tuple[Secret, ...]:
        key = self._settings.key
        return writable(base, self._settings.password, *([key] if key is not None else ()))

    def put(self, request: Outgoing, secrets: tuple[Secret, ...]) -> Proof:
        message = read(request.body)
        texts = dict(zip(self._places, secrets, strict=True))
        return Proof(request.url, request.headers, body=lambda: message.with_texts(texts))
