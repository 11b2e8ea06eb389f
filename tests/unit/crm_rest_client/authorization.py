"""An authorization server and what it protects, strict about what it is asked."""

from __future__ import annotations

import threading
from collections.abc import Callable
from urllib.parse import parse_qs

from tests.unit.crm_rest_client.conftest import reply
from tests.unit.http.server import Answer, Asked


class Authorization:
    """Gives `access-1`, `access-2`, ...; only the last is accepted. `rotates`: each refresh gives another token, and
    the one before is worth nothing from then on."""

    def __init__(self, *, rotates: bool = False, refresh: str = "s3cret-value", **more: object) -> None:
        self._turn = threading.Lock()
        self.rotates, self.refresh, self.more = rotates, refresh, more
        self.given = 0
        self.forms: list[dict[str, str]] = []
        self.headers: list[object] = []
        self.instead: Callable[[Asked], Answer | Callable[..., None] | None] = lambda asked: None

    def __call__(self, asked: Asked):
        if asked.path == "/token":
            return self._token(asked)
        if asked.headers.get("Authorization") != f"Bearer access-{self.given}":
            return reply({"error": asked.headers.get("Authorization")}, 401)
        return reply({"path": asked.path})

    def _token(self, asked: Asked):
        with self._turn:
            form = {name: values[0] for name, values in parse_qs(asked.body.decode(), strict_parsing=True).items()}
            self.forms.append(form)
            self.headers.append(asked.headers)
            instead = self.instead(asked)
            if instead is not None:
                return instead
            if form["grant_type"] == "refresh_token" and form["refresh_token"] != self.refresh:
                said = f"{form['refresh_token']} is not known"
                return reply({"error": "invalid_grant", "error_description": said}, 400)
            self.given += 1
            told = {"access_token": f"access-{self.given}", "token_type": "bearer", "expires_in": 3600, **self.more}
            if self.rotates:
                self.refresh = told["refresh_token"] = f"refresh-{self.given}"
            return reply({name: value for name, value in told.items() if value is not None})
