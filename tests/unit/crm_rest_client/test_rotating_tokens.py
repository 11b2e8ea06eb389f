"""Refresh tokens that rotate: kept before they are used, by one at a time, and shown to nobody."""

from __future__ import annotations

import json
import multiprocessing
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from connectors.crm_rest.settings import RestSettings
from connectors.declarative.auth.token_file import TokenFile
from connectors.declarative.client import Client
from connectors.declarative.settings.request import Request
from core.errors import ConfigError, FatalError, RetryableError
from tests.unit.crm_rest_client.authorization import Authorization
from tests.unit.crm_rest_client.clock import TestClock
from tests.unit.crm_rest_client.conftest import reply
from tests.unit.http.server import hang_up

GET = Request(path="/x")


@pytest.fixture
def guard(serve):
    made = Authorization(rotates=True)
    made.server = serve(made)
    return made


@pytest.fixture
def settings(guard, tmp_path):
    (tmp_path / "first").write_text("s3cret-value\n")
    auth = {
        "kind": "oauth2",
        "grant": "refresh_token",
        "token_url": f"{guard.server.url}/token",
        "client_id": "cid",
        "refresh_token": {"file": "first"},
        "token_file": "kept/token.json",
        "exports": {"api": "api"},
    }
    (tmp_path / "kept").mkdir()
    return {"base_url": guard.server.url, "auth": auth}


@pytest.fixture
def kept(tmp_path) -> Path:
    return tmp_path / "kept" / "token.json"


def test_each_refresh_uses_the_token_of_the_one_before(guard, settings, connect, clock):
    client = connect(**settings)
    for _ in range(3):
        client.call(GET)
        clock.advance(4000)
    assert [form["refresh_token"] for form in guard.forms] == ["s3cret-value", "refresh-1", "refresh-2"]


def test_only_the_owner_may_read_the_file_and_nothing_is_left_beside(guard, settings, connect, kept):
    connect(**settings).call(GET)
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert json.loads(kept.read_text())["refresh_token"] == "refresh-1"
    assert {path.name for path in kept.parent.iterdir()} == {"token.json", "token.json.lock"}
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in kept.parent.iterdir())


def test_another_process_goes_on_with_what_was_kept(guard, settings, connect, clock):
    guard.more = {"api": "v7"}
    connect(**settings).call(GET)
    second = connect(**settings)
    assert second.call(GET).meaning == "fine" and second.roots()["session"] == {"api": "v7"}
    assert guard.given == 1  # the access token is kept too
    clock.advance(4000)
    second.call(GET)
    assert [form["refresh_token"] for form in guard.forms] == ["s3cret-value", "refresh-1"]


def test_the_old_refresh_token_stays_where_the_reply_has_none(guard, settings, connect, clock, kept):
    guard.rotates = False
    client = connect(**settings)
    client.call(GET)
    assert json.loads(kept.read_text())["refresh_token"] == "s3cret-value"
    clock.advance(4000)
    client.call(GET)
    assert guard.given == 2


def test_a_kept_access_token_that_is_refused_is_got_anew(guard, settings, connect):
    connect(**settings).call(GET)
    guard.given += 1  # revoked
    assert connect(**settings).call(GET).meaning == "fine" and guard.given == 3


def test_after_another_authorisation_what_was_kept_is_not_used(guard, settings, connect, tmp_path):
    connect(**settings).call(GET)
    guard.refresh = "authorised-again"
    (tmp_path / "first").write_text("authorised-again")
    assert connect(**settings).call(GET).meaning == "fine"
    assert [form["refresh_token"] for form in guard.forms] == ["s3cret-value", "authorised-again"]


def test_after_a_change_of_scope_the_refresh_token_goes_on_and_the_access_token_does_not(guard, settings, connect):
    connect(**settings).call(GET)
    connect(**{**settings, "auth": {**settings["auth"], "scope": "more"}}).call(GET)
    assert [form["refresh_token"] for form in guard.forms] == ["s3cret-value", "refresh-1"]


def test_a_refresh_token_that_is_not_accepted_stops_with_what_to_do(guard, settings, connect):
    guard.refresh = "another"
    with pytest.raises(FatalError, match="invalid_grant") as caught:
        connect(**settings).call(GET)
    assert "authorise again" in caught.value.hint and "s3cret" not in caught.value.message


def test_a_reply_that_was_lost_leaves_the_old_token(guard, settings, connect, kept):
    guard.instead = lambda asked: hang_up
    with pytest.raises(RetryableError):
        connect(**settings).call(GET, during="write")
    assert not kept.exists() and not kept.with_name("token.json.new").exists()
    guard.instead = lambda asked: None
    connect(**settings).call(GET)


def test_the_new_token_is_kept_before_it_is_used(guard, settings, connect, kept):
    at_first_use = []
    guard.server.answer = lambda asked: (
        (at_first_use.append(kept.exists()) if asked.path == "/x" else None) or guard(asked)
    )
    connect(**settings).call(GET)
    assert at_first_use == [True]


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_a_file_others_can_read_is_refused(guard, settings, connect, kept, mode):
    connect(**settings).call(GET)
    kept.chmod(mode)
    with pytest.raises(ConfigError, match=r"auth\.token_file: others may read") as caught:
        connect(**settings).call(GET)
    assert "revoke" in caught.value.hint and "refresh-1" not in str(caught.value)


@pytest.mark.parametrize("content", ["", "{", "[]", '"refresh-1"', "[" * 10_000])
def test_a_damaged_file_is_not_taken_for_none(guard, settings, connect, kept, content):
    kept.write_text(content)
    kept.chmod(0o600)
    with pytest.raises(ConfigError, match="damaged") as caught:
        connect(**settings).call(GET)
    assert "remove it" in caught.value.hint and guard.forms == []


@pytest.mark.parametrize(
    "changed",
    [
        {"access_token": 7},
        {"access_token": ""},
        {"ends": "soon"},
        {"ends": "2099-01-01T00:00:00"},
        {"exports": "["},
        {"exports": "[]"},
        {"exports": None},
    ],
)
def test_what_cannot_be_read_of_a_kept_access_token_is_got_anew(guard, settings, connect, kept, changed):
    connect(**settings).call(GET)
    kept.write_text(json.dumps({**json.loads(kept.read_text()), **changed}))
    connect(**settings).call(GET)
    assert [form["refresh_token"] for form in guard.forms] == ["s3cret-value", "refresh-1"]


def test_a_link_in_the_place_of_the_file_is_not_followed(guard, settings, connect, kept, tmp_path):
    (tmp_path / "elsewhere").write_text("{}")
    (tmp_path / "elsewhere").chmod(0o600)
    kept.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigError, match="cannot be read"):
        connect(**settings).call(GET)
    assert guard.forms == []


def test_no_token_is_asked_for_that_could_not_be_kept(guard, settings, connect, kept):
    kept.parent.rmdir()
    with pytest.raises(ConfigError, match=r"auth\.token_file: .* cannot be written"):
        connect(**settings).call(GET)
    assert guard.forms == []


def test_what_stands_in_the_place_of_the_file_must_be_one(guard, settings, connect, kept):
    kept.mkdir()
    with pytest.raises(ConfigError, match="is not a file"):
        connect(**settings).call(GET)
    assert guard.forms == []


def test_a_token_that_could_not_be_put_in_its_place_is_not_lost(guard, settings, connect, kept, clock):
    guard.instead = lambda asked: kept.mkdir()  # a folder cannot be replaced by a file
    with pytest.raises(ConfigError, match="cannot be written"):
        connect(**settings).call(GET)
    guard.instead = lambda asked: None
    assert [asked.path for asked in guard.server.asked] == ["/token"]
    with pytest.raises(ConfigError, match="cannot be written"):
        connect(**settings).call(GET)
    kept.rmdir()
    client = connect(**settings)  # as after a crash
    assert client.call(GET).meaning == "fine" and guard.given == 1
    assert json.loads(kept.read_text())["refresh_token"] == "refresh-1"
    clock.advance(4000)
    assert client.call(GET).meaning == "fine"
    assert [form["refresh_token"] for form in guard.forms] == ["s3cret-value", "refresh-1"]
    assert json.loads(kept.read_text())["refresh_token"] == "refresh-2"


@pytest.mark.parametrize("draft", [b"", b" " * 65_536, b'{"refresh_to'])
def test_a_crash_before_the_reply_leaves_nothing_that_counts(guard, settings, connect, kept, draft):
    connect(**settings).call(GET)
    kept.with_name("token.json.new").write_bytes(draft)
    kept.with_name("token.json.new").chmod(0o600)
    assert connect(**settings).call(GET).meaning == "fine" and guard.given == 1


def test_threads_of_two_connections_to_one_file_refresh_once(guard, settings, connect):
    clients = [connect(**settings), connect(**settings)]
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda number: clients[number % 2].call(GET).meaning, range(16)))
    assert answers == ["fine"] * 16 and guard.given == 1


def _run(settings, base, start, done):
    client = Client("crm", RestSettings.model_validate(settings), base=base, clock=TestClock())
    start.wait(30)
    done.put(client.call(GET).meaning)
    client.close()


def test_processes_refresh_one_at_a_time(guard, settings, tmp_path):
    context = multiprocessing.get_context("spawn")
    start, done = context.Event(), context.Queue()
    workers = [context.Process(target=_run, args=(settings, tmp_path, start, done)) for _ in range(3)]
    for worker in workers:
        worker.start()
    start.set()
    assert [done.get(timeout=60) for _ in workers] == ["fine"] * 3
    for worker in workers:
        worker.join(30)
        assert worker.exitcode == 0
    assert guard.given == 1


def test_what_is_too_large_is_not_kept(tmp_path):
    file = TokenFile(tmp_path / "t")
    with file.locked(), file.replacing() as keep, pytest.raises(ConfigError, match="larger"):
        keep({"a": "x" * 70_000})
    assert file.read() == {} and not (tmp_path / "t.new").exists()


def test_the_secrets_of_the_file_are_not_shown(guard, settings, connect):
    client = connect(**settings, error_message="error")
    guard.server.answer = lambda asked: (
        guard(asked) if asked.path == "/token" else reply({"error": f"{guard.refresh} access-{guard.given}"}, 403)
    )
    with pytest.raises(FatalError, match=r": \*\*\* \*\*\*$"):
        client.call(GET)
