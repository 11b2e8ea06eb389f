from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from connectors.spi import Finding
from scheduler.config import Config, parse_config
from scheduler.config_check import check_config, probe_connections, read_programs

CONFIG = """
[entities.A]
name = "A"
country = "DE"
[connections.erp]
adapter = "fake"
write = true
settings = { host = "h" }
"""
PROGRAM = '[program]\nid = "{}"\nname = "P"\ncurrency = "EUR"\nvalid_from = 2025-01-01\n[scale]\npercent = 2\n'


def config_in(folder: Path, text: str = CONFIG, **programs: str) -> Config:
    (folder / "programs").mkdir()
    for name, content in (programs or {"one": PROGRAM.format("one")}).items():
        (folder / "programs" / f"{name}.toml").write_text(content)
    return parse_config(text, folder / "rebated.toml")


def of(level: str, findings: Iterable[Finding]) -> list[str]:
    return [f"{one.what}: {one.message}; {one.hint}" for one in findings if one.level == level]


def test_a_sound_configuration_has_no_errors(tmp_path: Path) -> None:
    found = list(check_config(config_in(tmp_path, CONFIG + '[write_back]\ncredit_notes = "erp"\ntiers = "erp"')))
    assert [(one.level, one.message) for one in found] == [("ok", "1 valid: one")]


def test_everything_wrong_is_told_together(tmp_path: Path) -> None:
    text = """
[book]
url = { env = "REBATED_NOT_SET" }
[connections.erp]
adapter = "fake"
settings = { host = "h", writes = false }
[connections.torn]
adapter = "fake"
settings = { host = "h", broken = "build" }
[write_back]
credit_notes = "erp"
tiers = "crm"
"""
    programs = {"a": PROGRAM.format("same"), "b": PROGRAM.format("same"), "c": "[program]\nid = 1"}
    errors = of("error", check_config(config_in(tmp_path, text, **programs)))
    told = "\n".join(errors)
    for words in (
        "book.url: the environment variable REBATED_NOT_SET is not set",
        "connections.torn: cannot be built; mend it",
        "write_back.credit_notes: the connection 'erp' cannot write credit_note; it writes: nothing",
        "write_back.tiers: no connection is called 'crm'; there are: erp, torn",
        "entities: there is no legal entity",
        "b.toml: program.id: 'same' is also the id of",
        "c.toml: program.name",
    ):
        assert words in told, told
    assert len([one for one in errors if "REBATED_NOT_SET" in one]) == 1


def test_nothing_at_all(tmp_path: Path) -> None:
    errors = of("error", check_config(parse_config("", tmp_path / "rebated.toml")))
    assert any("there is no connection" in one for one in errors)
    assert any("there is no such folder" in one for one in errors)
    (tmp_path / "programs").mkdir()
    assert read_programs(parse_config("", tmp_path / "rebated.toml")) == (
        [],
        [(str(tmp_path / "programs"), "", "holds no program: a file whose name ends in .toml")],
    )


def test_a_program_that_needs_one_that_is_not_there(tmp_path: Path) -> None:
    needy = PROGRAM.format("one") + '[tier]\nprogram = "club"\nlevels = {}\n'
    errors = of("error", check_config(config_in(tmp_path, one=needy)))
    assert errors == ["programs: one: tier.program: no program is called 'club'; "]


def test_what_is_only_worth_a_look(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("x")
    secret.chmod(0o644)
    text = CONFIG.replace("write = true", "").replace('"h"', '"h", password = { file = "password" }')
    text += '[write_back]\njournal = "erp"\n[review]\nsecond_person_above = { EUR = 10 }\ntwo_approvers_above = {}\n'
    found = list(check_config(config_in(tmp_path, text)))
    assert of("error", found) == []
    told = "\n".join(of("warning", found))
    assert "others than the owner may read the secret file password; chmod 600 password" in told
    assert "write_back.journal: nothing is sent: the connection 'erp' has write = false" in told
    assert "review.two_approvers_above: EUR has no limit" in told


def test_a_lease_must_outlive_an_unknown_outcome(tmp_path: Path) -> None:
    text = CONFIG + '[write_back]\ncredit_notes = "erp"\n[sending]\nlease_seconds = 180\n'
    errors = of("error", check_config(config_in(tmp_path, text)))
    assert errors == ["sending.lease_seconds: 180 s do not outlive an unknown outcome of 'erp'; set it to at least 181"]


def test_an_entity_that_is_not_configured(tmp_path: Path) -> None:
    text = CONFIG + '[connections.erp.source]\nconstants = { entity = "B" }\n'
    errors = of("error", check_config(config_in(tmp_path, text)))
    assert errors == ["connections.erp.source.constants.entity: no entity has the id 'B'; there are: A"]


def test_probing_goes_on_after_a_failure(tmp_path: Path) -> None:
    text = (
        CONFIG
        + '[connections.crm]\nadapter = "fake"\nsettings = { host = "c", broken = "check" }\n'
        + '[connections.bad]\nadapter = "fake"\nsettings = { host = "b", broken = "build" }\n'
    )
    found = list(probe_connections(config_in(tmp_path, text)))
    assert [(one.level, one.what, one.message) for one in found] == [
        ("ok", "connections.erp: address", "h answers"),
        ("ok", "connections.crm: address", "c answers"),
        ("error", "connections.crm", "the host does not answer"),
        ("error", "connections.bad", "cannot be built"),
    ]
