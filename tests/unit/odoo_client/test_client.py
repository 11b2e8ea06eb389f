"""Calls over both protocols: what is sent, what comes back, which protocol is chosen, what is asked only once."""

from __future__ import annotations

import logging
import traceback
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC
from decimal import Decimal

import httpx
import pytest

from connectors.odoo.faults import Absent, Unauthorised
from connectors.spi import UnknownOutcome
from core.errors import ConfigError, FatalError, RetryableError
from tests.unit.http.server import TLS, Answer, closed_port, hang_up
from tests.unit.odoo_client.remote import DATABASE, HTML, KEY, LOGIN, NO_DATABASE, UID, traceback_text

# ------------------------------------------------------------ what is sent and what comes back


def test_a_call_names_its_arguments(client, remote):
    context = {"lang": "de_DE"}
    client.call("res.partner", "search_read", domain=[["id", ">", 0]], fields=["name"], limit=None, context=context)
    (call,) = remote.calls
    named = {"domain": [["id", ">", 0]], "fields": ["name"], "limit": None, "context": context}
    assert (call.model, call.method, call.positional, call.named) == ("res.partner", "search_read", [], named)


def test_records_are_named_by_their_ids(client, remote):
    client.call("res.partner", "write", ids=(7, 8), vals={"ref": "Ü & <x>"}, writes=True)
    (call,) = remote.calls
    if remote.protocol == "json2":
        assert call.positional == [] and call.named == {"ids": [7, 8], "vals": {"ref": "Ü & <x>"}}
    else:
        assert call.positional == [[7, 8]] and call.named == {"vals": {"ref": "Ü & <x>"}}


def test_no_ids_are_not_the_same_as_none_of_them(client, remote):
    client.call("res.partner", "write", ids=[], vals={}, writes=True)
    (call,) = remote.calls
    assert (call.named["ids"] if remote.protocol == "json2" else call.positional[0]) == []


def test_records_are_created_from_a_list_of_values(client, remote):
    client.call("res.partner", "create", vals_list=[{"name": "A"}], writes=True)
    (call,) = remote.calls
    # Odoo's XML-RPC tells one record from several by the first positional argument and fails without one.
    if remote.protocol == "json2":
        assert call.named == {"vals_list": [{"name": "A"}]}
    else:
        assert call.positional == [[{"name": "A"}]] and call.named == {}


def test_arguments_may_be_called_like_our_own(client, remote):
    client.call("mail.message", "find", model="res.partner", method="x", self=1)
    assert remote.calls[0].named == {"model": "res.partner", "method": "x", "self": 1}


@pytest.mark.parametrize("method", ["read", "search_read", "_underscored", "methods_of_mine"])
def test_every_method_goes_straight_to_the_server(client, remote, method):
    remote.answers = lambda call: remote.result([{"id": 7, "name": "x"}])
    assert client.call("res.partner", method, ids=[7]) == [{"id": 7, "name": "x"}]
    assert [call.method for call in remote.calls] == [method]


def test_a_credential_of_each_protocol_is_sent(client, remote):
    client.call("res.partner", "search")
    client.call("res.partner", "search")
    asked = remote.server.asked[-1]
    if remote.protocol == "json2":
        assert asked.headers["Authorization"] == f"bearer {KEY}" and asked.headers["X-Odoo-Database"] == DATABASE
        assert remote.logins == []
    else:
        for part in (DATABASE, str(UID), KEY):
            assert f">{part}<".encode() in asked.body
        assert remote.logins == [[DATABASE, LOGIN, KEY]]


def test_numbers_with_a_fraction_keep_their_very_digits(client, remote):
    digits = "0.1000000000000000055511151231257827"
    if remote.protocol == "json2":
        body = f'[{{"a": {digits}, "b": -7.50, "c": 1e-05, "d": 5, "e": false, "f": null}}]'
    else:
        values = "".join(
            f"<member><name>{name}</name><value>{value}</value></member>"
            for name, value in {
                "a": f"<double>{digits}</double>",
                "b": "<double> -7.50 </double>",
                "c": "<double>1e-05</double>",
                "d": "<int>5</int>",
                "e": "<boolean>0</boolean>",
                "f": "<nil/>",
            }.items()
        )
        body = (
            "<?xml version='1.0'?><methodResponse><params><param><value><array><data><value><struct>"
            f"{values}</struct></value></data></array></value></param></params></methodResponse>"
        )
    remote.answers = lambda call: Answer(200, body.encode())
    (row,) = client.call("x.y", "read")
    assert {name: str(value) for name, value in row.items()} == {
        "a": digits, "b": "-7.50", "c": "0.00001", "d": "5", "e": "False", "f": "None",
    }  # fmt: skip
    assert all(isinstance(row[name], Decimal) for name in "abc") and type(row["d"]) is int


def test_decimals_are_sent_with_their_digits(client, remote):
    client.call("x.y", "write", ids=[1], vals={"price": Decimal("10.05"), "whole": Decimal("1E+2")}, writes=True)
    body = remote.server.asked[-1].body
    if remote.protocol == "json2":
        assert b'"price": 10.05' in body and b'"whole": 100.0' in body
    else:
        assert b"<double>10.05</double>" in body and b"<double>100</double>" in body


def test_large_integers_are_sent_and_come_back(client, remote):
    remote.answers = lambda call: remote.result([call.named["number"] == 2**40, call.named["flag"] is True])
    assert client.call("x.y", "z", number=2**40, flag=True) == [True, True]


def test_characters_a_protocol_cannot_carry_do_not_break_the_request(client, remote):
    client.call("x.y", "z", text="a\x07b\ud800c\tü")
    text = remote.calls[0].named["text"]
    assert text == ("a\x07b?c\tü" if remote.protocol == "json2" else "abc\tü")


def test_the_servers_clock_is_told(client, remote):
    assert client.server_time() is None
    client.call("x.y", "z")
    assert client.server_time().tzinfo is UTC


def test_a_path_before_odoos_own_and_tls(connect, remotes):
    for protocol in ("json2", "xmlrpc"):
        remote = remotes(protocol, prefix="/erp/odoo", tls=True)
        client = connect(remote, protocol="auto", http={"ca_file": str(TLS / "ca.pem")})
        assert client.call("x.y", "z") is True and client.speaks == protocol
        assert all(asked.path.startswith("/erp/odoo/") for asked in remote.server.asked)


# ------------------------------------------------------------ protocol and version


@pytest.mark.parametrize(
    "version, known, speaks",
    [
        ((19, 0), (19, 0), "json2"),
        ((18, 0), (18, 0), "xmlrpc"),
        (("saas~18", 4), (18, 4), "xmlrpc"),
        (("saas~19", 2), (19, 2), "json2"),
        ((22, 0), (22, 0), "json2"),
        ((12, 0), (12, 0), "xmlrpc"),
    ],
)
def test_the_protocol_follows_the_version(connect, remotes, version, known, speaks):
    remote = remotes("json2")
    remote.version = version
    client = connect(remote, protocol="auto")
    assert (client.version, client.speaks) == (known, speaks)


def test_nothing_is_asked_before_it_is_needed_and_the_version_once(connect, remotes):
    remote = remotes("json2")
    client = connect(remote, protocol="auto")
    assert remote.server.asked == []
    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(lambda _: client.version, range(16))) == {(19, 0)}
    assert [asked.path for asked in remote.server.asked] == ["/web/version"]


def test_a_protocol_that_is_set_needs_no_version(client, remote):
    client.call("x.y", "z")
    assert client.speaks == remote.protocol
    assert not any("version" in asked.path for asked in remote.server.asked)


def test_the_last_way_to_tell_the_version_is_xmlrpc(connect, remotes):
    remote = remotes("xmlrpc")
    usual = remote.server.answer
    remote.server.answer = lambda asked: Answer(404, NO_DATABASE, HTML) if "/web/" in asked.path else usual(asked)
    assert connect(remote, protocol="auto").version == (17, 0)
    assert len(remote.server.asked) == 3


def test_xmlrpc_without_a_login_says_what_to_set(connect, remotes):
    remote = remotes("xmlrpc")
    with pytest.raises(ConfigError, match="needs the login") as caught:
        connect(remote, login="", protocol="auto").call("x.y", "z")
    assert "set login" in caught.value.hint and remote.calls == []


@pytest.mark.parametrize(
    "answer",
    [Answer(404, b"<h1>nginx</h1>", HTML), Answer(200, b"<h1>Welcome</h1>", HTML), Answer(200, b"[]"), Answer(403)],
)
def test_a_server_that_is_no_odoo_is_told_as_such(connect, remotes, answer):
    remote = remotes("json2")
    remote.server.answer = lambda asked: answer
    with pytest.raises(FatalError, match="not Odoo") as caught:
        connect(remote, protocol="auto").call("x.y", "z", writes=True)
    assert f"127.0.0.1:{remote.server.port}" in caught.value.message and "url" in caught.value.hint


def test_a_server_that_redirects_everything_names_where(connect, remotes):
    remote = remotes("json2")
    remote.server.answer = lambda asked: Answer(308, b"", {"Location": "https://erp.invalid/"})
    with pytest.raises(FatalError, match=r"redirects to https://erp\.invalid,"):
        _ = connect(remote, protocol="auto").version


def test_a_server_in_trouble_is_asked_again(connect, remotes):
    remote = remotes("json2")
    remote.server.answer = lambda asked: Answer(503, b"", HTML)
    with pytest.raises(RetryableError, match="503"):
        _ = connect(remote, protocol="auto").version
    assert len(remote.server.asked) == 9


def test_a_server_that_is_down_is_named(connect):
    port = closed_port()
    with pytest.raises(RetryableError, match=f"127.0.0.1:{port}: no connection") as caught:
        connect(url=f"http://127.0.0.1:{port}").call("x.y", "z", writes=True)
    assert not isinstance(caught.value, UnknownOutcome) and caught.value.hint


# ------------------------------------------------------------ login


def test_a_login_that_is_not_accepted(connect, remotes):
    remote = remotes("xmlrpc")
    remote.login = lambda: remote.xml(False)
    with pytest.raises(Unauthorised) as caught:
        connect(remote).call("x.y", "z", writes=True)
    assert LOGIN in caught.value.message and "api_key" in caught.value.hint and remote.calls == []


def test_a_key_that_was_replaced_is_read_again(connect, remote, tmp_path):
    client = connect(remote)
    client.call("x.y", "z")
    refusal = remote.error(401, "x.Unauthorized", "no") if remote.protocol == "json2" else remote.fault(3, "no")
    remote.answers = lambda call: refusal
    with pytest.raises(Unauthorised):
        client.call("x.y", "z")
    (tmp_path / "key").write_text("another\n")
    remote.answers = lambda call: remote.result(1)
    assert client.call("x.y", "z") == 1
    if remote.protocol == "json2":
        assert remote.server.asked[-1].headers["Authorization"] == "bearer another"
    else:
        assert remote.logins[-1][2] == "another"


def test_threads_log_in_once_and_get_their_own_answers(connect, remote):
    client = connect(remote, protocol="auto")
    remote.answers = lambda call: remote.result(call.named["number"] * 3)
    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda number: client.call("x.y", "z", number=number), range(200)))
    assert answers == [number * 3 for number in range(200)]
    assert len(remote.calls) == 200 and len(remote.logins) == (0 if remote.protocol == "json2" else 1)
    assert len({asked.connection for asked in remote.server.asked}) <= 16


def test_a_login_whose_reply_is_lost_leaves_no_unknown_write(connect, remotes):
    remote = remotes("xmlrpc")
    remote.login = lambda: hang_up
    with pytest.raises(RetryableError) as caught:
        connect(remote).call("x.y", "z", writes=True)
    assert not isinstance(caught.value, UnknownOutcome)
    assert len(remote.logins) == 3 and remote.calls == []


def test_a_login_to_an_unknown_database_names_the_setting(connect, remotes):
    remote = remotes("xmlrpc")
    text = traceback_text(f'psycopg2.OperationalError: FATAL:  database "{DATABASE}" does not exist')
    remote.login = lambda: remote.fault(1, text)
    with pytest.raises(FatalError, match=f"no database '{DATABASE}'"):
        connect(remote).call("x.y", "z", writes=True)
    assert remote.calls == []


# ------------------------------------------------------------ fields


def test_fields_are_asked_once_per_model(client, remote):
    remote.answers = lambda call: remote.result({"name": {"type": "char", "string": call.model}})
    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(lambda _: client.has("res.partner", "name"), range(16)))
    assert not client.has("res.partner", "delivery_date")
    assert client.fields("res.partner") == {"name": {"type": "char", "string": "res.partner"}}
    assert client.fields("account.move")["name"]["string"] == "account.move"
    assert [(call.model, call.method) for call in remote.calls] == [
        ("res.partner", "fields_get"),
        ("account.move", "fields_get"),
    ]
    assert {"type", "string", "relation", "required", "readonly"} <= set(remote.calls[0].named["attributes"])


def test_an_unknown_model_has_no_field(client, remote):
    unknown = {
        "json2": remote.error(404, "werkzeug.exceptions.NotFound", "the model 'x.y' does not exist"),
        "xmlrpc": remote.fault(2, "Object x.y doesn't exist"),
    }[remote.protocol]
    remote.answers = lambda call: unknown
    assert not client.has("x.y", "name") and not client.has("x.y", "other")
    with pytest.raises(Absent, match=r"x\.y"):
        client.fields("x.y")
    assert len(remote.calls) == 1


def test_a_failure_is_not_remembered_as_an_unknown_model(client, remote):
    remote.answers = lambda call: Answer(404, b"<h1>nginx</h1>", HTML)
    with pytest.raises(FatalError):
        client.has("res.partner", "name")
    remote.answers = lambda call: remote.result({"name": {"type": "char"}})
    assert client.has("res.partner", "name")


# ------------------------------------------------------------ secrets and the library


def test_the_library_makes_no_request_of_its_own(client, remote, monkeypatch):
    def forbidden(*arguments, **named):
        raise AssertionError("a request past our session")

    for name in ("post", "get", "request", "Client"):
        monkeypatch.setattr(httpx, name, forbidden)
    monkeypatch.setattr("odoolib.rpc.ServerProxy", forbidden)
    assert client.call("res.partner", "read", ids=[1]) is True
    assert len(remote.calls) == 1


@pytest.mark.parametrize("library_speaks", [False, True])
def test_the_key_is_in_no_log_even_at_debug(client, remote, caplog, library_speaks):
    caplog.set_level(logging.DEBUG)
    if library_speaks:  # not even where somebody wakes it
        caplog.set_level(logging.DEBUG, logger="odoolib")
    client.call("res.partner", "read", ids=[1])
    remote.answers = lambda call: Answer(502, b"<h1>down</h1>", HTML)
    with pytest.raises(UnknownOutcome):
        client.call("res.partner", "write", ids=[1], writes=True)
    names = {record.name.partition(".")[0] for record in caplog.records}
    assert "urllib3" not in names and ("odoolib" in names) <= library_speaks
    assert KEY not in caplog.text and KEY not in repr([vars(record) for record in caplog.records])


def test_a_key_the_remote_repeats_is_not_shown(client, remote):
    words = f"key {KEY} of {LOGIN} is not good"
    remote.answers = lambda call: (
        remote.error(422, "odoo.exceptions.UserError", words) if remote.protocol == "json2" else remote.fault(2, words)
    )
    with pytest.raises(Exception, match=r"key \*\*\* of robot is not good"):
        client.call("x.y", "z", writes=True)


def test_the_key_is_not_in_the_variables_of_any_frame_of_ours(client, remote):
    for writes in (False, True):
        for reply in (hang_up, Answer(403, b"no"), Answer(502, b"no")):
            remote.answers = lambda call, reply=reply: reply
            with pytest.raises((RetryableError, FatalError)) as caught:
                client.call("x.y", "z", writes=writes)
            seen = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
            ours = [frame for frame in seen.stack if "/connectors/" in frame.filename]
            assert ours and all(KEY not in str(frame.locals) for frame in ours)
            assert caught.value.__cause__ is None and caught.value.__context__ is None
    assert KEY not in repr(client) and KEY not in repr(vars(client))
