"""What Nordwerk sells: some 300 products in twelve categories, all invented."""

from __future__ import annotations

from typing import NamedTuple

from scheduler.demo.chance import Chance

STANDARD_TAX = 190_000
REDUCED_TAX = 70_000
FREIGHT = "FREIGHT"
BRANDS = ("Hammerfell", "Volkar", "Brunnhild", "Nordwerk Basic", "Quarzon", "Zwirbel")


class Product(NamedTuple):
    """One product. `price` in cents a unit, before discount; `tax_rate` in millionths."""

    sku: str
    name: str
    category: str
    brand: str
    unit: str
    units: str
    price: int
    tax_rate: int


class Category(NamedTuple):
    """A category with its price range in cents, how often it is bought, and what its products are called."""

    name: str
    prefix: str
    things: tuple[str, ...]
    low: int
    high: int
    weight: int
    size: int = 26
    unit: str = "piece"
    units: str = ""
    tax_rate: int = STANDARD_TAX


CATEGORIES = (
    Category("power-tools-drill", "PD", ("Cordless drill", "Impact driver", "Hammer drill"), 6900, 42900, 10),
    Category("power-tools-saw", "PS", ("Jigsaw", "Circular saw", "Sabre saw"), 8900, 45900, 7),
    Category("power-tools-grind", "PG", ("Angle grinder", "Belt sander", "Polisher"), 5900, 38900, 8),
    Category("hand-tools", "HT", ("Ring spanner", "Socket set", "Torque wrench", "Pliers"), 690, 14900, 16),
    Category("fasteners", "FA", ("Hex bolts", "Wood screws", "Washers", "Rivets"), 390, 3900, 18, units="box=10"),
    Category("abrasives", "AB", ("Cutting discs", "Sanding sheets", "Flap discs"), 450, 5900, 14, units="box=25"),
    Category("chemicals", "CH", ("Degreaser", "Thread lock", "Multi-purpose oil"), 490, 8900, 12, units="crate=12"),
    Category("safety", "SA", ("Safety glasses", "Work gloves", "Hearing protection"), 290, 7900, 13, units="box=12"),
    Category("lighting", "LI", ("Work lamp", "Inspection lamp", "Head torch"), 1290, 18900, 7, size=20),
    Category("storage", "ST", ("Tool trolley", "Sorting box", "Shelf"), 1990, 34900, 5, size=20),
    Category("cable-and-hose", "CA", ("Air hose", "Flexible cable", "Fuel hose"), 190, 1490, 8, size=20, unit="metre"),
    Category("manuals", "MA", ("Repair manual", "Safety handbook"), 1490, 6900, 3, size=20, tax_rate=REDUCED_TAX),
)
WEIGHTS = tuple(category.weight for category in CATEGORIES)


def make_products(chance: Chance) -> dict[str, list[Product]]:
    """The products by category. One in twelve is a clearance item: its SKU ends in `-CL`."""
    products: dict[str, list[Product]] = {}
    for category in CATEGORIES:
        made = []
        for number in range(1, category.size + 1):
            clearance = chance.happens(80)
            price = chance.skewed(category.low, category.high) // 10 * 10
            sku = f"{category.prefix}-{1000 + number}" + ("-CL" if clearance else "")
            name = f"{category.things[number % len(category.things)]} {chance.pick('ABCDEFGHKMX')}{number * 5}"
            made.append(
                Product(
                    sku=sku,
                    name=name,
                    category=category.name,
                    brand=chance.pick(BRANDS),
                    unit=category.unit,
                    units=category.units,
                    price=price * 6 // 10 if clearance else price,
                    tax_rate=category.tax_rate,
                )
            )
        products[category.name] = made
    return products
