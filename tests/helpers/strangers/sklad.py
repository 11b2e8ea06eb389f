"""Sklad, a warehouse over rpc/encoded: PHP's ext-soap in a process of its own, and its books as a SQLite file."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest

from tests.helpers.odoo_workspace import OdooWorkspace

HERE = Path(__file__).parent
WSDL = HERE.parent / "wsdl" / "sklad.wsdl"
TABLES = """
create table session (id text primary key, held integer not null);
create table customer (id integer primary key, tier text);
create table invoice (
    id integer primary key, type text not null, state integer not null, number text, customer integer not null,
    currency text not null, created text not null, updated text not null, comment text not null);
create table item (invoice integer, name text, qty text, net integer, rate integer);
create table comment (id integer primary key, customer integer not null, text text not null);
"""
MORE = """
[business]
time_zone = "Europe/Kyiv"

[review]
second_person_above = { EUR = 1000000 }
two_approvers_above = { EUR = 1000000 }

[alarms]
percent_of_base = 100
times_last_period = 1000
first_for_account = false

[health]
listen = "127.0.0.1:0"
"""


class Sklad:
    """Listens while it is entered. Skips the test where there is no PHP with ext-soap and SQLite."""

    password = 'Хатинка<&>"1'

    def __init__(self, folder: Path) -> None:
        php = shutil.which("php")
        able = subprocess.run([php, "-m"], capture_output=True, text=True, check=True).stdout.split() if php else []
        if php is None or not {"soap", "pdo_sqlite"} <= set(able):
            pytest.skip("there is no php with soap and sqlite: apt-get install php-cli php-soap php-sqlite3")
        folder.mkdir()
        self.folder, self.books, self._php = folder, folder / "books.sqlite", php
        with closing(sqlite3.connect(self.books)) as books:
            books.execute("pragma journal_mode = wal")
            books.executescript(TABLES)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """What a query finds in its books, or does to them behind its back."""
        with closing(sqlite3.connect(self.books, timeout=30)) as books, books:
            return books.execute(query, values).fetchall()

    def invoices(self, count: int, customers: int) -> None:
        """So many of 1,050.05 under two tax rates in the first quarter of 2026, every tenth still a draft."""
        for customer in range(1, customers + 1):
            self.rows("insert into customer values (?, null)", customer)
        for number in range(1, count + 1):
            draft = number % 10 == 0
            day = f"2026-0{1 + number % 3}-1{number % 9}"
            values = (number, 1 if draft else 2, None if draft else f"SK{number:06d}", 1 + number % customers, day)
            self.rows(
                "insert into invoice values (?, 'invoice', ?, ?, ?, 'EUR', ?, '2026-04-01 10:00:00', 'замовлення')",
                *values,
            )
            self.rows(
                "insert into item values (?, 'Tools', '3,5', 100000, 19), (?, 'Food', '1', 5005, 7)", number, number
            )

    def __enter__(self) -> Self:
        environment = {
            "SKLAD_BOOKS": str(self.books),
            "SKLAD_WSDL": str(WSDL),
            "SKLAD_PASSWORD": self.password,
            "PHP_CLI_SERVER_WORKERS": "4",
        }
        command = [self._php, "-S", f"127.0.0.1:{self.port}", str(HERE / "sklad.php")]
        with (self.folder / "php.log").open("wb") as log:
            self._server = subprocess.Popen(command, env={**os.environ, **environment}, stdout=log, stderr=log)
        while self._server.poll() is None:
            with socket.socket() as trial:
                if trial.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self
            time.sleep(0.02)
        raise AssertionError((self.folder / "php.log").read_text())

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        self._server.terminate()
        self._server.wait(timeout=30)


class SkladWorkspace(OdooWorkspace):
    """Configured by the page of settings beside this module."""

    def configure(self, url: str) -> SkladWorkspace:  # type: ignore[override]
        page = (HERE / "sklad.toml").read_text("utf-8").replace("URL", url)
        self.config.write_text(page + MORE)
        shutil.copy(WSDL, self.folder)
        (self.folder / "sklad.password").write_text(Sklad.password)
        (self.folder / "sklad.password").chmod(0o600)
        return self
