"""Credentials among the arguments: filled in as a request is sent, where its settings leave room for them."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from connectors.declarative.settings.request import Operation
from connectors.soap_erp.settings import SoapSettings
from core.errors import ConfigError, FatalError, RebatedError
from tests.helpers.stand_ins.dolibarr_soap import DolibarrSoap

ROOM = {"dolibarrkey": "", "sourceapplication": "", "login": "rebated", "password": "", "entity": ""}
VERSIONS = Operation(operation="getVersions", arguments={"authentication": ROOM})
AUTH = {
    "kind": "arguments",
    "password": {"env": "PASSWORD"},
    "password_in": "authentication.password",
    "key": {"env": "KEY"},
    "key_in": "authentication.dolibarrkey",
}
WSDL = DolibarrSoap.services["other"].source


@pytest.fixture
def dolibarr(monkeypatch):
    with DolibarrSoap() as dolibarr:
        monkeypatch.setenv("PASSWORD", dolibarr.password)
        monkeypatch.setenv("KEY", dolibarr.soap_key)
        yield dolibarr
        assert dolibarr.invalid == []


def said(client) -> str:
    return client.call(VERSIONS).body["result"]["result_code"]


def test_the_secrets_stand_where_the_settings_say(dolibarr, connect):
    client = connect(WSDL, dolibarr.address("other"), auth=AUTH)
    assert said(client) == "OK"
    (asked,) = dolibarr.requests
    assert asked.body.count(dolibarr.soap_key.encode()) == 1
    assert "Authorization" not in asked.headers


def test_what_is_shown_of_a_request_has_no_secret(dolibarr, connect):
    client = connect(WSDL, dolibarr.address("other"), auth=AUTH)
    client.log_in()
    dolibarr.fail(500, f"no {dolibarr.soap_key}, no &lt;word&gt;".encode(), content_type="text/plain", times=9)
    with pytest.raises(RebatedError) as refused:
        said(client)
    assert dolibarr.soap_key not in str(refused.value)
    shown = client.without_secrets(dolibarr.requests[0].body.decode())
    assert dolibarr.soap_key not in shown and "51c7" not in shown


def test_a_secret_that_was_replaced_is_read_again(dolibarr, connect, monkeypatch):
    monkeypatch.setenv("PASSWORD", "the old one")
    client = connect(
        WSDL,
        dolibarr.address("other"),
        auth=AUTH,
        errors=[{"path": "result.result_code", "matches": "BAD_CREDENTIALS", "then": "refresh"}],
    )
    client.log_in()
    monkeypatch.setenv("PASSWORD", dolibarr.password)
    assert said(client) == "OK"
    monkeypatch.setenv("PASSWORD", "another")
    dolibarr.password = "nobody knows"  # type: ignore[misc]
    with pytest.raises(FatalError):
        said(client)


@pytest.mark.parametrize("place", ["authentication.secret", "password", "authentication"])
def test_where_there_is_no_room_the_place_is_named(dolibarr, connect, place):
    client = connect(WSDL, dolibarr.address("other"), auth={**AUTH, "password_in": place})
    with pytest.raises(ConfigError, match=place):
        said(client)
    assert dolibarr.requests == []


def test_a_second_secret_needs_a_place():
    auth = {name: value for name, value in AUTH.items() if name != "key_in"}
    with pytest.raises(ValidationError, match="key_in"):
        SoapSettings.model_validate({"wsdl": {"only": {"source": "x.wsdl"}}, "auth": auth})
