"""A shop with its doors open."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.unit.conformance.shop import Shop, ShopServer, served
from tests.unit.conformance.shop_adapter import ShopAdapter, ShopHarness


@pytest.fixture(scope="module")
def server() -> Iterator[ShopServer]:
    with served() as server:
        yield server


@pytest.fixture
def try_on(server: ShopServer) -> Iterator[Callable[..., ShopHarness]]:
    """Makes the harness that tries an adapter of a class against an empty shop."""
    harnesses: list[ShopHarness] = []

    def make(adapter: type[ShopAdapter], *, unique: bool = True) -> ShopHarness:
        server.shop = Shop(unique=unique)
        harnesses.append(ShopHarness(server.shop, server.server_port, adapter))
        return harnesses[-1]

    yield make
    for harness in harnesses:
        harness.close()
