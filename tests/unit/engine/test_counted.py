"""Documents become a number of them, on the cell where they stand."""

from __future__ import annotations

from core.cells import Cell
from core.engine.counted import counted

ORDER = Cell(
    program=1, beneficiary=1, payee=1, period=0, settle=0, slice=0, level=-1, tax=1, document=4, line=0, measure=0,
    net=0, unknown=0, lines=1, times=1, over=1, less=0, shared=-1,
)  # fmt: skip


def test_an_order_counts_in_the_slice_its_present_version_stands_in() -> None:
    """A later version moved it over the day a definition changed: its old place has no lines any more."""
    left = ORDER._replace(slice=0, lines=0)
    stands = ORDER._replace(slice=1, net=1000, lines=2)
    assert [(cell.slice, cell.measure) for cell in counted([left, stands])] == [(0, 0), (1, 1)]


def test_an_order_in_two_places_counts_once_in_the_first() -> None:
    first, second = ORDER._replace(tax=1), ORDER._replace(tax=2)
    assert [(cell.tax, cell.measure) for cell in counted([second, first])] == [(1, 1), (2, 0)]


def test_an_order_that_is_gone_counts_nowhere() -> None:
    assert [cell.measure for cell in counted([ORDER._replace(lines=0)])] == [0]
