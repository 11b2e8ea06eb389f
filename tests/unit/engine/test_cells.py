"""What a cell counts for, converted exactly, and by what cells share."""

from __future__ import annotations

from fractions import Fraction

from core.cells import Cell, measure_of, net_of, weights, whole
from core.sharing import payees


def cell(measure: int, **other: int) -> Cell:
    return Cell(0, 1, 1, 0, 0, 0, -1, 1, 0, 0, measure, measure, 0, 1)._replace(**other)


def test_a_measure_is_converted_exactly_and_is_nothing_while_unknown() -> None:
    assert measure_of(cell(100, times=2, over=3)) == Fraction(200, 3)
    assert measure_of(cell(100, times=3, over=3)) == 100
    assert measure_of(cell(100, over=0)) == 0


def test_a_net_is_converted_with_a_measure_of_money_only() -> None:
    converted = cell(100, net=50, times=3, over=4)
    assert net_of(converted, money=True) == Fraction(75, 2)
    assert net_of(converted, money=False) == 50
    assert net_of(cell(100, net=50, over=0), money=True) == 0
    assert net_of(cell(100, net=50, over=0), money=False) == 0


def test_cells_weigh_by_net_then_by_measure_then_alike() -> None:
    assert weights([cell(1, net=-100, times=2), cell(1, net=50)], money=True) == [200, 50]
    assert weights([cell(1, net=-100, times=2), cell(1, net=50)], money=False) == [100, 50]
    assert weights([cell(1, net=1, over=2), cell(1, net=-1, over=3), cell(1, net=9, over=0)], money=True) == [3, 2, 0]
    assert weights([cell(-4, net=0), cell(6, net=0)], money=True) == [4, 6]
    assert weights([cell(0), cell(0)], money=True) == [1, 1]
    assert weights([cell(5, over=0), cell(7, over=0)], money=False) == [1, 1]


def test_proportions_in_whole_numbers() -> None:
    assert whole([Fraction(1, 2), Fraction(2, 3), 1]) == [3, 4, 6]


def test_a_payee_is_who_has_any_line_that_counts() -> None:
    cells = [
        cell(0, payee=3),
        cell(0, payee=2, lines=0),
        cell(5, payee=1, net=0, lines=0),
        cell(0, payee=4, net=5, lines=0),
        cell(9, payee=5, over=0),
        cell(1, payee=3),
    ]
    assert payees(cells) == [[2], [0, 5], [3]]
