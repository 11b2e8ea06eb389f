"""What a run of write back did."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Written:
    """Counts of a run of write back; `net` in minor units by currency: credited, less what debit invoices claim."""

    sent: int = 0
    recovered: int = 0
    refused: int = 0
    waiting: int = 0
    suspended: int = 0
    blocked: int = 0
    notes: int = 0
    tiers: int = 0
    net: dict[str, int] = field(default_factory=dict)
    messages: list[str] = field(default_factory=list)

    def count(self, kind: str, learned: str) -> None:
        """One document of a kind reached its target."""
        self.sent += 1
        self.recovered += learned == "looked_up"
        self.notes += kind == "account_note"
        self.tiers += kind == "tier"

    def credit(self, currency: str, net: int) -> None:
        self.net[currency] = self.net.get(currency, 0) + net
