"""One request for a token: made by authlib, sent over our own session, and read with what can go wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from authlib.oauth2.client import OAuth2Client
from authlib.oauth2.rfc7523 import JWTBearerGrant
from joserfc.jwk import ECKey, RSAKey

from connectors.declarative.auth.surroundings import Surroundings
from connectors.declarative.expression import as_text
from connectors.declarative.json_reply import NotJson, read
from connectors.declarative.settings.auth import OAuth2
from connectors.http.redaction import plain_without
from connectors.http.reply import Reply
from connectors.http.session import NotSent, ReplyLost
from core.errors import ConfigError, FatalError, RebatedError, RetryableError

_JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_CLIENT_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ASSERTION_SECONDS = 180  # Salesforce takes no longer ones
_NESTING = 32
_PASSING = re.compile(r"temporarily_unavailable|slow_down|server_error|too many|rate.?limit|throttl", re.IGNORECASE)
_METHODS = {"basic": "client_secret_basic", "body": "client_secret_post", "none": "none"}


class Grant(NamedTuple):
    """The secrets a token is asked for with; empty text where there is none."""

    client_secret: str
    password: str
    refresh_token: str
    private_key: str

    def __repr__(self) -> str:
        return "Grant(***)"


class TokenRequest:
    """The token endpoint of the settings."""

    def __init__(self, settings: OAuth2, around: Surroundings) -> None:
        self._settings = settings
        self._around = around

    def answered(self, grant: Grant, refresh_token: str) -> Mapping[str, Any]:
        """What the server grants: access_token, `told` the whole reply, and where it says so refresh_token and
        expires_in (seconds).

        Raises ConfigError for a key that cannot be used, FatalError where the server says no, RetryableError.
        """
        endpoint = _Endpoint(self._around, self._settings, grant, refresh_token)
        failure: RebatedError
        try:
            self._ask(endpoint, grant, refresh_token)
            return endpoint.granted
        except RebatedError:
            raise
        except Exception:
            # Of the libraries that make and sign it, whose errors may quote what they were given.
            failure = ConfigError(
                f"connections.{self._around.name}.auth: no token request can be made of these settings",
                hint="check private_key (PEM, of the kind that algorithm needs), and client_id, client_secret and user "
                "for letters beyond Latin-1",
            )
        raise failure

    def _ask(self, endpoint: _Endpoint, grant: Grant, refresh_token: str) -> None:
        settings = self._settings
        url = self._text(settings.token_url)
        client = OAuth2Client(
            endpoint,
            client_id=settings.client_id,
            client_secret=grant.client_secret,
            token_endpoint_auth_method=_METHODS[settings.client_auth] if grant.client_secret else "none",
            scope=self._text(settings.scope) or None,
        )
        extra = self._around.render(settings.extra)
        body = urlencode([(name, as_text(value)) for name, value in extra.items() if value is not None])
        match settings.grant:
            case "refresh_token":
                client.refresh_token(url, refresh_token=refresh_token, body=body)
            case "password":
                client.fetch_token(
                    url, body=body, grant_type="password", username=settings.user, password=grant.password
                )
            case "jwt_bearer":
                assertion = self._assertion(grant, url, subject=settings.user, scope=self._text(settings.scope))
                proves = None if grant.client_secret else _Unproven()
                client.fetch_token(url, body=body, grant_type=_JWT_GRANT, auth=proves, assertion=assertion)
            case "client_credentials" if grant.client_secret:
                client.fetch_token(url, body=body, grant_type="client_credentials")
            case "client_credentials":
                scopes = self._text(settings.scope).split()
                assertion = self._assertion(grant, url, subject=settings.client_id, scope=scopes)
                client.fetch_token(
                    url,
                    body=body,
                    grant_type="client_credentials",
                    auth=_Unproven(),
                    client_assertion_type=_CLIENT_ASSERTION,
                    client_assertion=assertion,
                )

    def _assertion(self, grant: Grant, url: str, *, subject: str, scope: str | list[str]) -> str:
        settings = self._settings
        kind: type[ECKey] | type[RSAKey] = ECKey if settings.algorithm == "ES256" else RSAKey
        signed = JWTBearerGrant.sign(
            kind.import_key(grant.private_key),
            issuer=settings.client_id,
            audience=self._text(settings.audience) or url,
            subject=subject or None,
            issued_at=int(self._around.clock.now().timestamp()),
            expires_in=_ASSERTION_SECONDS,
            claims={"scope": scope} if scope else {},
            header={"typ": "JWT"} | ({"kid": settings.key_id} if settings.key_id else {}),
            alg=settings.algorithm,
        )
        return signed.decode() if isinstance(signed, bytes) else str(signed)

    def _text(self, template: str) -> str:
        return as_text(self._around.render(template)) if template else ""


class _Unproven:
    """A client that proves itself by what it signs, and by nothing beside."""

    def prepare(self, method: str, uri: str, headers: Any, body: str) -> tuple[str, Any, str]:
        return uri, headers, body


class _Endpoint:
    """What authlib takes for a session of `requests`."""

    def __init__(self, around: Surroundings, settings: OAuth2, grant: Grant, refresh_token: str) -> None:
        self._around = around
        self._settings = settings
        self._secrets = tuple(filter(None, (*grant, refresh_token)))
        self.granted: Mapping[str, Any] = {}

    def post(self, url: str, *, data: Mapping[str, str], headers: Mapping[str, str], auth: Any) -> _Granted:
        url, sent, body = auth.prepare("POST", url, dict(headers), urlencode(data))
        failure: RetryableError | None = None
        try:
            reply = self._around.http.request("POST", url, headers=sent, body=body.encode())
        except NotSent:
            raise
        except ReplyLost as lost:
            # No document was sent with it: whatever became of the token, asking again is safe.
            failure = RetryableError(f"{lost.message}, after a token was asked for", hint=lost.hint)
        if failure is not None:
            raise failure
        self.granted = self._read(reply, urlsplit(url).netloc)
        return _Granted(self.granted)

    def _read(self, reply: Reply, host: str) -> Mapping[str, Any]:
        try:
            body = read(reply.body, nesting=_NESTING, kind=reply.headers.get("Content-Type", ""))
        except NotJson:
            body = None
        told: Mapping[str, Any] = body if isinstance(body, dict) else {}
        error, words = _text(told.get("error")), self._words(told)
        where = f"{self._around.name}: {host} was asked for a token and answered {reply.status}"
        said = f"{where}: {words}" if words else where
        passing = reply.status in (408, 425, 429) or reply.status >= 500 or _PASSING.search(words) is not None
        if passing or (reply.status < 300 and body is None):
            raise RetryableError(said, after=reply.retry_after())
        if reply.status >= 300 or error:
            raise FatalError(said, hint=self._hint(error))
        token = told.get("access_token")
        if not isinstance(token, str) or not token:
            raise FatalError(f"{where}: there is no access_token in it", hint="check auth.token_url and auth.grant")
        granted: dict[str, Any] = {"access_token": token, "told": told}
        refresh = told.get("refresh_token")
        if isinstance(refresh, str) and refresh:
            granted["refresh_token"] = refresh
        seconds = _text(told.get("expires_in"))
        if re.fullmatch(r"\d{1,9}", seconds, re.ASCII) and int(seconds):
            granted["expires_in"] = int(seconds)
        return granted

    def _words(self, told: Mapping[str, Any]) -> str:
        words = ": ".join(filter(None, (_text(told.get("error")), _text(told.get("error_description")))))
        return plain_without(words, self._secrets)

    def _hint(self, error: str) -> str:
        if error in ("invalid_grant", "invalid_code", "invalid_token") or not error:
            match self._settings.grant:
                case "refresh_token":
                    return (
                        "the refresh token is not accepted any more: authorise again, and put the new one where "
                        "auth.refresh_token says"
                    )
                case "password":
                    return "check auth.user and the password"
                case "jwt_bearer":
                    return "check auth.client_id, user, audience and private_key, and whether the user has let it in"
                case "client_credentials":
                    return "check auth.client_id and the client's secret or key"
        if error in ("invalid_client", "unauthorized_client"):
            return "check auth.client_id, the client's secret or key, and auth.client_auth"
        return "check [auth]: grant, scope, extra and token_url"


class _Granted:
    """A reply as authlib reads it."""

    status_code = 200

    def __init__(self, granted: Mapping[str, Any]) -> None:
        self._granted = granted

    def json(self) -> dict[str, Any]:
        return {name: self._granted[name] for name in ("access_token", "refresh_token") if name in self._granted}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else str(value) if isinstance(value, int) else ""
