"""The fault proxy does what it says: what reaches the server, what reaches the client, and in which order."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from connectors.conformance import faults
from connectors.conformance.campaign import Campaign
from connectors.conformance.faults import FAULTS, PASS, Fault
from connectors.conformance.messages import Request
from connectors.conformance.proxy import Proxy
from connectors.conformance.stranger import Stranger


class Echo(BaseHTTPRequestHandler):
    """Answers with what came. `/chunked` answers in chunks, `/endless` until it closes, `/empty` without a body."""

    protocol_version = "HTTP/1.1"
    server: Any

    def do_POST(self) -> None:
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.met.append((self.command, self.path, body))
        self.server.slow.wait()
        answer = json.dumps({"number": len(self.server.met), "body": body.decode()}).encode()
        self.send_response(204 if self.path == "/empty" else 200)
        if self.path == "/chunked":
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for start in range(0, len(answer), 10):
                piece = answer[start : start + 10]
                self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
            self.wfile.write(b"0\r\n\r\n")
        elif self.path == "/endless":
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(answer)
        elif self.path == "/empty":
            self.end_headers()
        else:
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer)

    do_GET = do_HEAD = do_POST

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Any]:
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    server.met = []
    server.slow = threading.Event()
    server.slow.set()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.slow.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def proxy(server: Any) -> Iterator[Proxy]:
    with Proxy("127.0.0.1", server.server_port) as proxy:
        yield proxy


class Client:
    """A client with one connection that is kept alive."""

    def __init__(self, proxy: Proxy, patience: float = 20) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=patience)

    def ask(self, body: Any = b"hello", path: str = "/", method: str = "POST", **more: Any) -> tuple[int, bytes]:
        try:
            self.connection.request(method, path, body, **more)
            reply = self.connection.getresponse()
            return reply.status, reply.read()
        except (OSError, http.client.HTTPException):
            self.connection.close()
            raise


@pytest.fixture
def client(proxy: Proxy) -> Iterator[Client]:
    client = Client(proxy)
    yield client
    client.connection.close()


def number_in(answer: tuple[int, bytes]) -> int:
    assert answer[0] == 200
    number: int = json.loads(answer[1])["number"]
    return number


def statuses(proxy: Proxy) -> list[list[int]]:
    return [passed.statuses for passed in proxy.passed]


# ---------------------------------------------------------------- passing


@pytest.mark.parametrize("path", ["/", "/chunked", "/endless"])
def test_what_is_not_faulted_passes_unchanged(proxy: Proxy, client: Client, server: Any, path: str) -> None:
    for number in (1, 2, 3):
        status, answer = client.ask(f"text {number}".encode(), path)
        assert (status, json.loads(answer)) == (200, {"number": number, "body": f"text {number}"})
    assert server.met == [("POST", path, f"text {number}".encode()) for number in (1, 2, 3)]
    assert [(passed.request.body, passed.statuses, passed.answered) for passed in proxy.passed] == [
        (f"text {number}".encode(), [200], 200) for number in (1, 2, 3)
    ]


def test_a_connection_is_kept_alive(proxy: Proxy, client: Client) -> None:
    client.ask()
    kept = client.connection.sock
    assert kept is not None
    client.ask(path="/empty")
    client.ask(method="HEAD", body=None)
    client.ask(path="/chunked")
    assert client.connection.sock is kept


def test_chunks_of_a_request_are_put_together(proxy: Proxy, client: Client, server: Any) -> None:
    client.ask(iter([b"one ", b"two"]), headers={"Transfer-Encoding": "chunked"}, encode_chunked=True)
    assert server.met == [("POST", "/", b"one two")]
    [passed] = proxy.passed
    assert passed.request.body == b"one two" and b"one two" not in passed.request.raw


def test_what_may_be_secret_is_not_shown(proxy: Proxy, client: Client) -> None:
    client.ask(b"hush", headers={"Authorization": "Bearer hush"})
    [passed] = proxy.passed
    assert passed.request.header("authorization") == "Bearer hush"
    assert "hush" not in repr(passed)


def test_what_is_no_http_ends_the_connection_and_nothing_else(proxy: Proxy, client: Client) -> None:
    for nonsense in (b"\x16\x03\x01\x02\r\n\r\n", b"GET / SMTP/9\r\n\r\n", b"POST / HTTP/1.1\r\nContent-Le"):
        with socket.create_connection(("127.0.0.1", proxy.port)) as end:
            end.sendall(nonsense)
            end.shutdown(socket.SHUT_WR)
            assert end.recv(100) == b""
    assert client.ask()[0] == 200
    assert len(proxy.passed) == 1


def test_a_server_that_is_gone_is_a_reset(proxy: Proxy, client: Client, server: Any) -> None:
    proxy.server_port = _free_port()
    with pytest.raises(ConnectionError):
        client.ask()
    assert statuses(proxy) == [[0]] and server.met == []


def test_while_it_is_down_connections_are_refused(proxy: Proxy, client: Client, server: Any) -> None:
    client.ask()
    with proxy.down():
        with pytest.raises((ConnectionError, http.client.HTTPException)):
            client.ask()  # on the connection it had
        with pytest.raises(ConnectionRefusedError):
            client.ask()
    assert number_in(client.ask()) == 2
    assert len(server.met) == 2


# ---------------------------------------------------------------- faults


def test_before_the_server_sees_it_it_is_reset(proxy: Proxy, client: Client, server: Any) -> None:
    proxy.inject(faults.RESET_BEFORE)
    with pytest.raises(ConnectionResetError):
        client.ask()
    assert server.met == [] and statuses(proxy) == [[]]
    assert number_in(client.ask()) == 1


def test_a_lost_reply_was_carried_out(proxy: Proxy, client: Client, server: Any) -> None:
    proxy.inject(faults.REPLY_LOST)
    with pytest.raises(ConnectionResetError):
        client.ask()
    assert len(server.met) == 1 and statuses(proxy) == [[200]]
    assert proxy.passed[0].answered == 0
    assert number_in(client.ask()) == 2


@pytest.mark.parametrize("path", ["/", "/chunked"])
def test_half_a_reply_then_a_reset(proxy: Proxy, client: Client, server: Any, path: str) -> None:
    proxy.inject(faults.RESET_MIDWAY)
    with pytest.raises((ConnectionResetError, http.client.HTTPException)):
        client.ask(b"x" * 1000, path)
    assert len(server.met) == 1
    assert number_in(client.ask()) == 2


@pytest.mark.parametrize("path", ["/", "/chunked"])
def test_a_truncated_body_ends_in_order(proxy: Proxy, client: Client, server: Any, path: str) -> None:
    proxy.inject(faults.TRUNCATED)
    with pytest.raises(http.client.IncompleteRead) as caught:
        client.ask(b"x" * 1000, path)
    assert 0 < len(caught.value.partial) < 1000
    assert len(server.met) == 1


def test_a_reply_without_a_body_is_cut_in_its_headers(proxy: Proxy, client: Client) -> None:
    proxy.inject(faults.TRUNCATED)
    try:
        client.ask(path="/empty")
    except http.client.HTTPException:
        pass
    else:
        assert proxy.passed[0].answered == 0  # this client takes cut headers for whole ones
    assert statuses(proxy) == [[204]]


def test_it_hangs_until_the_client_gives_up(proxy: Proxy, server: Any) -> None:
    proxy.inject(faults.HANG)
    client = Client(proxy, patience=0.1)
    with pytest.raises(TimeoutError):
        client.ask()
    proxy.settle()
    assert len(server.met) == 1 and statuses(proxy) == [[200]]


def test_the_server_works_on_while_the_client_has_given_up(proxy: Proxy, server: Any) -> None:
    server.slow.clear()
    proxy.inject(faults.HANG)
    with pytest.raises(TimeoutError):
        Client(proxy, patience=0.1).ask()
    with pytest.raises(TimeoutError, match="1 requests are still under way"):
        proxy.settle(0.05)
    assert statuses(proxy) == [[]]
    server.slow.set()
    proxy.settle()
    assert statuses(proxy) == [[200]]


def test_who_hangs_can_be_released(proxy: Proxy, client: Client) -> None:
    proxy.inject(faults.HANG)
    asking = threading.Timer(0, lambda: answers.append(client.ask()))
    answers: list[tuple[int, bytes]] = []
    asking.start()
    while statuses(proxy) != [[200]]:
        time.sleep(0.001)
    assert answers == []
    proxy.release()
    asking.join()
    assert number_in(answers[0]) == 1


def test_a_late_request_arrives_when_the_client_has_gone(proxy: Proxy, server: Any) -> None:
    proxy.inject(faults.LATE)
    client = Client(proxy, patience=0.1)
    with pytest.raises(TimeoutError):
        client.ask()
    proxy.settle()
    assert len(server.met) == 1
    assert number_in(client.ask()) == 2
    client.connection.close()


@pytest.mark.parametrize(("fault", "number"), [(faults.TWICE_FIRST, 1), (faults.TWICE_SECOND, 2)])
def test_it_is_forwarded_twice(proxy: Proxy, client: Client, server: Any, fault: Fault, number: int) -> None:
    proxy.inject(fault)
    assert number_in(client.ask()) == number
    assert len(server.met) == 2 and statuses(proxy) == [[200, 200]]
    assert number_in(client.ask()) == 3


def test_it_is_forwarded_twice_at_once(proxy: Proxy, client: Client, server: Any) -> None:
    server.slow.clear()
    opened = threading.Thread(target=lambda: _when(lambda: len(server.met) == 2, server.slow.set))
    opened.start()
    proxy.inject(faults.TWICE_TOGETHER)
    assert number_in(client.ask()) in (1, 2)
    opened.join()


@pytest.mark.parametrize("answer", faults.ANSWERS, ids=lambda answer: answer.name)
@pytest.mark.parametrize("forwarded", [False, True], ids=["instead", "afterwards"])
def test_somebody_else_answers(
    proxy: Proxy, client: Client, server: Any, answer: faults.Answer, forwarded: bool
) -> None:
    fault = faults.afterwards(answer) if forwarded else faults.instead(answer)
    assert FAULTS[fault.name] == fault
    proxy.inject(fault)
    client.connection.request("POST", "/", b"hello")
    reply = client.connection.getresponse()
    assert (reply.status, reply.read()) == (answer.status, answer.body)
    assert reply.getheader("Retry-After") == ("1" if answer.status in (429, 503) else None)
    assert len(server.met) == int(forwarded)
    assert proxy.passed[0].answered == answer.status


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_it_sends_the_client_elsewhere(proxy: Proxy, client: Client, server: Any, status: int) -> None:
    with Stranger() as stranger:
        proxy.inject(faults.instead(faults.redirect(f"{stranger.url}/there", status)))
        client.connection.request("POST", "/", b"hello")
        reply = client.connection.getresponse()
        reply.read()
        assert (reply.status, reply.getheader("Location")) == (status, f"{stranger.url}/there")
        other = http.client.HTTPConnection("127.0.0.1", stranger.port)
        other.request("POST", "/there", b"hello", {"Authorization": "hush"})
        assert other.getresponse().read() == b"{}"
        other.close()
        [seen] = stranger.seen
    assert (seen.method, seen.path, seen.body, seen.header("Authorization")) == ("POST", "/there", b"hello", "hush")
    assert server.met == []


def test_a_reply_drips(proxy: Proxy, client: Client) -> None:
    proxy.inject(faults.dripping(0.0005, 100))
    began = time.monotonic()
    assert number_in(client.ask()) == 1
    assert time.monotonic() - began > 100 * 0.0005
    assert FAULTS["drip"].ending == "drip" and len(FAULTS) == 10 + 2 * len(faults.ANSWERS)


# ---------------------------------------------------------------- choosing


def test_a_fault_is_chosen_by_method_path_body_and_count(proxy: Proxy, client: Client, server: Any) -> None:
    def is_creation(request: Request) -> bool:
        return request.method == "POST" and request.path == "/documents" and b"credit" in request.body

    rule = proxy.inject(faults.instead(faults.BAD_GATEWAY), when=is_creation, count=2, after=1)
    asked = [("POST", "/documents", b"credit"), ("GET", "/documents", b"credit"), ("POST", "/notes", b"credit")]
    asked += [("POST", "/documents", b"debit")] + [("POST", "/documents", b"credit")] * 3
    met = [client.ask(body, path, method)[0] for method, path, body in asked]
    assert met == [200, 200, 200, 200, 502, 502, 200]
    assert rule.used == 2
    assert len(server.met) == 5


def test_the_rule_injected_first_has_the_first_say_and_all_can_be_cleared(proxy: Proxy, client: Client) -> None:
    proxy.inject(faults.instead(faults.THROTTLED))
    proxy.inject(faults.instead(faults.BAD_GATEWAY), count=None)
    assert [client.ask()[0] for _ in range(3)] == [429, 502, 502]
    proxy.clear()
    assert client.ask()[0] == 200


def test_many_clients_at_a_time(proxy: Proxy, server: Any) -> None:
    proxy.inject(faults.instead(faults.BAD_GATEWAY), count=10)
    met: list[int] = []

    def many() -> None:
        client = Client(proxy)
        met.extend(client.ask()[0] for _ in range(10))
        client.connection.close()

    threads = [threading.Thread(target=many) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (met.count(502), met.count(200)) == (10, 40)
    assert len(server.met) == 40 and len(proxy.passed) == 50


def test_it_remembers_the_last_ones(server: Any) -> None:
    with Proxy("127.0.0.1", server.server_port, remember=2) as proxy:
        client = Client(proxy)
        for number in range(4):
            client.ask(b"%d" % number)
        client.connection.close()
        assert [passed.request.body for passed in proxy.passed] == [b"2", b"3"]


# ---------------------------------------------------------------- campaigns

_SHARES = {FAULTS["500_before"]: 0.2, FAULTS["503_after"]: 0.1}


def test_a_campaign_repeats_itself_by_its_seed() -> None:
    def drawn(seed: int) -> list[str]:
        return [Campaign(seed, _SHARES).draw(number).name for number in range(1, 1001)]

    first = drawn(1)
    assert first == drawn(1) and first != drawn(2)
    counts = [first.count(name) for name in ("500_before", "503_after", "pass")]
    assert counts == [pytest.approx(share, abs=50) for share in (200, 100, 700)]


def test_a_campaign_meets_the_requests_it_names(proxy: Proxy, client: Client, server: Any) -> None:
    campaign = Campaign(3, _SHARES, when=lambda request: request.method == "POST")
    proxy.campaign = campaign
    met = [client.ask()[0] for _ in range(40)]
    assert {client.ask(method="GET")[0] for _ in range(10)} == {200}
    expected = [campaign.draw(number) for number in range(1, 41)]
    assert met == [fault.answer.status if fault.answer else 200 for fault in expected]
    assert campaign.drawn.total() == 40 and campaign.drawn["pass"] == expected.count(PASS)
    assert len(server.met) == 50 - campaign.drawn["500_before"]
    proxy.inject(faults.instead(faults.UNAUTHORISED))
    assert client.ask()[0] == 401 and campaign.drawn.total() == 40
    proxy.campaign = None
    assert {client.ask()[0] for _ in range(20)} == {200}


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_shares_beyond_measure_are_refused(share: float) -> None:
    with pytest.raises(ValueError, match="shares"):
        Campaign(1, {PASS: share})


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


def _when(true: Any, then: Any) -> None:
    while not true():
        time.sleep(0.001)
    then()
