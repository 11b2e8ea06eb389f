"""The escape hatch: a class of one's own, and what happens where it breaks."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from connectors.conformance import sample_request
from connectors.declarative.hook import Hook, hook_of
from connectors.spi import UnknownOutcome
from core.errors import ConfigError, FatalError
from tests.unit.crm_rest_writing.conversation import Answer, Conversation, adapter

PAGE = Path(__file__).parents[3] / "docs" / "connectors" / "rest.md"


class Shouting:
    def document(self, kind: str, data: Mapping[str, Any]) -> Mapping[str, Any]:
        return {**data, "text": f"{kind}: {data['text'].upper()}"}


class Broken:
    def document(self, kind: str, data: Mapping[str, Any]) -> Mapping[str, Any]:
        raise KeyError("4711-secret")

    def record(self, stream: str, record: Any) -> Any:
        return None if record == "draft" else record

    def prepare(self, request: Mapping[str, Any]) -> Any:
        return "no table"


class Nothing:
    pass


class Unmade:
    def __init__(self) -> None:
        raise OSError("no such file")


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The name of a module that holds the classes of this file."""
    made = ModuleType("hooks_of_the_tests")
    classes = (Shouting, Broken, Nothing, Unmade, Translating, Astray)
    made.__dict__.update({each.__name__: each for each in classes})
    monkeypatch.setitem(sys.modules, made.__name__, made)
    yield made.__name__
    hook_of.cache_clear()


def _passed(hook: Hook, table: dict[str, Any]) -> list[Any]:
    return [hook.prepare(table), hook.answered(table), hook.document("tier", table), hook.record("x", table)]


def test_templates_see_what_the_hook_gives(module: str) -> None:
    create = {"save": {"id": "id"}, "request": {"method": "POST", "path": "/notes", "body": {"text": "${note.text}"}}}
    write = {"idempotency": "marker", "create": create, "find": {"request": {"path": "/notes"}}}
    remote = {"remote": {"fields": {"id": "id", "key": "text"}}}
    with Conversation(lambda asked: [] if asked.method == "GET" else Answer(201, {"id": 1})) as talk:
        connection = adapter(talk, {"account_note": {**write, **remote}}, hook=f"{module}:Shouting")
        connection.create(sample_request("account_note"))
        assert talk.requests[-1].json() == {"text": "account_note: YOU ARE GOLD NOW"}


def test_without_a_hook_everything_passes() -> None:
    hook = hook_of("")
    table = {"a": 1}
    assert not hook
    assert (
        hook.prepare(table) is hook.answered(table) is hook.document("tier", table) is hook.record("x", table) is table
    )


def test_a_hook_may_leave_records_out(module: str) -> None:
    hook = hook_of(f"{module}:Broken")
    assert (hook.record("notes", "draft"), hook.record("notes", "x")) == (None, "x")


def test_a_hook_that_breaks_is_named_and_says_nothing_of_what_passed(module: str) -> None:
    hook = hook_of(f"{module}:Broken")
    with pytest.raises(FatalError, match=f"hook {module}:Broken: document broke with KeyError") as caught:
        hook.document("tier", {})
    assert "4711" not in str(caught.value)
    with pytest.raises(FatalError, match="prepare returned no table"):
        hook.prepare({})


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("no_such_module_anywhere:Class", "no module no_such_module_anywhere"),
        ("hooks_of_the_tests:Missing", "has no class Missing"),
        ("hooks_of_the_tests:Nothing", "has none of the methods"),
        ("hooks_of_the_tests:Unmade", "cannot be made"),
    ],
)
def test_a_hook_that_cannot_be_used_is_an_error_of_the_settings(module: str, name: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        hook_of(name)


def test_the_hook_of_the_page_lets_everything_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    (text,) = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    made = ModuleType("your_module")
    exec(compile(text, str(PAGE), "exec"), made.__dict__)  # noqa: S102 - the page's own code
    monkeypatch.setitem(sys.modules, "your_module", made)
    hook = hook_of("your_module:YourClass")
    table = {"a": 1}
    assert (
        hook.prepare(table) == hook.answered(table) == hook.document("tier", table) == hook.record("x", table) == table
    )
    hook_of.cache_clear()


class Translating:
    """Speaks to a system that takes and gives XML."""

    def prepare(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        assert "Authorization" not in request["headers"]
        body = None if request["body"] is None else f"<note>{json.loads(request['body'])['text']}</note>"
        return {**request, "url": f"{request['url']}?form=xml", "headers": {"X-Form": "xml"}, "body": body}

    def answered(self, answer: Mapping[str, Any]) -> Mapping[str, Any]:
        (number,) = re.findall("<id>(.*)</id>", answer["body"])
        return {**answer, "headers": {}, "body": json.dumps({"id": number})}


class Astray:
    def prepare(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        return {**request, "url": "https://evil.example.com/"}


NOTE = {
    "idempotency": "duplicate_error",
    "create": {"save": {"id": "id"}, "request": {"method": "POST", "path": "/notes", "body": {"text": "${note.text}"}}},
    "find": {"request": {"path": "/notes"}},
    "remote": {"fields": {"id": "id", "key": "text"}},
}
TOKEN = {"kind": "bearer", "token": {"env": "TOKEN_OF_THE_TEST"}}


def _connected(talk: Conversation, module: str, name: str) -> Any:
    return adapter(talk, {"account_note": NOTE}, hook=f"{module}:{name}", auth=TOKEN)


def test_a_hook_sees_requests_without_credentials_and_replies_as_they_came(
    module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN_OF_THE_TEST", "t0ken")
    with Conversation(lambda asked: Answer(200, b"<x><id>7</id></x>", content_type="text/xml")) as talk:
        created = _connected(talk, module, "Translating").create(sample_request("account_note"))
        assert created.remote_id == "7"
        (asked,) = talk.requests
        assert (asked.target, asked.body) == ("/api/notes?form=xml", b"<note>You are Gold now</note>")
        assert (asked.header("X-Form"), asked.bearer()) == ("xml", "t0ken")


def test_a_reply_that_breaks_the_hook_leaves_a_write_unknown(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN_OF_THE_TEST", "t0ken")
    with Conversation(lambda asked: Answer(200, b"<x/>", content_type="text/xml")) as talk:
        connection = _connected(talk, module, "Translating")
        with pytest.raises(UnknownOutcome, match="answered broke with ValueError"):
            connection.create(sample_request("account_note"))
        with pytest.raises(FatalError, match="answered broke with ValueError"):
            connection.look_up("account_note", "RB-AAAAAAAAAAAA")


def test_a_hook_leads_to_no_other_host(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN_OF_THE_TEST", "t0ken")
    with Conversation(lambda asked: {}) as talk:
        with pytest.raises(FatalError, match="another host"):
            _connected(talk, module, "Astray").create(sample_request("account_note"))
        assert talk.requests == []
