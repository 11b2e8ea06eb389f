"""Transport failures: what certainly was not carried out, and what may have been."""

from __future__ import annotations

import gzip
import socket
import threading
import time
import traceback

import pytest

from connectors.http.session import NotSent, ReplyLost, TooLarge
from connectors.secrets import Secret
from core.errors import FatalError, RetryableError
from tests.unit.http.server import TLS, Answer, Server, closed_port, dripping, hang_up, reset, saying, silent

HEAD = b"HTTP/1.1 200 OK\r\n"
MEBIBYTE = 1 << 20


def lost(session, server: Server, **settings) -> ReplyLost:
    """The error of a request that reached the server."""
    with pytest.raises(ReplyLost) as caught:
        session(**settings).request("POST", server.url, body=b"x")
    assert len(server.asked) == 1
    assert f"127.0.0.1:{server.port}" in caught.value.message
    return caught.value


def unsent(session, url: str, **settings) -> NotSent:
    with pytest.raises(NotSent) as caught:
        session(**settings).request("POST", url, body=b"x")
    assert caught.value.hint
    return caught.value


def test_the_two_are_told_apart_and_both_may_be_tried_again():
    assert issubclass(NotSent, RetryableError) and issubclass(ReplyLost, RetryableError)
    assert not issubclass(NotSent, ReplyLost) and not issubclass(ReplyLost, NotSent)


def test_a_refused_connection_was_not_sent(session):
    port = closed_port()
    assert "refused" in unsent(session, f"http://127.0.0.1:{port}/").message


def test_an_unknown_name_was_not_sent(session):
    assert "nowhere.invalid: no connection: the name" in unsent(session, "https://nowhere.invalid/").message


def test_a_connection_that_is_never_accepted_was_not_sent(session):
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        try:
            for one in waiting:  # fill the queue of those who wait to be accepted
                one.setblocking(False)
                one.connect_ex(listening.getsockname())
            url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
            assert "within 0.3 s" in unsent(session, url, connect_timeout=0.3).message
        finally:
            for one in waiting:
                one.close()


@pytest.mark.parametrize("ending", [reset, hang_up])
def test_a_connection_that_breaks_before_tls_is_agreed_on_was_not_sent(session, ending):
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()

        def accept() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(10_000)
                ending(connection)

        thread = threading.Thread(target=accept)
        thread.start()
        unsent(session, f"https://127.0.0.1:{listening.getsockname()[1]}/")
        thread.join()


def test_a_handshake_that_hangs_was_not_sent(session):
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        url = f"https://127.0.0.1:{listening.getsockname()[1]}/"
        unsent(session, url, connect_timeout=0.3)


@pytest.mark.parametrize("ending", [reset, hang_up])
def test_a_connection_that_breaks_after_sending_lost_the_reply(serve, session, ending):
    assert "broke" in lost(session, serve(lambda asked: ending)).message


def test_a_tls_connection_that_breaks_after_sending_lost_the_reply(serve, session):
    server = serve(lambda asked: hang_up, tls=True)
    lost(session, server, base=TLS, ca_file="ca.pem")


def test_a_broken_kept_connection_lost_the_reply_and_the_next_request_works(serve, session):
    server = serve()
    http = session()
    http.request("GET", server.url)
    server.answer = lambda asked: reset
    with pytest.raises(ReplyLost):
        http.request("GET", server.url)
    server.answer = lambda asked: Answer(200, b"again")
    assert http.request("GET", server.url).body == b"again"
    assert len(server.asked) == 3


def test_silence_lost_the_reply(serve, session):
    server = serve()
    server.answer = lambda asked: silent(server)
    assert "no answer within 0.2 s" in lost(session, server, read_timeout=0.2).message


def test_silence_ends_with_the_whole_time_where_that_is_shorter(serve, session):
    server = serve()
    server.answer = lambda asked: silent(server)
    assert "not whole after 0.3 s" in lost(session, server, read_timeout=20, total_timeout=0.3).message


@pytest.mark.parametrize(
    "head, drop",
    [
        (HEAD + b"Content-Length: 1000000\r\n\r\n", b"x"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        (HEAD + b"\r\n", b"x"),
        (HEAD + b"X-Long: ", b"x"),
        (HEAD, b"X-Many: x\r\n"),
        (b"", b"H"),
    ],
    ids=["body", "chunks", "body without end", "header", "headers", "status line"],
)
def test_a_slow_drip_ends_though_each_drop_is_in_time(serve, session, head, drop):
    server = serve()
    server.answer = lambda asked: dripping(server, head, drop)
    assert "not whole after 0.4 s" in lost(session, server, read_timeout=5, total_timeout=0.4).message


def test_a_slow_reply_leaves_the_next_request_its_own_time(serve, session):
    server = serve()
    http = session(read_timeout=5, total_timeout=0.6)

    def slow(asked) -> Answer:
        time.sleep(0.4)
        return Answer(200, b"slow")

    server.answer = slow
    assert [http.request("GET", server.url).body for _ in range(3)] == [b"slow"] * 3
    assert len({asked.connection for asked in server.asked}) == 1


@pytest.mark.parametrize(
    "reply",
    [
        HEAD + b"Content-Length: 100\r\n\r\nhalf",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n64\r\nhalf",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nhalf\r\n",
        HEAD + b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nhalf",
        b"SSH-2.0-OpenSSH\r\n",
    ],
    ids=["length", "in a chunk", "between chunks", "no chunk", "no gzip", "no http"],
)
def test_a_truncated_or_garbled_reply_is_lost(serve, session, reply):
    lost(session, serve(lambda asked: saying(reply)))


def test_a_reply_beyond_the_limit_is_lost_and_one_at_the_limit_is_not(serve, session):
    server = serve(lambda asked: Answer(200, b"x" * (MEBIBYTE + 1)))
    error = lost(session, server, max_reply_megabytes=1)
    assert isinstance(error, TooLarge) and "max_reply_megabytes" in error.hint
    server.answer = lambda asked: Answer(200, b"x" * MEBIBYTE)
    assert len(session(max_reply_megabytes=1).request("GET", server.url).body) == MEBIBYTE


def test_what_unpacks_beyond_the_limit_is_too_large(serve, session):
    bomb = gzip.compress(b"\0" * (64 * MEBIBYTE))
    assert len(bomb) < MEBIBYTE
    server = serve(lambda asked: Answer(200, bomb, {"Content-Encoding": "gzip"}))
    assert isinstance(lost(session, server, max_reply_megabytes=1), TooLarge)


def test_of_a_redirect_nothing_is_read_but_where_it_leads(serve, session):
    server = serve()
    head = b"HTTP/1.1 302 Found\r\nLocation: http://elsewhere.invalid/\r\n\r\n"
    server.answer = lambda asked: dripping(server, head, b"x" * MEBIBYTE, pause=0)
    with pytest.raises(FatalError, match=r"redirects to http://elsewhere\.invalid,"):
        session(max_reply_megabytes=1, total_timeout=5).request("GET", server.url)


@pytest.mark.parametrize("location", ["//[::1/", "//u:p@evil\x1b[31m/", "http://[x]/", "http://\xff\xfe:99999999/"])
def test_a_redirect_to_what_is_no_address_is_a_redirect(serve, session, location):
    head = b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + location.encode("latin-1") + b"\r\n\r\n"
    with pytest.raises(FatalError, match="redirects to") as caught:
        session().request("GET", serve(lambda asked: saying(head)).url)
    assert caught.value.message.isprintable()


def test_no_error_carries_a_secret_not_even_in_the_variables_of_its_frames(serve, session):
    servers = {
        "reset": serve(lambda asked: reset),
        "truncated": serve(lambda asked: saying(HEAD + b"Content-Length: 100\r\n\r\nhalf")),
        "redirect": serve(lambda asked: Answer(302, b"", {"Location": "http://elsewhere.invalid/?k=s3cret"})),
        "large": serve(lambda asked: Answer(200, b"x" * (MEBIBYTE + 1))),
        "untrusted": serve(tls=True),
    }
    urls = [server.url for server in servers.values()] + [f"http://127.0.0.1:{closed_port()}"]
    for url in urls:
        with pytest.raises((RetryableError, FatalError)) as caught:
            session(max_reply_megabytes=1).request(
                "POST", url, headers={"Authorization": Secret("bearer s3cret")}, body=lambda: b"pw=s3cret"
            )
        error = caught.value
        assert error.__cause__ is None and error.__context__ is None
        seen = traceback.TracebackException.from_exception(error, capture_locals=True)
        ours = [frame for frame in seen.stack if "/connectors/" in frame.filename]
        assert ours and all("s3cret" not in str(frame.locals) for frame in ours)
        assert "s3cret" not in f"{error} {error!r} {error.hint}"
    assert servers["reset"].asked[0].headers["Authorization"] == "bearer s3cret"
