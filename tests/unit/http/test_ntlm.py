"""A Windows account, proved by a real handshake over real connections."""

from __future__ import annotations

import base64
import logging
import ssl
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from spnego.channel_bindings import GssChannelBindings

from connectors.http.ntlm import WindowsAccount
from connectors.http.session import NotSent, ReplyLost, TooLarge
from tests.unit.http.server import TLS, Answer, hang_up
from tests.unit.http.windows import Domain, accounts

ACCOUNT = WindowsAccount(r"FIRMA\buchung", "s3cret-wörd")


@pytest.fixture(autouse=True)
def users(tmp_path, monkeypatch):
    monkeypatch.setenv("NTLM_USER_FILE", str(accounts(tmp_path)))


def test_a_write_is_carried_out_once_and_its_connection_serves_the_next(serve, session):
    domain, http = Domain(), session()
    server = serve(domain)
    assert http.request("POST", server.url, body=b"<write/>", account=ACCOUNT).body == rb"done by FIRMA\buchung"
    assert domain.carried_out == [(r"FIRMA\buchung", b"<write/>")] and domain.unproved == [b"<write/>", b""]
    assert http.request("POST", server.url, body=b"<next/>", account=ACCOUNT).status == 200
    assert domain.begun == 1 and len(server.asked) == 4
    assert len({asked.connection for asked in server.asked}) == 1


def test_the_body_is_made_once_for_all_of_a_handshake(serve, session):
    made = []
    server = serve(Domain())
    session().request("POST", server.url, body=lambda: made.append(1) or b"<write/>", account=ACCOUNT)
    assert made == [1]


@pytest.mark.parametrize("user", [r"FIRMA\buchung", r"firma\BUCHUNG"])
@pytest.mark.parametrize("scheme", ["NTLM", "Negotiate"])
def test_schemes_and_names_as_servers_ask_and_people_write_them(serve, session, scheme, user):
    domain = Domain(scheme)
    account = WindowsAccount(user, "s3cret-wörd")
    assert session().request("POST", serve(domain).url, body=b"x", account=account).status == 200


@pytest.mark.parametrize(("user", "password"), [(r"FIRMA\buchung", "wr0ng"), (r"FIRMA\nobody", "s3cret-wörd")])
def test_a_wrong_account_is_a_refusal_and_nothing_is_carried_out(serve, session, user, password):
    domain = Domain()
    reply = session().request("POST", serve(domain).url, body=b"x", account=WindowsAccount(user, password))
    assert reply.status == 401 and domain.carried_out == [] and domain.begun == 1


def test_a_connection_that_must_be_proved_again_is(serve, session):
    domain, http = Domain(), session()
    server = serve(domain)
    for _ in range(2):
        assert http.request("POST", server.url, body=b"x", account=ACCOUNT).status == 200
        domain.forget()
    assert domain.begun == 2 and len(domain.carried_out) == 2


def test_threads_prove_connections_of_their_own(serve, session):
    domain, http = Domain(), session()
    server = serve(domain)
    bodies = [b"%d" % number for number in range(24)]
    with ThreadPoolExecutor(6) as threads:
        statuses = list(threads.map(lambda body: http.request("POST", server.url, body=body, account=ACCOUNT), bodies))
    assert {reply.status for reply in statuses} == {200}
    assert sorted(body for _, body in domain.carried_out) == sorted(bodies)


def test_the_handshake_is_bound_to_the_certificate_of_the_server(serve, session):
    """As `Extended Protection` of IIS wants it."""
    certificate = ssl.PEM_cert_to_DER_cert(_first_certificate())
    algorithm = x509.load_der_x509_certificate(certificate).signature_hash_algorithm
    digest = hashes.Hash(algorithm)
    digest.update(certificate)
    for end_point, status in ((digest.finalize(), 200), (b"\x00" * 32, 401)):
        bound = GssChannelBindings(application_data=b"tls-server-end-point:" + end_point)
        server = serve(Domain(bound=bound), tls=True)
        http = session(base=TLS, ca_file="ca.pem")
        assert http.request("POST", server.url, body=b"x", account=ACCOUNT).status == status


def test_without_a_demand_nothing_of_the_account_is_sent(serve, session):
    server = serve(lambda asked: Answer(401, b"", {"WWW-Authenticate": 'Basic realm="NTLM"'}))
    assert session().request("POST", server.url, body=b"x", account=ACCOUNT).status == 401
    assert len(server.asked) == 1 and "Authorization" not in server.asked[0].headers


@pytest.mark.parametrize(
    "strange",
    [
        Answer(200, b"<carried out>"),
        Answer(500, b""),
        Answer(302, b"", {"Location": "https://evil.example"}),
        Answer(401, b"", {"WWW-Authenticate": "NTLM"}),
        Answer(401, b"", {"WWW-Authenticate": "NTLM !!!"}),
        Answer(401, b"", {"WWW-Authenticate": "NTLM " + base64.b64encode(b"NTLMSSP\x00\x02\x00\x00\x00").decode()}),
        Answer(401, b"", {"WWW-Authenticate": "NTLM " + base64.b64encode(b"\xff" * 300).decode()}),
    ],
)
def test_a_server_that_leaves_the_handshake_carried_nothing_out(serve, session, strange):
    first = Answer(401, b"", {"WWW-Authenticate": "NTLM"})
    server = serve(lambda asked: strange if asked.headers.get("Authorization") else first)
    with pytest.raises(NotSent, match=r"127\.0\.0\.1:\d+: the handshake of NTLM") as caught:
        session().request("POST", server.url, body=b"<write/>", account=ACCOUNT)
    assert [asked.body for asked in server.asked] == [b"<write/>", b""]
    assert "keep connections alive" in caught.value.hint
    assert caught.value.__context__ is None and caught.value.__cause__ is None


def test_a_refusal_without_end_is_not_read_to_its_end(serve, session):
    endless = Answer(401, b"x" * (8 << 20), {"WWW-Authenticate": "NTLM"})
    domain = Domain()
    server = serve(lambda asked: domain(asked) if asked.headers.get("Authorization") else endless)
    assert session(max_reply_megabytes=1).request("POST", server.url, body=b"x", account=ACCOUNT).status == 200
    unasked = serve(lambda asked: Answer(401, b"x" * (8 << 20)))
    with pytest.raises(TooLarge):
        session(max_reply_megabytes=1).request("POST", unasked.url, account=ACCOUNT)


def test_a_reply_lost_after_the_handshake_may_have_been_carried_out(serve, session):
    domain = Domain()

    def lost(asked):
        answer = domain(asked)
        return hang_up if domain.carried_out else answer

    with pytest.raises(ReplyLost):
        session().request("POST", serve(lost).url, body=b"<write/>", account=ACCOUNT)
    assert len(domain.carried_out) == 1


def test_the_total_timeout_holds_for_the_handshake_too(serve, session):
    first = Answer(401, b"", {"WWW-Authenticate": "NTLM"})

    def silent(asked):
        return (lambda connection: server.wait(30)) if asked.headers.get("Authorization") else first

    server = serve(silent)
    with pytest.raises(ReplyLost, match="not whole after"):
        session(total_timeout=0.3).request("POST", server.url, body=b"x", account=ACCOUNT)


def test_nothing_of_the_account_is_shown(serve, session, caplog):
    caplog.set_level(logging.DEBUG)
    session().request("POST", serve(Domain()).url, body=b"x", account=ACCOUNT)
    assert "s3cret" not in caplog.text and repr(ACCOUNT) == "WindowsAccount(***)"


def _first_certificate() -> str:
    text = (TLS / "server.pem").read_text()
    begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    return begin + text.partition(begin)[2].partition(end)[0] + end + "\n"
