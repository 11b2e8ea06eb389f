# ruff: noqa: S101 - a suite of tests asserts
"""Tests of reading a source that does not hold still, and of what stands on a boundary."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connectors.conformance.base import Base
from connectors.conformance.checks import (
    assert_nothing_new,
    assert_repeats_alike,
    cursor_of,
    identity,
    ids_of,
    records_of,
)
from connectors.conformance.harness import Harness, Seed
from connectors.spi import Page, Window


class MovingTests(Base):
    """No record is lost, whatever its stamp, and however the source moves meanwhile."""

    def test_equal_stamps_lose_nothing_and_bring_nothing_twice(self, harness: Harness) -> None:
        seeds = [Seed(f"R{number:05d}") for number in range(2 * harness.page_size + 1)]
        harness.equal_stamps(seeds)
        until = harness.now()
        pages = self.pull(harness, until=until)
        assert sorted(record.external_id for record in records_of(pages)) == [seed.id for seed in seeds]
        assert_nothing_new(pages, self.pull(harness, cursor_of(pages)), repeats=harness.repeats)
        for cut in sorted({1, len(pages) // 2, len(pages) - 1} & set(range(1, len(pages)))):
            rest = self.pull(harness, cursor_of(pages[:cut]), until=until)
            assert ids_of([*pages[:cut], *rest]) == {seed.id for seed in seeds}, f"cut after page {cut}"
            assert_repeats_alike([*pages[:cut], *rest])

    @pytest.mark.parametrize("off", [-1, 0, 1], ids=["just_before", "exactly", "just_after"])
    @pytest.mark.parametrize("earlier", [False, True], ids=["first", "after_another"])
    def test_a_record_on_the_boundary_is_met(self, harness: Harness, off: int, earlier: bool) -> None:
        """Where another record came before it, there is a cursor already when the boundary is reached."""
        stamp = harness.equal_stamps([Seed("A"), Seed("B")])
        if earlier:
            harness.add_earlier(Seed("EARLIER"))
        first = self.pull(harness, until=stamp + timedelta(microseconds=off))
        second = self.pull(harness, cursor_of(first))
        assert ("EARLIER" in ids_of(first)) == earlier
        assert ids_of([*first, *second]) - {"EARLIER"} == {"A", "B"}
        assert_repeats_alike([*first, *second])
        assert_nothing_new([*first, *second], self.pull(harness, cursor_of([*first, *second])), repeats=harness.repeats)

    def test_a_record_stamped_at_the_start_of_the_window_is_met(self, harness: Harness) -> None:
        stamp = harness.equal_stamps([Seed("A"), Seed("B")])
        window = Window(harness.now(), since=stamp)
        assert ids_of(list(harness.build().pull(harness.stream(), window, {}))) == {"A", "B"}

    @pytest.mark.parametrize("which", ["read", "unread"])
    def test_what_changes_between_pages_is_not_lost(self, harness: Harness, which: str) -> None:
        seeds = [Seed(f"R{number:05d}") for number in range(2 * harness.page_size + 1)]
        harness.seed(seeds)
        until = harness.now()
        first: list[Page] = []
        changed = ""
        for page in harness.build().pull(harness.stream(), Window(until), {}):
            first.append(page)
            left = sorted({seed.id for seed in seeds} - ids_of(first))
            if not changed and ids_of(first) and left:
                changed = min(ids_of(first)) if which == "read" else left[-1]
                harness.shift_page(Seed(changed, "second"), Seed("NEW"))
        if not changed:
            pytest.skip("all records came on one page")
        second = self.pull(harness, cursor_of(first))
        assert ids_of(first) | {changed, "NEW"} == {seed.id for seed in seeds} | {changed, "NEW"}
        assert ids_of([*first, *second]) == {seed.id for seed in seeds} | {"NEW"}
        whole = [record for record in records_of(self.pull(harness)) if record.external_id == changed]
        now = max(reversed(whole), key=lambda record: record.order)  # the last of equal ones
        versions = [record for record in records_of([*first, *second]) if identity(record) == identity(now)]
        assert (now.fields, now.lines) in [(record.fields, record.lines) for record in versions]
        # Without an order of the source, versions of one record are told apart by when they land.
        assert_repeats_alike([*first, *second], but="" if now.order else changed)

    def test_what_is_deleted_between_pages_takes_nothing_with_it(self, harness: Harness) -> None:
        seeds = [Seed(f"R{number:05d}") for number in range(2 * harness.page_size + 1)]
        harness.seed(seeds)
        pages: list[Page] = []
        deleted = ""
        for page in harness.build().pull(harness.stream(), Window(harness.now()), {}):
            pages.append(page)
            if not deleted and ids_of(pages) and len(ids_of(pages)) < len(seeds):
                deleted = min(ids_of(pages))
                harness.delete(deleted)
        if not deleted:
            pytest.skip("all records came on one page")
        assert ids_of(pages) == {seed.id for seed in seeds}

    def test_a_late_commit_is_met(self, harness: Harness) -> None:
        harness.seed([Seed("A"), Seed("B")])
        with harness.commits_late(Seed("LATE")):
            harness.add(Seed("C"))  # stamped after it, and there before it
            first = self.pull(harness)
            assert ids_of(first) == {"A", "B", "C"}, "the harness was to keep it back"
        second = self.pull(harness, cursor_of(first))
        assert "LATE" in ids_of(second)
        assert_repeats_alike([*first, *second])
