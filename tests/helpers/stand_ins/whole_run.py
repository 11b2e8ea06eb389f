"""Everything a preset for a CRM can ask: looked at, read, written, refused, found again, read back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from connectors.conformance import Seed, cursor_of, ids_of, sample_request
from connectors.spi import TierRequest, Window, WriteRefused
from core.errors import RebatedError
from tests.helpers.stand_ins.harness import PresetHarness


def whole_run(
    harness: PresetHarness, missing: str = "98765", *, found_by_key: bool = True, notes_refused: bool = True
) -> None:
    """Ask it all through the adapter, and see that it came out right. `missing`: an id that is not there.
    `found_by_key`: whether notes are found where their account is not known. `notes_refused`: whether a note is on an
    account that is not there."""
    harness.seed([Seed(name) for name in "ABCDE"])
    adapter, stream = harness.build(), harness.stream()
    assert [finding for finding in adapter.check() if finding.level == "error"] == []

    first = list(adapter.pull(stream, Window(harness.now()), {}))
    assert ids_of(first) == set("ABCDE")
    record = next(record for page in first for record in page.records if record.external_id == "A")
    assert record.fields["external_key"] == "C-A"
    harness.change(Seed("A", "second"))
    harness.delete("B")
    later = list(adapter.pull(stream, Window(harness.now() + timedelta(days=8)), cursor_of(first)))
    assert "A" in ids_of(later)
    (kind,) = adapter.capabilities.reads
    account = harness.account()
    found = adapter.fetch(kind, account)
    assert found is not None and found.external_id == account
    assert adapter.fetch(kind, missing) is None

    for number in (1, 2):
        request = sample_request("tier", number, account)
        adapter.create(request)
        assert harness.stored("tier", request.key) == 1
    _refused(lambda: adapter.create(harness.refused("tier")))
    nothing = sample_request("tier", 3, account)
    assert isinstance(nothing, TierRequest)
    without = {"tier": "", "since": None, "valid_until": None, "to_next": None, "next_tier": None, "to_keep": None}
    adapter.create(TierRequest(**{name: getattr(nothing, name) for name in nothing.__slots__} | without))
    if "tier" in adapter.capabilities.batches:
        several = [*harness.batch("tier", 3), harness.refused("tier")]
        results = adapter.create_many(several)  # type: ignore[attr-defined]
        assert [isinstance(result, RebatedError) for result in results] == [False, False, False, True]

    note = sample_request("account_note", 1, account)
    assert adapter.look_up("account_note", note.key, account) == ()
    created = adapter.create(note)
    assert adapter.look_up("account_note", note.key, account) == (created,)
    assert adapter.look_up("account_note", note.key) == ((created,) if found_by_key else ())
    assert adapter.read_back("account_note", created.remote_id) == created
    assert adapter.read_back("account_note", missing) is None
    if adapter.capabilities.unique("account_note") == "enforced":
        _refused(lambda: adapter.create(note))
    if notes_refused:
        _refused(lambda: adapter.create(harness.refused("account_note")))
    assert harness.stored("account_note", note.key) == 1


def _refused(call: Callable[[], object]) -> None:
    try:
        call()
    except RebatedError as error:
        assert not isinstance(error, WriteRefused) or error.message
    else:
        raise AssertionError("it was to be refused")
