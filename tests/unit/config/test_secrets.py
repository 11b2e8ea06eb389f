from __future__ import annotations

import pickle
import traceback
from pathlib import Path

import pytest

from connectors.secrets import Secret, SecretReference, secret_references
from core.errors import ConfigError
from scheduler.config import parse_config

VALUE = "hunter2-do-not-show"
CONNECTION = '[connections.a]\nadapter = "fake"\nsettings = {{ host = "h", password = {} }}\n'


def test_a_secret_is_never_shown() -> None:
    secret = Secret(VALUE)
    for shown in (repr(secret), str(secret), f"{secret}", f"{secret!r:>30}", f"{[secret]}"):
        assert VALUE not in shown
    assert secret.reveal() == VALUE
    assert secret == Secret(VALUE)
    with pytest.raises(TypeError):
        pickle.dumps(secret)


def test_a_secret_of_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("REBATED_TEST", VALUE)
    assert SecretReference(env="REBATED_TEST").resolve(tmp_path).reveal() == VALUE
    monkeypatch.setenv("REBATED_TEST", "")
    with pytest.raises(ConfigError, match="REBATED_TEST is not set, or empty"):
        SecretReference(env="REBATED_TEST").resolve(tmp_path)


def test_a_secret_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "password").write_text(VALUE + "\n")
    reference = SecretReference(file=Path("password"))
    assert reference.resolve(tmp_path).reveal() == VALUE
    (tmp_path / "password").chmod(0o600)
    assert not reference.is_exposed(tmp_path)
    (tmp_path / "password").chmod(0o640)
    assert reference.is_exposed(tmp_path)
    (tmp_path / "password").write_text("\n")
    with pytest.raises(ConfigError, match="does not hold one line"):
        reference.resolve(tmp_path)
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        SecretReference(file=Path("none")).resolve(tmp_path)


@pytest.mark.parametrize(
    ("written", "words"),
    [
        (f'"{VALUE}"', 'write { env = "NAME" } or { file = "path" }'),
        ("12345", 'write { env = "NAME" } or { file = "path" }'),
        ('{ env = "A", file = "b" }', "exactly one of env and file"),
        ("{}", "exactly one of env and file"),
        ('{ evn = "A" }', "did you mean 'env'?"),
    ],
)
def test_how_a_secret_is_written_is_told_and_it_is_not(written: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(CONNECTION.format(written))
    messages = {path: message for _, path, message in caught.value.problems}
    assert any(words in message for message in messages.values()), messages
    assert all(path.startswith("connections.a.settings.password") for path in messages)
    assert VALUE not in _everything(caught.value)


def test_a_password_in_the_url_of_the_book_is_refused_and_not_shown() -> None:
    with pytest.raises(ConfigError, match="a URL with a password does not stand here") as caught:
        parse_config(f'[book]\nurl = "postgresql+psycopg://me:{VALUE}@host/name"')
    assert VALUE not in _everything(caught.value)


def test_the_url_of_the_book_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"postgresql+psycopg://me:{VALUE}@host/name"
    monkeypatch.setenv("REBATED_BOOK_URL", url)
    config = parse_config('[book]\nurl = { env = "REBATED_BOOK_URL" }')
    assert config.book_url().reveal() == url
    for shown in (
        repr(config),
        str(config),
        str(config.model_dump()),
        config.model_dump_json(),
        str(config.book_url()),
    ):
        assert VALUE not in shown
    monkeypatch.setenv("REBATED_BOOK_URL", f"mysql://me:{VALUE}@host")
    with pytest.raises(ConfigError, match="not a database URL") as caught:
        config.book_url()
    assert VALUE not in _everything(caught.value)


def test_references_are_found_wherever_they_stand() -> None:
    config = parse_config('[book]\nurl = { env = "A" }\n' + CONNECTION.format('{ file = "b" }'))
    found = {path: str(reference) for path, reference in secret_references(config)}
    assert found == {"book.url": "env A", "connections.a.settings.password": "file b"}


def _everything(error: ConfigError) -> str:
    """All of an error that could reach a log: its text, its parts, and those it came from."""
    chain = (error, error.__cause__, error.__context__)
    parts = [part for one in chain for part in (str(one), repr(one))]
    return " ".join((*parts, str(error.problems), *traceback.format_exception(error)))
