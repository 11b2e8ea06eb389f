"""What `rebated check` looks at beyond the form of the file: names that must meet, programs, connections."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from connectors.secrets import secret_references
from connectors.spi import Adapter, Finding, WriteKind, let_go
from core.engine.feasibility import computable
from core.errors import ConfigError, RebatedError
from core.programs import Program, read_program
from scheduler.config import Config
from scheduler.config_sections import route
from scheduler.matching_check import check_matching

WRITES: dict[str, WriteKind] = {
    "credit_notes": "credit_note",
    "account_notes": "account_note",
    "tiers": "tier",
    "journal": "journal",
}
"""The kind of document each setting of [write_back] is about."""


def check_config(config: Config) -> Iterator[Finding]:
    """Static findings: nothing is opened but files of this machine. Never raises for a mistake of the user."""
    yield from _secrets(config)
    yield from _book(config)
    adapters: dict[str, Adapter] = {}
    for name in config.connections:
        try:
            adapters[name] = config.adapter(name)
        except RebatedError as error:
            yield from failures(f"connections.{name}", error)
    if not config.connections:
        yield Finding("error", "connections", "there is no connection to read from", "add a [connections.<name>] table")
    yield from _write_back(config, adapters)
    yield from check_matching(config, adapters)
    yield from _entities(config)
    programs: list[Program] = []
    yield from _programs(config, programs)
    yield from _limits(config, programs)


def probe_connections(config: Config) -> Iterator[Finding]:
    """Each connection's own findings. A failure of one is a finding that names it, and the others are still probed."""
    for name in config.connections:
        try:
            adapter = config.adapter(name)
            try:
                for finding in adapter.check():
                    yield finding._replace(what=f"connections.{name}: {finding.what}")
            finally:
                let_go(adapter)
        except RebatedError as error:
            yield from failures(f"connections.{name}", error)


def failures(what: str, error: RebatedError) -> Iterator[Finding]:
    """An error as findings: one for each problem it tells."""
    hint = error.hint or ""
    if isinstance(error, ConfigError):
        for file, path, message in error.problems:
            yield Finding("error", ": ".join(filter(None, (what, file, path))), message, hint)
    else:
        yield Finding("error", what, error.message, hint)


def read_programs(config: Config) -> tuple[list[Program], list[tuple[str, str, str]]]:
    """The programs of the folder in order of their files, and every problem met, as rows of a ConfigError."""
    folder = config.programs_folder
    programs: list[Program] = []
    problems: list[tuple[str, str, str]] = []
    if not folder.is_dir():
        return [], [(str(folder), "", "there is no such folder")]
    found: dict[str, str] = {}
    for path in sorted(folder.glob("*.toml")):
        try:
            program = read_program(path)
        except ConfigError as error:
            problems.extend(error.problems)
            continue
        if program.id in found:
            problems.append((str(path), "program.id", f"{program.id!r} is also the id of {found[program.id]}"))
            continue
        found[program.id] = str(path)
        programs.append(program)
    if not programs and not problems:
        problems.append((str(folder), "", "holds no program: a file whose name ends in .toml"))
    return programs, problems


def _programs(config: Config, programs: list[Program]) -> Iterator[Finding]:
    found, problems = read_programs(config)
    programs.extend(found)
    for file, path, message in problems:
        yield Finding("error", ": ".join(filter(None, (file, path))), message)
    if problems:  # the order of programs can be judged only where all of them are known
        return
    try:
        computable(programs)
    except ConfigError as error:
        yield from failures("programs", error)
    else:
        names = ", ".join(program.id for program in programs)
        yield Finding("ok", "programs", f"{len(programs)} valid: {names}")


def _secrets(config: Config) -> Iterator[Finding]:
    for path, reference in secret_references(config):
        try:
            reference.resolve(config.base)
        except ConfigError as error:
            yield from failures(path, error)
        if reference.is_exposed(config.base):
            yield Finding(
                "warning",
                path,
                f"others than the owner may read the secret file {reference.file}",
                f"chmod 600 {reference.file}",
            )


def _book(config: Config) -> Iterator[Finding]:
    try:
        config.book_url()
    except ConfigError as error:
        if isinstance(config.book.url, str):  # what is wrong with a reference is told with the secrets
            yield from failures("book.url", error)


def _write_back(config: Config, adapters: dict[str, Adapter]) -> Iterator[Finding]:
    for setting, kind in WRITES.items():
        routes: dict[str, str] = getattr(config.write_back, setting)
        yield from _served(config, setting, routes)
        for served, name in routes.items():
            what = f"write_back.{setting}" + (f".{served}" if served else "")
            if name not in config.connections:
                known = ", ".join(config.connections) or "none"
                yield Finding("error", what, f"no connection is called {name!r}", f"there are: {known}")
                continue
            if not config.connections[name].write:
                yield Finding(
                    "warning",
                    what,
                    f"nothing is sent: the connection {name!r} has write = false",
                    f"set connections.{name}.write = true once the figures have been compared",
                )
            if name in adapters:
                yield from _able(config, what, kind, name, adapters[name])


def _served(config: Config, setting: str, routes: dict[str, str]) -> Iterator[Finding]:
    """Whether a table of connections names what is there, and leaves nothing out."""
    known = config.entities if setting in ("credit_notes", "journal") else config.connections
    named = "entity" if setting in ("credit_notes", "journal") else "connection"
    for served in routes:
        if served and served not in known:
            there = ", ".join(known) or "none"
            yield Finding("error", f"write_back.{setting}", f"no {named} is called {served!r}", f"there are: {there}")
    if setting in ("credit_notes", "journal") and routes:
        for entity in config.entities:
            if route(routes, entity) is None:
                yield Finding("warning", f"write_back.{setting}", f"nothing is written for the entity {entity!r}")


def _able(config: Config, what: str, kind: WriteKind, name: str, adapter: Adapter) -> Iterator[Finding]:
    """Whether a connection can write a kind, and whether our lease outlives what its requests may take."""
    able = adapter.capabilities
    if kind not in able.writes:
        kinds = ", ".join(sorted(able.writes)) or "nothing"
        yield Finding("error", what, f"the connection {name!r} cannot write {kind}", f"it writes: {kinds}")
    elif config.sending.lease_seconds <= able.max_request_time + able.lookup_lag:
        least = able.max_request_time + able.lookup_lag + 1
        yield Finding(
            "error",
            "sending.lease_seconds",
            f"{config.sending.lease_seconds} s do not outlive an unknown outcome of {name!r}",
            f"set it to at least {least}",
        )


def _entities(config: Config) -> Iterator[Finding]:
    if not config.entities:
        yield Finding(
            "error" if config.write_back.credit_notes else "warning",
            "entities",
            "there is no legal entity: credit notes would have no seller",
            "add an [entities.<id>] table under the id the source uses",
        )
    for name, connection in config.connections.items():
        entity = connection.source.constants.entity
        if entity is not None and config.entities and entity not in config.entities:
            known = ", ".join(config.entities)
            what = f"connections.{name}.source.constants.entity"
            yield Finding("error", what, f"no entity has the id {entity!r}", f"there are: {known}")
    for number, times in Counter(entity.vat_number for entity in config.entities.values()).items():
        if number and times > 1:
            yield Finding("warning", "entities", f"{times} entities have the VAT number {number}")


def _limits(config: Config, programs: list[Program]) -> Iterator[Finding]:
    review = config.review
    for currency in sorted({program.program.currency for program in programs if not program.is_tier}):
        for name, amounts in (
            ("second_person_above", review.second_person_above),
            ("two_approvers_above", review.two_approvers_above),
        ):
            if currency not in amounts:
                yield Finding(
                    "warning", f"review.{name}", f"{currency} has no limit: every amount in it counts as above"
                )
    for currency in sorted(review.second_person_above.keys() & review.two_approvers_above.keys()):
        if review.two_approvers_above[currency] < review.second_person_above[currency]:
            yield Finding(
                "warning", "review.two_approvers_above", f"{currency}: is below second_person_above, which is then idle"
            )
