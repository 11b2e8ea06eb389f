"""Links to the next page are followed on the same host only, and credentials go nowhere else."""

from __future__ import annotations

import pytest

from connectors.declarative.settings.request import Request
from core.errors import FatalError
from tests.unit.crm_rest_client.conftest import reply
from tests.unit.http.server import Answer

AUTH = {"kind": "bearer", "token": {"env": "SECRET"}}
LIST = Request(path="/v1/things", query={"size": "2"}, headers={"X-Kind": "list"})


@pytest.mark.parametrize(
    ("link", "path"),
    [
        ("/services/query/01g-2000", "/services/query/01g-2000"),
        ("?page=2", "/api/v1/things?page=2"),
        ("things?page=3&a=b%20c", "/api/v1/things?page=3&a=b%20c"),
        ("/x?filter=a b", "/x?filter=a%20b"),
        ("../v2/x", "/api/v2/x"),
        ("{url}/api/v1/things?skip=%27x%27#part", "/api/v1/things?skip=%27x%27"),
    ],
)
def test_a_link_takes_the_place_of_path_and_query(serve, connect, link, path):
    server = serve(lambda asked: reply({}))
    client = connect(server, base_url=f"{server.url}/api", auth=AUTH)
    client.call(LIST, address=link.replace("{url}", server.url))
    (asked,) = server.asked
    assert asked.path == path
    assert (asked.headers["X-Kind"], asked.headers["Authorization"]) == ("list", "Bearer s3cret-value")


@pytest.mark.parametrize(
    "link",
    [
        "https://127.0.0.1:{port}/x",
        "http://evil.example/x",
        "//evil.example/x",
        "http://127.0.0.1:1/x",
        "http://127.0.0.1/x",
        "http://user@127.0.0.1:{port}/x",
        "http://user:pw@127.0.0.1:{port}/x",
        "http://127.0.0.1:{port}@evil.example/x",
        "http://127.0.0.1:{port}\\@evil.example/x",
        "\\\\evil.example\\x",
        "http://[::1/x",
        "http://127.0.0.1:port/x",
        "ftp://127.0.0.1:{port}/x",
        "javascript:alert(1)",
        "file:///etc/passwd",
    ],
)
def test_a_link_elsewhere_is_not_followed(serve, connect, link):
    client = connect(server := serve(lambda asked: reply({})), auth=AUTH)
    with pytest.raises(FatalError) as caught:
        client.call(LIST, address=link.replace("{port}", str(server.port)))
    assert server.asked == [] and "s3cret" not in caught.value.message and "evil" not in caught.value.message


def test_the_same_host_is_known_however_it_is_written(serve, connect):
    client = connect(base_url="HTTPS://CRM.example.com:443/api", auth=AUTH)
    assert client.outgoing(LIST, address="https://crm.EXAMPLE.com/x?y").url == "https://crm.EXAMPLE.com/x?y"
    with pytest.raises(FatalError, match="another host or protocol"):
        client.outgoing(LIST, address="http://crm.example.com/x")


def test_a_path_that_is_a_whole_address_stays_on_the_host(serve, connect):
    client = connect(server := serve(lambda asked: reply({})))
    client.call(Request(path=f"{server.url}/other/${{id}}"), {"id": "a/b"})
    assert server.asked[0].path == "/other/a%2Fb"
    with pytest.raises(FatalError, match="the path leads to another host"):
        client.call(Request(path="https://127.0.0.1.evil.example/x"))


def test_a_host_that_begins_alike_is_another(connect):
    client = connect(base_url="https://crm.example.com")
    with pytest.raises(FatalError, match="another host"):
        client.outgoing(LIST, address="https://crm.example.com.evil.example/x")


def test_data_cannot_name_another_host(connect):
    client = connect(base_url="https://crm.example.com")
    sent = client.outgoing(Request(path="/${id}"), {"id": "//evil.example/x?y#z\\@"})
    assert sent.url == "https://crm.example.com/%2F%2Fevil.example%2Fx%3Fy%23z%5C%40"


def test_a_key_in_the_query_is_put_into_links_too_and_once(serve, connect):
    auth = {"kind": "api_key", "key": {"env": "SECRET"}, "place": "query", "name": "api_token"}
    client = connect(server := serve(lambda asked: reply({})), auth=auth)
    client.call(LIST, address="/v1/things?api_token=stale&page=2")
    assert server.asked[0].path == "/v1/things?page=2&api_token=s3cret-value"


def test_credentials_do_not_follow_a_redirect(serve, connect):
    other = serve(lambda asked: reply({}))
    server = serve(lambda asked: Answer(302, b"", {"Location": f"{other.url}/in?x=1"}))
    for auth in (AUTH, {"kind": "api_key", "key": {"env": "SECRET"}, "place": "query"}):
        with pytest.raises(FatalError, match="redirects to"):
            connect(server, auth=auth).call(LIST)
    assert len(server.asked) == 2 and other.asked == []
    rule = {"status": [301, 302], "then": "missing"}
    assert connect(server, auth=AUTH, errors=[rule]).call(LIST).meaning == "missing"
    assert other.asked == []
