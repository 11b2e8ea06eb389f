"""Credentials that stay the same: none, a key, user name and password, a token."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from connectors.declarative.auth.base import Proof, written
from connectors.declarative.outgoing import Outgoing, replacing_query
from connectors.declarative.settings.auth import ApiKey, Basic, Bearer
from connectors.secrets import Secret, SecretReference
from core.errors import ConfigError


class Credential(Protocol):
    """Where credentials go in a request, as (header or query parameter, its name, value)."""

    def secrets(self, base: Path) -> tuple[Secret, ...]:
        """The secrets as they are kept. Raises ConfigError."""

    def put(self, request: Outgoing, secrets: tuple[Secret, ...]) -> Proof:
        """The request with them."""


class Nothing:
    """No credentials in requests."""

    def secrets(self, base: Path) -> tuple[Secret, ...]:
        return ()

    def put(self, request: Outgoing, secrets: tuple[Secret, ...]) -> Proof:
        return Proof(request.url, request.headers)


class Key:
    """One key in a header or in the query."""

    def __init__(self, settings: ApiKey) -> None:
        self._settings = settings

    def secrets(self, base: Path) -> tuple[Secret, ...]:
        references: list[SecretReference] = [self._settings.key]
        if self._settings.second is not None:
            references.append(self._settings.second)
        return tuple(reference.resolve(base) for reference in references)

    def put(self, request: Outgoing, secrets: tuple[Secret, ...]) -> Proof:
        text = self._settings.prefix + ":".join(secret.reveal() for secret in secrets)
        if self._settings.place == "query":
            return Proof(replacing_query(request.url, self._settings.name, text), request.headers)
        return Proof(request.url, {**request.headers, self._settings.name: Secret(text)})


class UserAndPassword:
    """User name and password, as Basic of RFC 7617."""

    def __init__(self, settings: Basic) -> None:
        self._settings = settings

    def secrets(self, base: Path) -> tuple[Secret, ...]:
        password = self._settings.password.resolve(base)
        # What is written into the header is as secret as the password itself.
        return password, self._together(password)

    def put(self, request: Outgoing, secrets: tuple[Secret, ...]) -> Proof:
        return Proof(request.url, {**request.headers, "Authorization": Secret(f"Basic {secrets[1].reveal()}")})

    def _together(self, password: Secret) -> Secret:
        try:
            pair = f"{self._settings.user}:{password.reveal()}".encode(self._settings.charset)
        except UnicodeEncodeError:
            pair = b""
        if not pair:
            raise ConfigError(
                "auth: user name or password hold letters that auth.charset does not have", hint="use utf-8"
            )
        return Secret(base64.b64encode(pair).decode())


class FixedToken:
    """A token behind a word, as RFC 6750 has it."""

    def __init__(self, settings: Bearer) -> None:
        self._settings = settings

    def secrets(self, base: Path) -> tuple[Secret, ...]:
        return (self._settings.token.resolve(base),)

    def put(self, request: Outgoing, secrets: tuple[Secret, ...]) -> Proof:
        text = f"{self._settings.scheme} {secrets[0].reveal()}".strip()
        return Proof(request.url, {**request.headers, "Authorization": Secret(text)})


class Fixed:
    """Credentials read once, and again after they were refused, as they may have been replaced meanwhile."""

    def __init__(self, credential: Credential, base: Path) -> None:
        self._credential = credential
        self._base = base
        self._secrets: tuple[Secret, ...] | None = None

    @property
    def exports(self) -> Mapping[str, Any]:
        return {}

    def ready(self) -> None:
        if self._secrets is None:
            self._secrets = self._credential.secrets(self._base)

    def sign(self, request: Outgoing) -> Proof:
        secrets = self._secrets
        if secrets is None:
            self._secrets = secrets = self._credential.secrets(self._base)
        return self._credential.put(request, secrets)._replace(made_by=secrets)

    def renew(self, refused: Proof) -> bool:
        """True where a person has replaced the secret since."""
        self._secrets = fresh = self._credential.secrets(self._base)
        return fresh != refused.made_by

    def secrets(self) -> Iterator[str]:
        for secret in self._secrets or ():
            yield from written(secret.reveal())

    def close(self) -> None:
        pass
