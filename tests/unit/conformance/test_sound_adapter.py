"""An adapter that does everything right passes the suite."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from connectors.conformance import AdapterConformance
from tests.unit.conformance.shop_adapter import ShopAdapter, ShopHarness


class TestShop(AdapterConformance):
    @pytest.fixture
    def harness(self, try_on: Callable[..., ShopHarness]) -> ShopHarness:
        return try_on(ShopAdapter)
