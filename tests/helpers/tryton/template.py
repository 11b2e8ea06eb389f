"""The seeded database, made once for each version of Tryton and of the seed, and kept beside pytest's own cache."""

from __future__ import annotations

import fcntl
import hashlib
import json
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import closing
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.tryton.place import environment, file_of
from tests.helpers.workspace import REPOSITORY

CACHE = REPOSITORY / ".pytest_cache" / "tryton"
PACKAGES = ("trytond", "trytond-account-invoice", "werkzeug")
GROUND = "ground.json"


def copy_into(folder: Path) -> Mapping[str, Any]:
    """Put a seeded database into the folder. Returns what is in it: `seeding.Seeding.ids`.

    Skips the test where Tryton is not installed.
    """
    made = _made()
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file_of(made), file_of(folder))
    ground: Mapping[str, Any] = json.loads((made / GROUND).read_text())
    return ground


def pour(source: Path, target: Path) -> None:
    """Put what one database holds into another, as one transaction: also while servers work on them."""
    with (
        closing(sqlite3.connect(source, timeout=30)) as full,
        closing(sqlite3.connect(target, timeout=30)) as database,
    ):
        database.execute("pragma synchronous = off")  # nobody needs it after a power cut
        full.backup(database)


def seeded() -> Path:
    """The seeded database itself. Skips the test where Tryton is not installed."""
    return file_of(_made())


def _made() -> Path:
    place = CACHE / _name()
    if (place / GROUND).exists():
        return place
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the workers of one run make it once
        if not (place / GROUND).exists():
            for older in CACHE.glob("*/"):
                shutil.rmtree(older)
            _make(place)
    return place


def _make(place: Path) -> None:
    with tempfile.TemporaryDirectory(dir=CACHE) as name:
        folder = Path(name)
        done = subprocess.run(
            [sys.executable, "-m", "tests.helpers.tryton.seeding", name],
            cwd=REPOSITORY,
            env=environment(folder),
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr[-4000:]
        place.mkdir()
        shutil.move(file_of(folder), file_of(place))
        shutil.move(folder / GROUND, place / GROUND)


def _name() -> str:
    """Another one for other versions and another seed."""
    try:
        versions = [version(package) for package in PACKAGES]
    except PackageNotFoundError as missing:
        pytest.skip(f"Tryton is not installed: {missing}")
    seed = b"".join((Path(__file__).parent / name).read_bytes() for name in ("seeding.py", "place.py"))
    return f"{versions[0]}-{hashlib.sha256(seed + repr(versions).encode()).hexdigest()[:16]}"
