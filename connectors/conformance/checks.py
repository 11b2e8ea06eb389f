# ruff: noqa: S101 - a suite of tests asserts
"""What several tests check."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from connectors.spi import DocumentRequest, Page, Remote, WriteRequest
from core.documents import RawRecord
from core.errors import RebatedError


def records_of(pages: Sequence[Page]) -> list[RawRecord]:
    """The records of the pages, in order."""
    return [record for page in pages for record in page.records]


def cursor_of(pages: Sequence[Page]) -> Mapping[str, Any]:
    """Where the next pull goes on after these pages."""
    given = [page.cursor for page in pages if page.cursor is not None]
    return given[-1] if given else {}


def within_hierarchy(call: Callable[[], object]) -> None:
    """Run the call; an error that is not one of ours fails the test."""
    try:
        call()
    except RebatedError:
        pass
    except Exception as error:
        raise AssertionError(f"{type(error).__name__} of a library got out: {error}") from error


def assert_nothing_new(before: Sequence[Page], again: Sequence[Page], *, repeats: bool) -> None:
    """That a pull brought nothing, or, where it repeats, nothing but what came before."""
    brought = records_of(again)
    if not repeats:
        assert brought == [], f"records came again: {[record.external_id for record in brought]}"
    ids = {identity(record) for record in records_of(before)}
    assert [identity(record) for record in brought if identity(record) not in ids] == []
    assert_repeats_alike([*before, *again])


def assert_repeats_alike(pages: Sequence[Page], *, but: str = "") -> None:
    """That a version of a record that came more than once was the same each time: then the book takes it as one.

    `but` is the id of a record left out.
    """
    met: dict[tuple[str, ...], RawRecord] = {}
    for record in records_of(pages):
        first = met.setdefault((*identity(record), str(record.order)), record)
        alike = replace(record, origin=first.origin) == first
        assert alike or record.external_id == but, f"{record.external_id} came again and was another"


def identity(record: RawRecord) -> tuple[str, str, str]:
    """What makes it the same record: company, kind and id."""
    return record.company, record.kind, record.external_id


def ids_of(pages: Sequence[Page]) -> set[str]:
    """The ids of the records of the pages."""
    return {record.external_id for record in records_of(pages)}


def matches(request: WriteRequest, remote: Remote) -> bool:
    """Whether the remote document is what was asked for: payee, currency, net, tax per code, number of lines.

    What the remote leaves empty is not compared. Tax may differ by one minor unit per code. For kinds other than
    documents the key says it all.
    """
    if not isinstance(request, DocumentRequest):
        return True
    stated = (remote.account or request.account, remote.currency or request.currency, remote.net)
    if stated != (request.account, request.currency, request.net):
        return False
    if remote.line_count not in (0, len(request.lines)):
        return False
    if remote.own_tax:
        return True
    if not remote.taxes:
        return abs(remote.tax - request.tax) <= len(request.taxes)
    theirs, ours = ({(part.category, part.rate): part for part in of.taxes} for of in (remote, request))
    return theirs.keys() == ours.keys() and all(
        ours[code].net == part.net and abs(ours[code].tax - part.tax) <= 1 for code, part in theirs.items()
    )


def assert_equal(request: WriteRequest, remote: Remote) -> None:
    """That the remote document is the one requested: key, and for documents payee, currency, amounts, taxes, lines."""
    assert remote.key == request.key
    assert remote.remote_id
    assert remote.state == "posted"
    if isinstance(request, DocumentRequest):
        assert remote.account == request.account
        assert remote.currency == request.currency
        assert remote.net == request.net
        if not remote.own_tax:
            assert (remote.tax, sorted(remote.taxes)) == (request.tax, sorted(request.taxes))
        assert remote.line_count == len(request.lines)
