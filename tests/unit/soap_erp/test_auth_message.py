"""Proofs that stand in the message: made anew for each attempt, checked by the other side, shown to nobody."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
from lxml import etree

from connectors.declarative.outgoing import Outgoing
from connectors.declarative.settings.request import Operation
from connectors.soap_erp.auth import authentication
from connectors.soap_erp.auth_settings import TokenPassport, UsernameToken
from core.errors import ConfigError, FatalError
from tests.helpers.stand_ins.netsuite_soap import WSDL as NETSUITE
from tests.helpers.stand_ins.netsuite_soap import NetSuiteSoap
from tests.helpers.stand_ins.soap import SoapFault
from tests.unit.soap_erp.desk import WSDL, WSS, Desk, UsernameTokens, digest_of

COUNT = Operation(operation="Count")
ADD = Operation(operation="Add", arguments={"Text": "a < b & ü"})
TOKEN = {"kind": "username_token", "user": "бухгалтер", "password": {"env": "SECRET"}}
PASSPORT = {
    "kind": "token_passport",
    "account": "1234567_SB1",
    "consumer_key": {"env": "CONSUMER_KEY"},
    "consumer_secret": {"env": "CONSUMER_SECRET"},
    "token_id": {"env": "TOKEN"},
    "token_secret": {"env": "TOKEN_SECRET"},
}
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"


@pytest.fixture
def desk(clock):
    with Desk() as desk:
        desk.guard = desk.tokens = UsernameTokens(clock.now, "s3cret & <value>")
        yield desk
        assert desk.invalid == []


@pytest.fixture
def netsuite(monkeypatch):
    with NetSuiteSoap() as netsuite:
        own = netsuite.passports
        monkeypatch.setenv("CONSUMER_KEY", own.consumer_key)
        monkeypatch.setenv("CONSUMER_SECRET", own.consumer_secret)
        monkeypatch.setenv("TOKEN", own.token)
        monkeypatch.setenv("TOKEN_SECRET", own.token_secret)
        yield netsuite
        assert netsuite.invalid == []


@pytest.fixture
def proof(tmp_path, clock, surroundings):
    """The proof of one request, by the settings."""

    def make(settings, body: bytes):
        found = (UsernameToken if settings["kind"] == "username_token" else TokenPassport).model_validate(settings)
        proving = authentication(found, surroundings)
        return proving.sign(Outgoing("POST", "http://x/", "", {}, body))

    return make


@pytest.fixture
def surroundings(tmp_path, clock):
    from connectors.declarative.auth import Surroundings
    from connectors.http.session import HttpSession
    from connectors.http.settings import HttpSettings

    http = HttpSession(HttpSettings(), base=tmp_path)
    return Surroundings("erp", tmp_path, http, clock, lambda *asked: None, lambda template, data=None: template)


def test_the_servers_reckoning_agrees_with_a_published_digest():
    """Of ONVIF's Application Programmer's Guide, section 6.1.1.3."""
    given = ("LKqI6G/AikKCQrN0zqZFlg==", "2010-09-16T07:50:45Z", "userpassword")
    assert digest_of(*given) == "tuOSpGlFlIXsozq4HFNeeGeFLEI="


@pytest.mark.parametrize("digest", [True, False])
@pytest.mark.parametrize("port", ["Desk11", "Desk12"])
def test_a_user_is_known_by_what_the_message_says(desk, connect, port, digest):
    client = connect(WSDL, desk.address("desk"), port=port, auth={**TOKEN, "digest": digest})
    assert client.call(ADD, during="write").meaning == "fine"
    assert client.call(COUNT).body == {"Number": 1} and desk.added == ["a < b & ü"]


def test_every_attempt_of_a_read_has_a_nonce_and_a_time_of_its_own(desk, connect, clock):
    client = connect(WSDL, desk.address("desk"), auth=TOKEN)
    desk.fail(503, after=True, times=2)
    assert client.call(COUNT).body == {"Number": 0}
    assert len(desk.requests) == 3
    nonces, created = zip(*desk.tokens.seen, strict=True)
    assert len(set(nonces)) == 3 and len(set(created)) == 3 and len(clock.slept) == 2


def test_a_password_that_was_replaced_is_used_in_a_message_made_anew(desk, connect, monkeypatch):
    client = connect(WSDL, desk.address("desk"), auth=TOKEN)
    monkeypatch.setenv("SECRET", "the 0ld one")
    client.log_in()
    monkeypatch.setenv("SECRET", "s3cret & <value>")
    assert client.call(ADD, during="write").meaning == "fine"
    assert len(desk.requests) == 2 and len(desk.added) == 1


@pytest.mark.parametrize("during", ["read", "write"])
@pytest.mark.parametrize("port", ["Desk11", "Desk12"])
def test_a_wrong_password_stops_and_is_not_shown(desk, connect, monkeypatch, caplog, port, during):
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("SECRET", "wr0ng & <value>")
    client = connect(WSDL, desk.address("desk"), auth={**TOKEN, "digest": False}, port=port)
    with pytest.raises(FatalError, match=r"not \*\*\*") as caught:
        client.call(COUNT, during=during)
    assert "wr0ng" not in caught.value.message + caplog.text and len(desk.requests) == 1
    assert "credentials are not accepted" in caught.value.hint
    assert client.without_secrets("<p>wr0ng &amp; &lt;value&gt;</p> wr0ng+wr0ng & <value>") == "<p>***</p> wr0ng+***"


def test_a_message_that_waited_for_its_turn_is_stamped_when_it_leaves(proof, clock):
    made = proof(TOKEN, b'<e:Envelope xmlns:e="%s"><e:Body/></e:Envelope>' % SOAP.encode())
    clock.advance(900)
    assert b"2026-03-01T12:15:00.000Z" in made.body() and b"2026-03-01T12:20:00.000Z" in made.body()
    assert b"12:00:00" not in made.body() and repr(made) == "Proof(***)"


def test_what_else_the_message_holds_stays_as_it_is(proof):
    body = f"""<?xml version="1.0"?><!-- a --><e:Envelope xmlns:e="{SOAP}" xmlns:x="urn:x">
        <e:Header><x:Other e:mustUnderstand="1">ü</x:Other></e:Header>
        <e:Body><x:Ask type="x:T"><![CDATA[<a>&amp;]]> &#13;<x:Empty/> text </x:Ask></e:Body></e:Envelope>""".encode()
    made = etree.fromstring(proof(TOKEN, body).body())
    security = made.find(f"{{{SOAP}}}Header/sec:Security", WSS)
    assert [etree.QName(child).localname for child in security] == ["Timestamp", "UsernameToken"]
    security.getparent().remove(security)
    assert etree.tostring(made, method="c14n") == etree.tostring(etree.fromstring(body), method="c14n")


@pytest.mark.parametrize(("actor", "headers"), [("", 1), (f'e:actor="{SOAP}actor/next"', 2)])
def test_a_security_header_that_is_there_for_the_receiver_is_used(proof, actor, headers):
    body = f"""<e:Envelope xmlns:e="{SOAP}" xmlns:s="{WSS["sec"]}"><e:Header><s:Security {actor}><s:Own/></s:Security>
        </e:Header><e:Body/></e:Envelope>""".encode()
    made = etree.fromstring(proof({**TOKEN, "lifetime": 0}, body).body())
    found = made.findall(f"{{{SOAP}}}Header/sec:Security", WSS)
    assert len(found) == headers and found[-1].find("sec:UsernameToken", WSS) is not None
    assert made.find(".//util:Timestamp", WSS) is None


@pytest.mark.parametrize("auth", [TOKEN, PASSPORT])
@pytest.mark.parametrize(
    "body",
    [
        None,
        b"",
        b"{}",
        b"<Envelope><Body/></Envelope>",
        b'<e:Envelope xmlns:e="%s"/>' % SOAP.encode(),
        b'<!DOCTYPE e:Envelope [<!ENTITY a "b">]><e:Envelope xmlns:e="%s"><e:Body>&a;</e:Body></e:Envelope>'
        % SOAP.encode(),
    ],
)
def test_only_a_message_can_be_signed(proof, auth, body, monkeypatch):
    for name in ("CONSUMER_KEY", "CONSUMER_SECRET", "TOKEN", "TOKEN_SECRET"):
        monkeypatch.setenv(name, "x")
    with pytest.raises(FatalError, match="no SOAP message") as caught:
        proof(auth, body)
    assert caught.value.__context__ is None


def test_a_secret_that_no_message_can_carry_is_named(proof, tmp_path):
    (tmp_path / "secret").write_bytes(b"s3cret\x01")
    with pytest.raises(ConfigError, match="file secret holds a character"):
        proof({**TOKEN, "password": {"file": "secret"}}, b"")


def test_netsuite_knows_each_passport_and_its_signature(netsuite, connect, clock):
    client = connect(NETSUITE, netsuite.address("netsuite"), auth=PASSPORT)
    clock.advance((netsuite.clock.now() - clock.now()) / timedelta(seconds=1))
    netsuite.fail(503, after=True, times=2)
    answer = client.call(Operation(operation="getServerTime"))
    assert answer.body["getServerTimeResult"]["status"]["isSuccess"] is True
    assert netsuite.passports.audit == [] and len(netsuite.requests) == 3
    client.call(Operation(operation="getAll", arguments={"record": {"recordType": "currency"}}), during="write")
    assert netsuite.passports.audit == []


def test_a_passport_that_is_refused_stops_without_showing_it(netsuite, connect, monkeypatch, caplog):
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.INFO, "zeep")
    monkeypatch.setenv("TOKEN_SECRET", "wr0ng")
    rules = [{"path": "fault.detail.invalidCredentialsFault", "then": "refresh"}]
    client = connect(NETSUITE, netsuite.address("netsuite"), auth=PASSPORT, errors=rules)
    with pytest.raises(FatalError, match="Invalid login attempt"):
        client.call(Operation(operation="getServerTime"))
    # Once more, as one whose nonce was used up on the way is refused alike.
    assert (
        netsuite.passports.audit == ["InvalidSignature"] * 2 and netsuite.requests[0].body != netsuite.requests[1].body
    )
    hidden = (netsuite.passports.consumer_secret, netsuite.passports.token, netsuite.passports.consumer_key)
    assert not any(secret in caplog.text for secret in ("wr0ng", *hidden))
    assert client.without_secrets(" ".join(hidden)) == "*** *** ***"


def test_a_passport_goes_with_messages_of_netsuite_only(proof, monkeypatch):
    for name in ("CONSUMER_KEY", "CONSUMER_SECRET", "TOKEN", "TOKEN_SECRET"):
        monkeypatch.setenv(name, "x")
    for namespace in ("urn:desk", "urn:core_2023_2.platform.webservices.netsuite.com"):
        body = f'<e:Envelope xmlns:e="{SOAP}"><e:Body><get xmlns="{namespace}"/></e:Body></e:Envelope>'
        with pytest.raises(FatalError, match="SuiteTalk"):
            proof(PASSPORT, body.encode())


def test_a_fault_that_quotes_the_digest_gives_no_password_away(desk, connect, monkeypatch):
    monkeypatch.setenv("SECRET", "wr0ng")
    client = connect(WSDL, desk.address("desk"), auth=TOKEN)
    desk.guard = _refusing
    with pytest.raises(FatalError) as caught:
        client.call(COUNT)
    assert "wr0ng" not in caught.value.message


def _refusing(asked):
    raise SoapFault("Client", asked.received.body.decode())
