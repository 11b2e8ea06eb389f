# ruff: noqa: S101 - a suite of tests asserts
"""Tests of settings and of `check`."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from connectors.conformance.base import Base
from connectors.conformance.harness import Harness, Seed


class ConnectingTests(Base):
    """Settings are refused by name, `check` tells the truth."""

    def test_the_suite_is_about_all_that_is_written(self, harness: Harness) -> None:
        capabilities = harness.build().capabilities
        assert capabilities.writes <= set(self.kinds), "`kinds` leaves out what the adapter writes"
        assert set(self.states) <= capabilities.repeatable, "`states` names what has a key"
        batches = self.kinds if self.in_batches is None else self.in_batches
        assert set(capabilities.batches) <= set(batches), "`in_batches` leaves out what is written in batches"

    def test_wrong_settings_name_the_path(self, harness: Harness) -> None:
        wrong = harness.wrong_settings()
        for path, settings in wrong.items():
            with pytest.raises(ValidationError) as caught:
                harness.build().Settings.model_validate(settings)
            found = [".".join(map(str, error["loc"])) for error in caught.value.errors()]
            assert any(path in place for place in found), f"no error names {path}; they name {found}"

    def test_unknown_settings_are_refused(self, harness: Harness) -> None:
        with pytest.raises(ValidationError, match="no_such_setting"):
            harness.build().Settings.model_validate({"no_such_setting": 1})

    def test_every_setting_is_described(self, harness: Harness) -> None:
        fields = harness.build().Settings.model_fields
        assert [name for name, field in fields.items() if not field.description] == []

    def test_check_finds_a_sound_connection_sound(self, harness: Harness) -> None:
        harness.seed([Seed("A")])
        findings = list(harness.build().check())
        assert findings, "check told nothing"
        assert [finding for finding in findings if finding.level == "error"] == []

    def test_check_tells_of_a_remote_that_is_down(self, harness: Harness) -> None:
        adapter = harness.build()
        with harness.remote_down():
            assert any(finding.level == "error" for finding in adapter.check())
