"""The escape hatch: a class of one's own, and what happens where it breaks."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from connectors.conformance import sample_request
from connectors.crm_rest.hook import Hook, hook_of
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
    made.__dict__.update(Shouting=Shouting, Broken=Broken, Nothing=Nothing, Unmade=Unmade)
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
