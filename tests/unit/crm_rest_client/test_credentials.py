"""Keys, passwords and tokens that stay the same: where they go, and where they never go."""

from __future__ import annotations

import base64

import pytest

from connectors.declarative.settings.request import Request
from core.errors import ConfigError, FatalError
from tests.unit.crm_rest_client.conftest import reply
from tests.unit.http.server import TLS

GET = Request(path="/x")
KEY = {"env": "SECRET"}


@pytest.mark.parametrize(
    ("auth", "name", "value"),
    [
        ({"kind": "api_key", "key": KEY}, "X-API-Key", "s3cret-value"),
        ({"kind": "api_key", "key": KEY, "name": "DOLAPIKEY"}, "DOLAPIKEY", "s3cret-value"),
        (
            {"kind": "api_key", "key": KEY, "second": {"env": "SECOND"}, "name": "Authorization", "prefix": "token "},
            "Authorization",
            "token s3cret-value:s3cond-value",
        ),
        ({"kind": "bearer", "token": KEY}, "Authorization", "Bearer s3cret-value"),
        (
            {"kind": "bearer", "token": KEY, "scheme": "Zoho-oauthtoken"},
            "Authorization",
            "Zoho-oauthtoken s3cret-value",
        ),
        ({"kind": "bearer", "token": KEY, "scheme": ""}, "Authorization", "s3cret-value"),
        (
            {"kind": "basic", "user": "me", "password": KEY},
            "Authorization",
            "Basic " + base64.b64encode(b"me:s3cret-value").decode(),
        ),
    ],
)
def test_each_goes_where_it_belongs(serve, connect, auth, name, value):
    server = serve(lambda asked: reply({}))
    connect(server, auth=auth).call(GET)
    assert server.asked[0].headers[name] == value and server.asked[0].path == "/x"


def test_no_credentials_are_sent_where_there_are_none(serve, connect):
    server = serve(lambda asked: reply({}))
    connect(server).call(GET)
    assert "Authorization" not in server.asked[0].headers and "Cookie" not in server.asked[0].headers


@pytest.mark.parametrize(("charset", "sent"), [("utf-8", b"j\xc3\xb6rg:p\xc3\xa4ss"), ("latin-1", b"j\xf6rg:p\xe4ss")])
def test_a_password_with_accents_is_sent_as_the_settings_say(serve, connect, monkeypatch, charset, sent):
    monkeypatch.setenv("SECRET", "päss")
    server = serve(lambda asked: reply({}))
    connect(server, auth={"kind": "basic", "user": "jörg", "password": KEY, "charset": charset}).call(GET)
    assert server.asked[0].headers["Authorization"] == "Basic " + base64.b64encode(sent).decode()


def test_letters_the_charset_does_not_have_are_a_mistake_in_the_settings(serve, connect, monkeypatch):
    monkeypatch.setenv("SECRET", "пароль")
    server = serve(lambda asked: reply({}))
    with pytest.raises(ConfigError, match=r"auth\.charset") as caught:
        connect(server, auth={"kind": "basic", "user": "u", "password": KEY, "charset": "latin-1"}).call(GET)
    assert "пароль" not in str(caught.value) and server.asked == []


def test_a_secret_that_is_not_there_says_so(serve, connect, monkeypatch):
    monkeypatch.delenv("SECRET")
    with pytest.raises(ConfigError, match="SECRET is not set"):
        connect(serve(), auth={"kind": "bearer", "token": KEY}).call(GET)


def test_a_secret_that_cannot_be_sent_is_not_shown(serve, connect, monkeypatch):
    monkeypatch.setenv("SECRET", "s3cret\r\nX: y")
    with pytest.raises(ConfigError, match="Authorization") as caught:
        connect(serve(), auth={"kind": "bearer", "token": KEY}).call(GET)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "auth",
    [
        {"kind": "bearer", "token": KEY},
        {"kind": "basic", "user": "u", "password": KEY},
        {"kind": "api_key", "key": KEY, "place": "query"},
        {"kind": "api_key", "key": KEY},
    ],
)
def test_what_a_server_echoes_of_a_secret_is_not_shown(serve, connect, monkeypatch, auth):
    monkeypatch.setenv("SECRET", "s3cret/+ value")

    def echo(asked):
        said = " ".join((asked.path, *map(str, asked.headers.values())))
        return reply({"m": f"<b>bad</b> {said} s3cret&#47;+ value"}, 403)

    with pytest.raises(FatalError) as caught:
        connect(serve(echo), auth=auth, error_message="m").call(GET)
    encoded = base64.b64encode(b"u:s3cret/+ value").decode()
    assert "bad" in caught.value.message and "***" in caught.value.message
    assert "s3cret" not in caught.value.message and encoded not in caught.value.message


def test_a_refused_secret_is_read_anew_as_it_may_have_been_replaced(serve, connect, tmp_path):
    (tmp_path / "token").write_text("old\n")
    server = serve(lambda asked: reply({}, 200 if asked.headers["Authorization"] == "Bearer new" else 401))
    client = connect(server, auth={"kind": "bearer", "token": {"file": "token"}})
    with pytest.raises(FatalError, match="answered 401") as caught:
        client.call(GET)
    assert "[auth]" in caught.value.hint and len(server.asked) == 1
    (tmp_path / "token").write_text("new\n")
    client.call(GET, during="write")
    assert [asked.headers["Authorization"] for asked in server.asked] == ["Bearer old", "Bearer old", "Bearer new"]


def test_a_client_certificate_alone_is_enough(serve, connect):
    server = serve(lambda asked: reply({"known": True}), tls=True, clients="client.pem")
    files = {"ca_file": "ca.pem", "client_certificate": "client.pem", "client_key": "client-key.pem"}
    assert connect(server, base=TLS, http=files).call(GET).body == {"known": True}


def test_no_part_of_a_secret_is_shown_where_a_long_message_is_cut(serve, connect):
    server = serve(lambda asked: reply({"m": "x" * 592 + "s3cret-value"}, 403))
    with pytest.raises(FatalError) as caught:
        connect(server, auth={"kind": "bearer", "token": KEY}, error_message="m").call(GET)
    assert "s3c" not in caught.value.message and caught.value.message.endswith("x***")
