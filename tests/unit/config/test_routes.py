from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import ConfigError
from scheduler.config import parse_config
from scheduler.config_check import check_config
from scheduler.config_sections import route
from tests.unit.config.test_config_check import of

CONFIG = """
[entities.DE01]
name = "A"
country = "DE"
[entities.AT01]
name = "B"
country = "AT"
[connections.german]
adapter = "fake"
write = true
settings = { host = "h" }
[connections.austrian]
adapter = "fake"
write = true
settings = { host = "h" }
"""


def test_one_connection_serves_everything():
    config = parse_config(CONFIG + '[write_back]\ncredit_notes = "german"')
    assert route(config.write_back.credit_notes, "DE01") == route(config.write_back.credit_notes, "AT01") == "german"
    assert route(config.write_back.tiers, "german") is None


def test_a_table_serves_each_by_name_and_nothing_else():
    config = parse_config(CONFIG + '[write_back.credit_notes]\nDE01 = "german"\nAT01 = "austrian"')
    routes = config.write_back.credit_notes
    assert (route(routes, "DE01"), route(routes, "AT01"), route(routes, "CH01")) == ("german", "austrian", None)


def test_what_a_table_leaves_out_or_misspells_is_told(tmp_path: Path):
    text = CONFIG + '[write_back.credit_notes]\nDE01 = "german"\nDE02 = "german"\n[write_back.tiers]\nfrench = "german"'
    found = list(check_config(parse_config(text, tmp_path / "rebated.toml")))
    errors, warnings = "\n".join(of("error", found)), "\n".join(of("warning", found))
    assert "write_back.credit_notes: no entity is called 'DE02'; there are: DE01, AT01" in errors
    assert "write_back.tiers: no connection is called 'french'; there are: german, austrian" in errors
    assert "write_back.credit_notes: nothing is written for the entity 'AT01'" in warnings


def test_a_route_to_nowhere_names_what_it_served(tmp_path: Path):
    text = CONFIG + '[write_back.journal]\nAT01 = "swiss"'
    errors = of("error", check_config(parse_config(text, tmp_path / "rebated.toml")))
    told = "write_back.journal.AT01: no connection is called 'swiss'; there are: german, austrian"
    assert told in errors


@pytest.mark.parametrize("value", ["1", "[1]", '["german"]', "{ DE01 = 1 }"])
def test_anything_else_is_refused(value: str):
    with pytest.raises(ConfigError, match=r"write_back\.journal"):
        parse_config(CONFIG + f"[write_back]\njournal = {value}")


def test_one_entity_cannot_have_two_journals():
    """Entries in the ERP beside an exported journal would book every accrual twice."""
    with pytest.raises(ConfigError, match="not valid TOML"):
        parse_config(CONFIG + '[write_back.journal]\nDE01 = "german"\nDE01 = "austrian"')
