"""What comes back, what is refused before anything is sent, and which connections are used."""

from __future__ import annotations

import gzip
import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from connectors.http.session import NotSent
from connectors.http.settings import HttpSettings
from connectors.secrets import Secret
from core.errors import ConfigError, FatalError
from tests.unit.http.server import TLS, Answer, closed_port, saying


def test_a_reply_comes_with_status_headers_and_body(serve, session):
    server = serve(lambda asked: Answer(404, b"no", {"X-Why": "gone"}))
    reply = session().request("POST", f"{server.url}/x?y=1", headers={"X-A": "b"}, body=b"body")
    assert (reply.status, reply.body, reply.headers["x-why"]) == (404, b"no", "gone")
    (asked,) = server.asked
    assert (asked.method, asked.path, asked.body, asked.headers["x-a"]) == ("POST", "/x?y=1", b"body", "b")


def test_a_compressed_reply_is_unpacked(serve, session):
    server = serve(lambda asked: Answer(200, gzip.compress(b"words" * 1000), {"Content-Encoding": "gzip"}))
    assert session().request("GET", server.url).body == b"words" * 1000


def test_the_servers_clock_is_known_after_a_reply(serve, session):
    server = serve(lambda asked: Answer(200, b"", {}))
    http = session()
    assert http.server_date is None
    reply = http.request("GET", server.url)
    assert reply.date is not None and reply.date.tzinfo is UTC
    assert abs((datetime.now(UTC) - reply.date).total_seconds()) < 60
    assert http.server_date == reply.date


def test_a_connection_is_kept_alive(serve, session):
    server = serve()
    http = session()
    for _ in range(5):
        http.request("GET", server.url)
    assert len(server.asked) == 5 and len({asked.connection for asked in server.asked}) == 1


def test_after_closing_a_session_it_connects_anew(serve, session):
    server = serve()
    http = session()
    http.request("GET", server.url)
    http.close()
    http.request("GET", server.url)
    assert len({asked.connection for asked in server.asked}) == 2


def test_many_threads_share_a_session_and_get_their_own_replies(serve, session):
    server = serve(lambda asked: Answer(200, asked.body[::-1]))
    http = session()

    def ask(number: int) -> bool:
        body = f"{number:05d}".encode() * 200
        return http.request("POST", server.url, body=body).body == body[::-1]

    with ThreadPoolExecutor(16) as threads:
        assert all(threads.map(ask, range(400)))
    assert len(server.asked) == 400
    assert len({asked.connection for asked in server.asked}) <= 16


def test_a_redirect_is_an_error_that_names_the_host_and_nothing_is_sent_there(serve, session):
    other = serve()
    there = f"http://user:pw@127.0.0.1:{other.port}/in?token=s3cret"
    server = serve(lambda asked: Answer(307, b"", {"Location": there}))
    with pytest.raises(FatalError) as caught:
        session().request("POST", server.url, headers={"Authorization": Secret("bearer s3cret")}, body=b"{}")
    assert f"redirects to http://127.0.0.1:{other.port}," in caught.value.message
    assert "s3cret" not in str(caught.value) and "pw" not in str(caught.value)
    assert len(server.asked) == 1 and other.asked == []


def test_an_answer_that_nothing_has_changed_is_no_redirect(serve, session):
    server = serve(lambda asked: Answer(304, b""))
    assert session().request("GET", server.url).status == 304


def test_several_choices_without_an_address_are_an_answer(serve, session):
    server = serve(lambda asked: Answer(300, b'["/a", "/b"]'))
    reply = session().request("PATCH", server.url)
    assert (reply.status, reply.body) == (300, b'["/a", "/b"]')


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
def test_every_redirect_is_an_error(serve, session, status):
    server = serve(lambda asked: Answer(status, b"", {"Location": "/elsewhere"}))
    with pytest.raises(FatalError, match="another path of its own"):
        session().request("GET", server.url)
    assert len(server.asked) == 1


def test_cookies_are_not_kept(serve, session):
    server = serve(lambda asked: Answer(200, b"", {"Set-Cookie": "session_id=abc; Path=/"}))
    http = session()
    http.request("GET", server.url)
    http.request("GET", server.url)
    assert len(server.asked) == 2 and all("Cookie" not in asked.headers for asked in server.asked)


@pytest.mark.parametrize("url", ["http://erp.example.com/", "http://10.0.0.1:8069", "http://[2001:db8::1]/"])
def test_plain_http_is_for_this_machine_alone(session, url):
    with pytest.raises(ConfigError, match="in clear") as caught:
        session().request("GET", url, headers={"Authorization": Secret("s3cret")})
    assert "allow_plain_http" in caught.value.hint


def test_plain_http_elsewhere_can_be_allowed(session):
    with pytest.raises(NotSent, match="resolved"):
        session(allow_plain_http=True).request("GET", "http://nowhere.invalid/")


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "127.0.0.1", "http://", "http://127.0.0.1:port/", "https://[::1"])
def test_what_is_no_address_is_refused(session, url):
    with pytest.raises(ConfigError, match="not the address"):
        session().request("GET", url)


def test_credentials_in_a_url_are_refused_unseen(session):
    with pytest.raises(ConfigError, match="credentials") as caught:
        session().request("GET", "https://me:s3cret@127.0.0.1/")
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("value", ["", " s3cret", "s3cret\n", "s3\r\nX: y", "s3crét", "s3cret\x00"])
def test_a_header_that_cannot_be_sent_is_refused_unseen(serve, session, value):
    server = serve()
    with pytest.raises(ConfigError, match="value of Authorization") as caught:
        session().request("GET", server.url, headers={"Authorization": Secret(value)})
    assert "s3" not in str(caught.value) and server.asked == []


def test_proxies_and_passwords_of_the_environment_are_not_used(serve, session, monkeypatch, tmp_path):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password s3cret\n")
    (tmp_path / "netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port()}")
    server = serve()
    assert session().request("GET", server.url).status == 200
    assert "Authorization" not in server.asked[0].headers


def test_the_proxy_of_the_settings_is_used(serve, session):
    proxy = serve(lambda asked: Answer(200, b"by proxy"))
    http = session(proxy=proxy.url, allow_plain_http=True)
    assert http.request("GET", "http://erp.invalid/x").body == b"by proxy"
    assert proxy.asked[0].path == "http://erp.invalid/x"


def test_plain_http_through_a_proxy_leaves_this_machine(serve, session):
    proxy = serve()
    with pytest.raises(ConfigError, match="in clear"):
        session(proxy=proxy.url).request("GET", "http://127.0.0.1:1/")
    assert proxy.asked == []


def test_a_secure_request_through_a_proxy_that_refuses_was_not_sent(serve, session):
    proxy = serve(lambda asked: Answer(403, b"no"))
    with pytest.raises(NotSent, match="proxy"):
        session(proxy=proxy.url).request("GET", "https://erp.invalid/")
    assert [asked.method for asked in proxy.asked] == ["CONNECT"]


@pytest.mark.parametrize("proxy", ["http://me:s3cret@proxy:3128", "socks5://proxy:1080", "proxy:3128", "http://"])
def test_a_proxy_is_an_address_without_credentials(proxy):
    with pytest.raises(ValueError) as caught:
        HttpSettings(proxy=proxy)
    assert "s3cret" not in str(caught.value)


def test_tls_is_verified_against_the_named_authority(serve, session):
    server = serve(lambda asked: Answer(200, b"secure"), tls=True)
    assert session(base=TLS, ca_file="ca.pem").request("GET", server.url).body == b"secure"


def test_an_untrusted_certificate_stops_with_a_hint(serve, session, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(TLS / "ca.pem"))
    server = serve(tls=True)
    with pytest.raises(FatalError, match="certificate is not trusted") as caught:
        session().request("GET", server.url, headers={"Authorization": Secret("s3cret")})
    assert "http.ca_file" in caught.value.hint and server.asked == []


def test_a_certificate_for_another_name_is_not_trusted(serve, session):
    server = serve(tls=True)
    with pytest.raises(FatalError, match="certificate is not trusted"):
        session(base=TLS, ca_file="ca.pem").request("GET", f"https://localhost:{server.port}/")
    assert server.asked == []


def test_a_port_that_does_not_speak_tls_stops(serve, session):
    server = serve()
    with pytest.raises(FatalError, match="TLS could not be agreed on") as caught:
        session().request("GET", f"https://127.0.0.1:{server.port}/")
    assert "speaks TLS" in caught.value.hint and server.asked == []


def test_a_file_of_authorities_must_be_one(session, tmp_path):
    with pytest.raises(ConfigError, match=r"none\.pem cannot be read"):
        session(ca_file="none.pem")
    (tmp_path / "empty.pem").write_text("nothing\n")
    with pytest.raises(ConfigError, match="PEM"):
        session(ca_file="empty.pem")


def test_a_client_certificate_is_shown_to_a_server_that_wants_one(serve, session):
    server = serve(lambda asked: Answer(200, b"known"), tls=True, clients="client.pem")
    http = session(base=TLS, ca_file="ca.pem", client_certificate="client.pem", client_key="client-key.pem")
    assert http.request("GET", server.url).body == b"known"


@pytest.mark.parametrize("certificate", [None, "stranger.pem"])
def test_without_the_certificate_it_wants_a_server_stops_us(serve, session, certificate):
    server = serve(tls=True, clients="client.pem")
    with pytest.raises(FatalError, match="our certificate") as caught:
        session(base=TLS, ca_file="ca.pem", client_certificate=certificate).request("POST", server.url, body=b"{}")
    assert "http.client_certificate" in caught.value.hint and server.asked == []


@pytest.mark.parametrize(
    ("certificate", "key", "message"),
    [
        ("none.pem", None, "cannot be read"),
        ("client.pem", "none.pem", "none.pem cannot be read"),
        ("client.pem", None, "do not belong together"),
        ("client.pem", "stranger.pem", "do not belong together"),
        ("README.md", None, "not PEM"),
    ],
)
def test_a_client_certificate_must_be_one(session, certificate, key, message):
    with pytest.raises(ConfigError, match=message):
        session(base=TLS, client_certificate=certificate, client_key=key)


def test_a_key_under_a_passphrase_is_refused_and_not_asked_for(session, tmp_path):
    key = generate_private_key(SECP256R1())
    locked = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"s3cret"))
    (tmp_path / "client.pem").write_bytes((TLS / "client.pem").read_bytes() + locked)
    with pytest.raises(ConfigError, match="do not belong together") as caught:
        session(client_certificate="client.pem")
    assert "no passphrase" in caught.value.hint


def test_a_key_without_a_certificate_is_an_error():
    with pytest.raises(ValueError, match="client_key needs client_certificate"):
        HttpSettings(client_key="key.pem")


def test_no_address_is_in_a_log_where_the_headers_of_a_reply_are_broken(serve, session, caplog):
    caplog.set_level(logging.DEBUG)
    server = serve(lambda asked: saying(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nno header\r\n\r\n{}"))
    assert session().request("GET", f"{server.url}/?key=s3cret").status == 200
    assert "s3cret" not in caplog.text and "s3cret" not in repr([vars(record) for record in caplog.records])


def test_secrets_are_in_no_log_even_at_debug(serve, session, caplog):
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, "urllib3.connectionpool")  # an adapter may have raised it
    server = serve(lambda asked: Answer(200, b"ok"))
    http = session()
    http.request(
        "POST",
        server.url,
        headers={"Authorization": Secret("bearer s3cret")},
        body=lambda: b"<password>s3cret</password>",
    )
    assert server.asked[0].headers["Authorization"] == "bearer s3cret" and b"s3cret" in server.asked[0].body
    assert "urllib3" in {record.name.partition(".")[0] for record in caplog.records}
    assert "s3cret" not in caplog.text and "s3cret" not in repr([vars(record) for record in caplog.records])
