"""Tokens of an authorization server (RFC 6749, 7523), kept across runs where they rotate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from connectors.declarative.auth.base import Proof
from connectors.declarative.auth.surroundings import Surroundings
from connectors.declarative.auth.ticket import CurrentTicket, Ticket, exported, lasting
from connectors.declarative.auth.token_file import TokenFile
from connectors.declarative.auth.token_request import Grant, TokenRequest
from connectors.declarative.json_reply import read, written
from connectors.declarative.outgoing import Outgoing
from connectors.declarative.settings.auth import OAuth2
from connectors.secrets import Secret, SecretReference


class Tokens:
    """An access token in the header Authorization, got anew when it ends or is refused."""

    def __init__(self, settings: OAuth2, around: Surroundings) -> None:
        self._settings = settings
        self._around = around
        self._request = TokenRequest(settings, around)
        self._file = None if settings.token_file is None else TokenFile(around.base / settings.token_file)
        self._current = CurrentTicket(self._obtain, around.clock)
        self._shown: set[str] = set()

    @property
    def exports(self) -> Mapping[str, Any]:
        current = self._current.known
        return {} if current is None else current.exports

    def ready(self) -> None:
        self._current.get()

    def sign(self, request: Outgoing) -> Proof:
        ticket = self._current.get()
        token = Secret(f"{self._settings.scheme} {ticket.value.reveal()}".strip())
        return Proof(request.url, {**request.headers, "Authorization": token}, ticket)

    def renew(self, refused: Proof) -> bool:
        self._current.renew(refused.made_by)
        return True

    def secrets(self) -> Iterator[str]:
        for secret in tuple(self._shown):
            yield secret
            yield quote(secret, safe="")

    def close(self) -> None:
        pass

    def _obtain(self, refused: Ticket | None) -> Ticket:
        grant = self._grant()
        if self._file is None:
            return self._ticket(self._request.answered(grant, grant.refresh_token), self._around.clock.now())
        with self._file.locked():
            return self._from_file(self._file, grant, refused)

    def _from_file(self, file: TokenFile, grant: Grant, refused: Ticket | None) -> Ticket:
        """What another process has got meanwhile, else a new one, which is kept before it is used."""
        lineage = _digest(self._settings.client_id, grant.refresh_token)
        kept = file.read()
        if kept.get("lineage") != lineage:
            kept = {}  # after another authorisation what was kept is of no use
        ticket = _restored(kept) if kept.get("asked") == self._asked() else None
        if ticket is not None and ticket.holds(self._around.clock.now()) and not _same(ticket, refused):
            self._shown.add(ticket.value.reveal())
            return ticket
        refresh = kept.get("refresh_token") or grant.refresh_token
        if isinstance(refresh, str) and refresh:
            self._shown.add(refresh)
        with file.replacing() as keep:
            asked = self._around.clock.now()
            reply = self._request.answered(grant, refresh)
            ticket = self._ticket(reply, asked)
            rotated = reply.get("refresh_token") or refresh or ""
            if rotated:
                self._shown.add(rotated)
            keep(
                {
                    "lineage": lineage,
                    "asked": self._asked(),
                    "refresh_token": rotated,
                    "access_token": ticket.value.reveal(),
                    "ends": ticket.ends.isoformat(),
                    "exports": written(ticket.exports).decode(),
                }
            )
        return ticket

    def _grant(self) -> Grant:
        """The secrets, read anew each time, since a person may have replaced them."""

        def resolved(reference: SecretReference | None) -> str:
            if reference is None:
                return ""
            value = reference.resolve(self._around.base).reveal()
            self._shown.add(value)
            return value

        settings = self._settings
        return Grant(
            client_secret=resolved(settings.client_secret),
            password=resolved(settings.password),
            refresh_token=resolved(settings.refresh_token),
            private_key=resolved(settings.private_key),
        )

    def _ticket(self, reply: Mapping[str, Any], asked: datetime) -> Ticket:
        token = reply["access_token"]
        self._shown.add(token)
        return Ticket(
            Secret(token),
            lasting(asked, reply.get("expires_in") or self._settings.lifetime),
            exported(self._settings.exports, reply["told"]),
        )

    def _asked(self) -> str:
        """What an access token was asked for: one asked for otherwise is not used, but its refresh token is."""
        settings = self._settings
        return _digest(settings.token_url, settings.grant, settings.user, settings.scope, str(settings.exports))


def _restored(kept: Mapping[str, Any]) -> Ticket | None:
    """The access token of the file; None where it holds none that can be read."""
    try:
        told = read(kept["exports"].encode(), nesting=64)
        token, ends = kept["access_token"], datetime.fromisoformat(kept["ends"])
    except (KeyError, ValueError, TypeError, AttributeError):
        return None
    if not isinstance(token, str) or not token or ends.tzinfo is None or not isinstance(told, dict):
        return None
    return Ticket(Secret(token), ends, told)


def _same(ticket: Ticket, other: Ticket | None) -> bool:
    return other is not None and ticket.value == other.value


def _digest(*parts: str) -> str:
    return sha256("\n".join(parts).encode()).hexdigest()
