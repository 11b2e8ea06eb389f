"""The conformance suite's hand on a stand-in whose documents are all for one customer."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

from connectors.conformance import Seed, sample_by_key
from connectors.spi import TierRequest
from tests.helpers.stand_ins.harness import PresetHarness
from tests.helpers.stand_ins.table import Row


class BuyerHarness(PresetHarness):
    """A subclass makes `buyer` as it begins. The stream under test is `documents`, where not said otherwise."""

    buyer: Row

    @abstractmethod
    def spoil(self, row: Row) -> None:
        """Give a record what cannot be read."""

    def stream(self) -> str:
        return "documents"

    def account(self) -> str:
        return self.buyer.id

    def seed_with_bad(self, records: Sequence[Seed]) -> None:
        self.seed(records)
        self.rows["BAD"] = row = self.make(Seed("BAD"))
        self.spoil(row)

    def is_asked(self, key: str, tier: object) -> int:
        """1 where this is the tier that was asked for under the key."""
        request = sample_by_key("tier", key, self.buyer.id)
        assert isinstance(request, TierRequest)
        return int(tier == request.tier)
