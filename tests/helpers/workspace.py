"""A small but complete workspace: a dozen accounts, some hundred lines, two rebate programs and one tier program.

workspace = Workspace.make(tmp_path / "ws")
workspace.deliver(1)
workspace.run("run", "--once", "--as-of", "2025-04-20")
"""

from __future__ import annotations

import csv
import io
import json
import os
import random
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from scheduler.cli.main import main
from tests.helpers.crash_templates import CONFIG, PROGRAMS

REPOSITORY = Path(__file__).parents[2]
HEADER = (
    "type number revision state customer date entity currency reference net_total tax_total"
    " sku text quantity unit net tax_percent tax"
).split()


@dataclass(frozen=True, slots=True)
class Line:
    """One line: cents, tax in percent."""

    sku: str
    quantity: int
    net: int
    percent: int = 19

    @property
    def tax(self) -> int:
        whole, rest = divmod(abs(self.net) * self.percent, 100)
        tax = whole + (rest >= 50)
        return -tax if self.net < 0 else tax


@dataclass(frozen=True, slots=True)
class Sale:
    """One version of a document."""

    number: str
    account: str
    day: str
    lines: tuple[Line, ...]
    kind: str = "invoice"
    revision: int = 1
    state: str = "posted"
    reference: str = ""
    entity: str = "DE01"
    currency: str = "EUR"

    @property
    def net(self) -> int:
        return sum(line.net for line in self.lines)

    def rows(self) -> Iterable[dict[str, str]]:
        tax = sum(line.tax for line in self.lines)
        for line in self.lines:
            yield {
                "type": self.kind,
                "number": self.number,
                "revision": str(self.revision),
                "state": self.state,
                "customer": self.account,
                "date": self.day,
                "entity": self.entity,
                "currency": self.currency,
                "reference": self.reference,
                "net_total": money(self.net),
                "tax_total": money(tax),
                "sku": line.sku,
                "text": f"Goods {line.sku}",
                "quantity": str(line.quantity),
                "unit": "piece",
                "net": money(line.net),
                "tax_percent": str(line.percent),
                "tax": money(line.tax),
            }


def money(cents: int) -> str:
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02d}"


def csv_text(sales: Iterable[Sale]) -> str:
    """The sales as a file of the workspace's pattern."""
    return rows_text(row for sale in sales for row in sale.rows())


def rows_text(rows: Iterable[Mapping[str, str]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, HEADER, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def sale(number: str, account: str = "C-1", day: str = "2025-02-03", net: int = 100_000, **more: object) -> Sale:
    """A document of one line."""
    return Sale(number, account, day, (Line("A-1", 1, net),), **more)  # type: ignore[arg-type]


def trade(seed: int = 7, accounts: int = 12) -> dict[int, list[Sale]]:
    """Four deliveries: January to March, then April to June with corrections, cancellations and returns of before."""
    chance = random.Random(seed)
    deliveries: dict[int, list[Sale]] = {1: [], 2: [], 3: [], 4: []}
    number = 0
    for file, first in ((1, date(2025, 1, 2)), (2, date(2025, 2, 20)), (3, date(2025, 4, 2)), (4, date(2025, 5, 20))):
        for account in range(1, accounts + 1):
            for _ in range(chance.randint(1, 3)):
                number += 1
                lines = tuple(
                    Line(f"A-{chance.randint(1, 9)}", chance.randint(1, 9), chance.randint(500, 90_000), percent)
                    for percent in chance.choices((19, 7), (4, 1), k=chance.randint(1, 4))
                )
                day = first + timedelta(days=chance.randint(0, 35))
                deliveries[file].append(Sale(f"INV-{number:04d}", f"C-{account}", day.isoformat(), lines))
    older = deliveries[1] + deliveries[2]
    for old in chance.sample(older, 8):
        deliveries[3].append(Sale(old.number, old.account, old.day, old.lines[:1] * 2, revision=2))
    for old in chance.sample([one for one in older if one.number not in _numbers(deliveries[3])], 4):
        deliveries[4].append(Sale(old.number, old.account, old.day, old.lines, revision=2, state="cancelled"))
    for old in chance.sample(deliveries[1], 4):
        back = tuple(Line(line.sku, -line.quantity, -line.net, line.percent) for line in old.lines[:1])
        deliveries[4].append(Sale(f"CN-{old.number}", old.account, "2025-06-02", back, kind="credit note"))
    return deliveries


def _numbers(sales: Iterable[Sale]) -> set[str]:
    return {one.number for one in sales}


class Workspace:
    """A folder with configuration, programs, inbox and outbox."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "rebated.toml"
        self.inbox, self.outbox = folder / "inbox", folder / "outbox"
        self.book = folder / "var" / "rebated.db"

    @classmethod
    def make(
        cls,
        folder: Path,
        *,
        source: str = "",
        pattern: str = "",
        more: str = "",
        target: str = "erp",
        second: int = 1_000_000,
        two: int = 1_000_000,
        programs: Sequence[str] = ("bonus", "cashback", "club"),
        accounts: int = 12,
    ) -> Workspace:
        made = cls(folder)
        for place in (made.inbox, made.outbox, folder / "programs", folder / "var"):
            place.mkdir(parents=True)
        text = CONFIG.format(source=source, pattern=pattern, more=more, target=target, second=second, two=two)
        made.config.write_text(text)
        for name in programs:
            (folder / "programs" / f"{name}.toml").write_text(PROGRAMS[name])
        made.accounts(accounts)
        return made

    def accounts(self, count: int) -> None:
        rows = [f"C-{i},Customer {i},dealer,DE" for i in range(1, count + 1)]
        self.put("accounts.csv", "id,name,segment,country\n" + "\n".join(rows) + "\n")

    def put(self, name: str, content: str | bytes) -> Path:
        """A file in the inbox, whole at once, a moment old so that a pull right now takes it."""
        path = self.inbox / name
        part = path.with_name(f".{name}.part")
        part.write_bytes(content.encode() if isinstance(content, str) else content)
        moment = part.stat().st_mtime - 1
        os.utime(part, (moment, moment))
        part.replace(path)
        return path

    def sales(self, number: int, *sales: Sale) -> Path:
        return self.put(f"sales-{number:04d}.csv", csv_text(sales))

    def run(self, *args: str, code: int | None = 0, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the real command. `code` is the exit code it must have; None: any."""
        done = subprocess.run(
            [sys.executable, "-m", "scheduler.cli.main", *args],
            cwd=self.folder,
            env=environment_of(environment),
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert "Traceback" not in done.stderr + done.stdout, done.stderr + done.stdout
        assert code is None or done.returncode == code, f"{args}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done


def environment_of(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a child: the repository importable, plain and wide output, one thread for arrays."""
    return {
        **os.environ,
        "PYTHONPATH": str(REPOSITORY),
        "COLUMNS": "200",
        "NO_COLOR": "1",
        "OPENBLAS_NUM_THREADS": "1",
        **(more or {}),
    }


@dataclass(frozen=True, slots=True)
class Called:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def call(workspace: Workspace, *args: str, code: int | None = 0) -> Called:
    """Run the command in this process. `code` is the exit code it must have; None: any. Never a traceback."""
    out, err = io.StringIO(), io.StringIO()
    found = 0
    with (
        redirect_stdout(out),
        redirect_stderr(err),
        chdir(workspace.folder),
        patch.dict(os.environ, COLUMNS="200"),
        patch.object(sys, "argv", ["rebated", *args]),
    ):
        try:
            main()
        except SystemExit as error:
            found = error.code if isinstance(error.code, int) else int(error.code is not None)
    called = Called(found, out.getvalue(), err.getvalue())
    assert "Traceback" not in called.out + called.err
    assert code is None or code == found, f"{args}: exit {found}\n{called.out}\n{called.err}"
    return called
