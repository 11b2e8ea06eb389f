"""Every way Odoo, or what stands before it, can refuse: which error comes of it, for reads and for writes."""

from __future__ import annotations

import pytest

from connectors.odoo.faults import Absent, Forbidden, Missing, Unauthorised, last_exception
from connectors.spi import UnknownOutcome, WriteRefused
from core.errors import FatalError, RetryableError
from tests.unit.http.server import Answer, reset, saying, silent
from tests.unit.odoo_client.remote import DATABASE, HTML, JSON, NO_DATABASE, Remote, traceback_text

GONE = "Record does not exist or has been deleted.\n(Record: res.partner(7,), User: 5)"
GONE_GERMAN = "Datensatz existiert nicht oder kann nicht gefunden werden.\n(Datensatz: res.partner(7, 8), Benutzer: 5)"
GROUPS = "You are not allowed to access 'X' (x.y) records.\n\nThis operation is allowed for:\n\t- Sales / Boss\n"
SERIALISE = "could not serialize access due to concurrent update\n"
LOCK = 'could not obtain lock on row in relation "account_move"\n'
DOWN = "connection to server failed: FATAL:  the database system is shutting down\n"
NOT_THERE = f'connection to server at "db" failed: FATAL:  database "{DATABASE}" does not exist\n'
GATEWAY = b"<html><head><title>502 Bad Gateway</title></head><body><h1>nginx</h1></body></html>"


def error(status, name, message):
    return Remote.error(status, name, message)


def fault(code, text):
    return Remote.fault(code, text)


def raised(*exceptions):
    return Remote.fault(1, traceback_text(*exceptions))


REFUSALS = {
    # what: (JSON-2, XML-RPC, error of a read, error of a write, words to be shown)
    "user error": (
        error(422, "odoo.exceptions.UserError", "No <b>lines</b>"),
        fault(2, "No <b>lines</b>"),
        WriteRefused,
        WriteRefused,
        "No lines",
    ),
    "validation": (
        error(422, "odoo.exceptions.ValidationError", "Unbalanced"),
        fault(2, "Unbalanced"),
        WriteRefused,
        WriteRefused,
        "Unbalanced",
    ),
    "missing record": (
        error(404, "odoo.exceptions.MissingError", GONE),
        fault(2, GONE),
        Missing,
        Missing,
        "res.partner(7,)",
    ),
    "missing record, unnamed": (
        error(404, "odoo.exceptions.MissingError", "Record does not exist or has been deleted."),
        fault(2, "Record does not exist or has been deleted."),
        Missing,
        Missing,
        "has been deleted",
    ),
    "missing record in German": (
        error(404, "odoo.exceptions.MissingError", GONE_GERMAN),
        fault(2, GONE_GERMAN),
        Missing,
        Missing,
        "existiert nicht",
    ),
    "unknown model": (
        error(404, "werkzeug.exceptions.NotFound", "the model 'x.y' does not exist"),
        fault(2, "Object x.y doesn't exist"),
        Absent,
        Absent,
        "x.y",
    ),
    "unknown method": (
        error(404, "werkzeug.exceptions.NotFound", "The method 'x.y.z' does not exist"),
        raised("AttributeError: The method 'x.y.z' does not exist"),
        Absent,
        Absent,
        "x.y.z",
    ),
    "no rights": (
        error(403, "odoo.exceptions.AccessError", GROUPS),
        fault(4, GROUPS),
        Forbidden,
        Forbidden,
        "- Sales / Boss",
    ),
    "bad key": (
        error(401, "werkzeug.exceptions.Unauthorized", "Invalid apikey"),
        fault(3, "Access Denied"),
        Unauthorised,
        Unauthorised,
        "credentials",
    ),
    "programming error": (
        error(500, "builtins.ValueError", "Invalid field 'q'"),
        raised("ValueError: Invalid field 'q'"),
        FatalError,
        UnknownOutcome,
        "ValueError: Invalid field 'q'",
    ),
    "serialisation": (
        error(500, "psycopg2.errors.SerializationFailure", SERIALISE),
        raised("psycopg2.errors.SerializationFailure: " + SERIALISE),
        RetryableError,
        RetryableError,
        "could not serialize",
    ),
    "lock": (
        error(500, "psycopg2.errors.LockNotAvailable", LOCK),
        raised("KeyError: 1", "psycopg2.errors.LockNotAvailable: " + LOCK),
        RetryableError,
        RetryableError,
        "could not obtain lock",
    ),
    "deadlock": (
        error(500, "psycopg2.errors.DeadlockDetected", "deadlock detected"),
        raised("psycopg2.errors.DeadlockDetected: deadlock detected"),
        RetryableError,
        RetryableError,
        "deadlock",
    ),
    "serialisation told as a rule": (
        error(422, "odoo.exceptions.UserError", SERIALISE),
        fault(2, SERIALISE),
        RetryableError,
        RetryableError,
        "could not serialize",
    ),
    "another failure after a serialisation": (
        error(500, "builtins.ValueError", "broken"),
        raised("psycopg2.errors.SerializationFailure: " + SERIALISE, "ValueError: broken"),
        FatalError,
        UnknownOutcome,
        "ValueError: broken",
    ),
    "database going down": (
        error(500, "psycopg2.OperationalError", DOWN),
        raised("psycopg2.OperationalError: " + DOWN),
        RetryableError,
        UnknownOutcome,
        "shutting down",
    ),
    "unknown database": (
        error(500, "psycopg2.OperationalError", NOT_THERE),
        raised("psycopg2.OperationalError: " + NOT_THERE),
        FatalError,
        FatalError,
        f"no database '{DATABASE}'",
    ),
    "empty error": (
        error(500, "builtins.AssertionError", ""),
        raised("AssertionError"),
        FatalError,
        UnknownOutcome,
        "Asser",
    ),
}

REPLIES = {
    # what: (reply over either protocol, error of a read, error of a write, words to be shown)
    "gateway": (Answer(502, GATEWAY, HTML), RetryableError, UnknownOutcome, "answered 502 text/html: 502 Bad Gateway"),
    "unavailable": (Answer(503, b"", HTML), RetryableError, UnknownOutcome, "answered 503"),
    "gateway timeout": (Answer(504, b"{}", JSON), RetryableError, UnknownOutcome, "answered 504"),
    "failure in HTML": (Answer(500, b"<h1>Oops</h1>", HTML), RetryableError, UnknownOutcome, "Oops"),
    "page instead of a result": (Answer(200, GATEWAY, HTML), RetryableError, UnknownOutcome, "answered 200 text/html"),
    "empty body": (Answer(200, b""), RetryableError, UnknownOutcome, "answered 200"),
    "half a body": (Answer(200, b'[{"id": 1}, {"i'), RetryableError, UnknownOutcome, "answered 200"),
    "half an XML body": (Answer(200, b"<methodResponse><params><par"), RetryableError, UnknownOutcome, "answered 200"),
    "accepted, no result": (Answer(202, b""), RetryableError, UnknownOutcome, "answered 202"),
    "request timeout": (Answer(408, b""), RetryableError, UnknownOutcome, "answered 408"),
    "too large a request": (Answer(413, b"<h1>Too big</h1>", HTML), FatalError, FatalError, "answered 413"),
    "bad request": (Answer(400, b"", HTML), FatalError, FatalError, "answered 400"),
    "forbidden by a proxy": (Answer(403, b"<h1>Blocked</h1>", HTML), Forbidden, Forbidden, "Blocked"),
    "proxy wants a login": (Answer(401, b"", HTML), Unauthorised, Unauthorised, "credentials"),
    "nothing there": (Answer(404, b"<h1>nginx</h1>", HTML), FatalError, FatalError, "answered 404 text/html: nginx"),
    "moved": (
        Answer(301, b"", {"Location": "https://elsewhere.invalid/x"}),
        FatalError,
        FatalError,
        "elsewhere.invalid",
    ),
}


def call(client, *, writes):
    return client.call("res.partner", "write" if writes else "read", ids=[7], writes=writes)


def refused(client, expected, *, writes):
    with pytest.raises(expected) as caught:
        call(client, writes=writes)
    assert type(caught.value) is expected
    assert "s3cret" not in f"{caught.value} {caught.value.hint}" and "\n" not in str(caught.value)
    assert "res.partner." in caught.value.message or "redirects" in caught.value.message
    return caught.value


@pytest.mark.parametrize("writes", [False, True], ids=["read", "write"])
@pytest.mark.parametrize("what", REFUSALS)
def test_a_refusal_by_odoo(client, remote, what, writes):
    over_json, over_xml, of_read, of_write, words = REFUSALS[what]
    remote.answers = lambda asked: over_json if remote.protocol == "json2" else over_xml
    expected = of_write if writes else of_read
    assert words in refused(client, expected, writes=writes).message
    assert len(remote.calls) == (3 if expected is RetryableError and not writes else 1)


@pytest.mark.parametrize("writes", [False, True], ids=["read", "write"])
@pytest.mark.parametrize("what", REPLIES)
def test_a_reply_that_is_none_of_odoos(client, remote, what, writes):
    reply, of_read, of_write, words = REPLIES[what]
    remote.answers = lambda asked: reply
    expected = of_write if writes else of_read
    assert words in refused(client, expected, writes=writes).message
    assert len(remote.calls) == (3 if expected is RetryableError else 1)


@pytest.mark.parametrize("writes", [False, True], ids=["read", "write"])
def test_throttling_names_the_wait_and_is_not_repeated(client, remote, writes):
    remote.answers = lambda asked: Answer(429, b"", {"Retry-After": "17"})
    assert refused(client, RetryableError, writes=writes).after == 17
    remote.answers = lambda asked: Answer(429, b"")
    assert refused(client, RetryableError, writes=writes).after == 10
    assert len(remote.calls) == 2


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_in_trouble_may_name_a_wait_too(client, remote, status):
    remote.answers = lambda asked: Answer(status, GATEWAY, {**HTML, "Retry-After": "5"})
    assert refused(client, RetryableError, writes=False).after == 5
    assert refused(client, UnknownOutcome, writes=True).after == 5
    assert len(remote.calls) == 2


@pytest.mark.parametrize(
    "ending", [reset, saying(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n[1")], ids=["reset", "cut"]
)
def test_a_lost_reply(client, remote, ending):
    remote.answers = lambda asked: ending
    with pytest.raises(UnknownOutcome, match=r"after res\.partner\.write was sent"):
        call(client, writes=True)
    assert len(remote.calls) == 1
    with pytest.raises(RetryableError) as caught:
        call(client, writes=False)
    assert not isinstance(caught.value, UnknownOutcome) and len(remote.calls) == 4


def test_no_reply_in_time(connect, remote):
    client = connect(remote, http={"read_timeout": 0.2})
    remote.answers = lambda asked: silent(remote.server)
    with pytest.raises(UnknownOutcome, match="no answer within"):
        call(client, writes=True)
    assert len(remote.calls) == 1


def test_a_reply_that_is_too_large_is_not_asked_for_again(connect, remote):
    client = connect(remote, http={"max_reply_megabytes": 1})
    remote.answers = lambda asked: remote.result("x" * (2 << 20))
    with pytest.raises(RetryableError, match="larger than 1 MB"):
        call(client, writes=False)
    assert len(remote.calls) == 1


def test_a_write_that_could_not_be_sent_is_no_unknown_outcome(client, remote):
    call(client, writes=True)
    client.close()
    remote.server.close()
    with pytest.raises(RetryableError) as caught:
        call(client, writes=True)
    assert not isinstance(caught.value, UnknownOutcome) and "no connection" in caught.value.message


def test_a_read_is_answered_at_the_third_attempt(client, remote):
    replies = [Answer(502, GATEWAY, HTML), Answer(200, b"?"), remote.result([7])]
    remote.answers = lambda asked: replies[len(remote.calls) - 1]
    assert call(client, writes=False) == [7]
    assert len(remote.calls) == 3


# ------------------------------------------------------------ databases


@pytest.mark.parametrize("writes", [False, True], ids=["read", "write"])
def test_a_database_that_cannot_be_opened_now_may_come_back(client, remote, writes):
    remote.answers = lambda asked: Answer(404, NO_DATABASE, HTML)
    error = refused(client, RetryableError, writes=writes)
    assert repr(DATABASE) in error.message and "database" in error.hint


@pytest.mark.parametrize("writes", [False, True], ids=["read", "write"])
def test_a_database_the_server_does_not_list_is_a_matter_of_settings(client, remote, writes):
    remote.answers = lambda asked: Answer(404, NO_DATABASE, HTML)
    remote.databases = ["other"]
    error = refused(client, FatalError, writes=writes)
    assert repr(DATABASE) in error.message and "setting database" in error.hint


@pytest.mark.parametrize("offered", [None, []])
def test_a_server_that_lists_no_databases_leaves_it_open(client, remote, offered):
    remote.answers = lambda asked: Answer(404, NO_DATABASE, HTML)
    remote.databases = offered
    refused(client, RetryableError, writes=False)


# ------------------------------------------------------------ XML-RPC alone

NONE_TEXT = traceback_text("TypeError: cannot marshal None unless allow_none is enabled")


def test_a_write_with_no_result_is_done(connect, remotes):
    remote = remotes("xmlrpc")
    remote.answers = lambda asked: remote.fault(1, NONE_TEXT)
    assert call(connect(remote), writes=True) is None
    assert len(remote.calls) == 1


def test_a_read_whose_result_xmlrpc_cannot_carry_is_not_taken_for_nothing(connect, remotes):
    remote = remotes("xmlrpc")
    remote.answers = lambda asked: remote.fault(1, NONE_TEXT)
    with pytest.raises(FatalError, match="cannot marshal None"):
        call(connect(remote), writes=False)


@pytest.mark.parametrize(
    "text",
    [
        traceback_text("TypeError: cannot marshal <class 'x'> objects"),
        traceback_text("TypeError: cannot marshal None unless allow_none is enabled", "ValueError: later"),
        traceback_text("ValueError: cannot marshal None unless allow_none is enabled"),
    ],
)
def test_only_that_very_failure_counts_as_done(connect, remotes, text):
    remote = remotes("xmlrpc")
    remote.answers = lambda asked: remote.fault(1, text)
    with pytest.raises(UnknownOutcome):
        call(connect(remote), writes=True)


@pytest.mark.parametrize(
    "body",
    [
        '<!DOCTYPE x [<!ENTITY a "b">]><methodResponse><params><param><value>&a;</value></param></params>'
        "</methodResponse>",
        '<!DOCTYPE x SYSTEM "file:///etc/passwd"><methodResponse><params><param><value>1</value></param></params>'
        "</methodResponse>",
        "<methodResponse><params><param><value><double>NaN</double></value></param></params></methodResponse>",
        "<methodResponse><params><param><value><double>x</double></value></param></params></methodResponse>",
        "<methodResponse><params></params></methodResponse>",
        "<methodResponse><fault><value><string>odd</string></value></fault></methodResponse>",
        "<methodResponse><params><param><value><odd>1</odd></value></param></params></methodResponse>",
        "<methodResponse><params><param></struct></param></params></methodResponse>",
    ],
)
def test_hostile_or_odd_xml_is_no_result(connect, remotes, body):
    remote = remotes("xmlrpc")
    remote.answers = lambda asked: Answer(200, body.encode(), {"Content-Type": "text/xml"})
    refused(connect(remote), UnknownOutcome, writes=True)
    refused(connect(remote), RetryableError, writes=False)


# ------------------------------------------------------------ JSON-2 alone


@pytest.mark.parametrize("body", ["NaN", "[1, Infinity]", "[" * 200_000, "1" * 10_000, '"\xff"'])
def test_hostile_or_odd_json_is_no_result(connect, remotes, body):
    remote = remotes("json2")
    remote.answers = lambda asked: Answer(200, body.encode("latin-1"), JSON)
    refused(connect(remote), UnknownOutcome, writes=True)
    refused(connect(remote), RetryableError, writes=False)


def test_arguments_the_method_does_not_take_are_our_mistake(connect, remotes):
    remote = remotes("json2")
    remote.answers = lambda asked: error(422, "werkzeug.exceptions.UnprocessableEntity", "unexpected argument 'q'")
    refused(connect(remote), FatalError, writes=True)


def test_a_lock_held_by_another_may_be_tried_again(connect, remotes):
    remote = remotes("json2")
    remote.answers = lambda asked: error(409, "odoo.exceptions.LockError", "in use")
    refused(connect(remote), RetryableError, writes=True)


def test_denied_access_is_a_matter_of_credentials(connect, remotes):
    remote = remotes("json2")
    remote.answers = lambda asked: error(403, "odoo.exceptions.AccessDenied", "Access Denied")
    refused(connect(remote), Unauthorised, writes=True)


def test_an_error_in_anothers_words_is_not_read_as_odoos(connect, remotes):
    remote = remotes("json2")
    remote.answers = lambda asked: Answer(500, b'{"error": {"message": "upstream"}}', JSON)
    refused(connect(remote), UnknownOutcome, writes=True)


@pytest.mark.parametrize(
    "text, found",
    [
        (traceback_text("a.b.C: x\ny"), ("a.b.C", "x\ny")),
        (traceback_text("KeyError: 1", "ValueError: 2"), ("ValueError", "2")),
        (traceback_text("AssertionError"), ("AssertionError", "")),
        ("no traceback", ("", "no traceback")),
        ("Traceback (most recent call last):\n  File x\n", ("", "")),
        ("", ("", "")),
    ],
)
def test_the_last_exception_of_a_traceback(text, found):
    assert last_exception(text) == found
