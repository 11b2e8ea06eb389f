"""`check` over REST: what is asked, what is told, and what is told but once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.crm_rest.adapter import RestAdapter
from connectors.crm_rest.settings import RestSettings
from connectors.declarative.preset import laid_over
from tests.helpers.stand_ins.base import StandIn, route
from tests.helpers.stand_ins.exchange import Received, Refused


class Club(StandIn):
    """Answers whether it is open, and who its members are."""

    open = True
    count = 1
    token = "t0ken"

    def authenticate(self, asked: Received) -> None:
        if asked.bearer() != self.token:
            raise Refused(401, {"problem": "who are you?"})

    @route("POST", "/token", open=True)
    def give(self, asked: Received) -> Any:
        if b"client_secret=s3cret" not in asked.body:
            raise Refused(401, {"error": "invalid_client", "error_description": "no such client"})
        return {"access_token": self.token, "token_type": "Bearer", "expires_in": 3600}

    @route("GET", "/state")
    def state(self, asked: Received) -> Any:
        return {"open": self.open}

    @route("GET", "/members")
    def members(self, asked: Received) -> Any:
        return {"members": [{"id": str(number), "name": "Ann"} for number in range(1, 1 + self.count)]}


@pytest.fixture
def club() -> Iterator[Club]:
    with Club() as started:
        yield started


def found(club: Club, folder: Path, kept: str = "s3cret", **more: Any) -> dict[str, tuple[str, str]]:
    """What `check` says, by what it is about."""
    (folder / "secret").write_text(kept)
    (folder / "secret").chmod(0o600)
    settings: dict[str, Any] = {
        "base_url": club.url,
        "error_message": "problem",
        "auth": {
            "kind": "oauth2",
            "grant": "client_credentials",
            "token_url": f"{club.url}/token",
            "client_id": "rebated",
            "client_auth": "body",
            "client_secret": {"file": "secret"},
        },
        "check": [
            {
                "what": "state",
                "request": {"path": "/state"},
                "expect": "open",
                "message": "it is open",
                "otherwise": "it is closed",
                "hint": "come back tomorrow",
            },
            {"what": "tiers", "request": {"path": "/no-such"}, "writes": ["tier"]},
        ],
        "read": {
            "members": {
                "kind": "counterpart",
                "request": {"path": "/members"},
                "records": "members",
                "fields": {"id": "id", "name": "name"},
            }
        },
    }
    adapter = RestAdapter("club", RestSettings.model_validate(laid_over(settings, more)), folder)
    findings = list(adapter.check())
    assert len({finding.what for finding in findings}) == len(findings), "each thing is told once"
    return {finding.what: (finding.level, f"{finding.message} {finding.hint}") for finding in findings}


def test_a_sound_system_is_found_sound(club: Club, tmp_path: Path) -> None:
    told = found(club, tmp_path)
    assert told["state"] == ("ok", "it is open ")
    assert told["read.members"][0] == "ok" and "1 record" in told["read.members"][1]
    assert told["clock"][0] == "ok"
    assert "tiers" not in told, "it is not asked about what is not written"
    assert {level for level, _ in told.values()} == {"ok"}


@pytest.mark.parametrize(
    ("count", "pages", "told_of"), [(50, {}, True), (49, {}, False), (100, {}, False), (50, {"stop": "empty"}, False)]
)
def test_a_server_that_may_give_fewer_than_it_is_asked_for_is_told(
    club: Club, tmp_path: Path, count: int, pages: dict[str, Any], told_of: bool
) -> None:
    club.count = count
    told = found(club, tmp_path, read={"members": {"pages": {"kind": "number", "size": 100, **pages}}})
    assert ("read.members.pages" in told) is told_of
    if told_of:
        assert told["read.members.pages"][0] == "warning" and "holds 50" in told["read.members.pages"][1]


def test_what_is_not_as_it_should_be_is_told_with_what_to_do(club: Club, tmp_path: Path) -> None:
    club.open = False
    level, message = found(club, tmp_path)["state"]
    assert level == "error" and message.startswith("it is closed") and message.endswith("come back tomorrow")


def test_a_log_in_that_fails_is_told_once(club: Club, tmp_path: Path) -> None:
    told = found(club, tmp_path, kept="wr0ng")
    assert set(told) == {"log-in"}
    assert told["log-in"][0] == "error" and "wr0ng" not in str(told)


@pytest.mark.parametrize(("days", "words"), [(-1, "ended"), (100, "ends"), (2000, "has announced the end")])
def test_an_interface_that_ends_is_warned_of(club: Club, tmp_path: Path, days: int, words: str) -> None:
    on = datetime.now(UTC).date() + timedelta(days=days)
    level, message = found(club, tmp_path, about={"sunset": {"on": on, "notice": "use the new one"}})["sunset"]
    assert level == "warning" and words in message and f"{on:%Y-%m-%d}" in message and "use the new one" in message


def test_nothing_more_is_asked_of_a_system_that_is_not_there(tmp_path: Path) -> None:
    with Club() as gone:
        url = gone.url
    settings = {
        "base_url": url,
        "check": [{"what": "state", "request": {"path": "/state"}}, {"what": "more", "request": {"path": "/more"}}],
    }
    findings = list(RestAdapter("club", RestSettings.model_validate(settings), tmp_path).check())
    assert [(finding.what, finding.level) for finding in findings] == [("state", "error")]
    assert "no connection" in findings[0].message
