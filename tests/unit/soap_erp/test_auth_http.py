"""Proofs beside the message: Basic, NTLM, a client certificate, and what is asked for a WSDL with."""

from __future__ import annotations

import base64
import builtins
import logging

import pytest

from connectors.declarative.settings.request import Operation
from core.errors import ConfigError, FatalError
from tests.helpers.stand_ins.base import Refused
from tests.unit.http.server import TLS, Answer
from tests.unit.http.windows import Domain
from tests.unit.soap_erp.desk import WSDL, Desk

COUNT = Operation(operation="Count")
ADD = Operation(operation="Add", arguments={"Text": "once"})
_ENVELOPE = b'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>%s</e:Body></e:Envelope>'
COUNTED = _ENVELOPE % b'<CountResponse xmlns="urn:desk"><Number>7</Number></CountResponse>'
ADDED = _ENVELOPE % b'<AddResponse xmlns="urn:desk"/>'
NTLM = {"kind": "ntlm", "user": r"FIRMA\buchung", "password": {"env": "SECRET"}}


@pytest.fixture(autouse=True)
def users(tmp_path, monkeypatch):
    (tmp_path / "accounts").write_text("FIRMA:buchung:s3cret & <value>\n")
    monkeypatch.setenv("NTLM_USER_FILE", str(tmp_path / "accounts"))


class Windows(Domain):
    """One that shows its description, counts and adds for whoever is proved."""

    def __call__(self, asked):
        answer = super().__call__(asked)
        if answer.status != 200:
            return answer
        said = WSDL.read_bytes() if asked.method == "GET" else ADDED if b"once" in asked.body else COUNTED
        return Answer(200, said, {"Content-Type": "text/xml"})


def test_basic_carries_names_and_passwords_beyond_latin_1(connect, monkeypatch):
    monkeypatch.setenv("SECRET", "пароль")
    pair = "бухгалтер:пароль"

    def door(asked):
        if asked.header("Authorization") != f"Basic {base64.b64encode(pair.encode('utf-8')).decode()}":
            raise Refused(401, b"")

    with Desk() as desk:
        desk.door = door
        auth = {"kind": "basic", "user": "бухгалтер", "password": {"env": "SECRET"}}
        assert connect(WSDL, desk.address("desk"), auth=auth).call(COUNT).body == {"Number": 0}
        with pytest.raises(FatalError, match="401"):
            connect(WSDL, desk.address("desk"), auth={**auth, "user": "Бухгалтер"}).call(COUNT)
        assert desk.invalid == []


@pytest.mark.parametrize(
    "auth",
    [
        {"kind": "bearer", "token": {"env": "SECRET"}},
        {
            "kind": "oauth2",
            "grant": "client_credentials",
            "client_id": "rebated",
            "client_secret": {"env": "SECRET"},
        },
    ],
    ids=lambda auth: auth["kind"],
)
def test_a_token_goes_with_the_call(serve, connect, monkeypatch, auth):
    monkeypatch.setenv("SECRET", "T-1")

    def answer(asked):
        if asked.path == "/token":
            return Answer(200, b'{"access_token": "T-1", "token_type": "Bearer"}', {"Content-Type": "application/json"})
        proved = asked.headers.get("Authorization") == "Bearer T-1"
        return Answer(200, COUNTED, {"Content-Type": "text/xml"}) if proved else Answer(401)

    server = serve(answer)
    where = {"token_url": f"{server.url}/token"} if auth["kind"] == "oauth2" else {}
    assert connect(WSDL, f"{server.url}/desk", auth={**auth, **where}).call(COUNT).body == {"Number": 7}
    assert [asked.path for asked in server.asked] == ["/token", "/desk"][-1 - len(where) :]


def test_a_windows_account_is_proved_once_for_many_calls(serve, connect):
    domain = Windows()
    client = connect(WSDL, serve(domain).url, auth=NTLM)
    for _ in range(3):
        assert client.call(ADD, during="write").meaning == "fine"
    assert client.call(COUNT).body == {"Number": 7}
    assert [b"once" in body for _, body in domain.carried_out] == [True] * 3 + [False] and domain.begun == 1


def test_a_wrong_windows_password_stops_and_is_asked_for_anew(serve, connect, monkeypatch, caplog):
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("SECRET", "wr0ng")
    domain = Windows()
    client = connect(WSDL, serve(domain).url, auth=NTLM)
    with pytest.raises(FatalError, match="401") as caught:
        client.call(ADD, during="write")
    assert "credentials are not accepted" in caught.value.hint and domain.begun == 1 and domain.carried_out == []
    monkeypatch.setenv("SECRET", "s3cret & <value>")
    assert client.call(ADD, during="write").meaning == "fine" and len(domain.carried_out) == 1
    assert "wr0ng" not in caught.value.message + caplog.text and "s3cret" not in caplog.text


def test_a_windows_account_opens_the_wsdl_too(serve, connect):
    server = serve(Windows())
    assert connect(f"{server.url}/desk?wsdl", server.url, auth=NTLM).call(COUNT).body == {"Number": 7}
    assert [asked.method for asked in server.asked] == ["GET"] * 3 + ["POST"]


def test_ntlm_that_is_not_installed_is_named(connect, monkeypatch):
    there = builtins.__import__

    def absent(name, *told, **named):
        if name == "connectors.http.ntlm":
            raise ModuleNotFoundError(name)
        return there(name, *told, **named)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(ConfigError, match="NTLM is not installed") as caught:
        connect(WSDL, "http://127.0.0.1:1", auth=NTLM)
    assert caught.value.hint == "pip install rebated[ntlm]"


def test_a_client_certificate_reaches_the_service(serve, connect):
    server = serve(lambda asked: Answer(200, COUNTED, {"Content-Type": "text/xml"}), tls=True, clients="client.pem")
    known = {"ca_file": "ca.pem", "client_certificate": "client.pem", "client_key": "client-key.pem"}
    assert connect(WSDL, server.url, base=TLS, http=known).call(COUNT).body == {"Number": 7}
    with pytest.raises(FatalError, match="our certificate"):
        connect(WSDL, server.url, base=TLS, http={"ca_file": "ca.pem"}).call(COUNT)
