"""The tables of a connection in rebated.toml: its adapter, its source, and how its accounts are matched."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SerializeAsAny, StrictBool, field_validator
from pydantic_core.core_schema import ValidationInfo

from connectors.registry import adapter_class
from connectors.spi import AdapterSettings
from core.errors import ConfigError
from core.matching import Rule, domains
from core.source import SourceRules
from scheduler.config_types import ConnectionName, Section


class MatchingSection(Section):
    """How our accounts are matched with those of a connection that reads them as `counterpart` records."""

    by: tuple[Rule, ...] = Field(
        default=("external_key", "vat_number"),
        description="rules in the order they are tried: external_key (the other system keeps the id of our account), "
        "vat_number, domain (of its website or mail); what is not certain goes to a person",
    )
    accounts_from: tuple[ConnectionName, ...] = Field(
        default=(), description="connections whose accounts are matched; all others that have any where empty"
    )
    file: Path | None = Field(
        default=None,
        description="CSV file with the columns account and counterpart, relative to this file; wins over the rules. An "
        "empty counterpart: there is none",
    )
    ignored_domains: tuple[str, ...] = Field(
        default=(), description="domains that say nothing of the firm, beside those of public mail providers"
    )

    @field_validator("by")
    @classmethod
    def _once(cls, by: tuple[Rule, ...]) -> tuple[Rule, ...]:
        if len(set(by)) < len(by):
            raise ValueError("names a rule twice")
        return by

    @field_validator("ignored_domains")
    @classmethod
    def _domains(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        if any(len(domains(one)) != 1 for one in given):
            raise ValueError("not domains such as example.com")
        return tuple(domains(one)[0] for one in given)


class Connection(Section):
    """One connection to another system, through an adapter."""

    adapter: str = Field(description="name of the adapter, such as files")
    write: StrictBool = Field(default=False, description="whether anything may be written through it; false: only read")
    company: str = Field(default="", description="company or tenant inside the system, where it holds several")
    settings: SerializeAsAny[AdapterSettings] = Field(
        default=AdapterSettings(),
        validate_default=True,
        description="what this adapter needs; see its own table",
    )
    source: SourceRules = Field(default=SourceRules(), description="how the records of this source are to be read")
    matching: MatchingSection = Field(
        default=MatchingSection(), description="how its accounts are matched with ours, where it has any"
    )

    @field_validator("adapter")
    @classmethod
    def _registered(cls, name: str) -> str:
        try:
            adapter_class(name)
        except ConfigError as error:
            raise ValueError(error.message) from None
        except ImportError as error:
            raise ValueError(
                f"the adapter {name!r} cannot be loaded ({error}): install what it needs, such as rebated[{name}]"
            ) from None
        return name

    @field_validator("settings", mode="before")
    @classmethod
    def _by_adapter(cls, value: object, info: ValidationInfo) -> AdapterSettings:
        name = info.data.get("adapter")
        if name is None:  # the adapter is wrong already: its settings cannot be judged
            return AdapterSettings()
        model = adapter_class(name).Settings
        if type(value) is AdapterSettings:
            value = {}
        return model.model_validate(value)
