# ruff: noqa: S101 - a suite of tests asserts
"""Tests of reading a source that holds still."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from connectors.conformance.base import Base
from connectors.conformance.checks import assert_nothing_new, cursor_of, ids_of, records_of, within_hierarchy
from connectors.conformance.harness import Harness, Seed
from connectors.spi import Page, Window
from core.documents import RecordKind
from core.errors import RebatedError


class ReadingTests(Base):
    """Every record of the window comes, once."""

    def test_an_empty_source_gives_no_records(self, harness: Harness) -> None:
        harness.seed([])
        assert records_of(self.pull(harness)) == []

    @pytest.mark.parametrize("surplus", ["one", "page", "page_and_one", "two_pages"])
    def test_every_record_comes_once(self, harness: Harness, surplus: str) -> None:
        size = harness.page_size
        count = {"one": 1, "page": size, "page_and_one": size + 1, "two_pages": 2 * size}[surplus]
        seeds = [Seed(f"R{number:05d}") for number in range(count)]
        harness.seed(seeds)
        pages = self.pull(harness)
        assert [bad for page in pages for bad in page.bad] == []
        assert sorted(record.external_id for record in records_of(pages)) == [seed.id for seed in seeds]

    def test_two_full_reads_are_equal(self, harness: Harness) -> None:
        harness.seed([Seed("A"), Seed("B"), Seed("C")])
        until = harness.now()
        assert self.pull(harness, until=until) == self.pull(harness, until=until)

    def test_records_have_kind_and_id(self, harness: Harness) -> None:
        harness.seed([Seed("A"), Seed("B")])
        kinds: frozenset[RecordKind] = harness.build().capabilities.reads
        for record in records_of(self.pull(harness)):
            assert record.external_id and record.external_id == record.external_id.strip()
            assert record.kind in kinds, f"{record.kind} is not among the kinds the adapter says it reads"

    def test_the_cursor_resumes_and_nothing_new_comes(self, harness: Harness) -> None:
        harness.seed([Seed("A"), Seed("B"), Seed("C")])
        first = self.pull(harness)
        cursor = cursor_of(first)
        assert_nothing_new(first, self.pull(harness, cursor), repeats=harness.repeats)
        harness.add(Seed("D"))
        assert "D" in ids_of(self.pull(harness, cursor))

    def test_a_crash_between_pages_loses_nothing(self, harness: Harness) -> None:
        seeds = [Seed(f"R{number:05d}") for number in range(2 * harness.page_size + 1)]
        harness.seed(seeds)
        until = harness.now()
        whole = self.pull(harness, until=until)
        for cut in range(1, len(whole)):
            done = whole[:cut]
            rest = self.pull(harness, cursor_of(done), until=until)
            assert ids_of([*done, *rest]) == {seed.id for seed in seeds}, f"cut after page {cut}"

    def test_a_change_comes_with_a_higher_order_or_later(self, harness: Harness) -> None:
        harness.seed([Seed("A"), Seed("B")])
        first = self.pull(harness)
        harness.change(Seed("A", "second"))
        changed = [record for record in records_of(self.pull(harness, cursor_of(first))) if record.external_id == "A"]
        assert len(changed) == 1
        before = next(record for record in records_of(first) if record.external_id == "A")
        assert changed[0].order >= before.order
        assert (changed[0].fields, changed[0].lines) != (before.fields, before.lines)

    def test_the_window_is_frozen(self, harness: Harness) -> None:
        harness.seed([Seed("A")])
        until = harness.now()
        harness.add(Seed("LATE"))
        early = self.pull(harness, until=until)
        assert [record.external_id for record in records_of(early)] in (["A"], [])
        late = self.pull(harness, cursor_of(early))
        assert "LATE" in ids_of(late)

    def test_coverage_is_truthful(self, harness: Harness) -> None:
        harness.seed([Seed("A"), Seed("B")])
        pages = self.pull(harness)
        kinds = {record.kind for record in records_of(pages)}
        ids = {record.external_id for record in records_of(pages)}
        snapshots = [page for page in pages if page.coverage is not None and page.coverage.mode == "snapshot"]
        for page in snapshots:
            assert page.coverage is not None
            if page.coverage.complete and page.coverage.kind in kinds:
                assert ids <= page.seen, "a complete snapshot does not name the ids it brought"
        if not snapshots:
            pytest.skip("the stream tells changes; nothing follows from what is missing")

    def test_a_deleted_record_is_missing_from_the_next_snapshot(self, harness: Harness) -> None:
        harness.seed([Seed("A"), Seed("B")])
        first = self.pull(harness)
        harness.delete("A")
        pages = self.pull(harness, cursor_of(first))
        complete = [page for page in pages if page.coverage and page.coverage.complete]
        if not complete:
            pytest.skip("the stream tells changes; nothing follows from what is missing")
        assert "A" not in complete[-1].seen and "B" in complete[-1].seen

    def test_a_cursor_from_elsewhere_does_no_harm(self, harness: Harness) -> None:
        harness.seed([Seed("A")])
        for cursor in ({"files": 7}, {"unknown": "x"}, {"files": {"x": None}}):
            within_hierarchy(lambda cursor=cursor: self.pull(harness, cursor))  # type: ignore[misc]

    def test_a_cursor_from_the_future_does_no_harm(self, harness: Harness) -> None:
        harness.seed([Seed("A"), Seed("B")])
        cursor = harness.future_cursor()
        whole = self.pull(harness)
        again: list[Page] = []
        within_hierarchy(lambda: again.extend(self.pull(harness, cursor)))
        assert_nothing_new(whole, again, repeats=harness.repeats or not cursor)

    def test_one_bad_record_does_not_stop_the_others(self, harness: Harness) -> None:
        seeds = [Seed(f"R{number:05d}") for number in range(harness.page_size + 1)]
        harness.seed_with_bad(seeds)
        pages = self.pull(harness)
        assert ids_of(pages) == {seed.id for seed in seeds}
        bad = [bad for page in pages for bad in page.bad]
        assert len(bad) == 1, "what cannot be read comes as a BadRecord, once"
        assert bad[0].reason and bad[0].message and bad[0].raw, "who mends it has to see what it is"

    def test_an_unknown_stream_is_our_error(self, harness: Harness) -> None:
        adapter = harness.build()
        with pytest.raises(RebatedError):
            list(adapter.pull("no such stream", Window(harness.now()), {}))

    def test_reading_a_remote_that_is_down_is_our_error(self, harness: Harness) -> None:
        harness.seed([Seed("A")])
        adapter, stream, until = harness.build(), harness.stream(), harness.now()
        with harness.remote_down(), pytest.raises(RebatedError):
            list(adapter.pull(stream, Window(until), {}))

    def test_fetch_is_direct_or_not_there(self, harness: Harness) -> None:
        harness.seed([Seed("A")])
        adapter = harness.build()
        kind = next(iter(adapter.capabilities.reads), None)
        if kind is None:
            pytest.skip("the adapter reads nothing")
        try:
            assert adapter.fetch(kind, "no-such-id") is None
        except NotImplementedError:
            pytest.skip("the source has no direct read")

    def test_two_threads_read_the_same(self, harness: Harness) -> None:
        harness.seed([Seed(f"R{number:05d}") for number in range(harness.page_size + 1)])
        adapter, stream, window = harness.build(), harness.stream(), Window(harness.now())
        with ThreadPoolExecutor(2) as pool:
            runs = [pool.submit(lambda: list(adapter.pull(stream, window, {}))) for _ in range(2)]
        assert runs[0].result() == runs[1].result()
