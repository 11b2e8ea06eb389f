"""Pages that do not fit together are told of, where records would be lost between them. Over real HTTP."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connectors.spi import Window
from core.errors import FatalError, RetryableError
from tests.unit.soap_erp.vouchers import Vouchers, envelope, voucher

NUMBERS = {"kind": "number", "size": 2, "last": "Pages"}
KEYS = {"kind": "keyset", "size": 3, "field": "Id", "start": 0}
FOUND = {"operation": "List", "arguments": {"Page": "${page.search}-${page.number}"}}
SEARCH = {"kind": "search", "size": 2, "id": "Bookmark", "last": "Pages", "next": FOUND}


def page(*ids: int, bookmark: str = "", pages: int | None = None) -> bytes:
    told = "" if pages is None else f"<Pages>{pages}</Pages>"
    inside = "".join(voucher(id) for id in ids)
    return envelope(f"<ListResponse><Vouchers>{inside}</Vouchers><Bookmark>{bookmark}</Bookmark>{told}</ListResponse>")


@pytest.fixture
def pulled(serve, tmp_path):
    """The ids that are read from pages that come one after the other; `pages` of the settings None: by bookmark."""
    vouchers = Vouchers(serve(), tmp_path)

    def pull(settings, *replies):
        vouchers.replies["List"] = list(replies)
        named = {"request": {"operation": "List", "arguments": {"Page": "${page.number?}${page.after?}"}}}
        adapter = vouchers.adapter(pages=settings, read={"vouchers": named if settings else {}})
        pages = adapter.pull("vouchers", Window(datetime(2026, 6, 1, tzinfo=UTC)), {})
        return [int(record.external_id) for page in pages for record in page.records]

    return pull


def test_a_bookmark_that_comes_again_is_no_end(pulled):
    assert pulled(None, page(1, 2, bookmark="a"), page(bookmark="b"), page(3)) == [1, 2, 3]
    with pytest.raises(FatalError, match="goes round in circles"):
        pulled(None, page(1, 2, bookmark="a"), page(3, bookmark="a"), page(4))


def test_a_page_that_is_announced_and_empty_is_not_passed_over(pulled):
    assert pulled(NUMBERS, page(1, 2, pages=2), page(pages=2)) == [1, 2]
    with pytest.raises(RetryableError, match="page 2 of 3 is empty"):
        pulled(NUMBERS, page(1, 2, pages=3), page(pages=3), page(5, pages=3))
    with pytest.raises(RetryableError, match="page 2 of 3 is empty"):
        pulled(SEARCH, page(1, 2, bookmark="s", pages=3), page(pages=3), page(5, pages=3))


def test_the_number_of_the_last_page_is_not_the_number_of_pages(pulled):
    with pytest.raises(FatalError, match="`Pages` tells of 0 pages, and page 1 holds records"):
        pulled(NUMBERS, page(1, pages=0))


@pytest.mark.parametrize("ids", [(7, 5, 900), (900, 5, 7), (9, 8, 7)])
def test_keys_that_are_not_in_order_divide_no_list(pulled, ids):
    assert pulled(KEYS, page(1, 2, 9), page(10)) == [1, 2, 9, 10]
    with pytest.raises(FatalError, match="not in the order of `Id`"):
        pulled(KEYS, page(*ids), page(901))
