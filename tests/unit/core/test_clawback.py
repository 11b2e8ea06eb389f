"""What becomes of what is owed back: offset against other programs, invoiced, or given up."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clawback import claw_back, offset
from core.posting import Key
from core.programs import Program
from core.settlement import Adjusted, Adjustment, Due, Place, Settled, settle
from tests.unit.core.settling import a_program, due, key, of

Q1, Q2, Q3 = of("2025-01-01"), of("2025-04-01"), of("2025-07-01")
AFTER_Q1, AFTER_Q2, AFTER_Q3 = date(2025, 4, 1), date(2025, 7, 1), date(2025, 10, 1)


def policy(name: str, program: str = "bonus", **more: Any) -> Program:
    limits = more.pop("limits", None)
    settlement = {"clawback": name} | {word: more.pop(word) for word in list(more) if word not in ("valid_to",)}
    return a_program("quarter", settlement=settlement, limits=limits, id=program, **more)


def clawed(program: Program, dues: list[Due], as_of: date, frozen: Any = ()) -> Settled:
    return claw_back(program, settle(program, dues, set(frozen), as_of), as_of)


def told(found: Settled) -> list[tuple[str, str, int]]:
    return [(item.kind, item.settlement.label, item.net) for item in found.made]


def test_a_debt_becomes_an_invoice_after_the_settlement_periods_it_has_waited() -> None:
    program = policy("debit")
    assert told(clawed(program, [due(-60, Q1)], AFTER_Q1)) == []
    assert told(clawed(program, [due(-60, Q1)], date(2025, 6, 30))) == []
    assert told(clawed(program, [due(-60, Q1)], AFTER_Q2)) == [("debit_invoice", "2025-Q1", -60)]
    patient = policy("debit", debit_after=2)
    assert told(clawed(patient, [due(-60, Q1)], AFTER_Q2)) == []
    assert told(clawed(patient, [due(-60, Q1)], AFTER_Q3)) == [("debit_invoice", "2025-Q1", -60)]


def test_a_debt_that_a_later_settlement_takes_up_is_not_invoiced() -> None:
    assert told(clawed(policy("debit"), [due(-60, Q1), due(61, Q2)], AFTER_Q3)) == [("credit_note", "2025-Q2", 1)]
    assert told(clawed(policy("debit"), [due(-60, Q1), due(20, Q2)], AFTER_Q2)) == [("debit_invoice", "2025-Q2", -40)]
    assert told(clawed(policy("debit"), [due(-60, Q1), due(60, Q2)], AFTER_Q3)) == []


def test_a_debt_below_the_least_is_not_invoiced() -> None:
    program = policy("debit", debit_from=Decimal("0.60"))
    assert told(clawed(program, [due(-59, Q1)], AFTER_Q2)) == []
    assert told(clawed(program, [due(-60, Q1)], AFTER_Q2)) == [("debit_invoice", "2025-Q1", -60)]
    assert told(clawed(program, [due(-59, Q1), due(-1, Q2)], AFTER_Q2)) == [("debit_invoice", "2025-Q2", -60)]


def test_where_no_period_follows_a_debt_is_invoiced_once_the_program_is_over() -> None:
    program = a_program("program", settlement={"clawback": "debit"}, valid_to=date(2025, 6, 30))
    whole = program.calendar.of(date(2025, 2, 1))
    assert told(clawed(program, [due(-60, whole)], date(2025, 6, 30))) == []
    assert told(clawed(program, [due(-60, whole)], date(2025, 7, 1))) == [("debit_invoice", "whole", -60)]


def test_the_customer_invoices_a_service_and_is_sent_no_invoice() -> None:
    assert told(clawed(policy("debit", document="service"), [due(-60, Q1)], AFTER_Q3)) == []
    (item,) = clawed(policy("net", document="service"), [due(60, Q1)], AFTER_Q1).made
    assert item.kind == "service"


@pytest.mark.parametrize(("owed", "made"), [(-50, [("write_off", "2025-Q1", -50)]), (-51, []), (50, None)])
def test_a_small_debt_is_given_up(owed: int, made: Any) -> None:
    program = policy("waive", waive_up_to=Decimal("0.50"))
    expected = [("credit_note", "2025-Q1", 50)] if made is None else made
    assert told(clawed(program, [due(owed, Q1)], AFTER_Q1)) == expected


def test_only_what_is_owed_back_is_given_up_and_never_more_than_the_sum() -> None:
    program = policy("waive", waive_up_to=Decimal("0.50"))
    earlier = due(-40, Q1, key("2024-10-01"), split={1: -30, 2: -10})
    (item,) = clawed(program, [earlier, due(25, Q1), due(-20, Q2)], AFTER_Q2).made
    assert [(part.key.period, part.amount, dict(part.taxes)) for part in item.parts] == [
        ("2024-10-01", -35, {1: -26, 2: -9})
    ]
    assert item.net == -35


def test_nothing_is_given_up_while_its_period_still_runs() -> None:
    program = policy("waive", waive_up_to=Decimal("0.50"))
    running = replace(due(-20, Q1), final=False)
    assert told(clawed(program, [running], AFTER_Q1)) == []
    assert told(clawed(program, [running, due(-5, Q1, key("2024-10-01"))], AFTER_Q1)) == []


def test_nothing_is_given_up_or_bounded_in_another_currency() -> None:
    foreign = due(-5, Q1, key(currency="CHF"))
    assert told(clawed(policy("waive", waive_up_to=Decimal(1)), [foreign], AFTER_Q2)) == []


def of_program(name: str, amount: int, period: Any = Q1, **more: Any) -> Due:
    return due(amount, period, key(period.start.isoformat(), program=name, **more))


def together(dues: dict[str, list[Due]], *programs: Program, as_of: date = AFTER_Q1) -> dict[str, Settled]:
    found = {item.id: clawed(item, dues.get(item.id, []), as_of) for item in programs}
    return offset(programs, found)


A, B, C = policy("offset", "a"), policy("net", "b"), policy("net", "c")


def parts(found: dict[str, Settled]) -> dict[str, list[tuple[list[tuple[str, int]], int]]]:
    return {
        name: [([(part.key.program, part.amount) for part in item.parts], item.net) for item in settled.made]
        for name, settled in found.items()
    }


def test_a_debt_goes_on_the_first_document_of_another_program_that_covers_it() -> None:
    dues = {"a": [of_program("a", -60)], "b": [of_program("b", 60)], "c": [of_program("c", 100)]}
    found = together(dues, A, B, C)
    assert parts(found) == {"a": [], "b": [([("b", 60)], 60)], "c": [([("c", 100), ("a", -60)], 40)]}
    assert found["a"].left == []


def test_documents_are_joined_where_none_covers_the_debt_alone() -> None:
    dues = {"a": [of_program("a", -60)], "b": [of_program("b", 50)], "c": [of_program("c", 30)]}
    assert parts(together(dues, A, B, C)) == {"a": [], "b": [], "c": [([("c", 30), ("b", 50), ("a", -60)], 20)]}


def test_until_then_they_wait_with_it() -> None:
    dues = {"a": [of_program("a", -80)], "b": [of_program("b", 50)], "c": [of_program("c", 30)]}
    found = together(dues, A, B, C)
    assert parts(found) == {"a": [], "b": [], "c": []}
    assert [pool.owed for pool in found["a"].left] == [-80]


def test_only_what_its_own_program_cannot_take_up_is_offset() -> None:
    dues = {"a": [of_program("a", -60), of_program("a", 70, Q2)], "b": [of_program("b", 100)]}
    assert parts(together(dues, A, B, as_of=AFTER_Q2)) == {
        "a": [([("a", -60), ("a", 70)], 10)],
        "b": [([("b", 100)], 100)],
    }


@pytest.mark.parametrize("other", [{"payee": 2}, {"entity": "AT01"}, {"currency": "CHF"}])
def test_a_debt_is_taken_from_nobody_else(other: Any) -> None:
    found = together({"a": [of_program("a", -60)], "b": [of_program("b", 100, **other)]}, A, B)
    assert [item.net for item in found["b"].made] == [100]


def test_the_policy_is_that_of_the_program_that_is_owed() -> None:
    dues = {"a": [of_program("a", 100)], "b": [of_program("b", -60)]}
    assert parts(together(dues, A, B)) == {"a": [([("a", 100)], 100)], "b": []}


def test_services_and_price_reductions_stay_apart() -> None:
    service = policy("net", "b", document="service")
    found = together({"a": [of_program("a", -60)], "b": [of_program("b", 100)]}, A, service)
    assert [item.net for item in found["b"].made] == [100]


def test_the_least_of_the_document_holds_after_the_offset() -> None:
    careful = policy("net", "b", limits={"minimum": Decimal("0.50")})
    dues = {"a": [of_program("a", -60)], "b": [of_program("b", 109)]}
    assert parts(together(dues, A, careful)) == {"a": [], "b": []}
    dues["b"] = [of_program("b", 110)]
    assert [item.net for item in together(dues, A, careful)["b"].made] == [50]


amounts = st.lists(st.integers(-(2**62), 2**62) | st.integers(-100, 100), max_size=4)


@given(amounts, amounts, amounts, st.booleans())
def test_every_key_stands_in_one_document_at_most_and_whole(
    first: list[int], second: list[int], third: list[int], both: bool
) -> None:
    """Nothing is paid or taken twice, whatever goes together, also with amounts near 64 bits."""
    programs = [A, policy("offset" if both else "net", "b"), C]
    dues = {
        item.id: [
            due(amount, period, Key(item.id, 1, 1, "DE01", period.start.isoformat(), "EUR"))
            for amount, period in zip(row, (Q1, Q2, Q3, of("2024-10-01")), strict=False)
        ]
        for item, row in zip(programs, (first, second, third), strict=True)
    }
    found = together(dues, *programs, as_of=AFTER_Q3)
    made = [item for settled in found.values() for item in settled.made]
    standing = [(part.key, part.amount) for item in made for part in item.parts]
    assert len({owner for owner, _ in standing}) == len(standing)
    everything = {item.key: item.open for row in dues.values() for item in row}
    assert all(everything[owner] == amount for owner, amount in standing)
    assert all(item.net >= 1 and sum(sum(part.taxes.values()) for part in item.parts) == item.net for item in made)
    waits = sum(everything.values()) - sum(item.net for item in made)
    if both and waits > 0:  # what waits is held back by a debt it does not cover
        assert any(pool.owed < 0 for settled in found.values() for pool in settled.left)


def test_without_a_tax_code_or_a_debt_there_is_nothing_to_claw_back() -> None:
    opened = due(-60, Q1, split={})
    for program in (policy("debit"), policy("waive", waive_up_to=Decimal(1))):
        assert told(clawed(program, [opened], AFTER_Q3)) == []
        assert told(clawed(program, [due(-50, Q1), due(50, Q2)], AFTER_Q3)) == []


def test_days_of_grace_put_off_the_debit_invoice_too() -> None:
    program = policy("debit", grace_days=10)
    assert told(clawed(program, [due(-60, Q1)], date(2025, 7, 10))) == []
    assert told(clawed(program, [due(-60, Q1)], date(2025, 7, 11))) == [("debit_invoice", "2025-Q1", -60)]


def changed(program: str, amount: int) -> list[Adjusted]:
    place = Place(1, "DE01", "EUR", Q1.start, 1)
    return [Adjusted(Q1, [Adjustment(key(program=program), amount, {1: amount}, "agreed", place)])]


def test_an_adjustment_may_leave_nothing_of_a_debit_invoice() -> None:
    program = policy("debit")
    for amount, made in ((60, []), (59, [-1])):
        found = settle(program, [due(-60, Q1)], set(), AFTER_Q2, changed("bonus", amount))
        assert [item.net for item in claw_back(program, found, AFTER_Q2).made] == made


def test_a_key_of_which_nothing_is_owed_is_no_part_of_what_is_given_up() -> None:
    moved = due(0, Q1, key("2024-10-01"), split={1: 40, 2: 60}, settled={1: 60, 2: 40})
    (item,) = clawed(policy("waive", waive_up_to=Decimal(1)), [moved, due(-35, Q1)], AFTER_Q1).made
    assert [part.amount for part in item.parts] == [-35]


def test_what_is_not_owed_back_is_not_moved_to_another_program() -> None:
    small = policy("offset", "a", limits={"minimum": Decimal("0.50")})
    for row in ([of_program("a", 20)], [of_program("a", -20), of_program("a", 20, Q2)]):
        found = together({"a": row, "b": [of_program("b", 100)]}, small, B, as_of=AFTER_Q2)
        assert parts(found)["b"] == [([("b", 100)], 100)]


def test_a_debt_that_a_person_has_adjusted_is_not_moved_either() -> None:
    left = settle(A, [of_program("a", -60)], set(), AFTER_Q1, changed("a", 10))
    made = settle(B, [of_program("b", 100)], set(), AFTER_Q1)
    assert parts(offset([A, B], {"a": left, "b": made}))["b"] == [([("b", 100)], 100)]


def test_joined_documents_need_only_leave_the_least_of_the_last() -> None:
    dues = {"a": [of_program("a", -79)], "b": [of_program("b", 50)], "c": [of_program("c", 30)]}
    assert [item.net for item in together(dues, A, B, C)["c"].made] == [1]
    careful = policy("net", "c", limits={"minimum": Decimal("0.25")})
    dues["a"] = [of_program("a", -60)]
    assert parts(together(dues, A, B, careful)) == {"a": [], "b": [], "c": []}


def test_a_debt_without_tax_codes_of_its_own_follows_the_document_it_goes_on() -> None:
    opened = due(-60, Q1, key(program="a"), split={})
    other = due(100, Q1, key(program="b"), split={1: 75, 2: 25})
    (item,) = together({"a": [opened], "b": [other]}, A, B)["b"].made
    assert [dict(part.taxes) for part in item.parts] == [{1: 75, 2: 25}, {1: -45, 2: -15}]


def test_a_key_without_tax_codes_of_its_own_is_given_up_under_those_of_the_others() -> None:
    opened = due(-20, Q1, key("2024-10-01"), split={})
    (item,) = clawed(
        policy("waive", waive_up_to=Decimal(1)), [opened, due(-40, Q1, split={1: -30, 2: -10})], AFTER_Q1
    ).made
    assert [dict(part.taxes) for part in item.parts] == [{1: -15, 2: -5}, {1: -30, 2: -10}]


def test_what_a_person_added_is_not_given_up() -> None:
    program = policy("waive", waive_up_to=Decimal(1))
    found = settle(program, [due(-60, Q1)], set(), AFTER_Q1, changed("bonus", 10))
    (item,) = claw_back(program, found, AFTER_Q1).made
    assert (item.kind, item.net, item.adjustments) == ("write_off", -60, [])


def test_programs_and_accounts_that_owe_nothing_do_not_hide_those_that_do() -> None:
    debtor = policy("offset", "z", limits={"minimum": Decimal("0.50")})
    dues = {
        "b": [of_program("b", 100, payee=2)],
        "z": [of_program("z", 20), of_program("z", -60, payee=2)],
    }
    assert [item.net for item in together(dues, B, debtor)["b"].made] == [40]


def test_a_debt_without_tax_codes_follows_what_the_document_comes_to() -> None:
    opened = due(-1_000, Q1, key(program="a"), split={})
    coded = due(-900, Q1, key("2024-10-01", program="a"), split={2: -900})
    other = due(1_902, Q1, key(program="b"), split={2: 1_900, 3: 2})
    (item,) = together({"a": [opened, coded], "b": [other]}, A, B)["b"].made
    assert {part.key: dict(part.taxes) for part in item.parts}[opened.key] == {2: -998, 3: -2}
