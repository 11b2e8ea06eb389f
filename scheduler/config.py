"""The configuration: one TOML file, read once, checked whole, frozen.

    config = load_config(Path("rebated.toml"))
    config.book_url().reveal(); config.adapter("erp"); config.place(config.cache.path)

Every problem is told at once, as rows of a ConfigError: file, path of the setting, what is wrong and what is allowed.
"""

from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, PrivateAttr, ValidationError
from sqlalchemy.engine import make_url

from connectors.registry import adapter_class
from connectors.secrets import Secret, SecretReference
from connectors.spi import Adapter
from core.errors import ConfigError
from scheduler.config_connections import Connection
from scheduler.config_messages import rows
from scheduler.config_sections import (
    AccountingSection,
    AlarmsSection,
    BookSection,
    BusinessSection,
    CacheSection,
    Entity,
    ExchangeRate,
    HealthSection,
    LogSection,
    NoticesSection,
    ProgramsSection,
    RetentionSection,
    ReviewSection,
    ScheduleSection,
    SendingSection,
    SweepsSection,
    WriteBackSection,
)
from scheduler.config_types import ConnectionName, Section, check_book_url

EntityId = Annotated[str, Field(pattern=r"^[^\s\x00-\x1f]([^\x00-\x1f]{0,62}[^\s\x00-\x1f])?$")]


class Config(Section):
    """The whole of rebated.toml. Each table has defaults; only `entities` and `connections` must be written."""

    book: BookSection = BookSection()
    cache: CacheSection = CacheSection()
    programs: ProgramsSection = ProgramsSection()
    business: BusinessSection = BusinessSection()
    entities: dict[EntityId, Entity] = Field(
        default={}, description="issuing legal entities by the id the sources use for them"
    )
    connections: dict[ConnectionName, Connection] = Field(default={}, description="connections by a name you choose")
    exchange_rates: tuple[ExchangeRate, ...] = Field(
        default=(), description="exchange rates stated here; a row taken out stays known, a changed one replaces it"
    )
    write_back: WriteBackSection = WriteBackSection()
    notices: NoticesSection = NoticesSection()
    review: ReviewSection = ReviewSection()
    alarms: AlarmsSection = AlarmsSection()
    sweeps: SweepsSection = SweepsSection()
    sending: SendingSection = SendingSection()
    schedule: ScheduleSection = ScheduleSection()
    accounting: AccountingSection = AccountingSection()
    retention: RetentionSection = RetentionSection()
    health: HealthSection = HealthSection()
    log: LogSection = LogSection()

    _path: Path = PrivateAttr(default=Path("rebated.toml"))

    @property
    def path(self) -> Path:
        """The file this was read from."""
        return self._path

    @property
    def base(self) -> Path:
        """The folder of the file: relative paths start there."""
        return self._path.parent

    def place(self, path: Path) -> Path:
        """`path` as an absolute path."""
        return (self.base / path).absolute()

    @property
    def programs_folder(self) -> Path:
        return self.place(self.programs.folder)

    def book_url(self) -> Secret:
        """The URL of the book, a relative SQLite file made absolute. Raises ConfigError where it cannot be had."""
        url = self.book.url
        text = url.resolve(self.base).reveal() if isinstance(url, SecretReference) else url
        try:
            check_book_url(text)
        except ValueError as error:
            raise ConfigError([(str(self.path), "book.url", str(error))]) from None
        parsed = make_url(text)
        if parsed.drivername == "sqlite" and parsed.database and parsed.database != ":memory:":
            absolute = parsed.set(database=str(self.place(Path(parsed.database))))
            text = absolute.render_as_string(hide_password=False)
        return Secret(text)

    def adapter(self, name: str) -> Adapter:
        """The adapter of the connection `name`, built anew. Raises ConfigError, and what the adapter itself raises."""
        if name not in self.connections:
            known = ", ".join(self.connections) or "none"
            raise ConfigError(
                [(str(self.path), "connections", f"no connection is called {name!r}; there are: {known}")]
            )
        connection = self.connections[name]
        return adapter_class(connection.adapter).build(name, connection.settings, base=self.base)


def load_config(path: Path) -> Config:
    """The configuration in a file. Raises ConfigError with every problem found."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError([(str(path), "", "there is no such file")], hint="rebated init writes one") from None
    except UnicodeDecodeError:
        raise ConfigError([(str(path), "", "is not UTF-8 text")]) from None
    except OSError as error:
        raise ConfigError([(str(path), "", f"cannot be read: {error.strerror}")]) from None
    return parse_config(text, path)


def parse_config(text: str, path: Path = Path("rebated.toml")) -> Config:
    """The configuration in TOML text that stands, or will stand, in the file `path`. Raises ConfigError."""
    try:
        data: dict[str, Any] = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([(str(path), "", f"not valid TOML: {error}")]) from None
    config, found = _validate(data, path)
    if config is None:  # raised outside the handler: no cause or context may carry what was given
        raise ConfigError(found)
    config._path = path.absolute()
    return config


def _validate(data: dict[str, Any], path: Path) -> tuple[Config | None, list[tuple[str, str, str]]]:
    try:
        return Config.model_validate(data), []
    except ValidationError as error:
        return None, rows(error, str(path), Config, data)
