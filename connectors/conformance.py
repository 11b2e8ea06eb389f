# ruff: noqa: S101 - a suite of tests asserts
"""What every adapter must pass. For authors of adapters: subclass, supply a harness, run pytest.

    import pytest

    from connectors.conformance import AdapterConformance, Harness

    class TestMine(AdapterConformance):
        @pytest.fixture
        def harness(self, tmp_path):
            return MyHarness(tmp_path)

`MyHarness` builds the adapter against a source under its control and seeds it. What it cannot do it leaves to the
base class, which skips the test with a reason. pytest is needed to run the suite, not to run an adapter.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any, NoReturn

import pytest
from pydantic import ValidationError

from connectors.spi import (
    Adapter,
    AlreadyExists,
    DocumentLine,
    DocumentRequest,
    JournalRequest,
    JournalRow,
    NoteRequest,
    Page,
    Party,
    Remote,
    TaxPart,
    TierRequest,
    Window,
    WriteKind,
    WriteRefused,
    WriteRequest,
)
from core.documents import RawRecord, RecordKind
from core.errors import RebatedError
from core.keys import SettlementKey, settlement_key


@dataclass(frozen=True, slots=True)
class Seed:
    """A record for the source: its id and a text that a change alters. The harness fills in the rest."""

    id: str
    text: str = "first"


def cannot(reason: str) -> NoReturn:
    """Say that the harness cannot do something; the test is skipped with this reason."""
    pytest.skip(reason)


class Harness(ABC):
    """A source under the author's control, and the adapter connected to it."""

    page_size: int = 2
    """Records on a full page of the source; lower it where the adapter allows, so that paging is tested cheaply."""

    @abstractmethod
    def build(self) -> Adapter:
        """A fresh adapter on the same source: nothing is remembered from one built before."""

    @abstractmethod
    def seed(self, records: Sequence[Seed]) -> None:
        """Make the source hold exactly these records in the stream under test."""

    def stream(self) -> str:
        """The stream the records are seeded in; the first of the adapter where not overridden."""
        return self.build().streams()[0]

    def now(self) -> datetime:
        """An instant after everything done so far and before everything done from now on."""
        time.sleep(0.02)
        moment = datetime.now(UTC)
        time.sleep(0.02)
        return moment

    def wrong_settings(self) -> Mapping[str, Mapping[str, Any]]:
        """Settings that must be refused, by a part of the path the message must name."""
        cannot("the harness names no wrong settings")

    def add(self, record: Seed) -> None:
        """Add a record to the source."""
        cannot("the harness cannot add a record")

    def change(self, record: Seed) -> None:
        """Give a seeded record another text."""
        cannot("the harness cannot change a record")

    def delete(self, record_id: str) -> None:
        """Remove a seeded record from the source."""
        cannot("the harness cannot delete a record")

    def account(self) -> str:
        """An account documents can be written for."""
        return "C-1001"

    def stored(self, kind: WriteKind, key: str) -> int:
        """How many documents with this key the remote holds, counted without the adapter."""
        cannot("the harness cannot count documents without the adapter")

    def lost_reply(self) -> AbstractContextManager[None]:
        """While it is entered, the remote carries requests out but the reply is lost (or we die before it)."""
        cannot("the harness cannot lose a reply")

    def remote_down(self) -> AbstractContextManager[None]:
        """While it is entered, the remote cannot be reached."""
        cannot("the harness cannot take the remote down")

    def refused(self, kind: WriteKind) -> WriteRequest:
        """A request the remote refuses."""
        cannot("the harness knows no request the remote refuses")


def sample_key(number: int = 1) -> str:
    """A key of our form, another one for each number."""
    return settlement_key(SettlementKey("conformance", "C-1001", "DE01", "2026-01", "EUR", number))


def sample_request(kind: WriteKind, number: int = 1, account: str = "C-1001") -> WriteRequest:
    """A plain request of a kind: two lines under two tax codes on documents, balanced rows in a journal."""
    key = sample_key(number)
    if kind in ("credit_note", "debit_invoice"):
        lines = (
            DocumentLine("Rebate 20 %", "S", 200_000, 1000, 200),
            DocumentLine("Rebate 10 %", "S", 100_000, 505, 51),
        )
        return DocumentRequest(
            kind="credit_note" if kind == "credit_note" else "debit_invoice",
            key=key,
            content_hash="0" * 64,
            issued=date(2026, 2, 3),
            seller=Party("DE01", "Seller GmbH", "DE123456789", "Weg 1", "Berlin", "10115", "DE"),
            buyer=Party(account, "Buyer & Söhne", "DE987654321", "Straße 2", "Köln", "50667", "DE"),
            entity="DE01",
            account=account,
            program="conformance",
            period="2026-01",
            period_start=date(2026, 1, 1),
            period_end=date(2026, 1, 31),
            currency="EUR",
            lines=lines,
            taxes=(TaxPart("S", 200_000, 1000, 200), TaxPart("S", 100_000, 505, 51)),
            net=1505,
            tax=251,
            note=f"Rebate for January, {key}",
        )
    if kind == "account_note":
        return NoteRequest(key, account, "tier_reached", "You are Gold now", datetime(2026, 2, 3, 9, tzinfo=UTC))
    if kind == "tier":
        since, until = date(2026, 1, 1), date(2026, 12, 31)
        return TierRequest(
            key, account, "conformance", "gold", since, until, 100_000, 50_000, "platinum", 20_000, "EUR", since
        )
    debit = JournalRow("DE01", "6100", "conformance", account, "2026-01", "EUR", 1505, 0)
    return JournalRequest(
        key, "DE01", "2026-01", date(2026, 1, 31), (debit, debit._replace(account="3100", debit=0, credit=1505))
    )


class AdapterConformance:
    """The tests. Subclasses supply the fixture `harness`."""

    # ------------------------------------------------------------ settings and check

    def test_wrong_settings_name_the_path(self, harness: Harness) -> None:
        wrong = harness.wrong_settings()
        for path, settings in wrong.items():
            with pytest.raises(ValidationError) as caught:
                harness.build().Settings.model_validate(settings)
            found = [".".join(map(str, error["loc"])) for error in caught.value.errors()]
            assert any(path in place for place in found), f"no error names {path}; they name {found}"

    def test_unknown_settings_are_refused(self, harness: Harness) -> None:
        with pytest.raises(ValidationError, match="no_such_setting"):
            harness.build().Settings.model_validate({"no_such_setting": 1})

    def test_every_setting_is_described(self, harness: Harness) -> None:
        fields = harness.build().Settings.model_fields
        assert [name for name, field in fields.items() if not field.description] == []

    def test_check_finds_a_sound_connection_sound(self, harness: Harness) -> None:
        harness.seed([Seed("A")])
        findings = list(harness.build().check())
        assert findings, "check told nothing"
        assert [finding for finding in findings if finding.level == "error"] == []

    def test_check_tells_of_a_remote_that_is_down(self, harness: Harness) -> None:
        adapter = harness.build()
        with harness.remote_down():
            assert any(finding.level == "error" for finding in adapter.check())

    # ------------------------------------------------------------ reading

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

    def test_the_cursor_resumes_and_nothing_comes_twice(self, harness: Harness) -> None:
        harness.seed([Seed("A"), Seed("B"), Seed("C")])
        cursor = cursor_of(self.pull(harness))
        again = self.pull(harness, cursor)
        assert records_of(again) == [], "a second pull with the cursor of the first brought records again"
        harness.add(Seed("D"))
        assert "D" in {record.external_id for record in records_of(self.pull(harness, cursor))}

    def test_a_crash_between_pages_loses_nothing(self, harness: Harness) -> None:
        seeds = [Seed(f"R{number:05d}") for number in range(2 * harness.page_size + 1)]
        harness.seed(seeds)
        until = harness.now()
        whole = self.pull(harness, until=until)
        for cut in range(1, len(whole)):
            done = whole[:cut]
            rest = self.pull(harness, cursor_of(done), until=until)
            met = {record.external_id for record in records_of([*done, *rest])}
            assert met == {seed.id for seed in seeds}, f"cut after page {cut}"

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
        assert "LATE" in {record.external_id for record in records_of(late)}

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

    # ------------------------------------------------------------ writing

    def test_written_once_found_once(self, harness: Harness, kind: WriteKind) -> None:
        request = sample_request(kind, account=harness.account())
        created = harness.build().create(request)
        found = harness.build().look_up(kind, request.key)
        assert len(found) == 1
        assert_equal(request, found[0])
        assert_equal(request, created)
        assert harness.build().read_back(kind, found[0].remote_id) == found[0]

    def test_the_same_key_twice_is_one_document(self, harness: Harness, kind: WriteKind) -> None:
        adapter = harness.build()
        if adapter.capabilities.uniqueness != "enforced":
            pytest.skip("the remote does not refuse a second document with one key")
        request = sample_request(kind, account=harness.account())
        adapter.create(request)
        for again in (adapter, harness.build()):
            with pytest.raises(AlreadyExists):
                again.create(request)
        assert len(adapter.look_up(kind, request.key)) == 1

    def test_other_keys_are_other_documents(self, harness: Harness, kind: WriteKind) -> None:
        adapter = harness.build()
        for number in (1, 2, 3):
            adapter.create(sample_request(kind, number, harness.account()))
        for number in (1, 2, 3):
            assert [found.key for found in adapter.look_up(kind, sample_key(number))] == [sample_key(number)]

    def test_a_lost_reply_is_found_by_its_key(self, harness: Harness, kind: WriteKind) -> None:
        request = sample_request(kind, account=harness.account())
        adapter = harness.build()
        with harness.lost_reply(), pytest.raises(RebatedError) as caught:
            adapter.create(request)
        assert not isinstance(caught.value, WriteRefused | AlreadyExists), "the outcome is unknown, not a refusal"
        found = harness.build().look_up(kind, request.key)
        assert len(found) == 1
        assert_equal(request, found[0])
        if adapter.capabilities.uniqueness == "enforced":
            with pytest.raises(AlreadyExists):
                harness.build().create(request)
            assert len(harness.build().look_up(kind, request.key)) == 1

    def test_what_is_stored_is_one(self, harness: Harness, kind: WriteKind) -> None:
        request = sample_request(kind, account=harness.account())
        adapter = harness.build()
        assert harness.stored(kind, request.key) == 0
        adapter.create(request)
        assert harness.stored(kind, request.key) == 1

    def test_an_unknown_key_is_not_found(self, harness: Harness, kind: WriteKind) -> None:
        adapter = harness.build()
        assert adapter.look_up(kind, sample_key(99)) == ()
        adapter.create(sample_request(kind, 1, harness.account()))
        assert adapter.look_up(kind, sample_key(99)) == ()

    def test_an_unknown_id_is_gone(self, harness: Harness, kind: WriteKind) -> None:
        adapter = harness.build()
        for remote_id in (sample_key(99), "no-such-id", "../../etc/passwd"):
            assert adapter.read_back(kind, remote_id) is None

    def test_writing_to_a_remote_that_is_down_writes_nothing(self, harness: Harness, kind: WriteKind) -> None:
        adapter = harness.build()
        request = sample_request(kind, account=harness.account())
        with harness.remote_down():
            with pytest.raises(RebatedError):
                adapter.create(request)
            with pytest.raises(RebatedError):
                adapter.look_up(kind, request.key)
        assert adapter.look_up(kind, request.key) == ()

    def test_a_refusal_leaves_nothing(self, harness: Harness, kind: WriteKind) -> None:
        adapter = harness.build()
        request = harness.refused(kind)
        with pytest.raises(WriteRefused) as caught:
            adapter.create(request)
        left = adapter.look_up(kind, request.key)
        assert [found.remote_id for found in left] in ([], [caught.value.remote_id])

    def test_a_kind_that_is_not_written_is_our_error(self, harness: Harness) -> None:
        adapter = harness.build()
        kinds: tuple[WriteKind, ...] = ("credit_note", "debit_invoice", "account_note", "tier", "journal")
        missing = [kind for kind in kinds if kind not in adapter.capabilities.writes]
        if not missing:
            pytest.skip("the adapter writes every kind")
        for kind in missing:
            with pytest.raises(RebatedError):
                adapter.create(sample_request(kind))

    # ------------------------------------------------------------ threads

    def test_two_threads_read_the_same(self, harness: Harness) -> None:
        harness.seed([Seed(f"R{number:05d}") for number in range(harness.page_size + 1)])
        adapter, stream, window = harness.build(), harness.stream(), Window(harness.now())
        with ThreadPoolExecutor(2) as pool:
            runs = [pool.submit(lambda: list(adapter.pull(stream, window, {}))) for _ in range(2)]
        assert runs[0].result() == runs[1].result()

    def test_two_threads_write_one_document(self, harness: Harness, kind: WriteKind) -> None:
        adapter = harness.build()
        if adapter.capabilities.uniqueness != "enforced":
            pytest.skip("the remote does not refuse a second document with one key")
        request = sample_request(kind, account=harness.account())

        def create() -> bool:
            try:
                adapter.create(request)
            except AlreadyExists:
                return False
            return True

        with ThreadPoolExecutor(4) as pool:
            won = [run.result() for run in [pool.submit(create) for _ in range(4)]]
        assert won.count(True) == 1
        assert len(adapter.look_up(kind, request.key)) == 1

    # ------------------------------------------------------------ help

    @pytest.fixture
    def harness(self) -> Harness:
        """The author's harness: override this fixture."""
        raise NotImplementedError("override the fixture `harness`")

    @pytest.fixture(params=["credit_note", "debit_invoice", "account_note", "tier", "journal"])
    def kind(self, request: pytest.FixtureRequest, harness: Harness) -> WriteKind:
        """Each kind the adapter writes; the others are skipped."""
        kind: WriteKind = request.param
        if kind not in harness.build().capabilities.writes:
            pytest.skip(f"the adapter does not write {kind}")
        return kind

    @staticmethod
    def pull(harness: Harness, cursor: Mapping[str, Any] | None = None, *, until: datetime | None = None) -> list[Page]:
        """All pages of the stream under test, by a fresh adapter, up to now where no instant is given."""
        window = Window(until or harness.now())
        return list(harness.build().pull(harness.stream(), window, cursor or {}))


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


def unbalanced(request: WriteRequest) -> WriteRequest:
    """The request with sums that do not add up: one that a careful remote refuses."""
    if isinstance(request, DocumentRequest):
        return replace(request, net=request.net + 1)
    if isinstance(request, JournalRequest):
        return replace(request, rows=request.rows[:1])
    cannot(f"a {request.kind} has no sums")


__all__ = [
    "AdapterConformance",
    "Harness",
    "Seed",
    "assert_equal",
    "cannot",
    "cursor_of",
    "records_of",
    "sample_key",
    "sample_request",
    "unbalanced",
]
