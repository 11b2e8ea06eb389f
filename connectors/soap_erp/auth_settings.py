"""How requests of a SOAP connection prove who we are. Secrets by reference only."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from connectors.declarative.settings.auth import Basic, Bearer, NoAuth, OAuth2, SessionLogin
from connectors.declarative.settings.base import Section
from connectors.secrets import SecretReference

_PLACE = r"^[A-Za-z_][\w-]*(\.[A-Za-z_][\w-]*)*$"


class Ntlm(Section):
    """A Windows account over NTLM, as Dynamics NAV asks for it."""

    kind: Literal["ntlm"] = Field(description="a Windows account over NTLM")
    user: str = Field(min_length=1, max_length=200, description=r"user name, as `DOMAIN\name` or `name@domain`")
    password: SecretReference = Field(description="where the password is kept")


class UsernameToken(Section):
    """User name and password in the header Security of the message (WS-Security UsernameToken Profile 1.0)."""

    kind: Literal["username_token"] = Field(description="WS-Security UsernameToken")
    user: str = Field(min_length=1, max_length=200, description="user name")
    password: SecretReference = Field(description="where the password is kept")
    digest: bool = Field(
        default=True, description="whether a digest of it is sent, with a nonce and the time; else the password itself"
    )
    lifetime: int = Field(
        default=300, ge=0, le=86_400, description="seconds a message is good for, in a Timestamp; 0: none is sent"
    )


class TokenPassport(Section):
    """The token-based signature of NetSuite, made anew for each request."""

    kind: Literal["token_passport"] = Field(description="NetSuite's token-based authentication")
    account: str = Field(min_length=1, max_length=60, description="account id, such as 1234567 or 1234567_SB1")
    consumer_key: SecretReference = Field(description="where the key of the integration record is kept")
    consumer_secret: SecretReference = Field(description="where its secret is kept")
    token_id: SecretReference = Field(description="where the id of the token is kept")
    token_secret: SecretReference = Field(description="where its secret is kept")


class InArguments(Section):
    """Credentials among the arguments of each operation. The arguments have them as empty texts, which are filled in
    as the request is sent."""

    kind: Literal["arguments"] = Field(description="credentials among the arguments of each operation")
    password: SecretReference = Field(description="where the password is kept")
    password_in: str = Field(
        pattern=_PLACE, max_length=200, description="argument it is put into: names with dots, from the operation's"
    )
    key: SecretReference | None = Field(default=None, description="where a second secret is kept")
    key_in: str = Field(default="", pattern=f"^$|{_PLACE}", max_length=200, description="argument that is put into")

    @model_validator(mode="after")
    def _both(self) -> Self:
        if (self.key is not None) and not self.key_in:
            raise ValueError("key needs key_in: the argument it is put into")
        return self


SoapAuth = Annotated[
    NoAuth | Basic | Bearer | OAuth2 | SessionLogin | Ntlm | UsernameToken | TokenPassport | InArguments,
    Field(discriminator="kind"),
]
