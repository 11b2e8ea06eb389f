"""A signature over each request, checked as its receiver would."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest

from connectors.declarative.settings.request import Request
from core.errors import FatalError
from tests.unit.crm_rest_client.conftest import reply

KEY = {"env": "SECRET"}


def test_the_form_of_espocrm(serve, connect):
    def answer(asked):
        made = hmac.new(b"s3cret-value", f"{asked.method} /Account/7".encode(), "sha256").hexdigest()
        expected = base64.b64encode(f"key-1:{made}".encode()).decode()
        return reply({}, 200 if asked.headers["X-Hmac-Authorization"] == expected else 403)

    auth = {
        "kind": "hmac",
        "key": KEY,
        "key_id": "key-1",
        "signed": "${method} /${target}",
        "headers": {"X-Hmac-Authorization": "${pair | base64}"},
    }
    server = serve(answer)
    client = connect(server, base_url=f"{server.url}/api/v1", auth=auth)
    request = Request(method="PUT", path="Account/${id}", query={"a": "b"}, body={"x": 1})
    assert client.call(request, {"id": 7}, during="write").meaning == "fine"


@pytest.mark.parametrize("algorithm", ["sha256", "sha512", "sha1"])
def test_body_path_time_and_nonce_are_signed_as_sent(serve, connect, clock, algorithm):
    nonces = set()

    def answer(asked):
        stamp, nonce = asked.headers["X-Stamp"], asked.headers["X-Nonce"]
        fresh = nonce not in nonces and stamp == str(int(clock.now().timestamp()))
        nonces.add(nonce)
        text = "\n".join((asked.path, hashlib.new(algorithm, asked.body).hexdigest(), stamp, nonce, "7"))
        made = base64.b64encode(hmac.new(b"s3cret-value", text.encode(), algorithm).digest()).decode()
        return reply({}, 200 if fresh and asked.headers["X-Signature"] == f"id {made}" else 403)

    auth = {
        "kind": "hmac",
        "key": KEY,
        "algorithm": algorithm,
        "encoding": "base64",
        "signed": "${path}\n${body_hash}\n${timestamp}\n${nonce}\n${values.tenant}",
        "headers": {
            "X-Signature": "id ${signature}",
            "X-Stamp": "${timestamp}",
            "X-Nonce": "${nonce}",
        },
    }
    client = connect(serve(answer), auth=auth, values={"tenant": 7})
    clock.advance(0.7)
    for value in ("ü &/'[]{}", "plain"):
        client.call(Request(path="/a b/${v}", query={"q[0]": "${v}"}), {"v": value})
        client.call(Request(method="POST", path="/x", body={"v": "${v}"}), {"v": value}, during="write")
    assert len(nonces) == 4


def test_a_signature_that_names_what_is_not_there_stops(serve, connect):
    auth = {"kind": "hmac", "key": KEY, "signed": "${secret}", "headers": {"X": "${signature}"}}
    with pytest.raises(FatalError, match="nothing here is called secret"):
        connect(serve(), auth=auth).call(Request())


def test_a_key_that_was_replaced_is_used_and_never_shown(serve, connect, tmp_path):
    (tmp_path / "key").write_text("old")
    server = serve(lambda asked: reply({"m": f"no: {asked.headers['X']} old"}, 401))
    auth = {"kind": "hmac", "key": {"file": "key"}, "signed": "${method}", "headers": {"X": "${signature}"}}
    client = connect(server, auth=auth, error_message="m")
    with pytest.raises(FatalError) as caught:
        client.call(Request())
    assert " old" not in caught.value.message and len(server.asked) == 1
    (tmp_path / "key").write_text("new")
    with pytest.raises(FatalError):
        client.call(Request())
    assert server.asked[1].headers["X"] != server.asked[2].headers["X"]
