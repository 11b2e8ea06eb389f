"""Adapters that do everything right pass the suite, however their remote keeps documents apart."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from connectors.conformance import AdapterConformance
from connectors.conformance.batches import BatchTests
from connectors.conformance.failing import FailingTests
from tests.unit.conformance.shop_adapter import ShopAdapter, ShopHarness


class TestShop(AdapterConformance):
    kinds = ("credit_note", "account_note", "tier")
    states = ("tier",)

    @pytest.fixture
    def harness(self, try_on: Callable[..., ShopHarness]) -> ShopHarness:
        return try_on(ShopAdapter)


class DraftsFirst(ShopAdapter):
    capabilities = ShopAdapter.capabilities._replace(
        uniqueness="draft_first", writes=frozenset({"credit_note"}), repeatable=frozenset()
    )


class TestDraftsFirst(FailingTests):
    """The shop takes a second draft with one key."""

    kinds = ("credit_note",)

    @pytest.fixture
    def harness(self, try_on: Callable[..., ShopHarness]) -> ShopHarness:
        return try_on(DraftsFirst, unique=False)


class Searched(ShopAdapter):
    capabilities = ShopAdapter.capabilities._replace(
        uniqueness="none",
        apart={"account_note": "searched"},
        writes=frozenset({"account_note"}),
        repeatable=frozenset(),
    )


class TestSearched(BatchTests, FailingTests):
    """The shop takes a second note with one key; it is looked for before it is written again."""

    kinds = ("account_note",)

    @pytest.fixture
    def harness(self, try_on: Callable[..., ShopHarness]) -> ShopHarness:
        return try_on(Searched, unique=False)


class NothingKeptApart(ShopAdapter):
    capabilities = ShopAdapter.capabilities._replace(
        uniqueness="none", writes=frozenset({"account_note"}), repeatable=frozenset()
    )


class TestNothingKeptApart(BatchTests, FailingTests):
    """The shop takes a second note with one key, and has no drafts."""

    kinds = ("account_note",)

    @pytest.fixture
    def harness(self, try_on: Callable[..., ShopHarness]) -> ShopHarness:
        return try_on(NothingKeptApart, unique=False)
