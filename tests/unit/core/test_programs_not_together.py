"""What a definition states that cannot be meant together is refused, with the way out."""

from __future__ import annotations

import pytest

from core.errors import ConfigError
from core.programs import parse_program

HEAD = '[program]\nid = "a"\nname = "A"\ncurrency = "EUR"\nvalid_from = 2024-01-01\n'
BANDS = "bands = [{ from = 0, percent = 1 }, { from = 5, percent = 2 }]"
CLOSED = "bands = [{ from = 0, percent = 1 }, { from = 5, to = 9, percent = 2 }]"
GROWTH = '[baseline]\nagainst = "last_year"\n'
QUALIFIER = '[qualifier]\nmeasure = "orders"\n'


def scale(method: str, rest: str) -> str:
    return f'[scale]\nmethod = "{method}"\n{rest}\n'


@pytest.mark.parametrize("beside", [GROWTH, QUALIFIER])
@pytest.mark.parametrize(
    ("stated", "told"),
    [
        (scale("retrospective", CLOSED), "stay open: leave out the last `to`"),
        (scale("linear", CLOSED), "stay open: leave out the last `to`"),
        (scale("retrospective", f'{BANDS}\npoint = "band"'), "scale.point = band needs bands about the figure"),
        (scale("retrospective", f'{BANDS}\npoint = "stated"\npoint_at = 3'), "scale.point = stated needs bands"),
    ],
)
def test_bands_about_another_figure_have_no_place_on_the_paid_one(beside: str, stated: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        parse_program(HEAD + beside + stated)
    parse_program(HEAD + stated)


def test_a_growth_that_is_paid_on_can_end() -> None:
    parse_program(HEAD + GROWTH + 'bands_in = "amount"\npays_on = "growth"\n' + scale("retrospective", CLOSED))


@pytest.mark.parametrize(
    ("stated", "told"),
    [
        ('[currency]\npayout = "invoice"\nrounding = "line"\n', "does not go with rounding each line"),
        (
            '[accrual]\nrate = "fixed"\nper_unit = 1\n',
            "accrual.per_unit is for each unit: basis.measure = net has none",
        ),
    ],
)
def test_rates_that_have_nothing_to_hold_on_to_are_refused(stated: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        parse_program(HEAD + "[scale]\npercent = 1\n" + stated)
