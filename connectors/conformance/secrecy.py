# ruff: noqa: S101 - a suite of tests asserts
"""Tests that credentials are shown to nobody but the server they are for."""

from __future__ import annotations

import base64
import json
import logging
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from urllib.parse import quote

import pytest

from connectors.conformance.base import Base
from connectors.conformance.faults import FAULTS, PASS, instead, redirect
from connectors.conformance.harness import Harness
from connectors.conformance.samples import sample_request
from connectors.conformance.stranger import Stranger
from connectors.spi import Remote, Window, account_of
from core.errors import RebatedError

_FAULTS = (
    "pass",
    "reset_before",
    "reply_lost",
    "truncated",
    "500_before",
    "401_before",
    "429_before",
    "200_html_before",
)


@dataclass(slots=True)
class Heard:
    """What an adapter told: texts by where they stood, the documents it says it has written, errors not ours."""

    texts: list[tuple[str, str]] = field(default_factory=list)
    written: list[Remote] = field(default_factory=list)
    foreign: list[Exception] = field(default_factory=list)


class SecrecyTests(Base):
    """No secret in logs, errors, findings and addresses, and none for another host."""

    @pytest.mark.parametrize("fault", _FAULTS)
    def test_secrets_are_not_told(
        self,
        harness: Harness,
        caplog: pytest.LogCaptureFixture,
        capfd: pytest.CaptureFixture[str],
        fault: str,
    ) -> None:
        secrets = harness.secrets()
        assert secrets and all(secrets), "the harness names no secrets"
        caplog.set_level(logging.DEBUG)
        with harness.proxied() as proxy:
            proxy.inject(FAULTS.get(fault, PASS), count=None)
            heard = exercise(harness)
            paths = [passed.request.path for passed in proxy.passed]
        assert paths, "nothing went through the proxy"
        printed = capfd.readouterr()
        heard.texts += [("the log", caplog.text), ("what is printed", printed.out + printed.err)]
        heard.texts += [("the address of a request", path) for path in paths]
        assert_untold(secrets, heard.texts)
        assert heard.foreign == [], "errors of a library got out"

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_a_redirect_takes_no_secrets_elsewhere(self, harness: Harness, status: int) -> None:
        secrets = harness.secrets()
        assert secrets and all(secrets), "the harness names no secrets"
        with harness.proxied() as proxy, Stranger() as stranger:
            proxy.inject(instead(redirect(f"{stranger.url}/elsewhere", status)), count=None)
            heard = exercise(harness)
            assert proxy.passed, "nothing went through the proxy"
        seen = [("what reached another host", request.raw.decode("latin-1")) for request in stranger.seen]
        assert_untold(secrets, [*heard.texts, *seen])
        assert heard.written == [], "another host's answer was taken for the server's"
        assert heard.foreign == [], "errors of a library got out"


def exercise(harness: Harness) -> Heard:
    """Call everything an adapter can do, and hear its errors out."""
    heard = Heard()
    adapter = harness.build()
    heard.texts.append(("the adapter itself", f"{adapter!r} {adapter}"))
    stream, until = harness.stream(), harness.now()

    def hear(call: Callable[[], object]) -> None:
        try:
            call()
        except Exception as error:
            heard.texts.extend(told_by(error))
            if not isinstance(error, RebatedError):
                heard.foreign.append(error)

    hear(lambda: heard.texts.extend(("a finding", repr(finding)) for finding in adapter.check()))
    hear(lambda: list(adapter.pull(stream, Window(until), {})))
    for number, kind in enumerate(sorted(adapter.capabilities.writes), 1):
        request = sample_request(kind, number, harness.account())
        hear(lambda request=request: adapter.look_up(request.kind, request.key, account_of(request)))  # type: ignore[misc]
        hear(lambda request=request: heard.written.append(adapter.create(request)))  # type: ignore[misc]
        hear(lambda request=request: adapter.read_back(request.kind, request.key))  # type: ignore[misc]
    return heard


def told_by(error: BaseException) -> Iterable[tuple[str, str]]:
    """Every text of an error and of all errors behind it, also those that `from None` hides."""
    waiting, known = [error], set[int]()
    while waiting:
        each = waiting.pop()
        if id(each) in known:
            continue
        known.add(id(each))
        name = f"a {type(each).__name__}"
        yield name, f"{each} {each!r} {getattr(each, 'hint', '')}"
        yield f"the traceback of {name}", "".join(traceback.format_exception(each, chain=False))
        waiting += [behind for behind in (each.__cause__, each.__context__) if behind is not None]


def assert_untold(secrets: Iterable[str], texts: Iterable[tuple[str, str]]) -> None:
    """That no secret stands in a text, as it is or encoded. The failure does not show the text."""
    heard = list(texts)
    for number, secret in enumerate(secrets, 1):
        places = sorted({place for place, text in heard for form in forms(secret) if form in text})
        assert not places, f"secret {number} of the harness stands in {', '.join(places)}"


def forms(secret: str) -> set[str]:
    """How a secret can stand in a text: plain, quoted for a URL or for JSON, and in base64 after anything."""
    data = secret.encode()
    coded = {quote(secret, safe=""), json.dumps(secret)[1:-1]}
    for before in range(3):
        # The first and the last characters depend on the neighbours.
        whole = base64.b64encode(b"\0" * before + data).decode().rstrip("=")
        inner = whole[(0, 2, 3)[before] : len(whole) - 1 if (before + len(data)) % 3 else None]
        if len(inner) >= 6:
            coded.add(inner)
    return {secret, *coded}
