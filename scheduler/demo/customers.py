"""Who buys from Nordwerk: 200 accounts in three countries, all invented."""

from __future__ import annotations

from typing import NamedTuple

from scheduler.demo.chance import Chance

ENTITIES = ("NW-TRADE", "NW-ONLINE")
_STEMS = (
    "Zwirbelbach Quakenfurt Bimmelberg Knallingen Murkelstedt Sausewind Pfifferling Dudelheim Wackerstein Humpelmoor"
    " Trallafitti Kringeldorf Schnurrhausen Flauschtal Gurkenfels Klapperau Brummelsee Zipfelhof Nieselrode Purzelwald"
).split()
_TRADES = {
    "dealer": ("Tool Trade", "Workshop Supplies", "Machine Market"),
    "workshop": ("Garage", "Joinery", "Metalwork", "Bicycle Repair"),
    "industry": ("Plant", "Works", "Assembly"),
}
_CITIES = {
    "DE": ("Musterstadt", "Beispielhausen", "Probedorf"),
    "AT": ("Musterkirchen", "Beispielberg"),
    "NL": ("Voorbeelddam", "Proefdorp"),
}
_FORMS = {"DE": "GmbH", "AT": "GesmbH", "NL": "B.V."}
_SALES = ("A. Muster", "B. Beispiel", "C. Voorbeeld", "D. Probe")


class Account(NamedTuple):
    """One customer. `size` is what it buys in a year, in EUR, roughly; `discount` its own discount in percent."""

    id: str
    name: str
    segment: str
    country: str
    language: str
    group: str
    vat_number: str
    email: str
    street: str
    city: str
    postcode: str
    sales_person: str
    size: int
    discount: int
    online: int
    """How many of a thousand invoices come from the online company."""


def make_accounts(chance: Chance) -> list[Account]:
    """80 dealers, 90 workshops and 30 plants. A dealer buys for 20 to 200 thousand EUR a year, mostly for less."""
    segments = ["dealer"] * 80 + ["workshop"] * 90 + ["industry"] * 30
    accounts = []
    for number, segment in enumerate(chance.some(segments, len(segments)), 1):
        country = chance.weighted(("DE", "AT", "NL"), (60, 25, 15))
        stem = _STEMS[number % len(_STEMS)]
        low, high, discount = {
            "dealer": (20_000, 200_000, chance.between(8, 22)),
            "workshop": (4_000, 40_000, chance.between(0, 10)),
            "industry": (30_000, 400_000, chance.between(5, 18)),
        }[segment]
        account_id = f"C{10000 + number}"
        accounts.append(
            Account(
                id=account_id,
                name=f"{stem} {chance.pick(_TRADES[segment])} No. {number} {_FORMS[country]}",
                segment=segment,
                country=country,
                language="nl" if country == "NL" else "de",
                group=chance.pick(("Zunftring", "Werkbund 77")) if segment == "dealer" and chance.happens(250) else "",
                vat_number={"DE": "DE000000{:03d}", "AT": "ATU00000{:03d}", "NL": "NL000000{:03d}B00"}[country].format(
                    number
                ),
                email=f"orders@{account_id.lower()}.example",
                street=f"Am Beispiel {number}",
                city=chance.pick(_CITIES[country]),
                postcode="0000" if country == "AT" else "0000 AA" if country == "NL" else "00000",
                sales_person=chance.pick(_SALES),
                size=chance.skewed(low, high),
                discount=discount,
                online=chance.pick((0, 0, 100, 300)),
            )
        )
    return accounts
