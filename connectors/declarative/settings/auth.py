"""How requests prove who we are. Secrets by reference only."""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from connectors.declarative.settings.base import Path, Section, Template, TextTemplate
from connectors.declarative.settings.request import AnyRequest
from connectors.secrets import SecretReference


class NoAuth(Section):
    """Nothing but what the connection itself proves, such as a client certificate (http.client_certificate)."""

    kind: Literal["none"] = Field(default="none", description="no credentials in requests")


class ApiKey(Section):
    """One key in a header or in the query."""

    kind: Literal["api_key"] = Field(description="a key")
    key: SecretReference = Field(description="where the key is kept")
    name: str = Field(default="X-API-Key", max_length=80, description="name of the header or query parameter")
    place: Literal["header", "query"] = Field(
        default="header", description="a key in the query may end in a server's log"
    )
    prefix: str = Field(default="", max_length=40, description="text before the key, such as `token `")
    second: SecretReference | None = Field(
        default=None, description="a second secret that follows the first after a colon, as ERPNext wants it"
    )


class Basic(Section):
    """User name and password."""

    kind: Literal["basic"] = Field(description="user name and password")
    user: str = Field(min_length=1, max_length=200, description="user name")
    password: SecretReference = Field(description="where the password is kept")
    charset: Literal["utf-8", "latin-1"] = Field(default="utf-8", description="encoding of both")


class Bearer(Section):
    """A token that does not change."""

    kind: Literal["bearer"] = Field(description="a token that stays the same")
    token: SecretReference = Field(description="where the token is kept")
    scheme: str = Field(default="Bearer", max_length=40, description="word before the token")


class OAuth2(Section):
    """Tokens of an authorization server, got anew when they end or are refused."""

    kind: Literal["oauth2"] = Field(description="tokens of an authorization server")
    grant: Literal["client_credentials", "refresh_token", "jwt_bearer", "password"] = Field(
        description="OAuth 2.0 grant"
    )
    token_url: TextTemplate = Field(description="where tokens are given; may hold ${values...}")
    client_id: str = Field(default="", max_length=300, description="id of the client")
    client_secret: SecretReference | None = Field(default=None, description="where the client's secret is kept")
    client_auth: Literal["basic", "body", "none"] = Field(default="basic", description="how the client proves itself")
    scope: TextTemplate = Field(default="", description="scopes, separated by blanks")
    extra: dict[str, Template] = Field(default={}, description="further fields of the token request")
    user: str = Field(default="", max_length=200, description="user name, or subject of a JWT")
    password: SecretReference | None = Field(default=None, description="password, for the grant `password`")
    refresh_token: SecretReference | None = Field(default=None, description="first refresh token")
    token_file: FilePath | None = Field(
        default=None,
        description="file in which rotated refresh tokens are kept, relative to the configuration; only its owner may "
        "read it. Needed for the grant refresh_token",
    )
    private_key: SecretReference | None = Field(
        default=None,
        description="key that signs a JWT (PEM); with client_credentials and no client_secret the client proves itself "
        "by one",
    )
    key_id: str = Field(default="", max_length=200, description="`kid` of a JWT")
    audience: TextTemplate = Field(default="", description="`aud` of a JWT; the token URL where empty")
    algorithm: Literal["RS256", "ES256", "PS256"] = Field(default="RS256", description="how a JWT is signed")
    scheme: str = Field(
        default="Bearer", max_length=40, description="word before the token in the header Authorization"
    )
    exports: dict[str, Path] = Field(
        default={}, description="what the token reply tells, as ${session.name}: an instance's address, say"
    )
    lifetime: int = Field(default=3600, ge=10, description="seconds a token holds whose reply does not say it")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        needed = {
            "client_credentials": () if self.private_key is not None else ("client_secret",),
            "refresh_token": ("refresh_token", "token_file"),
            "jwt_bearer": ("private_key",),
            "password": ("password",),
        }[self.grant]
        missing = [name for name in needed if getattr(self, name) is None]
        if missing:
            raise ValueError(f"the grant {self.grant} needs {' and '.join(missing)}")
        return self


class Hmac(Section):
    """A signature over each request."""

    kind: Literal["hmac"] = Field(description="a signature over each request")
    key: SecretReference = Field(description="where the signing key is kept")
    key_id: str = Field(default="", max_length=300, description="public name of the key, as ${key_id}")
    algorithm: Literal["sha256", "sha512", "sha1"] = Field(default="sha256", description="hash of the signature")
    signed: TextTemplate = Field(
        description="what is signed: text with ${method}, ${path} (as sent, with query), ${target} (path below "
        "base_url without query), ${body_hash}, ${timestamp}, ${nonce}, ${key_id}"
    )
    encoding: Literal["hex", "base64"] = Field(default="hex", description="how the signature is written")
    headers: dict[str, TextTemplate] = Field(
        description="headers to send: text with ${signature}, ${key_id}, ${timestamp}, ${nonce}, and "
        "${pair | base64} for key_id:signature"
    )


class SessionLogin(Section):
    """A log-in that gives a session, done again when the session ends."""

    kind: Literal["session"] = Field(description="a log-in that gives a session")
    request: AnyRequest = Field(description="the log-in, with ${user} and ${password}")
    user: str = Field(default="", max_length=200, description="user name")
    password: SecretReference = Field(description="where the password is kept")
    token: Path = Field(
        default="",
        description="where the reply holds the token, which templates name as ${session.token}; empty: it comes as a "
        "cookie",
    )
    cookie: str = Field(default="", max_length=80, description="name of the cookie that holds the session")
    header: str = Field(
        default="Authorization",
        max_length=80,
        description="header that carries the token; empty: it is only named in templates",
    )
    prefix: str = Field(default="Bearer ", max_length=40, description="text before the token")
    exports: dict[str, Path] = Field(default={}, description="what the reply tells, as ${session.name}")
    logout: AnyRequest | None = Field(default=None, description="the request that ends the session")
    lifetime: int = Field(default=1800, ge=10, description="seconds after which a session is begun anew")


Auth = Annotated[NoAuth | ApiKey | Basic | Bearer | OAuth2 | Hmac | SessionLogin, Field(discriminator="kind")]
