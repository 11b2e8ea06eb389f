# ruff: noqa: S101 - a suite of tests asserts
"""What several tests check."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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


def assert_equal(request: WriteRequest, remote: Remote) -> None:
    """That the remote document is the one requested: key, and for documents payee, currency, amounts, taxes, lines."""
    assert remote.key == request.key
    assert remote.remote_id
    assert remote.state == "posted"
    if isinstance(request, DocumentRequest):
        assert remote.account == request.account
        assert remote.currency == request.currency
        assert (remote.net, remote.tax) == (request.net, request.tax)
        assert sorted(remote.taxes) == sorted(request.taxes)
        assert remote.line_count == len(request.lines)
