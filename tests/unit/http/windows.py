"""A server that knows Windows accounts and proves each connection over NTLM, by the server's side of pyspnego."""

from __future__ import annotations

import base64
from pathlib import Path

import spnego
from spnego.channel_bindings import GssChannelBindings
from spnego.exceptions import SpnegoError

from tests.unit.http.server import Answer, Asked


class Domain:
    """The answers of such a server. `carried_out`: bodies of requests that were carried out, with who asked.

    `begun` counts the handshakes; `bound` is what binds them to the certificate of the server, where it insists.
    """

    def __init__(self, scheme: str = "NTLM", bound: GssChannelBindings | None = None) -> None:
        self._scheme, self._bound = scheme, bound
        self._under_way: dict[int, spnego.ContextProxy] = {}
        self._proved: dict[int, str] = {}
        self.carried_out: list[tuple[str, bytes]] = []
        self.unproved: list[bytes] = []
        self.begun = 0

    def __call__(self, asked: Asked) -> Answer:
        token = asked.headers.get("Authorization", "").removeprefix(f"{self._scheme} ")
        if not token:
            if asked.connection not in self._proved:
                self.unproved.append(asked.body)
                return self._refusal()
        else:
            answer = self._step(asked.connection, base64.b64decode(token))
            if answer is not None:
                self.unproved.append(asked.body)
                return answer
        self.carried_out.append((self._proved[asked.connection], asked.body))
        return Answer(200, b"done by " + self._proved[asked.connection].encode())

    def forget(self) -> None:
        """As after an hour: connections must be proved again."""
        self._proved.clear()

    def _step(self, connection: int, token: bytes) -> Answer | None:
        context = self._under_way.pop(connection, None)
        if context is None:
            self.begun += 1
            context = self._under_way[connection] = spnego.server(
                protocol="ntlm", options=spnego.NegotiateOptions.use_ntlm, channel_bindings=self._bound
            )
        try:
            told = context.step(token)
        except SpnegoError:
            return self._refusal()
        if told:
            return self._refusal(" " + base64.b64encode(told).decode())
        self._proved[connection] = str(context.client_principal)
        return None

    def _refusal(self, more: str = "") -> Answer:
        return Answer(401, b"<html>" + b"no " * 2000, {"WWW-Authenticate": f"{self._scheme}{more}"})


def accounts(folder: Path) -> Path:
    """A file of accounts as pyspnego reads it, named by NTLM_USER_FILE."""
    path = folder / "accounts"
    path.write_text("FIRMA:buchung:s3cret-wörd\n", encoding="utf-8")
    return path
