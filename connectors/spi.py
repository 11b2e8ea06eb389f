"""What an adapter promises. `connectors.conformance` checks it.

An adapter is a class registered under the entry point group `rebated.adapters`. It is built from its own settings
model, reads records of a frozen window, and writes documents under keys we give it. It keeps no state of its own
between calls but what it returns as a cursor.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, Literal, NamedTuple, Protocol, Self, runtime_checkable

from pydantic import BaseModel, ConfigDict

from core.documents import BadRecord, Coverage, RawRecord, RecordKind
from core.errors import RebatedError, RetryableError
from core.money import plain_number
from core.money import text as money_text

WriteKind = Literal["credit_note", "debit_invoice", "account_note", "tier", "journal"]
Uniqueness = Literal["enforced", "draft_first", "searched", "none"]


class UnknownOutcome(RetryableError):
    """The request may or may not have been carried out: nothing is created until the key has been looked up."""


class WriteRefused(RebatedError):
    """The remote refuses this document; trying again unchanged will not help.

    `remote_id` names a draft of ours that could not be removed, if one was left.
    """

    def __init__(self, message: str | None = None, *, hint: str | None = None, remote_id: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.remote_id = remote_id


class AlreadyExists(RebatedError):
    """The remote already holds a document with this key: read it back and compare."""


class NeedsPerson(RebatedError):
    """Only a person can tell: the remote says it holds the key, and the document cannot be found by it."""


class AdapterSettings(BaseModel):
    """Base of every adapter's settings. Unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Capabilities(NamedTuple):
    """What a connection can do, and how it keeps us from writing twice.

    uniqueness: `enforced` the remote refuses a second document with one key; `draft_first` drafts may double and
    are looked up before posting; `searched` nothing refuses a second, what was written is found by its key before it
    is written again; `none` an unknown outcome goes to a person. `apart` names the kinds for which it is another.
    lookup_lag: seconds until a written document can be found by key. max_request_time: seconds after which a
    request sent can no longer take effect. negative_lines: whether one document may carry lines of both signs.
    repeatable: kinds that only state how something is. batches: kinds `create_many` takes, and how many at once.
    """

    reads: frozenset[RecordKind]
    writes: frozenset[WriteKind]
    uniqueness: Uniqueness
    lookup_lag: int
    max_request_time: int
    negative_lines: bool = True
    repeatable: frozenset[WriteKind] = frozenset()
    apart: Mapping[WriteKind, Uniqueness] = MappingProxyType({})
    batches: Mapping[WriteKind, int] = MappingProxyType({})

    def unique(self, kind: WriteKind) -> Uniqueness:
        """How a second document of a kind with one key is kept out."""
        return self.apart.get(kind, self.uniqueness)


class Finding(NamedTuple):
    """One result of `check`: `error` stops the daemon, `warning` is worth a look, `ok` is shown as done."""

    level: Literal["ok", "warning", "error"]
    what: str
    message: str
    hint: str = ""


class Window(NamedTuple):
    """The frozen window of one pull. Instants in UTC; records changed at or after `until` belong to the next."""

    until: datetime
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One step of a pull. Everything in it lands in one transaction together with `cursor`.

    `cursor` is where the next pull goes on if we stop after this page; None leaves it unchanged. A coverage that
    spans several pages stands on the last of them and `seen` there is complete for it: the ids met in the whole
    snapshot. `present`: the records are what the source has now, so that even a version superseded here counts again;
    said of the pages of a complete snapshot and of direct reads.
    """

    records: tuple[RawRecord, ...] = ()
    bad: tuple[BadRecord, ...] = ()
    cursor: Mapping[str, Any] | None = None
    coverage: Coverage | None = None
    seen: frozenset[str] = frozenset()
    note: str = ""
    present: bool = False


class Party(NamedTuple):
    """A legal person on a document. Empty text where unknown."""

    id: str
    name: str = ""
    vat_number: str = ""
    street: str = ""
    city: str = ""
    postcode: str = ""
    country: str = ""


class TaxPart(NamedTuple):
    """The part of a document under one tax code: minor units; rate in millionths."""

    category: str
    rate: int
    net: int
    tax: int


class DocumentLine(NamedTuple):
    """One line to write: minor units, positive on a credit note that gives money back."""

    description: str
    category: str
    rate: int
    net: int
    tax: int


@dataclass(frozen=True, slots=True)
class DocumentRequest:
    """A credit note (or debit invoice) to create. Amounts in minor units of `currency`, positive = in favour of
    the account on a credit note, against it on a debit invoice."""

    kind: Literal["credit_note", "debit_invoice"]
    key: str
    content_hash: str
    issued: date
    """`period_start` and `period_end` are the first and the last day."""
    seller: Party
    buyer: Party
    entity: str
    account: str
    program: str
    period: str
    period_start: date
    period_end: date
    currency: str
    lines: tuple[DocumentLine, ...]
    taxes: tuple[TaxPart, ...]
    net: int
    tax: int
    note: str = ""
    language: str = "en"
    original: str = ""
    """The source's id of the invoice this corrects; empty where it corrects none, or several."""


@dataclass(frozen=True, slots=True)
class NoteRequest:
    """A note on an account: plain text, told once under its key."""

    key: str
    account: str
    event: str
    text: str
    at: datetime
    language: str = "en"
    kind: Literal["account_note"] = "account_note"


@dataclass(frozen=True, slots=True)
class TierRequest:
    """An account's standing in a tier program. Amounts in minor units of `currency`; None where there is none.

    Where the tier is not measured in money, `unit` names what `measure`, `to_next` and `to_keep` are in, as integers
    with `digits` after the point; it is empty where they are amounts. `text` has all of them as plain numbers.
    `accrued` is what the account has earned in the live programs of that currency and not been paid yet, `paid` what
    was credited to it since the start of the calendar year.
    """

    key: str
    account: str
    program: str
    tier: str
    since: date | None
    valid_until: date | None
    measure: int
    to_next: int | None
    next_tier: str | None
    to_keep: int | None
    currency: str
    as_of: date
    accrued: int = 0
    paid: int = 0
    unit: str = ""
    digits: int = 0
    kind: Literal["tier"] = "tier"

    @property
    def progress(self) -> int:
        """How much of the way to the next tier is done, in whole percent rounded down; 100 where there is none."""
        if not self.to_next:
            return 100
        return max(0, 100 * self.measure) // max(1, self.measure + self.to_next)

    def text(self, value: int | None) -> str:
        """A measure as plain text: `1234.50` of money, `1.5` of a quantity; empty where there is none."""
        if value is None:
            return ""
        if self.unit:
            return plain_number(Decimal(value).scaleb(-self.digits))
        return money_text(value, self.currency)


class JournalRow(NamedTuple):
    """One row of the accrual journal: debit and credit in minor units, never both."""

    entity: str
    account: str
    program: str
    payee: str
    period: str
    currency: str
    debit: int
    credit: int


@dataclass(frozen=True, slots=True)
class JournalRequest:
    """The accrual journal of one month and entity, reversible, as of the closing of the month."""

    key: str
    entity: str
    month: str
    posted_on: date
    rows: tuple[JournalRow, ...]
    kind: Literal["journal"] = "journal"


WriteRequest = DocumentRequest | NoteRequest | TierRequest | JournalRequest


def account_of(request: WriteRequest) -> str:
    """The account a request is about; empty where it is about none."""
    return "" if isinstance(request, JournalRequest) else request.account


@dataclass(frozen=True, slots=True)
class Remote:
    """A document of ours as the remote has it: a receipt, or what a look-up by key found.

    For kinds other than documents only the key, id and state are filled. Amounts in minor units. `own_tax`: by choice
    the remote decides the tax (a fiscal position); its figures are kept, and only the net amount is compared.
    """

    key: str
    remote_id: str
    number: str = ""
    state: Literal["draft", "posted", "cancelled"] = "posted"
    account: str = ""
    currency: str = ""
    net: int = 0
    tax: int = 0
    taxes: tuple[TaxPart, ...] = ()
    line_count: int = 0
    detail: Mapping[str, Any] = field(default_factory=dict)
    own_tax: bool = False


@runtime_checkable
class Adapter(Protocol):
    """One connection to one remote.

    Every call raises RetryableError where the remote is down, slow or throttled, FatalError where a person must
    act (credentials, rights), and never lets a library's own exception out.
    """

    Settings: ClassVar[type[AdapterSettings]]
    capabilities: Capabilities

    @classmethod
    def build(cls, name: str, settings: AdapterSettings, *, base: Path) -> Self:
        """A connection called `name`; relative paths in `settings` start at `base`."""

    def check(self) -> Iterator[Finding]:
        """Probe the connection without changing anything."""

    def streams(self) -> tuple[str, ...]:
        """Names of what can be pulled apart from each other; each has its own cursor."""

    def pull(self, stream: str, window: Window, cursor: Mapping[str, Any]) -> Iterator[Page]:
        """Records of the window, page by page. The first pull gets an empty cursor."""

    def fetch(self, kind: RecordKind, external_id: str) -> RawRecord | None:
        """Read one record directly, to confirm a deletion. None: it does not exist. Raises NotImplementedError
        where the source has no direct read."""

    def look_up(self, kind: WriteKind, key: str, account: str = "") -> tuple[Remote, ...]:
        """Every document of ours with this key, in any state. `account` is whose it is, for systems that find notes by
        their account alone; empty where the caller does not know."""

    def create(self, request: WriteRequest) -> Remote:
        """Write it, once. Raises UnknownOutcome where the reply was lost, WriteRefused where the remote says no,
        AlreadyExists where the key is taken."""

    def post(self, kind: WriteKind, remote_id: str) -> Remote:
        """Post a draft of ours that an earlier attempt left behind; one that is posted already is returned as it is.
        Raises what `create` raises. Adapters without drafts raise WriteRefused."""

    def discard(self, kind: WriteKind, remote_id: str) -> None:
        """Remove a draft of ours. Raises WriteRefused where it cannot be removed."""

    def read_back(self, kind: WriteKind, remote_id: str) -> Remote | None:
        """The document as it stands now; None where it is gone."""


@runtime_checkable
class BatchAdapter(Adapter, Protocol):
    """An adapter that writes several of a kind with one request."""

    def create_many(self, requests: Sequence[WriteRequest]) -> Sequence[Remote | RebatedError]:
        """Write them, at most as many as `capabilities.batches` says of their one kind. One result for each request, in
        their order: what `create` would have returned or raised. Raises only where none was carried out."""


@runtime_checkable
class SessionAdapter(Adapter, Protocol):
    """An adapter that holds something open over there while it is used, such as a session that takes a licence."""

    def close(self) -> None:
        """Let go of it. Raises nothing where that fails, and the adapter can be used again."""


def let_go(adapter: Adapter) -> None:
    """End what an adapter holds open over there, when it is not needed any more for now."""
    if isinstance(adapter, SessionAdapter):
        adapter.close()
