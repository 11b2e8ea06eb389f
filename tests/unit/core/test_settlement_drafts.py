"""What becomes a document: late deltas, sequences, what is owed back, and interim settlements."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from core.money import minor_units, text
from core.settlement import Draft, Due, Place, settle
from core.settlement_calendar import settlement_of
from tests.unit.core.settling import a_program, due, earned, key, of

Q1, Q2, Q3 = of("2025-01-01"), of("2025-04-01"), of("2025-07-01")
OPEN_END = a_program("quarter")
ENDED = a_program("quarter", valid_to=date(2025, 6, 30))
DURING_Q2, AFTER_Q2, AFTER_Q3 = date(2025, 5, 1), date(2025, 7, 1), date(2025, 10, 1)


def told(made: list[Draft]) -> list[tuple[int, str, str, int, int]]:
    return [(draft.payee, draft.entity, draft.settlement.label, draft.sequence, draft.net) for draft in made]


def frozen(*places: tuple[Any, int]) -> set[Place]:
    return {Place(1, "DE01", "EUR", period.start, sequence) for period, sequence in places}


def drafts(*args: Any) -> list[Draft]:
    return settle(*args).made


def test_each_payee_and_entity_has_a_document_of_its_own() -> None:
    dues = [due(100, Q1, key(payee=2)), due(50, Q1, key(entity="AT01")), due(70, Q1, key()), due(0, Q1, key(payee=3))]
    assert told(drafts(OPEN_END, dues, set(), DURING_Q2)) == [
        (1, "AT01", "2025-Q1", 1, 50),
        (1, "DE01", "2025-Q1", 1, 70),
        (2, "DE01", "2025-Q1", 1, 100),
    ]


def test_the_order_of_dues_does_not_matter() -> None:
    dues = [due(100, Q1), due(-30, Q1, key("2024-10-01")), due(40, Q2), due(50, Q1, key(payee=2))]
    assert drafts(OPEN_END, dues, set(), AFTER_Q2) == drafts(OPEN_END, dues[::-1], set(), AFTER_Q2)


def test_a_late_delta_goes_to_the_next_settlement_that_is_due() -> None:
    late = due(5, Q1)
    assert told(drafts(OPEN_END, [late], frozen((Q1, 1)), DURING_Q2)) == []
    assert told(drafts(OPEN_END, [late], frozen((Q1, 1)), AFTER_Q2)) == [(1, "DE01", "2025-Q2", 1, 5)]
    both = drafts(OPEN_END, [late, due(100, Q2)], frozen((Q1, 1)), AFTER_Q2)
    assert told(both) == [(1, "DE01", "2025-Q2", 1, 105)]
    assert told(drafts(OPEN_END, [late], frozen((Q1, 1), (Q2, 1)), AFTER_Q2)) == []
    assert told(drafts(OPEN_END, [late], frozen((Q1, 1), (Q2, 1)), AFTER_Q3)) == [(1, "DE01", "2025-Q3", 1, 5)]


def test_after_the_end_of_a_program_a_late_delta_is_a_further_sequence_of_the_last_settlement() -> None:
    late = due(5, Q1)
    assert told(drafts(ENDED, [late], frozen((Q1, 1), (Q2, 1)), AFTER_Q2)) == [(1, "DE01", "2025-Q2", 2, 5)]
    taken = frozen((Q1, 1), (Q2, 1), (Q2, 2), (Q2, 3))
    assert told(drafts(ENDED, [late], taken, AFTER_Q3)) == [(1, "DE01", "2025-Q2", 4, 5)]
    last = due(7, Q2)
    assert told(drafts(ENDED, [last], frozen((Q2, 1)), AFTER_Q2)) == [(1, "DE01", "2025-Q2", 2, 7)]


def test_the_place_of_another_payee_or_entity_is_not_taken() -> None:
    others = {Place(2, "DE01", "EUR", Q1.start, 1), Place(1, "AT01", "EUR", Q1.start, 1)}
    others.add(Place(1, "DE01", "CHF", Q1.start, 1))
    assert told(drafts(OPEN_END, [due(5, Q1)], others, DURING_Q2)) == [(1, "DE01", "2025-Q1", 1, 5)]


def test_what_is_owed_back_waits_for_the_next_positive_settlement() -> None:
    back, small, large = due(-60, Q1), due(50, Q2), due(100, Q2)
    assert drafts(OPEN_END, [back], set(), AFTER_Q2) == []
    assert drafts(OPEN_END, [back, small], set(), AFTER_Q2) == []
    made = drafts(OPEN_END, [back, large], set(), AFTER_Q2)
    assert told(made) == [(1, "DE01", "2025-Q2", 1, 40)]
    assert [(part.key.period, part.amount) for part in made[0].parts] == [("2025-01-01", -60), ("2025-04-01", 100)]
    third = drafts(OPEN_END, [back, small, due(20, Q3)], set(), AFTER_Q3)
    assert told(third) == [(1, "DE01", "2025-Q3", 1, 10)]
    assert len(third[0].parts) == 3


def test_exactly_nothing_is_carried_too() -> None:
    assert drafts(OPEN_END, [due(-50, Q1), due(50, Q2)], set(), AFTER_Q2) == []


def test_what_is_owed_back_is_taken_from_nobody_else() -> None:
    back = due(-60, Q1)
    others = [
        due(100, Q2, key("2025-04-01", payee=2)),
        due(100, Q2, key("2025-04-01", entity="AT01")),
        due(100, Q2, key("2025-04-01", currency="CHF")),
    ]
    assert [draft.net for draft in drafts(OPEN_END, [back, *others], set(), AFTER_Q2)] == [100, 100, 100]


def test_a_later_debt_is_not_taken_from_an_earlier_settlement() -> None:
    assert told(drafts(OPEN_END, [due(100, Q1), due(-60, Q2)], set(), AFTER_Q2)) == [(1, "DE01", "2025-Q1", 1, 100)]


def test_tax_codes_that_moved_against_each_other_go_on_the_next_document() -> None:
    moved = due(0, Q1, split={1: 40, 2: 60}, settled={1: 60, 2: 40})
    assert drafts(OPEN_END, [moved], set(), DURING_Q2) == []
    made = drafts(OPEN_END, [moved, due(10, Q2)], frozen((Q1, 1)), AFTER_Q2)
    assert told(made) == [(1, "DE01", "2025-Q2", 1, 10)]
    assert [part.taxes for part in made[0].parts] == [{1: -20, 2: 20}, {1: 10}]


def test_a_draft_tells_the_base_it_rests_on() -> None:
    made = drafts(OPEN_END, [due(-10, Q1), due(50, Q2)], set(), AFTER_Q2)
    assert [(draft.base, draft.program, draft.currency) for draft in made] == [(20_000, "bonus", "EUR")]
    assert [part.entitlement_id for part in made[0].parts] == [7, 7]


def test_a_debt_known_only_from_an_opening_balance_follows_the_split_of_the_document() -> None:
    """Settled before our time, and its documents are gone: no tax code of its own is known."""
    opened = due(-30, Q1, split={})
    made = drafts(OPEN_END, [opened, due(100, Q2, split={1: 75, 2: 25})], set(), AFTER_Q2)
    assert told(made) == [(1, "DE01", "2025-Q2", 1, 70)]
    taxes = [part.taxes for part in made[0].parts]
    assert [sum(split.values()) for split in taxes] == [-30, 100]
    assert taxes[0] in ({1: -23, 2: -7}, {1: -22, 2: -8})


def test_an_amount_without_any_tax_code_waits_for_a_document_that_has_one() -> None:
    opened = due(30, Q1, split={})
    assert drafts(OPEN_END, [opened], set(), AFTER_Q2) == []
    assert told(drafts(OPEN_END, [opened, due(100, Q2)], set(), AFTER_Q2)) == [(1, "DE01", "2025-Q2", 1, 130)]


def test_interim_settlements_are_cumulative_and_the_last_nets_what_was_paid(
    worked: Callable[[str], dict[str, Any]],
) -> None:
    example = worked("SAP-INTERIM")
    currency = example["inputs"]["currency"]
    first, second, _ = example["program"]["tiers"]
    rates = [Decimal(first["rate"]) * 100, Decimal(second["rate"]) * 100, Decimal(4)]
    bounds = [Decimal(first["from"]), Decimal(second["from"]), Decimal(27000)]
    scale = {
        "method": "retrospective",
        "bands": [{"from": bound, "percent": rate} for bound, rate in zip(bounds, rates, strict=True)],
    }
    program = a_program(
        "quarter", "month", scale=scale, currency=currency, valid_from=date(2024, 10, 1), valid_to=date(2024, 12, 31)
    )
    calculation = of("2024-10-01")
    volumes = example["inputs"]["cumulative_volume"]
    paid, payments, entitled = 0, {}, {}
    taken: set[Place] = set()
    for month, as_of in {"Oct": date(2024, 11, 1), "Nov": date(2024, 12, 1), "Dec": date(2025, 1, 1)}.items():
        amount, split = earned(program, (minor_units(volumes[month], currency), 1))
        place = settlement_of(program, calculation, as_of)
        assert place is not None
        settlement, final = place
        assert final == (month == "Dec")
        owner = key("2024-10-01", currency=currency)
        made = drafts(
            program,
            [Due(owner, settlement, final, amount, split, amount - paid, {1: paid} if paid else {}, 1, 0)],
            taken,
            as_of,
        )
        net = sum(draft.net for draft in made)
        entitled[month], payments[month] = text(amount, currency), text(net, currency)
        paid += net
        for draft in made:
            taken.add(draft.place)
    expected = example["expected"]
    assert Decimal(entitled["Oct"]) == Decimal(expected["Oct"])
    assert payments["Nov"] == expected["Nov"]
    assert entitled["Dec"] == expected["Dec_total"]
    assert payments["Dec"] == expected["Dec_payment"]
