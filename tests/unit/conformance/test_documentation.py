"""The page on adapters names what a harness can do, and its example of a lost reply works."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from connectors.conformance import Harness, sample_key
from connectors.spi import UnknownOutcome
from tests.unit.conformance.shop_adapter import ShopAdapter, ShopHarness

PAGE = (Path(__file__).parents[3] / "docs" / "writing-an-adapter.md").read_text(encoding="utf-8")


def test_the_page_names_every_part_of_a_harness() -> None:
    parts = {name for name in vars(Harness) if not name.startswith("_")} - {"build", "seed"}
    rows = re.findall(r"^\| (`.+?) \| ", PAGE.partition("| of the harness |")[2].partition("\n\n")[0], re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} == parts


def test_the_example_of_a_lost_reply_works(try_on: Callable[..., ShopHarness], capsys: Any) -> None:
    [block] = re.findall(r"```python\n(# by_hand\.py\n.*?)```", PAGE, re.DOTALL)
    names: dict[str, Any] = {}
    exec(compile(block, "by_hand.py", "exec"), names)  # noqa: S102 - the page's own code
    harness = try_on(ShopAdapter)
    delivery = names["lose_a_reply"](harness)
    assert [type(error) for error in delivery.errors] == [UnknownOutcome]
    assert delivery.remote is not None and harness.stored("credit_note", sample_key()) == 1
    assert "POST /documents reply_lost [201] 0" in capsys.readouterr().out
