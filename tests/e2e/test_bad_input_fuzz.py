"""Files nobody would send: whatever stands in them, nothing crashes, no record is lost, the rest lands.

Each example is one more file in the inbox of the same workspace, read by the real command.
"""

from __future__ import annotations

import io
import itertools
import json

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.helpers.crash_checks import rows
from tests.helpers.workspace import HEADER, Line, Sale, Workspace, call, rows_text, sale

COUNTER = itertools.count(1)
FUZZ = settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
NASTY = [
    "",
    " ",
    "NaN",
    "-Infinity",
    "1e400",
    "9" * 400,
    "-" + "9" * 19,
    "0." + "0" * 60 + "1",
    "=1+1",
    '=HYPERLINK("http://x","y")',
    "@SUM(A1)",
    "+1",
    "-",
    "'1.00",
    "1.000,00",
    "١٢٣",
    "²",
    "\u202e1.00",
    "\ufeff1",
    "😀" * 50,
    "x" * 5_000,
    'a"b',
    "a\nb",
    "a\r\nb",
    "a\0b",
    "\x1b[31m",
    "null",
    "true",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59.999999-14:00",
    "2025-02-29",
    "2025-W07-3",
    "RB-AAAABBBBCCCC",
    "[bold]x[/bold]",
    "\\x00",
    "../../etc/passwd",
    "1; drop table record",
]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    made = Workspace.make(tmp_path_factory.mktemp("fuzz") / "workspace", programs=("bonus",))
    made.config.write_text(made.config.read_text().replace('"sales-*.csv"', '"sales-*"'))
    call(made, "pull")
    return made


def fresh() -> list[Sale]:
    """Three documents under numbers never used before."""
    first = next(COUNTER) * 10
    lines = (Line("A-1", 1, 12_345), Line("Ä-2", -2, -100, 7), Line("A-3", 3, 999))
    return [
        sale(f"DOC{first}X"),
        Sale(f"DOC{first + 1}X", "C-2", "2025-02-10", lines),
        sale(f"DOC{first + 2}X", "C-3", net=-500, kind="credit note"),
    ]


def numbers(sales: list[Sale]) -> list[str]:
    return [one.number for one in sales]


def text_of(sales: list[Sale]) -> str:
    return rows_text(row for one in sales for row in one.rows())


def check(workspace: Workspace, content: bytes, expected: list[str], suffix: str = ".csv") -> None:
    """Pull the file. Every number in `expected` has landed or stands in quarantine, whose file was kept or told."""
    name = f"sales-{next(COUNTER):06d}{suffix}"
    path = workspace.put(name, content)
    try:
        (found,) = call(workspace, "pull", "--json").json
    finally:
        path.unlink()
    landed = found["landed"]
    assert found["failure"] == ""
    kept = sum(landed[what] for what in ("new", "changed", "unchanged", "older", "quarantined"))
    assert landed["read"] == kept, landed
    whole = rows(workspace, "select 1 from quarantine where origin like ? and external_id is null", f"{name}%")
    lost = [number for number in expected if not whole and not _is_kept(workspace, number)]
    assert lost == [], f"{lost} in {name}: {found}"


KEPT = """
select 1 from record where external_id like :like union all
select 1 from record_version where content like :like union all
select 1 from line where product like :like or description like :like union all
select 1 from quarantine where raw like :like or external_id like :like
"""


def _is_kept(workspace: Workspace, number: str) -> bool:
    return bool(rows(workspace, KEPT.replace(":like", "?1"), f"%{number}%"))


def still_there(content: bytes, sales: list[Sale]) -> list[str]:
    return [number for number in numbers(sales) if number.encode() in content]


@FUZZ
@given(st.binary(max_size=3_000))
@example(b"\xff\xfe")
@example(b"PK\x03\x04")
@example(b'"')
@example(b"\n\n\n")
@example((",".join(HEADER) + "\n" + "," * 200_000).encode())
def test_random_bytes(workspace, content):
    check(workspace, content, [])


@FUZZ
@given(st.binary(max_size=400))
def test_random_bytes_under_a_good_header(workspace, content):
    check(workspace, (",".join(HEADER) + "\n").encode() + content, [])


@FUZZ
@given(st.floats(0, 1), st.sampled_from(["", "\n", '"', "\0", "\n\n"]))
def test_a_file_cut_off_anywhere(workspace, place, end):
    sales = fresh()
    content = text_of(sales).encode()
    content = content[: int(place * len(content))] + end.encode()
    check(workspace, content, still_there(content, sales))


@FUZZ
@given(st.floats(0, 1), st.floats(0, 1))
def test_two_files_spliced(workspace, first, second):
    one, other = fresh(), fresh()
    left, right = text_of(one).encode(), text_of(other).encode()
    content = left[: int(first * len(left))] + right[int(second * len(right)) :]
    check(workspace, content, still_there(content, one + other))


@FUZZ
@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=12))
def test_bytes_overwritten(workspace, changes):
    sales = fresh()
    content = bytearray(text_of(sales).encode())
    for place, byte in changes:
        content[min(int(place * len(content)), len(content) - 1)] = byte
    check(workspace, bytes(content), still_there(bytes(content), sales))


@FUZZ
@given(st.integers(0, 4), st.sampled_from(HEADER), st.sampled_from(NASTY))
def test_a_nasty_cell(workspace, row, column, value):
    sales = fresh()
    table = [dict(cells) for one in sales for cells in one.rows()]
    table[row][column] = value
    content = rows_text(table).encode("utf-8", "surrogatepass")
    check(workspace, content, still_there(content, sales))


@FUZZ
@given(st.permutations(HEADER), st.booleans())
def test_columns_swapped(workspace, order, header_too):
    """With their header nothing changes; without it every record they make up is accounted for."""
    sales = fresh()
    table = [dict(cells) for one in sales for cells in one.rows()]
    head = list(order) if header_too else HEADER
    lines = [",".join(head), *(",".join(cells[name] for name in order) for cells in table)]
    check(workspace, ("\n".join(lines) + "\n").encode(), numbers(sales) if header_too else [])
    if header_too:
        query = "select count(*) from record where external_id in (?, ?, ?)"
        assert rows(workspace, query, *numbers(sales)) == [(3,)]


@FUZZ
@given(st.sampled_from(["utf-16", "utf-16-le", "utf-32", "cp1252", "latin-1", "utf-7", "cp037", "shift_jis"]))
def test_another_encoding(workspace, encoding):
    sales = fresh()
    content = text_of(sales).encode(encoding, "replace")
    check(workspace, content, still_there(content, sales))


@pytest.mark.chaos
@settings(FUZZ, max_examples=1_000)
@given(
    st.lists(st.tuples(st.integers(0, 4), st.sampled_from(HEADER), st.sampled_from(NASTY)), max_size=6),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=4),
    st.floats(0, 2),
)
def test_all_of_it_at_once(workspace, cells, changes, cut):
    sales = fresh()
    table = [dict(row) for one in sales for row in one.rows()]
    for row, column, value in cells:
        table[row][column] = value
    content = bytearray(rows_text(table).encode("utf-8", "surrogatepass"))
    for place, byte in changes:
        content[min(int(place * len(content)), len(content) - 1)] = byte
    data = bytes(content[: int(min(cut, 1) * len(content))])
    check(workspace, data, still_there(data, sales))


def workbook(sales: list[Sale], row: int, column: str, value: object) -> bytes:
    table = [dict(cells) for one in sales for cells in one.rows()]
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(HEADER)
    for number, cells in enumerate(table):
        sheet.append([value if (number, name) == (row, column) else cells[name] for name in HEADER])
    packed = io.BytesIO()
    book.save(packed)
    return packed.getvalue()


@pytest.mark.parametrize("column", ["number", "net", "date", "sku"])
@pytest.mark.parametrize("value", ["=1+1", "=A1", True, 1e300, 0.1 + 0.2, -0.0, "#REF!"], ids=str)
def test_formulas_and_odd_cells_of_a_workbook(workspace, column, value):
    sales = fresh()
    check(workspace, workbook(sales, 0, column, value), numbers(sales)[1:], ".xlsx")
    # A row without a number may be a line of the document beside it, which then waits with it.
    assert rows(workspace, "select count(*) from record where external_id = ?", sales[2].number) == [(1,)]


@FUZZ
@given(st.floats(0, 1), st.integers(0, 255), st.booleans(), st.sampled_from([".xlsx", ".parquet"]))
def test_workbooks_and_parquet_files_cut_or_overwritten(workspace, place, byte, cut, suffix):
    sales = fresh()
    table = [dict(cells) for one in sales for cells in one.rows()]
    if suffix == ".xlsx":
        content = workbook(sales, -1, "", None)
    else:
        packed = io.BytesIO()
        pq.write_table(pa.table({name: [cells[name] for cells in table] for name in HEADER}), packed)
        content = packed.getvalue()
    at = min(int(place * len(content)), len(content) - 1)
    content = content[:at] if cut else content[:at] + bytes([byte]) + content[at + 1 :]
    check(workspace, content, [], suffix)


def test_after_all_of_it_the_book_is_whole_and_counts(workspace):
    """Runs last: accruing, proposing, explaining and listing go through with all of that in the book."""
    call(workspace, "run", "--once", "--as-of", "2025-04-20")
    for command in (("status",), ("review", "list", "--shadow"), ("quarantine", "list"), ("doctor",)):
        call(workspace, *command, code=None)
    listed = call(workspace, "quarantine", "list", "--json").json
    assert listed
    json.dumps(call(workspace, "quarantine", "show", str(listed[-1]["id"])).json)
    call(workspace, "quarantine", "retry")
    call(workspace, "verify", "--deep")
