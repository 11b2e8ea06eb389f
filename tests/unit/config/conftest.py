"""A made-up adapter, registered as `fake`, so that these tests rest on no real one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from pydantic import BaseModel, ConfigDict, Field

from connectors import registry
from connectors.secrets import SecretReference
from connectors.spi import AdapterSettings, Capabilities, Finding
from core.errors import FatalError, RetryableError


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    files: str = "*"


class FakeSettings(AdapterSettings):
    host: str
    password: SecretReference | None = None
    port: int = Field(default=443, ge=1, le=65535)
    writes: bool = True
    broken: str = ""
    parts: tuple[Part, ...] = ()


class FakeAdapter:
    Settings: ClassVar[type[AdapterSettings]] = FakeSettings

    def __init__(self, settings: FakeSettings) -> None:
        self.settings = settings
        writes = frozenset({"credit_note", "account_note", "tier", "journal"}) if settings.writes else frozenset()
        self.capabilities = Capabilities(frozenset({"invoice"}), writes, "enforced", 60, 120)

    @classmethod
    def build(cls, name: str, settings: Any, *, base: Path) -> FakeAdapter:
        if settings.broken == "build":
            raise FatalError("cannot be built", hint="mend it")
        return cls(settings)

    def check(self) -> Iterator[Finding]:
        yield Finding("ok", "address", f"{self.settings.host} answers")
        if self.settings.broken == "check":
            raise RetryableError("the host does not answer")


class Point:
    def __init__(self, name: str, loaded: object) -> None:
        self.name, self._loaded = name, loaded

    def load(self) -> object:
        if isinstance(self._loaded, Exception):
            raise self._loaded
        return self._loaded


@pytest.fixture(autouse=True)
def fake_adapter(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    if "real_adapters" in request.fixturenames:
        yield
        return
    points = [Point("fake", FakeAdapter), Point("torn", ImportError("No module named 'nowhere'"))]
    monkeypatch.setattr(registry, "entry_points", lambda group: points)
    _forget()
    yield
    _forget()


@pytest.fixture
def real_adapters() -> Iterator[None]:
    """The adapters as installed."""
    _forget()
    yield
    _forget()


def _forget() -> None:
    registry.adapter_names.cache_clear()
    registry.adapter_class.cache_clear()
