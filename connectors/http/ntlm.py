"""A Windows account proved over NTLM, which proves it for a connection and not for a request.

The document goes out before the handshake, where it is refused unread, and with its last step; never with the first,
so that a server cannot carry it out more than once. What begins a handshake is sent without one, as browsers do.

`requests-ntlm` is not used: it looks for the server's certificate in private attributes that our connections do not
have, reads refusals whole, however large, and breaks with errors of its own where a server leaves the handshake.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any
from urllib.parse import urlsplit

import spnego
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from requests import PreparedRequest, Response
from requests.auth import AuthBase
from spnego.channel_bindings import GssChannelBindings

from connectors.http.session import NotSent

_MOST_OF_A_REFUSAL = 1 << 20
_PIECE = 64 * 1024
_SCHEME = re.compile(r"(?:^|,)\s*(NTLM|Negotiate)\b", re.IGNORECASE)
_WEAK = ("md5", "sha1")


class WindowsAccount(AuthBase):
    """Proves the account on each connection that asks for it. Safe to use from threads."""

    def __init__(self, user: str, password: str) -> None:
        r"""`user` is written as `DOMAIN\name` or `name@domain`."""
        self._user, self._password = user, password

    def __call__(self, r: PreparedRequest) -> PreparedRequest:
        r.register_hook("response", self._agreed)  # type: ignore[no-untyped-call]
        return r

    def __repr__(self) -> str:
        return "WindowsAccount(***)"

    def _agreed(self, response: Response, **named: Any) -> Response:
        """The reply after the handshake, where one is asked for; else the reply itself.

        Raises NotSent where it is not carried through: then nothing was carried out.
        """
        scheme = _offered(response)
        if not scheme:
            return response
        request, adapter = response.request, response.connection
        handshake = _Handshake(
            self._user, self._password, urlsplit(request.url or "").hostname or "", _channel(response)
        )
        first = handshake.answer(None)
        _drained(response)
        challenged = adapter.send(_with(request, scheme, first, body=b""), **named)
        challenge = _challenge(challenged, scheme)
        _drained(challenged)
        if challenge is None:
            raise _broken(f"the server answered {challenged.status_code} where it should have challenged us")
        agreed: Response = adapter.send(_with(request, scheme, handshake.answer(challenge)), **named)
        return agreed


class _Handshake:
    """Our side of one."""

    def __init__(self, user: str, password: str, host: str, channel: GssChannelBindings | None) -> None:
        self._context = spnego.client(
            user,
            password,
            hostname=host,
            service="http",
            protocol="ntlm",
            options=spnego.NegotiateOptions.use_ntlm,
            channel_bindings=channel,
        )

    def answer(self, challenge: bytes | None) -> bytes:
        """What is sent next. Raises NotSent."""
        try:
            return self._context.step(challenge) or b""
        except Exception as error:
            # Of every kind, where what came is no challenge; and their texts may quote what they were given.
            kind = type(error).__name__
        raise _broken(f"what the server sent is no challenge ({kind})")


def _broken(why: str) -> NotSent:
    return NotSent(
        f"the handshake of NTLM broke: {why}",
        hint="check that the server takes NTLM, and that it and what stands before it keep connections alive",
    )


def _offered(response: Response) -> str:
    """The scheme a refusal asks for, NTLM before Negotiate; empty where it asks for neither."""
    if response.status_code != 401:
        return ""
    offered = {scheme.lower() for scheme in _SCHEME.findall(response.headers.get("WWW-Authenticate", ""))}
    return "NTLM" if "ntlm" in offered else "Negotiate" if offered else ""


def _challenge(response: Response, scheme: str) -> bytes | None:
    found = re.search(rf"\b{scheme}\s+([A-Za-z0-9+/=]+)", response.headers.get("WWW-Authenticate", ""), re.IGNORECASE)
    if response.status_code != 401 or found is None:
        return None
    try:
        return base64.b64decode(found[1], validate=True)
    except binascii.Error:
        return None


def _with(request: PreparedRequest, scheme: str, token: bytes | None, body: bytes | None = None) -> PreparedRequest:
    sent = request.copy()
    if body is not None:
        sent.body = body
        sent.headers["Content-Length"] = str(len(body))
    sent.headers["Authorization"] = f"{scheme} {base64.b64encode(token or b'').decode()}"
    return sent


def _drained(response: Response) -> None:
    """Read what is left of a refusal, so that its connection is used again: NTLM belongs to one."""
    left = _MOST_OF_A_REFUSAL
    while left > 0:
        piece = response.raw.read(min(left, _PIECE), decode_content=False)
        if not piece:
            response.raw.release_conn()
            return
        left -= len(piece)
    response.close()


def _channel(response: Response) -> GssChannelBindings | None:
    """What binds the handshake to the server's certificate (RFC 5929, tls-server-end-point); None without TLS."""
    certificate = getattr(getattr(response.raw.connection, "sock", None), "getpeercert", lambda binary: None)(True)
    if not certificate:
        return None
    try:
        algorithm = x509.load_der_x509_certificate(certificate).signature_hash_algorithm
    except (UnsupportedAlgorithm, ValueError):
        algorithm = None
    if algorithm is None or algorithm.name in _WEAK:
        algorithm = hashes.SHA256()
    digest = hashes.Hash(algorithm)
    digest.update(certificate)
    return GssChannelBindings(application_data=b"tls-server-end-point:" + digest.finalize())
