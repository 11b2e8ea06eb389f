"""How a stand-in for Salesforce lets a connected app in: by its secret, or by a JWT that its certificate proves."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from tests.helpers.stand_ins.base import Received, Refused, StandIn, route, same

CLIENT = "3MVG9rebated.Lv0xQ"
SECRET = "5D1C7E0A94F2B86E-sf"
TOKEN = "00DJg0000001abc!AQ4AQHx7Zk"
USER = "rebated@example.com"
LOGIN = "https://login.salesforce.com"
_JWT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


class Tokens(StandIn):
    """Tokens say nowhere when they end: the settings of the organisation do. `certificate`: the app's public key, PEM.

    `instance`: where the organisation is; empty: where it was asked.
    """

    lifetime = timedelta(hours=2)

    def __init__(self) -> None:
        super().__init__()
        self.tokens: dict[str, datetime] = {}
        self.certificate, self.instance = "", ""

    @route("POST", "/services/oauth2/token", open=True)
    def token(self, asked: Received) -> Any:
        form = asked.form()
        match form.get("grant_type"):
            case "client_credentials":
                user, password = asked.basic() if asked.header("Authorization") else ("", "")
                user, password = user or form.get("client_id", ""), password or form.get("client_secret", "")
                if user != CLIENT:
                    raise _refusal("invalid_client_id", "client identifier invalid")
                if not same(password, SECRET):
                    raise _refusal("invalid_client", "invalid client credentials")
            case grant if grant == _JWT:
                self._judge_assertion(form.get("assertion", ""))
            case _:
                raise _refusal("unsupported_grant_type", "grant type not supported")
        token = f"{TOKEN}{len(self.tokens)}"
        self.tokens[token] = self.clock.now() + self.lifetime
        instance = self.instance or f"http://{asked.header('Host')}"
        own = {"access_token": token, "token_type": "Bearer", "scope": "api", "instance_url": instance}
        return own | {"id": f"{LOGIN}/id/00DJg/005Jg", "issued_at": str(int(self.clock.now().timestamp() * 1000))}

    def _judge_assertion(self, assertion: str) -> None:
        try:
            claims = jwt.decode(assertion, RSAKey.import_key(self.certificate), algorithms=["RS256"]).claims
        except (JoseError, ValueError):
            raise _refusal("invalid_grant", "invalid assertion") from None
        if claims.get("iss") != CLIENT or claims.get("sub") != USER:
            raise _refusal("invalid_grant", "user hasn't approved this consumer")
        if claims.get("aud") != LOGIN or not 0 < claims.get("exp", 0) - self.clock.now().timestamp() <= 180:
            raise _refusal("invalid_grant", "audience is invalid, or the assertion has expired")

    def check_token(self, asked: Received) -> None:
        """Refuse what comes without a token that holds."""
        ends = self.tokens.get(asked.bearer())
        if ends is None or ends < self.clock.now():
            error = {"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}
            raise Refused(401, [error], {"Request-Id": uuid.uuid4().hex})


def _refusal(error: str, why: str) -> Refused:
    return Refused(400, {"error": error, "error_description": why})
