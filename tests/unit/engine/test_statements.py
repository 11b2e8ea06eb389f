"""The counting SQL does nothing but join, filter, group, add and multiply integers."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlglot
from sqlglot import expressions as exp

import core.engine
from core.engine import queries

ALLOWED_FUNCTIONS = (exp.Sum, exp.Coalesce, exp.Cast, exp.Case, exp.If, exp.And, exp.Or)
WHOLE = {"TINYINT", "SMALLINT", "INT", "INTEGER", "BIGINT"}
REFUSED = (exp.Div, exp.IntDiv, exp.Mod, exp.Round, exp.Avg, exp.Floor, exp.Ceil, exp.TryCast, exp.Pow)


def wrong(sql: str) -> list[str]:
    """What a statement does that counting must not."""
    found = []
    for node in (node for tree in sqlglot.parse(sql, dialect="duckdb") if tree is not None for node in tree.walk()):
        if isinstance(node, REFUSED):
            found.append(f"{type(node).__name__}: {node.sql()}")
        elif isinstance(node, exp.Func) and not isinstance(node, ALLOWED_FUNCTIONS):
            found.append(f"function: {node.sql()}")
        elif isinstance(node, exp.DataType) and node.sql("duckdb").upper() not in WHOLE:
            found.append(f"type: {node.sql('duckdb')}")
        elif isinstance(node, exp.Literal) and (node.is_string or not node.name.isdigit()):
            found.append(f"literal: {node.sql()}")
    return found


@pytest.mark.parametrize("name", queries.every_statement())
def test_a_statement_is_harmless(name: str) -> None:
    found = wrong(queries.every_statement()[name])
    # The cache notes what it was filled from: the one text in it, and nothing that is counted.
    assert [one for one in found if (name.split()[0], one) != ("watermark", "type: TEXT")] == []


def test_every_file_is_used() -> None:
    folder = Path(core.engine.__file__).parent / "sql"
    assert {name.split()[0] for name in queries.every_statement()} == {path.stem for path in folder.glob("*.sql")}


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT a / b FROM t",
        "SELECT a // b FROM t",
        "SELECT a % b FROM t",
        "SELECT MOD(a, b) FROM t",
        "SELECT ROUND(a) FROM t",
        "SELECT AVG(a) FROM t",
        "SELECT MEAN(a) FROM t",
        "SELECT a * 0.5 FROM t",
        "SELECT CAST(a AS DOUBLE) FROM t",
        "SELECT a::FLOAT FROM t",
        "SELECT CAST(a AS DECIMAL(18, 2)) FROM t",
        "SELECT FSUM(a) FROM t",
        "SELECT divide(a, b) FROM t",
        "SELECT SQRT(a) FROM t",
        "SELECT TRUNC(a) FROM t",
        "SELECT 1e3 FROM t",
    ],
)
def test_the_guard_sees_what_it_must(sql: str) -> None:
    assert wrong(sql)
