"""Tokens of an authorization server: every grant, expiry, refusal, and what goes wrong on the way."""

from __future__ import annotations

import base64
from concurrent.futures import ThreadPoolExecutor

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from connectors.declarative.settings.request import Request
from connectors.spi import UnknownOutcome
from core.errors import ConfigError, FatalError, RetryableError
from tests.unit.crm_rest_client.authorization import Authorization
from tests.unit.crm_rest_client.conftest import reply
from tests.unit.http.server import Answer, closed_port, hang_up

GET = Request(path="/x")
SECRET = {"env": "SECRET"}
CLIENT = {"kind": "oauth2", "grant": "client_credentials", "client_id": "cid", "client_secret": SECRET}
PASSWORD = {"kind": "oauth2", "grant": "password", "client_id": "cid", "user": "me", "password": SECRET}
REFRESH = {**CLIENT, "grant": "refresh_token", "refresh_token": SECRET, "token_file": "token.json"}


@pytest.fixture
def meet(serve, connect):
    """A client and the authorization server it asks."""

    def start(auth, authorization=None, **settings):
        guard = authorization or Authorization()
        guard.server = serve(guard)
        settings = {"error_message": "error", **settings}
        return connect(guard.server, auth={"token_url": f"{guard.server.url}/token", **auth}, **settings), guard

    return start


def test_client_credentials_in_the_header(meet):
    client, guard = meet({**CLIENT, "scope": "https://org/.default more", "extra": {"resource": "https://org?a=b&c"}})
    assert client.call(GET).body == {"path": "/x"}
    scope = "https://org/.default more"
    assert guard.forms == [{"grant_type": "client_credentials", "scope": scope, "resource": "https://org?a=b&c"}]
    assert guard.headers[0]["Authorization"] == "Basic " + base64.b64encode(b"cid:s3cret-value").decode()
    assert guard.headers[0]["Content-Type"].startswith("application/x-www-form-urlencoded")


def test_client_credentials_in_the_body(meet, monkeypatch):
    monkeypatch.setenv("SECRET", "s3 +&=%ü")
    client, guard = meet({**CLIENT, "client_auth": "body"})
    client.call(GET)
    assert guard.forms[0] == {"grant_type": "client_credentials", "client_id": "cid", "client_secret": "s3 +&=%ü"}
    assert "Authorization" not in guard.headers[0]


def test_the_header_of_one_client_does_not_reach_another(meet):
    meet(CLIENT)[0].call(GET)
    client, guard = meet({**CLIENT, "client_auth": "body"})
    client.call(GET)
    assert "Authorization" not in guard.headers[0]


@pytest.mark.parametrize("client_secret", [None, SECRET])
def test_a_password_is_sent_for_a_token(meet, client_secret):
    client, guard = meet({**PASSWORD, "client_secret": client_secret})
    client.call(GET)
    form = {"grant_type": "password", "username": "me", "password": "s3cret-value"}
    assert guard.forms == [form if client_secret else {**form, "client_id": "cid"}]


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256"])
def test_a_signed_assertion_is_sent_for_a_token(meet, clock, tmp_path, algorithm):
    key = ECKey.generate_key("P-256") if algorithm == "ES256" else RSAKey.generate_key(2048)
    (tmp_path / "key.pem").write_bytes(key.as_pem(private=True))
    client, guard = meet(
        {
            "kind": "oauth2",
            "grant": "jwt_bearer",
            "client_id": "cid",
            "user": "me@example.com",
            "private_key": {"file": "key.pem"},
            "key_id": "k1",
            "audience": "https://login.example.com",
            "algorithm": algorithm,
        }
    )
    client.call(GET)
    (form,) = guard.forms
    assert form.keys() == {"grant_type", "assertion"}
    assert form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
    token = jwt.decode(form["assertion"], key, algorithms=[algorithm])
    now = int(clock.now().timestamp())
    assert token.header == {"typ": "JWT", "kid": "k1", "alg": algorithm}
    assert token.claims.pop("jti")
    assert token.claims == {
        "iss": "cid",
        "sub": "me@example.com",
        "aud": "https://login.example.com",
        "iat": now,
        "exp": now + 180,
    }
    assert "Authorization" not in guard.headers[0]


def test_a_client_can_prove_itself_by_an_assertion(meet, tmp_path):
    key = RSAKey.generate_key(2048)
    (tmp_path / "key.pem").write_bytes(key.as_pem(private=True))
    auth = {"kind": "oauth2", "grant": "client_credentials", "client_id": "cid", "algorithm": "PS256", "key_id": "k"}
    client, guard = meet({**auth, "private_key": {"file": "key.pem"}, "scope": "rest_webservices other"})
    client.call(GET)
    (form,) = guard.forms
    assert form["grant_type"] == "client_credentials" and "client_secret" not in form
    assert form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    claims = jwt.decode(form["client_assertion"], key, algorithms=["PS256"]).claims
    assert claims["iss"] == claims["sub"] == "cid" and claims["aud"] == f"{guard.server.url}/token"
    assert claims["scope"] == ["rest_webservices", "other"]


@pytest.mark.parametrize("pem", ["no key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", "{}"])
@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_a_key_that_cannot_sign_is_a_mistake_in_the_settings(meet, tmp_path, pem, algorithm):
    (tmp_path / "key.pem").write_text(pem)
    auth = {"kind": "oauth2", "grant": "jwt_bearer", "client_id": "cid", "private_key": {"file": "key.pem"}}
    client, guard = meet({**auth, "algorithm": algorithm})
    with pytest.raises(ConfigError, match="no token request can be made") as caught:
        client.call(GET)
    assert "private_key" in caught.value.hint and guard.forms == [] and "AAAA" not in str(caught.value)


def test_a_token_is_used_until_a_minute_before_its_end(meet, clock):
    client, guard = meet(CLIENT)
    client.call(GET)
    clock.advance(3539)
    client.call(GET)
    assert guard.given == 1
    clock.advance(2)
    client.call(GET)
    assert guard.given == 2


@pytest.mark.parametrize(("told", "lasts"), [("120", 108), (None, 270), ("soon", 270), (0, 270), (-5, 270)])
def test_how_long_a_token_lasts_may_be_text_or_left_unsaid(meet, clock, told, lasts):
    client, guard = meet({**CLIENT, "lifetime": 300}, Authorization(expires_in=told))
    client.call(GET)
    clock.advance(lasts - 1)
    client.call(GET)
    assert guard.given == 1
    clock.advance(2)
    client.call(GET)
    assert guard.given == 2


@pytest.mark.parametrize("during", ["read", "write"])
def test_a_token_refused_on_the_way_is_got_anew_once(meet, during):
    client, guard = meet(CLIENT)
    client.call(GET)
    guard.given += 1  # revoked
    assert client.call(GET, during=during).meaning == "fine"
    assert guard.given == 3 and len(guard.server.asked) == 5


def test_a_token_refused_again_stops_and_is_not_shown(meet):
    client, guard = meet(CLIENT)
    guard.server.answer = lambda asked: (
        guard(asked) if asked.path == "/token" else reply({"error": f"no: {asked.headers['Authorization']}"}, 401)
    )
    with pytest.raises(FatalError, match=r"answered 401: no: Bearer \*\*\*") as caught:
        client.call(GET)
    assert guard.given == 2 and "access" not in caught.value.message and "[auth]" in caught.value.hint


@pytest.mark.parametrize("auth", [CLIENT, REFRESH])
def test_many_threads_get_one_token_together(meet, auth):
    client, guard = meet(auth, Authorization(rotates=auth is REFRESH), throttle={"concurrency": 8})
    with ThreadPoolExecutor(8) as threads:
        assert {answer.meaning for answer in threads.map(lambda _: client.call(GET), range(40))} == {"fine"}
        assert guard.given == 1
        guard.given += 1  # revoked while eight are at work
        assert {answer.meaning for answer in threads.map(lambda _: client.call(GET), range(40))} == {"fine"}
    assert guard.given == 3


def test_a_rule_can_say_that_the_token_ended(meet):
    rules = [{"path": "errorCode", "matches": "INVALID_SESSION", "then": "refresh"}]
    client, guard = meet(CLIENT, errors=rules)
    client.call(GET)
    guard.server.answer = lambda asked: (
        guard(asked)
        if asked.path == "/token" or asked.headers["Authorization"] != "Bearer access-1"
        else reply({"errorCode": "INVALID_SESSION_ID"})
    )
    assert client.call(GET, during="write").body == {"path": "/x"} and guard.given == 2


def test_the_reply_tells_where_to_go_on(meet):
    auth = {**CLIENT, "exports": {"instance": "api_domain", "none": "a.b"}}
    guard = Authorization()
    client, _ = meet(auth, guard, base_url="${session.instance}/services/")
    guard.more = {"api_domain": guard.server.url}
    assert client.call(GET).body == {"path": "/services/x"}
    assert client.roots()["session"] == {"instance": guard.server.url, "none": None}


def test_another_word_may_stand_before_the_token(meet):
    client, guard = meet({**CLIENT, "scheme": "Zoho-oauthtoken"})
    with pytest.raises(FatalError):
        client.call(GET)
    assert guard.server.asked[1].headers["Authorization"] == "Zoho-oauthtoken access-1"


@pytest.mark.parametrize(
    ("answer", "words", "hint"),
    [
        (reply({"error": "invalid_client"}, 401), "401: invalid_client", "client_auth"),
        (reply({"error": "invalid_code"}), "200: invalid_code", "client's secret"),
        (
            reply({"error": "invalid_scope", "error_description": "no <b>such</b>\n”scope“"}, 400),
            "no such ”scope“",
            "scope",
        ),
        (reply({"error": {"a": 1}}, 400), "answered 400", "[auth]"),
        (reply({"access_token": ""}), "no access_token", "token_url"),
        (reply({"access_token": 7}), "no access_token", "token_url"),
        (reply([1]), "no access_token", "token_url"),
        (Answer(404, b"<html>not here</html>"), "answered 404", "client's secret"),
    ],
)
def test_a_refusal_stops_with_what_to_do(meet, answer, words, hint):
    client, guard = meet(CLIENT)
    guard.instead = lambda asked: answer
    with pytest.raises(FatalError) as caught:
        client.call(GET, during="write")
    assert words in caught.value.message
    assert hint in caught.value.hint or (hint == "[auth]" and "auth" in caught.value.hint)
    assert len(guard.server.asked) == 1


def test_a_reply_that_echoes_the_secret_does_not_show_it(meet):
    client, guard = meet(CLIENT)
    guard.instead = lambda asked: reply({"error": "invalid_client", "error_description": "bad s3cret-value"}, 401)
    with pytest.raises(FatalError, match=r"bad \*\*\*"):
        client.call(GET)


@pytest.mark.parametrize(
    "answer",
    [
        reply({}, 500),
        reply({}, 429, Retry_After="7"),
        reply({"error": "temporarily_unavailable"}, 400),
        reply({"error": "Access Denied", "error_description": "You have made too many requests"}, 400),
        Answer(200, b"<html>back soon</html>"),
        Answer(200, b"{"),
        hang_up,
    ],
)
def test_what_is_broken_for_now_can_be_tried_again(meet, answer):
    client, guard = meet(CLIENT)
    guard.instead = lambda asked: answer
    with pytest.raises(RetryableError) as caught:
        client.call(GET, during="write")
    assert not isinstance(caught.value, UnknownOutcome) and len(guard.server.asked) == 1
    guard.instead = lambda asked: None
    assert client.call(GET).meaning == "fine"


def test_a_read_tries_again_for_a_token_too(meet):
    client, guard = meet(CLIENT)
    answers = [hang_up, reply({}, 502)]
    guard.instead = lambda asked: answers.pop() if answers else None
    assert client.call(GET).meaning == "fine" and len(guard.forms) == 3


def test_no_connection_for_a_token_can_be_tried_again(serve, connect):
    client = connect(serve(), auth={**CLIENT, "token_url": f"http://127.0.0.1:{closed_port()}/token"})
    with pytest.raises(RetryableError, match="no connection"):
        client.call(GET)


def test_the_rules_of_the_connection_hold_for_tokens_too(serve, connect):
    other = serve()
    away = serve(lambda asked: Answer(307, b"", {"Location": other.url}))
    with pytest.raises(FatalError, match="redirects"):
        connect(away, auth={**CLIENT, "token_url": f"{away.url}/token"}).call(GET)
    large = serve(lambda asked: Answer(200, b" " * (2 << 20)))
    with pytest.raises(RetryableError, match="larger than"):
        auth = {**CLIENT, "token_url": f"{large.url}/token"}
        connect(large, auth=auth, http={"max_reply_megabytes": 1}).call(GET)
    with pytest.raises(ConfigError, match="in clear"):
        connect(large, auth={**CLIENT, "token_url": "http://login.example.com/token"}).call(GET)
    assert other.asked == []


def test_a_table_of_the_other_system_cannot_stand_in_a_token_request(meet):
    client, _ = meet({**CLIENT, "extra": {"x": "${values.a | lookup:b}"}}, values={"a": "1"})
    with pytest.raises(FatalError, match="there is no table b here"):
        client.call(GET)
