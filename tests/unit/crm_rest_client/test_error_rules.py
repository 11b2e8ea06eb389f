"""What a reply means: by the rules in their order, else by its status, and what of it people get to read."""

from __future__ import annotations

import json

import pytest

from connectors.declarative.error_rules import ErrorRules
from connectors.declarative.settings.errors import ErrorRule

_LIMIT = {"status": [403], "path": "[0].errorCode", "matches": "^REQUEST_LIMIT"}


def judged(status=200, body=None, *rules, during="read", headers=None, message="", raw=None):
    text = raw if raw is not None else (b"" if body is None else json.dumps(body).encode())
    made = tuple(ErrorRule(**rule) for rule in rules)
    return ErrorRules(made, message).judge(status, headers or {}, body, text, during)


@pytest.mark.parametrize(
    ("status", "meaning", "writing"),
    [
        (200, "fine", "fine"),
        (201, "fine", "fine"),
        (207, "fine", "fine"),
        (204, "empty", "empty"),
        (304, "empty", "empty"),
        (400, "refused", "refused"),
        (401, "refresh", "refresh"),
        (402, "refused", "refused"),
        (403, "fatal", "fatal"),
        (404, "missing", "missing"),
        (405, "refused", "refused"),
        (406, "refused", "refused"),
        (408, "retry", "retry"),
        (409, "conflict", "refused"),
        (410, "refused", "refused"),
        (412, "refused", "refused"),
        (417, "refused", "refused"),
        (422, "refused", "refused"),
        (429, "throttle", "throttle"),
        (500, "retry", "retry"),
        (502, "retry", "retry"),
        (503, "retry", "retry"),
        (504, "retry", "retry"),
    ],
)
def test_a_status_has_a_meaning_of_its_own(status, meaning, writing):
    assert judged(status, {}).meaning == meaning
    assert judged(status, {}, during="write").meaning == writing


def test_a_server_that_is_busy_and_says_how_long_is_no_failure():
    assert judged(503, {}, headers={"Retry-After": "3"}).meaning == "throttle"


@pytest.mark.parametrize(
    ("rule", "status", "body", "headers", "holds"),
    [
        (_LIMIT, 403, [{"errorCode": "REQUEST_LIMIT_EXCEEDED"}], {}, True),
        (_LIMIT, 403, [{"errorCode": "OTHER"}], {}, False),
        (_LIMIT, 403, {"errorCode": "REQUEST_LIMIT"}, {}, False),
        ({"path": "errors"}, 200, {"errors": [{"m": 1}]}, {}, True),
        ({"path": "errors"}, 200, {"errors": []}, {}, False),
        ({"path": "success == `false`"}, 200, {"success": False}, {}, True),
        ({"path": "success == `false`"}, 200, {"success": True}, {}, False),
        ({"path": "code", "matches": "^7$"}, 200, {"code": 7}, {}, True),
        ({"path": "data[].code", "matches": "DUP"}, 200, {"data": [{"code": "OK"}, {"code": "DUPLICATE"}]}, {}, True),
        ({"header": "X-Limit"}, 403, {}, {"X-Limit": ""}, True),
        ({"header": "X-Limit"}, 403, {}, {}, False),
        ({"header": "X-Limit", "matches": "daily"}, 403, {}, {"X-Limit": "daily"}, True),
        ({"header": "X-Limit", "matches": "daily"}, 403, {"a": "daily"}, {"X-Limit": "burst"}, False),
        ({"header": "X-Limit", "path": "a", "matches": "daily"}, 403, {"a": "daily"}, {"X-Limit": "1"}, True),
        ({"header": "X-Limit", "path": "a", "matches": "daily"}, 403, {"a": "daily"}, {}, False),
        ({"matches": "too many"}, 500, {"a": ["too many"]}, {}, True),
        ({"status": [500], "matches": "too many"}, 502, {"a": "too many"}, {}, False),
        ({"status": [404], "during": "write"}, 404, {}, {}, False),
    ],
)  # fmt: skip
def test_a_rule_holds_where_every_condition_does(rule, status, body, headers, holds):
    found = judged(status, body, {**rule, "then": "duplicate"}, headers=headers)
    assert (found.meaning == "duplicate") is holds


def test_the_first_rule_that_holds_decides():
    rules = (
        {"status": [404], "path": "gone", "then": "fatal"},
        {"status": [404], "then": "empty"},
        {"status": [404], "then": "retry"},
    )
    assert judged(404, {}, *rules).meaning == "empty"
    assert judged(404, {"gone": True}, *rules).meaning == "fatal"


def test_a_rule_sees_text_that_is_no_json():
    rule = {"status": [503], "matches": "Bad filter", "then": "refused"}
    found = judged(503, None, rule, raw=b"<html><b>Bad filter</b><script>x()</script>")
    assert found == ("refused", "Bad filter")


def test_only_so_much_of_a_text_is_looked_at():
    found = judged(400, None, {"matches": "end$", "then": "fatal"}, raw=b"x" * 100_000 + b"end")
    assert found.meaning == "refused" and len(found.message) <= 120


def test_the_message_stands_where_the_rule_says_then_where_the_settings_say():
    rule = {"status": [400], "then": "refused", "message": "detail"}
    body = {"detail": "<b>No\x00 such</b>\n customer", "message": "Bad"}
    assert judged(400, body, rule, message="message").message == "No such customer"
    assert judged(400, body, message="message").message == "Bad"
    assert judged(400, {"message": "Bad"}, rule, message="message").message == "Bad"
    assert judged(400, {"errors": [{"m": "one"}, {"m": "two"}]}, message="errors[].m").message == "one; two"
    assert judged(400, {"m": "x" * 5000}, message="m").message.endswith("…")


def test_a_header_that_is_looked_at_is_the_message_of_an_empty_body():
    headers = {"X-Status-Reason": "No access to\x00 parent.", "Retry-After": "30"}
    reason = {"header": "X-Status-Reason", "matches": "parent", "then": "refused"}
    assert judged(403, None, reason, headers=headers).message == "No access to parent."
    assert judged(403, {"m": "Body"}, reason, headers=headers, message="m").message == "Body"
    assert judged(503, None, {"header": "Retry-After", "then": "throttle"}, headers=headers).message == ""


def test_a_body_is_not_quoted_where_nothing_says_what_of_it():
    assert judged(400, {"customer": "Jane Doe", "message": "Jane"}).message == ""


def test_a_header_tells_why_where_the_body_does_not():
    rule = {"status": [412], "header": "X-Reason", "matches": "taken", "then": "duplicate", "message": "m"}
    headers = {"X-Reason": "<i>number taken</i>"}
    assert judged(412, {}, rule, headers=headers) == ("duplicate", "number taken")
    assert judged(412, {"m": "said here"}, rule, headers=headers) == ("duplicate", "said here")
