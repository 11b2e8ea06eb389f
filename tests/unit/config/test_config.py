from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.engine import make_url

from core.errors import ConfigError
from scheduler.config import Config, load_config, parse_config


def problems(text: str) -> dict[str, str]:
    """What is wrong in `text`, by path."""
    with pytest.raises(ConfigError) as caught:
        parse_config(text, Path("some/rebated.toml"))
    assert all(row[0] == "some/rebated.toml" for row in caught.value.problems)
    return {path: message for _, path, message in caught.value.problems}


def one_problem(text: str) -> tuple[str, str]:
    found = problems(text)
    assert len(found) == 1, found
    return next(iter(found.items()))


def test_nothing_is_needed() -> None:
    config = parse_config("")
    assert config.model_dump() == Config().model_dump()
    assert config.review.second_person_above == {"EUR": Decimal(1000)}


def test_a_folder_of_any_name_survives_the_url(tmp_path: Path) -> None:
    odd = tmp_path / "a b%20c:d?e#f@g"
    odd.mkdir()
    url = parse_config("", odd / "rebated.toml").book_url().reveal()
    assert make_url(url).database == f"{odd}/var/rebated.db"


def test_relative_places_start_at_the_file(tmp_path: Path) -> None:
    path = tmp_path / "rebated.toml"
    path.write_text('[book]\nurl = "sqlite:///var/book.db"\n')
    config = load_config(path)
    assert config.base == tmp_path
    assert config.path == path
    assert config.book_url().reveal() == f"sqlite:///{tmp_path}/var/book.db"
    assert make_url(config.book_url().reveal()).database == f"{tmp_path}/var/book.db"
    assert config.place(config.cache.path) == tmp_path / "var/cache.duckdb"
    assert config.programs_folder == tmp_path / "programs"


@pytest.mark.parametrize("url", ["sqlite:////tmp/book.db", "sqlite:///:memory:", "postgresql+psycopg://host/name"])
def test_other_urls_stay_as_they_are(url: str) -> None:
    assert parse_config(f'[book]\nurl = "{url}"').book_url().reveal() == url


@pytest.mark.parametrize("url", ["mysql://host/name", "postgresql://host/name", "what", "sqlite"])
def test_a_url_of_another_kind_is_told_with_what_is_allowed(url: str) -> None:
    path, message = one_problem(f'[book]\nurl = "{url}"')
    assert path == "book.url"
    assert "postgresql+psycopg://host/name" in message


def test_numbers_are_exact() -> None:
    config = parse_config("[review]\nsecond_person_above = { EUR = 1000.10, JPY = 5000 }")
    assert config.review.second_person_above["EUR"] == Decimal("1000.10")
    assert not config.review.needs_second_person(100010, "EUR")
    assert config.review.needs_second_person(100011, "EUR")
    assert config.review.needs_second_person(-100011, "EUR")
    assert not config.review.needs_second_person(5000, "JPY")
    assert config.review.needs_second_person(1, "USD"), "a currency not named has the limit 0"


@pytest.mark.parametrize(
    ("text", "path", "words"),
    [
        ("bok = 1", "bok", ["unknown setting", "did you mean 'book'?"]),
        ('[book]\nulr = "x"', "book.ulr", ["did you mean 'url'?"]),
        ("[alarms]\nnonsense = 1", "alarms.nonsense", ["allowed here: percent_of_base, times_last_period"]),
        ("[cache]\nthreads = 0", "cache.threads", ["greater than or equal to 1", "not 0"]),
        ("[cache]\nthreads = 1.5", "cache.threads", ["integer", "1.5"]),
        ('[cache]\nmemory_limit = "lots"', "cache.memory_limit", ["512MB", "lots"]),
        ('[business]\ntime_zone = "Berlin"', "business.time_zone", ["Europe/Berlin"]),
        ('[entities.A]\ncountry = "DE"', "entities.A.name", ["missing"]),
        ('[entities.A]\nname = "x"\ncountry = "UK"', "entities.A.country", ["ISO 3166", "'UK'"]),
        ('[connections.a]\nadapter = "fak"', "connections.a.adapter", ["registered: fake"]),
        ('[connections.a]\nadapter = "torn"', "connections.a.adapter", ["cannot be loaded", "nowhere"]),
        ("[connections.a]", "connections.a.adapter", ["missing"]),
        ('[connections.a]\nadapter = "fake"', "connections.a.settings.host", ["missing"]),
        (
            '[connections.a]\nadapter = "fake"\nwrite = "yes"\nsettings = { host = "h" }',
            "connections.a.write",
            ["boolean"],
        ),
        (
            '[connections.a]\nadapter = "fake"\nsettings = { hots = "h", host = "h" }',
            "connections.a.settings.hots",
            ["did you mean 'host'?"],
        ),
        (
            '[connections.a]\nadapter = "fake"\nsettings = { host = "h", port = 0 }',
            "connections.a.settings.port",
            ["greater than or equal to 1"],
        ),
        (
            '[connections.a]\nadapter = "fake"\n[connections.a.settings]\nhost = "h"\n'
            'parts = [{ name = "x" }, { nam = "y", name = "z" }]',
            "connections.a.settings.parts[2].nam",
            ["did you mean 'name'?", "name, files"],
        ),
        (
            '[connections.a]\nadapter = "fake"\nsettings = { host = "h" }\nsource = { decimal_sign = ";" }',
            "connections.a.source.decimal_sign",
            ["'.' or ','", "not ';'"],
        ),
        (
            '[connections.a]\nadapter = "fake"\nsettings.host = "h"\nsource.constants = { curency = "EUR" }',
            "connections.a.source.constants.curency",
            ["did you mean 'currency'?"],
        ),
        ('[connections.group]\nadapter = "fake"\nsettings = { host = "h" }', "connections.group", ["buying groups"]),
        (
            '[connections."A b"]\nadapter = "fake"\nsettings = { host = "h" }',
            'connections."A b"',
            ["small letters"],
        ),
        ("[review]\nsecond_person_above = { EURO = 1 }", "review.second_person_above.EURO", ["ISO 4217"]),
        ("[review]\nsecond_person_above = { EUR = -1 }", "review.second_person_above.EUR", ["0", "not -1"]),
        ("[review]\nsecond_person_above = { EUR = 0.001 }", "review.second_person_above", ["EUR", "2 digits"]),
        ("[alarms]\npercent_of_base = nan", "alarms.percent_of_base", ["finite"]),
        ("[alarms]\npercent_of_base = 101", "alarms.percent_of_base", ["100"]),
        ('[health]\nlisten = "9464"', "health.listen", ["127.0.0.1:9464"]),
        ('[health]\nlisten = "a:99999"', "health.listen", ["0 to 65535"]),
        ('[log]\nlevel = "loud"', "log.level", ["'debug', 'info', 'warning' or 'error'", "not 'loud'"]),
        ("log = 3", "log", ["must be a table"]),
        ('write_back = { credit_notes = "A B" }', "write_back.credit_notes", ["small letters"]),
    ],
)
def test_a_mistake_is_told_with_its_path_and_what_is_allowed(text: str, path: str, words: list[str]) -> None:
    found, message = one_problem(text)
    assert found == path
    for word in words:
        assert word in message


def test_all_mistakes_are_told_at_once() -> None:
    found = problems('bok = 1\n[cache]\nthreads = 0\n[connections.a]\nadapter = "x"\nwirte = 1\n[log]\nlevel = "loud"')
    assert set(found) == {"bok", "cache.threads", "connections.a.adapter", "connections.a.wirte", "log.level"}


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("*/15 * * *", "five fields"),
        ("0 25 * * *", "23"),
        ("every day", "five fields"),
        ("", "'off'"),
        ("0 6 * * 1", "weekdays are written by name"),
        ("0 6 * * 1-5", "weekdays are written by name"),
        ("0 6 * * mon,3", "weekdays are written by name"),
    ],
)
def test_a_wrong_cron_expression(expression: str, words: str) -> None:
    path, message = one_problem(f'[schedule]\npull = "{expression}"')
    assert path == "schedule.pull"
    assert words in message


def test_cron_expressions_become_triggers() -> None:
    schedule = parse_config('[schedule]\npull = "0 6 * * mon-fri"\njournal = "off"\nreconcile = "0 1 * * */2"').schedule
    trigger = schedule.trigger("pull", ZoneInfo("Europe/Berlin"))
    assert trigger is not None
    assert str(trigger.timezone) == "Europe/Berlin"
    assert schedule.trigger("journal", ZoneInfo("UTC")) is None


@pytest.mark.parametrize(
    ("listen", "host", "port"), [("127.0.0.1:9464", "127.0.0.1", 9464), ("[::1]:0", "::1", 0), ("all:1", "all", 1)]
)
def test_where_health_answers(listen: str, host: str, port: int) -> None:
    health = parse_config(f'[health]\nlisten = "{listen}"').health
    assert (health.host, health.port) == (host, port)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no such file") as caught:
        load_config(tmp_path / "none.toml")
    assert caught.value.hint == "rebated init writes one"
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="not UTF-8"):
        load_config(tmp_path / "bytes.toml")
    (tmp_path / "broken.toml").write_text("[book\n")
    with pytest.raises(ConfigError, match=r"broken.toml: not valid TOML: .*line 1"):
        load_config(tmp_path / "broken.toml")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(tmp_path)


def test_a_configuration_cannot_be_changed() -> None:
    config = parse_config("")
    with pytest.raises(ValueError, match="frozen"):
        config.book = config.book  # type: ignore[misc]


def test_an_unknown_connection_is_named() -> None:
    with pytest.raises(ConfigError, match="no connection is called 'erp'; there are: none"):
        parse_config("").adapter("erp")
