"""What `rebated check` looks at in the matching of accounts: the connections that are named, and the mapping file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from connectors.spi import Adapter, Finding
from core.errors import ConfigError
from scheduler.config import Config
from scheduler.config_connections import MatchingSection
from scheduler.mapping_file import read_mapping


def check_matching(config: Config, adapters: Mapping[str, Adapter]) -> Iterator[Finding]:
    """Findings about every connection that is matched, or that says how it would be."""
    for name, connection in config.connections.items():
        section, what = connection.matching, f"connections.{name}.matching"
        reads = name in adapters and "counterpart" in adapters[name].capabilities.reads
        if not reads:
            if name in adapters and section != MatchingSection():
                hint = "let it read them, or take the table away"
                yield Finding("warning", what, "nothing is matched: it reads no counterpart records", hint)
            continue
        for source in section.accounts_from:
            if source not in config.connections:
                there = ", ".join(config.connections)
                message = f"no connection is called {source!r}"
                yield Finding("error", f"{what}.accounts_from", message, f"there are: {there}")
        if not section.by and section.file is None:
            yield Finding("warning", what, "no rule and no file: every match has to be said by a person")
        if section.file is not None:
            yield from _file(f"{what}.file", config, section)


def _file(what: str, config: Config, section: MatchingSection) -> Iterator[Finding]:
    if section.file is None:
        return
    try:
        found = read_mapping(config.place(section.file))
    except ConfigError as error:
        for file, place, message in error.problems:
            yield Finding("error", ": ".join(filter(None, (what, file, place))), message)
        return
    yield Finding("ok", what, f"{len(found)} accounts are named")
